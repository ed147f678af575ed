//! One photo with its scores below.

use super::{
    mark::ErrorSize,
    names::short_names,
    sheet::MOST_TARGETS,
    span::drawable,
    style::{NOTE, QUIET_NOTE},
};
use crate::{
    Sample,
    draw::{
        canvas::Canvas,
        colour::{FRAME, GRID, INK, SHADE},
        geometry::{Point, Rect},
        text::{Align, Style},
    },
    number::on_scale,
};

/// The place for a photo, in pixels.
pub(crate) const PHOTO: (f64, f64) = (464.0, 348.0);
const LINE: f64 = 32.0;
/// Right edges of the columns with numbers, from the card's left, and the left
/// end of the mark.
const LABEL: f64 = 238.0;
const PREDICTED: f64 = 346.0;
const ERROR: f64 = 436.0;
const MARK: f64 = 454.0;
const NAME_ROOM: f64 = 156.0;
/// What a number may take up without touching the one before it.
const CELL_ROOM: f64 = 78.0;

const FILENAME: Style = Style::bold(20.0, INK);

/// How the cards of a page look.
pub(crate) struct Card<'a> {
    /// Names without the words that all have in front.
    names: Vec<String>,
    ranges: &'a [f64],
}

impl<'a> Card<'a> {
    pub(crate) fn new(targets: &[String], ranges: &'a [f64]) -> Self {
        let names = short_names(targets).into_iter().take(MOST_TARGETS);
        Self {
            names: names.collect(),
            ranges,
        }
    }

    /// In pixels; a card is as wide as a photo.
    pub(crate) fn height(&self) -> f64 {
        PHOTO.1 + (self.names.len() as f64 + 2.0) * LINE
    }

    /// Draws a card with this upper left corner.
    pub(crate) fn draw(&self, canvas: &mut Canvas, corner: Point, sample: &Sample) {
        draw_photo(
            canvas,
            Rect::new(corner.0, corner.1, PHOTO.0, PHOTO.1),
            sample,
        );
        let left = corner.0;
        let name = canvas.shorten(&sample.name, PHOTO.0, FILENAME);
        let baseline = corner.1 + PHOTO.1 + LINE * 0.85;
        canvas.text(&name, (left, baseline), Align::Left, FILENAME);
        let mut y = corner.1 + PHOTO.1 + LINE * 1.75;
        for (head, edge) in [("label", LABEL), ("predicted", PREDICTED), ("error", ERROR)] {
            canvas.text(head, (left + edge, y), Align::Right, QUIET_NOTE);
        }
        let rule = y + 8.0;
        canvas.line((left, rule), (left + PHOTO.0, rule), 1.0, GRID);
        for (target, name) in self.names.iter().enumerate() {
            y += LINE;
            let name = canvas.shorten(name, NAME_ROOM, NOTE);
            canvas.text(&name, (left, y), Align::Left, NOTE);
            let scores = Scores::of(sample, self.ranges, target);
            for (text, edge) in scores
                .texts(canvas)
                .into_iter()
                .zip([LABEL, PREDICTED, ERROR])
            {
                canvas.text(&text, (left + edge, y), Align::Right, NOTE);
            }
            if let Some(size) = scores.size() {
                let (mark, colour) = size.sign();
                mark.draw(canvas, (left + MARK, y - NOTE.drop()), 8.0, colour);
            }
        }
    }
}

/// Draws the photo in the middle of `frame`.
pub(crate) fn draw_photo(canvas: &mut Canvas, frame: Rect, sample: &Sample) {
    canvas.fill(frame, SHADE);
    canvas.frame(frame, 1.0, FRAME);
    let middle = (frame.x + frame.width / 2.0, frame.y + frame.height / 2.0);
    let Some(photo) = &sample.photo else {
        canvas.text("no photo", middle, Align::Middle, QUIET_NOTE);
        return;
    };
    let image = photo.fit(frame.width, frame.height);
    let at = (
        middle.0 - f64::from(image.width() / 2),
        middle.1 - f64::from(image.height() / 2),
    );
    canvas.photo(at, image);
}

/// What is known of one image and target.
pub(crate) struct Scores {
    label: Option<f64>,
    predicted: Option<f64>,
    range: f64,
}

impl Scores {
    pub(crate) fn of(sample: &Sample, ranges: &[f64], target: usize) -> Self {
        let value = |values: &[f64]| drawable(*values.get(target)?);
        Self {
            label: value(&sample.labels),
            predicted: value(&sample.predictions),
            range: ranges.get(target).copied().unwrap_or(1.0),
        }
    }

    fn error(&self) -> Option<f64> {
        Some(self.predicted? - self.label?)
    }

    pub(crate) fn size(&self) -> Option<ErrorSize> {
        Some(ErrorSize::of(self.error()? / self.range))
    }

    /// Label, prediction and error.
    pub(crate) fn texts(&self, canvas: &Canvas) -> [String; 3] {
        [
            number(canvas, self.label, self.range, false),
            number(canvas, self.predicted, self.range, false),
            number(canvas, self.error(), self.range, true),
        ]
    }
}

/// `value` with the most digits that fit into a cell.
fn number(canvas: &Canvas, value: Option<f64>, range: f64, signed: bool) -> String {
    let Some(value) = value else {
        return "–".to_owned();
    };
    let plus = if signed && value >= 0.0 { "+" } else { "" };
    let mut text = String::new();
    for shorter in on_scale(value, range) {
        // A minus sign is as wide as the plus; a hyphen is not.
        text = format!("{plus}{}", shorter.replace('-', "−"));
        if canvas.text_width(&text, NOTE) <= CELL_ROOM {
            break;
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_without_room_loses_decimals_but_no_other_digits() {
        let canvas = Canvas::new(1.0, 1.0).unwrap();
        let number = |value, range, signed| number(&canvas, Some(value), range, signed);
        assert_eq!(number(0.125, 1.0, true), "+0.125");
        assert_eq!(number(-27.4561, 1.0, true), "−27.46");
        assert_eq!(number(999_999.0, 360.0, false), "999999");
        assert_eq!(number(-999_999.0, 360.0, false), "−1.0e6");
    }

    #[test]
    fn what_is_not_known_has_a_dash_and_no_mark() {
        let canvas = Canvas::new(1.0, 1.0).unwrap();
        let sample = Sample {
            labels: vec![f64::NAN],
            predictions: vec![0.5],
            ..Sample::default()
        };
        let scores = Scores::of(&sample, &[], 0);
        assert_eq!(scores.texts(&canvas), ["–", "0.500", "–"]);
        assert_eq!(scores.size(), None);
    }
}
