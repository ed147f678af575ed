//! One photo with its scores below.

use image::RgbImage;

use super::{
    MOST_TARGETS, drawable, error_mark, short_names,
    style::{NOTE, QUIET_NOTE},
};
use crate::{
    Sample,
    draw::{
        Align, Canvas, Point, Rect, Style,
        colour::{FRAME, GRID, INK, SHADE},
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
    pub(crate) fn draw(&self, canvas: &mut Canvas, (left, top): Point, sample: &Sample) {
        let frame = Rect::new(left, top, PHOTO.0, PHOTO.1);
        let photo = sample.photo.as_ref();
        picture(
            canvas,
            frame,
            photo.map(|photo| photo.fit(frame)),
            "no photo",
        );
        let name = canvas.shorten(&sample.name, PHOTO.0, FILENAME);
        let baseline = frame.bottom() + LINE * 0.85;
        canvas.text(&name, (left, baseline), Align::Left, FILENAME);
        let mut y = frame.bottom() + LINE * 1.75;
        let columns = [LABEL, PREDICTED, ERROR].map(|edge| left + edge);
        for (head, edge) in ["label", "predicted", "error"].into_iter().zip(columns) {
            canvas.text(head, (edge, y), Align::Right, QUIET_NOTE);
        }
        let rule = y + 8.0;
        canvas.line((left, rule), (left + PHOTO.0, rule), 1.0, GRID);
        for (target, name) in self.names.iter().enumerate() {
            y += LINE;
            let name = canvas.shorten(name, NAME_ROOM, NOTE);
            canvas.text(&name, (left, y), Align::Left, NOTE);
            let scores = Scores::of(sample, self.ranges, target);
            for (text, edge) in scores.texts(canvas).iter().zip(columns) {
                canvas.text(text, (edge, y), Align::Right, NOTE);
            }
            scores.draw_mark(canvas, (left + MARK, y));
        }
    }
}

/// Draws `image` in the middle of `frame`, or says that it is `missing`.
pub(crate) fn picture(canvas: &mut Canvas, frame: Rect, image: Option<RgbImage>, missing: &str) {
    canvas.fill(frame, SHADE);
    canvas.frame(frame, 1.0, FRAME);
    let middle = (frame.x + frame.width / 2.0, frame.y + frame.height / 2.0);
    let Some(image) = image else {
        canvas.text(missing, middle, Align::Middle, QUIET_NOTE);
        return;
    };
    let (x, y) = (image.width() / 2, image.height() / 2);
    let at = (middle.0 - f64::from(x), middle.1 - f64::from(y));
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

    /// Draws the mark of the error's size in the line of text at this baseline.
    pub(crate) fn draw_mark(&self, canvas: &mut Canvas, (x, baseline): Point) {
        if let Some(error) = self.error() {
            let (mark, colour) = error_mark(error / self.range);
            mark.draw(canvas, (x, baseline - NOTE.drop()), 8.0, colour);
        }
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
        assert_eq!(scores.error(), None);
    }
}
