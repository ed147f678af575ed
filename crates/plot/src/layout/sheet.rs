//! A figure's heading, and what stands below.

use super::{Axes, Heading, Panel, style::FACTS};
use crate::{
    Figure, PlotError,
    draw::{
        Align, Canvas, Colour, Rect,
        colour::{BLUE, FRAME, LIGHT_ORANGE, SHADE},
    },
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
    heading: Heading,
}

impl Heading {
    /// A canvas with this heading, as high as it.
    pub(crate) fn sheet(self) -> Result<Sheet, PlotError> {
        let mut canvas = Canvas::new(WIDTH, 0.0)?;
        canvas.height = self.draw(&mut canvas).ceil() as u32;
        Ok(Sheet {
            canvas,
            heading: self,
        })
    }

    /// A figure of panels, all of one size, whose data `draw` draws.
    pub(crate) fn facets<T>(
        self,
        grid: Grid,
        panels: Vec<(Panel, T)>,
        mut draw: impl FnMut(&mut Canvas, &Axes, T),
    ) -> Result<Figure, PlotError> {
        let mut sheet = self.sheet()?;
        let cells = sheet.cells(grid, panels.len());
        for ((panel, data), cell) in panels.into_iter().zip(&cells) {
            let axes = panel.draw(&mut sheet.canvas, *cell);
            draw(&mut sheet.canvas, &axes, data);
        }
        Ok(sheet.end_below(&cells))
    }

    /// A figure of one panel, so high, whose data `draw` draws.
    pub(crate) fn panel(
        self,
        height: f64,
        panel: Panel,
        mut draw: impl FnMut(&mut Canvas, &Axes),
    ) -> Result<Figure, PlotError> {
        let panels = vec![(panel, ())];
        self.facets(Grid::new(1, height), panels, |canvas, axes, ()| {
            draw(canvas, axes)
        })
    }

    /// A figure that says why there is nothing to show.
    pub(crate) fn nothing(self, why: &str) -> Result<Figure, PlotError> {
        let text = format!("Nothing to show: {why}");
        let mut sheet = Self::new(self.title).sheet()?;
        let area = Rect::new(MARGIN, sheet.top(), INSIDE, 140.0);
        let canvas = &mut sheet.canvas;
        canvas.fill(area, SHADE);
        canvas.frame(area, 2.0, FRAME);
        let at = (area.x + INSIDE / 2.0, area.y + 70.0 + FACTS.drop());
        let line = canvas.shorten(&text, INSIDE - 40.0, FACTS);
        canvas.text(&line, at, Align::Middle, FACTS);
        let mut figure = sheet.end_at(area.bottom() + MARGIN / 2.0);
        figure.description = text;
        Ok(figure)
    }
}

impl Sheet {
    /// The row below the heading.
    pub(crate) fn top(&self) -> f64 {
        f64::from(self.canvas.height)
    }

    /// Places for so many panels below the heading.
    pub(crate) fn cells(&self, grid: Grid, panels: usize) -> Vec<Rect> {
        let (columns, height) = (grid.columns.max(1), grid.height);
        let (top, width) = (self.top(), INSIDE / columns as f64);
        let cell = |index: usize| {
            let (column, row) = ((index % columns) as f64, (index / columns) as f64);
            Rect::new(MARGIN + column * width, top + row * height, width, height)
        };
        (0..panels).map(cell).collect()
    }

    /// The figure, which ends below the last of `cells`.
    pub(crate) fn end_below(self, cells: &[Rect]) -> Figure {
        let bottom = cells.last().map_or(self.top(), Rect::bottom);
        self.end_at(bottom)
    }

    /// The figure, which ends a little below the row `bottom`.
    pub(crate) fn end_at(mut self, bottom: f64) -> Figure {
        self.canvas.height = (bottom + MARGIN / 2.0).ceil() as u32;
        Figure {
            canvas: self.canvas,
            description: self.heading.description(),
            title: self.heading.title,
        }
    }
}

/// The first of `items`, `most` at most.
pub(crate) fn first<T>(most: usize, items: &[T]) -> &[T] {
    items.get(..most).unwrap_or(items)
}
