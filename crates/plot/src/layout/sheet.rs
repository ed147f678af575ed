//! A figure's heading, and panels in rows below.

use super::heading::Heading;
use crate::{
    Figure, PlotError,
    draw::{
        canvas::Canvas,
        colour::{BLUE, Colour, LIGHT_ORANGE},
        geometry::Rect,
    },
    number::count,
};

/// The width of every figure: texts have one size in all of a report.
pub(crate) const WIDTH: f64 = 1520.0;
pub(crate) const MARGIN: f64 = 32.0;
/// What there is between the margins.
pub(crate) const INSIDE: f64 = WIDTH - 2.0 * MARGIN;

/// The most targets that one figure shows; it says so when there are more.
pub const MOST_TARGETS: usize = 24;

/// The colours of labels and predictions.
pub(crate) const LABELS: Colour = LIGHT_ORANGE;
pub(crate) const PREDICTIONS: Colour = BLUE;

/// How panels are arranged.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Grid {
    pub(crate) columns: usize,
    /// Of a panel, in pixels.
    pub(crate) height: f64,
}

impl Grid {
    pub(crate) const fn new(columns: usize, height: f64) -> Self {
        Self { columns, height }
    }

    /// For panels whose data area is a square.
    pub(crate) const fn squares(panels: usize) -> Self {
        match panels {
            0 | 1 => Self::new(1, 900.0),
            2 | 4 => Self::new(2, 760.0),
            _ => Self::new(3, 530.0),
        }
    }

    /// For panels that are wider than high.
    pub(crate) const fn wide(panels: usize) -> Self {
        match panels {
            0 | 1 => Self::new(1, 720.0),
            2 => Self::new(2, 724.0),
            _ => Self::new(2, 520.0),
        }
    }
}

/// A figure in the making.
#[derive(Debug)]
pub(crate) struct Sheet {
    pub(crate) canvas: Canvas,
    /// The places of the panels.
    pub(crate) cells: Vec<Rect>,
    title: String,
    description: String,
}

impl Sheet {
    /// A canvas with `heading`, and places for `panels`.
    pub(crate) fn new(panels: usize, grid: Grid, heading: &Heading) -> Result<Self, PlotError> {
        let mut sheet = Self::bare(heading)?;
        let (columns, height) = (grid.columns.max(1), grid.height);
        let top = sheet.top();
        let width = INSIDE / columns as f64;
        let place = |index: usize| {
            let (column, row) = ((index % columns) as f64, (index / columns) as f64);
            Rect::new(MARGIN + column * width, top + row * height, width, height)
        };
        sheet.cells = (0..panels).map(place).collect();
        sheet.end_at(top + panels.div_ceil(columns) as f64 * height);
        Ok(sheet)
    }

    /// A canvas with `heading`, as high as this.
    pub(crate) fn bare(heading: &Heading) -> Result<Self, PlotError> {
        let mut canvas = Canvas::new(WIDTH, 0.0)?;
        canvas.height = heading.draw(&mut canvas).ceil() as u32;
        Ok(Self {
            canvas,
            cells: Vec::new(),
            title: heading.title.clone(),
            description: heading.description(),
        })
    }

    /// The row below all that there is so far.
    pub(crate) fn top(&self) -> f64 {
        f64::from(self.canvas.height)
    }

    /// Ends the figure a little below the row `bottom`.
    pub(crate) fn end_at(&mut self, bottom: f64) {
        self.canvas.height = (bottom + MARGIN / 2.0).ceil() as u32;
    }

    pub(crate) fn finish(self) -> Figure {
        Figure {
            canvas: self.canvas,
            title: self.title,
            description: self.description,
        }
    }
}

/// "first 24 of 30 targets", where a figure cannot show them all; an empty fact
/// otherwise.
pub(crate) fn first_of(most: usize, all: usize, what: &str) -> String {
    if all > most {
        format!("first {most} of {all} {what}")
    } else {
        String::new()
    }
}

/// "1 image", "4,000 images".
pub(crate) fn counted(amount: usize, what: &str) -> String {
    let plural = if amount == 1 { "" } else { "s" };
    format!("{} {what}{plural}", count(amount as u64))
}

/// As [`counted`], and `rest`; an empty fact for 0.
pub(crate) fn counted_if_any(amount: usize, what: &str, rest: &str) -> String {
    if amount == 0 {
        String::new()
    } else {
        format!("{} {rest}", counted(amount, what))
    }
}
