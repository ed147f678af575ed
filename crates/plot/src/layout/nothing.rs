//! A figure without data.

use super::{
    heading::Heading,
    sheet::{INSIDE, MARGIN, Sheet},
    style::FACTS,
};
use crate::{
    Figure, PlotError,
    draw::{
        colour::{FRAME, SHADE},
        geometry::Rect,
        text::Align,
    },
};

/// A figure with a title that says why there is nothing to show.
pub(crate) fn nothing(title: impl Into<String>, why: &str) -> Result<Figure, PlotError> {
    let text = format!("Nothing to show: {why}");
    let heading = Heading {
        title: title.into(),
        ..Heading::default()
    };
    let mut sheet = Sheet::bare(&heading)?;
    let area = Rect::new(MARGIN, sheet.top(), INSIDE, 140.0);
    let canvas = &mut sheet.canvas;
    canvas.fill(area, SHADE);
    canvas.frame(area, 2.0, FRAME);
    let at = (area.x + INSIDE / 2.0, area.y + 70.0 + FACTS.drop());
    let line = canvas.shorten(&text, INSIDE - 40.0, FACTS);
    canvas.text(&line, at, Align::Middle, FACTS);
    sheet.end_at(area.bottom() + MARGIN / 2.0);
    let mut figure = sheet.finish();
    figure.description = text;
    Ok(figure)
}
