//! One photo with its scores below.

use image::RgbImage;

use super::{
    MOST_TARGETS,
    canvas::{Align, Canvas, Rect, Style},
    colour::{FRAME, GRID, INK, MUTED, SHADE},
    fonts::Weight,
    names::short_names,
    scale::Span,
    sheet::Mark,
    thumbnail::thumbnail,
};
use crate::{EvalError, PredictionRow, Predictions, number::on_scale};

/// The place for a photo, in pixels.
pub(super) const PHOTO: (u32, u32) = (480, 360);
const LINE: f64 = 32.0;
/// Right edges of the columns with numbers, from the card's left, and the left
/// end of the mark.
const LABEL: f64 = 262.0;
const PREDICTED: f64 = 362.0;
const ERROR: f64 = 452.0;
const MARK: f64 = 470.0;
const NAME_ROOM: f64 = 180.0;
/// What a number may take up without touching the one before it.
const CELL_ROOM: f64 = 80.0;

const FILENAME: Style = Style {
    size: 21.0,
    weight: Weight::Bold,
    colour: INK,
};
const HEAD: Style = Style {
    size: 18.0,
    weight: Weight::Regular,
    colour: MUTED,
};
const CELL: Style = Style {
    size: 20.0,
    weight: Weight::Regular,
    colour: INK,
};

/// What the captions need to know about the targets.
pub(super) struct Scales {
    /// Names without the words that all have in front.
    names: Vec<String>,
    /// 1 for scores in [0, 1], otherwise the range of the labels.
    ranges: Vec<f64>,
    /// Whether all are such scores.
    pub(super) scores: bool,
}

impl Scales {
    pub(super) fn of(predictions: &Predictions) -> Self {
        let targets = predictions.targets();
        let spans = (0..targets.len()).map(|target| {
            Span::of_pairs(predictions.pairs(target).map(|(label, _)| (label, label)))
        });
        Self {
            names: short_names(targets),
            scores: spans.clone().all(|(_, scores)| scores),
            ranges: spans.map(|(span, _)| span.length()).collect(),
        }
    }

    fn mark(&self, target: usize, error: f64) -> Mark {
        match error.abs() / self.ranges[target] {
            share if share <= 0.1 => Mark::Small,
            share if share <= 0.25 => Mark::Medium,
            _ => Mark::Large,
        }
    }
}

/// The height of a card in pixels; it is as wide as a photo.
pub(super) fn height(targets: usize) -> f64 {
    f64::from(PHOTO.1) + (targets.min(MOST_TARGETS) as f64 + 2.0) * LINE
}

pub(super) fn draw_photo(
    canvas: &mut Canvas,
    corner: (f64, f64),
    filename: &str,
    photo: &RgbImage,
) -> Result<(), EvalError> {
    let (width, height) = photo.dimensions();
    if width == 0 || height == 0 {
        return Err(EvalError::EmptyImage {
            filename: filename.to_owned(),
            width,
            height,
        });
    }
    let small = thumbnail(photo, PHOTO.0, PHOTO.1);
    let frame = Rect::new(corner.0, corner.1, PHOTO.0.into(), PHOTO.1.into());
    canvas.fill(frame, SHADE);
    canvas.frame(frame, 1.0, FRAME);
    let at = (
        corner.0 + f64::from((PHOTO.0 - small.width()) / 2),
        corner.1 + f64::from((PHOTO.1 - small.height()) / 2),
    );
    canvas.photo(at, small);
    let baseline = corner.1 + frame.height + LINE * 0.85;
    let name = canvas.shorten(filename, frame.width, FILENAME);
    canvas.text(&name, (corner.0, baseline), Align::Left, FILENAME);
    Ok(())
}

pub(super) fn draw_scores(
    canvas: &mut Canvas,
    corner: (f64, f64),
    row: &PredictionRow,
    scales: &Scales,
) {
    let left = corner.0;
    let mut y = corner.1 + f64::from(PHOTO.1) + LINE * 1.75;
    for (head, edge) in [("label", LABEL), ("predicted", PREDICTED), ("error", ERROR)] {
        canvas.text(head, (left + edge, y), Align::Right, HEAD);
    }
    let rule = y + 8.0;
    canvas.line((left, rule), (left + f64::from(PHOTO.0), rule), 1.0, GRID);
    let targets = row.labels.iter().zip(&row.predictions).zip(&scales.names);
    for (target, ((label, prediction), name)) in targets.enumerate().take(MOST_TARGETS) {
        y += LINE;
        let name = canvas.shorten(name, NAME_ROOM, CELL);
        canvas.text(&name, (left, y), Align::Left, CELL);
        let error = prediction - label;
        let range = scales.ranges[target];
        for (value, signed, edge) in [
            (*label, false, LABEL),
            (*prediction, false, PREDICTED),
            (error, true, ERROR),
        ] {
            let text = number(canvas, value, range, signed);
            canvas.text(&text, (left + edge, y), Align::Right, CELL);
        }
        let middle = (left + MARK, y - CELL.size * 0.36);
        scales.mark(target, error).draw(canvas, middle, 8.0);
    }
}

/// `value` with the most digits that fit into a cell.
fn number(canvas: &Canvas, value: f64, range: f64, signed: bool) -> String {
    let plus = if signed && value >= 0.0 { "+" } else { "" };
    let mut text = String::new();
    for shorter in on_scale(value, range) {
        // A minus sign is as wide as the plus; a hyphen is not.
        text = format!("{plus}{}", shorter.replace('-', "−"));
        if canvas.text_width(&text, CELL) <= CELL_ROOM {
            break;
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plot::testing::predictions;

    #[test]
    fn a_number_without_room_loses_decimals_but_no_other_digits() {
        let canvas = Canvas::new(1.0, 1.0).unwrap();
        assert_eq!(number(&canvas, 0.125, 1.0, true), "+0.125");
        assert_eq!(number(&canvas, -27.4561, 1.0, true), "−27.46");
        assert_eq!(number(&canvas, 999_999.0, 360.0, false), "999999");
        assert_eq!(number(&canvas, -999_999.0, 360.0, false), "−1.0e6");
    }

    #[test]
    fn an_error_is_marked_by_its_share_of_the_labels_range() {
        let (predictions, _) = predictions(&["degrees"], 101, |row, _| row as f64);
        let scales = Scales::of(&predictions);
        let marks = [-10.0, 11.0, 25.0, -26.0].map(|error| scales.mark(0, error));
        let expected = [Mark::Small, Mark::Medium, Mark::Medium, Mark::Large];
        assert_eq!(marks, expected);
    }
}
