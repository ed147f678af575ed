//! One photo with its scores below.

use image::RgbImage;

use crate::{
    Photo, PlotError,
    draw::{
        Align, Canvas, Colour, Point, Rect, Style,
        colour::{FRAME, GREEN, GRID, INK, ORANGE, SHADE, VERMILION},
    },
    layout::{
        Key, MOST_TARGETS, Mark, drawable, short_names,
        style::{NOTE, QUIET_NOTE},
    },
    number::on_scale,
};

/// The place for a photo, in pixels.
pub(super) const PHOTO: (f64, f64) = (464.0, 348.0);
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

/// A photo to be shown with its labels and predictions.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Sample {
    /// Its file name.
    pub name: String,
    /// None leaves its place empty.
    pub photo: Option<Photo>,
    /// The true scores, one per target; NaN where there is none.
    pub labels: Vec<f64>,
    /// The model's scores, one per target; NaN where there is none.
    pub predictions: Vec<f64>,
}

/// The targets whose scores stand below each photo of a page.
pub(super) struct Targets<'a> {
    /// Names without the words that all have in front.
    names: Vec<String>,
    ranges: &'a [f64],
}

impl<'a> Targets<'a> {
    pub(super) fn new(targets: &[String], ranges: &'a [f64]) -> Self {
        let names = short_names(targets).into_iter().take(MOST_TARGETS);
        Self {
            names: names.collect(),
            ranges,
        }
    }

    /// Each name with what is known of `sample`.
    pub(super) fn scores(&self, sample: &Sample) -> impl Iterator<Item = (&str, Scores)> {
        let names = self.names.iter().enumerate();
        names.map(|(target, name)| (name.as_str(), Scores::of(sample, self.ranges, target)))
    }

    /// The height of a card in pixels; it is as wide as a photo.
    pub(super) fn card_height(&self) -> f64 {
        PHOTO.1 + (self.names.len() as f64 + 2.0) * LINE
    }

    /// Draws a card with this upper left corner.
    pub(super) fn draw_card(
        &self,
        canvas: &mut Canvas,
        (left, top): Point,
        sample: &Sample,
    ) -> Result<(), PlotError> {
        let frame = Rect::new(left, top, PHOTO.0, PHOTO.1);
        let photo = sample.photo.as_ref().map(|photo| photo.fit(frame));
        let photo = photo.transpose()?;
        picture(canvas, frame, photo, "no photo");
        let at = (left, frame.bottom() + LINE * 0.85);
        canvas.text_within(&sample.name, PHOTO.0, at, Align::Left, FILENAME);
        let mut y = frame.bottom() + LINE * 1.75;
        let columns = [LABEL, PREDICTED, ERROR].map(|edge| left + edge);
        for (head, edge) in ["label", "predicted", "error"].into_iter().zip(columns) {
            canvas.text(head, (edge, y), Align::Right, QUIET_NOTE);
        }
        let rule = y + 8.0;
        canvas.line((left, rule), (left + PHOTO.0, rule), 1.0, GRID);
        for (name, scores) in self.scores(sample) {
            y += LINE;
            canvas.text_within(name, NAME_ROOM, (left, y), Align::Left, NOTE);
            for (text, edge) in scores.texts(canvas).iter().zip(columns) {
                canvas.text(text, (edge, y), Align::Right, NOTE);
            }
            scores.draw_mark(canvas, (left + MARK, y));
        }
        Ok(())
    }
}

/// Draws `image` in the middle of `frame`, or says that it is `missing`.
pub(super) fn picture(canvas: &mut Canvas, frame: Rect, image: Option<RgbImage>, missing: &str) {
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
pub(super) struct Scores {
    label: Option<f64>,
    predicted: Option<f64>,
    range: f64,
}

impl Scores {
    fn of(sample: &Sample, ranges: &[f64], target: usize) -> Self {
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
    pub(super) fn draw_mark(&self, canvas: &mut Canvas, (x, baseline): Point) {
        if let Some(error) = self.error() {
            let (mark, colour) = ErrorSize::of(error, self.range).mark();
            mark.draw(canvas, (x, baseline - NOTE.drop()), 8.0, colour);
        }
    }

    /// Label, prediction and error.
    pub(super) fn texts(&self, canvas: &Canvas) -> [String; 3] {
        [
            number(canvas, self.label, self.range, false),
            number(canvas, self.predicted, self.range, false),
            number(canvas, self.error(), self.range, true),
        ]
    }
}

/// How large an error is beside the range of labels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorSize {
    /// Up to a tenth of it.
    Small,
    /// Up to a quarter of it.
    Medium,
    /// Larger, or not a number.
    Large,
}

impl ErrorSize {
    /// That of `error` where labels lie in a range of this width.
    pub fn of(error: f64, range: f64) -> Self {
        match error.abs() / range {
            ..=0.1 => Self::Small,
            ..=0.25 => Self::Medium,
            _ => Self::Large,
        }
    }

    /// Its name, as in a style sheet.
    pub fn name(self) -> &'static str {
        match self {
            Self::Small => "small",
            Self::Medium => "medium",
            Self::Large => "large",
        }
    }

    fn mark(self) -> (Mark, Colour) {
        match self {
            Self::Small => (Mark::Disc, GREEN),
            Self::Medium => (Mark::Triangle, ORANGE),
            Self::Large => (Mark::Square, VERMILION),
        }
    }
}

/// The legend of the marks of errors, for targets whose labels have these ranges.
pub(super) fn error_marks(label_ranges: &[f64]) -> [(Key, String); 3] {
    let scores = label_ranges.iter().all(|range| *range == 1.0);
    let unit = if scores { "" } else { " of the labels' range" };
    let entry = |size: ErrorSize, text| {
        let (mark, colour) = size.mark();
        (Key::Mark(mark, colour), text)
    };
    [
        entry(ErrorSize::Small, format!("error up to 0.10{unit}")),
        entry(ErrorSize::Medium, "up to 0.25".to_owned()),
        entry(ErrorSize::Large, "larger".to_owned()),
    ]
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

    #[test]
    fn an_errors_size_is_its_share_of_the_labels_range() {
        let sizes = [-0.2, 0.22, 0.5, -0.52, f64::NAN].map(|error| ErrorSize::of(error, 2.0));
        let (small, medium, large) = (ErrorSize::Small, ErrorSize::Medium, ErrorSize::Large);
        assert_eq!(sizes, [small, medium, medium, large, large]);
    }
}
