//! A figure's heading with its legend, and panels in rows below.

use super::{
    MOST_TARGETS,
    canvas::{Align, Canvas, Rect, Style},
    colour::{BLUE, Colour, FRAME, GREEN, INK, LIGHT_ORANGE, MUTED, ORANGE, VERMILION, density},
    fonts::Weight,
};
use crate::EvalError;

const MARGIN: f64 = 32.0;
const TITLE: Style = Style {
    size: 36.0,
    weight: Weight::Bold,
    colour: INK,
};
const FACTS: Style = Style {
    size: 25.0,
    weight: Weight::Regular,
    colour: MUTED,
};
const LEGEND: Style = Style {
    size: 24.0,
    weight: Weight::Regular,
    colour: INK,
};
const KEY_GAP: f64 = 14.0;
const ITEM_GAP: f64 = 48.0;
const RAMP_STEPS: u32 = 40;

/// What stands above the panels.
#[derive(Debug)]
pub(super) struct Heading {
    pub(super) title: String,
    /// Short statements, set one after the other.
    pub(super) facts: Vec<String>,
    pub(super) legend: Vec<(Key, String)>,
}

/// The sign of a legend's entry.
#[derive(Debug, Clone, Copy)]
pub(super) enum Key {
    Line(Colour),
    Filled(Colour),
    Outlined(Colour),
    /// From few to many, as [`density`].
    Ramp,
    Mark(Mark),
}

/// How large an error is, by colour and by shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mark {
    Small,
    Medium,
    Large,
}

impl Mark {
    /// Draws the mark, about `2 * radius` large.
    pub(super) fn draw(self, canvas: &mut Canvas, (x, y): (f64, f64), radius: f64) {
        match self {
            Self::Small => canvas.disc((x, y), radius, GREEN),
            Self::Medium => {
                let (wide, low) = (radius * 1.15, radius * 0.9);
                let corners = vec![(x - wide, y + low), (x + wide, y + low), (x, y - wide)];
                canvas.polygon(corners, ORANGE);
            }
            Self::Large => {
                let side = radius * 1.8;
                let corner = (x - side / 2.0, y - side / 2.0);
                canvas.fill(Rect::new(corner.0, corner.1, side, side), VERMILION);
            }
        }
    }
}

impl Key {
    fn width(self) -> f64 {
        match self {
            Self::Line(_) | Self::Filled(_) | Self::Outlined(_) => 44.0,
            Self::Ramp => 160.0,
            Self::Mark(_) => 24.0,
        }
    }

    fn draw(self, canvas: &mut Canvas, x: f64, middle: f64) {
        let rect = Rect::new(x, middle - 12.0, self.width(), 24.0);
        match self {
            Self::Line(colour) => canvas.line((x, middle), (rect.right(), middle), 3.0, colour),
            Self::Filled(colour) => {
                canvas.fill(rect, colour);
                canvas.frame(rect, 1.0, FRAME);
            }
            Self::Outlined(colour) => canvas.frame(rect, 4.0, colour),
            Self::Ramp => {
                let step = rect.width / f64::from(RAMP_STEPS);
                for index in 0..RAMP_STEPS {
                    let left = x + f64::from(index) * step;
                    let colour = density(f64::from(index) / f64::from(RAMP_STEPS - 1));
                    canvas.fill(Rect::new(left, rect.y, step, rect.height), colour);
                }
            }
            Self::Mark(mark) => mark.draw(canvas, (x + 12.0, middle), 11.0),
        }
    }
}

impl Heading {
    /// Draws the heading across the canvas; returns the row where it ends.
    pub(super) fn draw(&self, canvas: &mut Canvas) -> f64 {
        let room = f64::from(canvas.width) - 2.0 * MARGIN;
        let mut y = MARGIN + TITLE.size * 0.8;
        let title = canvas.shorten(&self.title, room, TITLE);
        canvas.text(&title, (MARGIN, y), Align::Left, TITLE);
        y += 8.0;
        for line in self.wrapped_facts(canvas, room) {
            y += FACTS.size * 1.5;
            let line = canvas.shorten(&line, room, FACTS);
            canvas.text(&line, (MARGIN, y), Align::Left, FACTS);
        }
        y += 8.0;
        let mut x = MARGIN + room;
        for (index, (key, label)) in self.legend.iter().enumerate() {
            let sign = key.width() + KEY_GAP;
            let width = sign + canvas.text_width(label, LEGEND);
            if index == 0 || x + width > MARGIN + room {
                x = MARGIN;
                y += LEGEND.size * 1.6;
            }
            key.draw(canvas, x, y - LEGEND.size * 0.36);
            let label = canvas.shorten(label, room - sign, LEGEND);
            canvas.text(&label, (x + sign, y), Align::Left, LEGEND);
            x += width + ITEM_GAP;
        }
        y + 24.0
    }

    fn wrapped_facts(&self, canvas: &Canvas, room: f64) -> Vec<String> {
        let mut lines: Vec<String> = Vec::new();
        for fact in &self.facts {
            match lines.last_mut() {
                Some(line) if canvas.text_width(&format!("{line}  ·  {fact}"), FACTS) <= room => {
                    line.push_str("  ·  ");
                    line.push_str(fact);
                }
                _ => lines.push(fact.clone()),
            }
        }
        lines
    }
}

/// A canvas with `heading`, and a place for each of `targets` panels (at most
/// [`MOST_TARGETS`]).
pub(super) fn sheet(targets: usize, heading: &Heading) -> Result<(Canvas, Vec<Rect>), EvalError> {
    let panels = targets.min(MOST_TARGETS);
    let (columns, width, height) = match panels {
        0 | 1 => (1, 1136.0, 960.0),
        2 => (2, 900.0, 860.0),
        3 => (3, 740.0, 740.0),
        4 => (2, 800.0, 760.0),
        5..=9 => (3, 740.0, 720.0),
        _ => (4, 720.0, 700.0),
    };
    let rows = panels.div_ceil(columns);
    let mut canvas = Canvas::new(columns as f64 * width + 2.0 * MARGIN, 0.0)?;
    let top = heading.draw(&mut canvas);
    canvas.height = (top + rows as f64 * height + MARGIN / 2.0).ceil() as u32;
    let cells = (0..panels)
        .map(|index| {
            let (column, row) = ((index % columns) as f64, (index / columns) as f64);
            Rect::new(MARGIN + column * width, top + row * height, width, height)
        })
        .collect();
    Ok((canvas, cells))
}

/// The colours of labels and predictions.
pub(super) const LABELS: Colour = LIGHT_ORANGE;
pub(super) const PREDICTIONS: Colour = BLUE;
