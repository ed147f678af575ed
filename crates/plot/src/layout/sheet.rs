//! A figure's heading, and what stands below.

use super::{
    Axes, Heading, Panel,
    style::{FACTS, INSIDE, MARGIN, WIDTH},
};
use crate::{
    Figure, PlotError,
    draw::{
        Align, Canvas, Rect,
        colour::{FRAME, SHADE},
    },
};

/// The most targets that one figure shows; it says so when there are more.
pub const MOST_TARGETS: usize = 24;

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

impl Heading {
    /// A figure of this heading alone, below which the rest is to be drawn.
    pub(crate) fn sheet(self) -> Result<Figure, PlotError> {
        let mut canvas = Canvas::new(WIDTH, 0.0)?;
        canvas.height = self.draw(&mut canvas).ceil() as u32;
        Ok(Figure {
            canvas,
            description: self.description(),
            title: self.title,
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
        canvas.text_within(&text, INSIDE - 40.0, at, Align::Middle, FACTS);
        sheet.description = text;
        Ok(sheet.end_at(area.bottom() + MARGIN / 2.0))
    }
}

impl Figure {
    /// The row below the heading, while nothing else is drawn.
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
    pub(crate) fn end_below(self, cells: &[Rect]) -> Self {
        let bottom = cells.last().map_or(self.top(), Rect::bottom);
        self.end_at(bottom)
    }

    /// The figure, which ends a little below the row `bottom`.
    pub(crate) fn end_at(mut self, bottom: f64) -> Self {
        self.canvas.height = (bottom + MARGIN / 2.0).ceil() as u32;
        self
    }
}

/// The first of `items`, `most` at most.
pub(crate) fn first<T>(most: usize, items: &[T]) -> &[T] {
    items.get(..most).unwrap_or(items)
}
