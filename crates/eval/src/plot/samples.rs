//! Some photos with their scores.

use image::RgbImage;
use rand::{SeedableRng, seq::index};
use rand_chacha::ChaCha8Rng;

use super::{
    Figure, MOST_SAMPLES, MOST_TARGETS,
    canvas::{Align, Canvas, Rect, Style},
    colour::{FRAME, GRID, INK, MUTED, SHADE},
    fonts::Weight,
    left_out,
    scale::Span,
    sheet::{Heading, Key, Mark},
    thumbnail::thumbnail,
};
use crate::{
    EvalError, Evaluation, ImageSource, PredictionRow, Predictions,
    number::{count, score},
};

const MARGIN: f64 = 32.0;
const PHOTO: (u32, u32) = (480, 360);
const GAP: f64 = 32.0;
const LINE: f64 = 32.0;
/// Right edges of the columns with numbers, from the card's left, and the left
/// end of the mark.
const LABEL: f64 = 282.0;
const PREDICTED: f64 = 378.0;
const ERROR: f64 = 456.0;
const MARK: f64 = 470.0;
const NAME_ROOM: f64 = 195.0;

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

/// A page of `amount` photos (at most [`MOST_SAMPLES`] and as many as there
/// are), drawn at random by `seed` and in the order of the rows, each with its
/// scores below. `images` gives the photo with a filename; the aspect ratio is
/// kept.
///
/// An error counts as small up to 0.1 and as medium up to 0.25, times the range
/// of the labels where these are not all in [0, 1].
///
/// # Errors
/// [`EvalError::Targets`] if `evaluation` is not that of `predictions`;
/// [`EvalError::Image`] with the error of `images`; [`EvalError::EmptyImage`].
pub fn samples<F, E>(
    predictions: &Predictions,
    evaluation: &Evaluation,
    images: F,
    seed: u64,
    amount: usize,
) -> Result<Figure, EvalError>
where
    F: Fn(&str) -> Result<RgbImage, E>,
    E: Into<ImageSource>,
{
    evaluation.check_targets(predictions)?;
    let rows = predictions.rows();
    let amount = amount.min(rows.len()).min(MOST_SAMPLES);
    let mut chosen =
        index::sample(&mut ChaCha8Rng::seed_from_u64(seed), rows.len(), amount).into_vec();
    chosen.sort_unstable();

    let columns = amount.clamp(1, 4);
    let width = columns as f64 * (f64::from(PHOTO.0) + GAP) - GAP + 2.0 * MARGIN;
    let mut canvas = Canvas::new(width, 0.0)?;
    let top = heading(predictions, evaluation, amount, seed).draw(&mut canvas);
    let lines = predictions.targets().len().min(MOST_TARGETS) as f64 + 2.0;
    let height = f64::from(PHOTO.1) + lines * LINE + GAP;
    canvas.height = (top + amount.div_ceil(columns) as f64 * height + MARGIN / 2.0).ceil() as u32;

    let scales = Scales::of(predictions);
    for (place, row) in chosen.into_iter().map(|index| &rows[index]).enumerate() {
        let (column, line) = ((place % columns) as f64, (place / columns) as f64);
        let corner = (
            MARGIN + column * (f64::from(PHOTO.0) + GAP),
            top + line * height,
        );
        let photo = images(&row.filename).map_err(|source| EvalError::Image {
            filename: row.filename.clone(),
            source: source.into(),
        })?;
        draw_photo(&mut canvas, corner, &row.filename, &photo)?;
        draw_scores(&mut canvas, corner, row, &scales);
    }
    Ok(Figure { canvas })
}

/// What the captions need to know about the targets.
struct Scales {
    /// Names without the words that all have in front.
    names: Vec<String>,
    /// 1 for scores in [0, 1], otherwise the range of the labels.
    ranges: Vec<f64>,
    /// Whether all are such scores.
    scores: bool,
}

impl Scales {
    fn of(predictions: &Predictions) -> Self {
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

fn heading(
    predictions: &Predictions,
    evaluation: &Evaluation,
    amount: usize,
    seed: u64,
) -> Heading {
    let all = count(predictions.rows().len() as u64);
    let mut facts = vec![
        format!("{amount} of {all} images, chosen at random (seed {seed})"),
        "error = prediction − label".to_owned(),
    ];
    facts.extend(left_out(predictions.targets().len()));
    let unit = if Scales::of(predictions).scores {
        ""
    } else {
        " of the labels' range"
    };
    let legend = [
        (Mark::Small, format!("error up to 0.10{unit}")),
        (Mark::Medium, "up to 0.25".to_owned()),
        (Mark::Large, "larger".to_owned()),
    ];
    Heading {
        title: format!("Samples, {} split", evaluation.split),
        facts,
        legend: legend.map(|(mark, label)| (Key::Mark(mark), label)).into(),
    }
}

fn draw_photo(
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

fn draw_scores(canvas: &mut Canvas, corner: (f64, f64), row: &PredictionRow, scales: &Scales) {
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
        let sign = if error < 0.0 { "" } else { "+" };
        let cells = [
            (score(*label), LABEL),
            (score(*prediction), PREDICTED),
            (format!("{sign}{}", score(error)), ERROR),
        ];
        for (text, edge) in cells {
            let text = text.replace('-', "−");
            canvas.text(&text, (left + edge, y), Align::Right, CELL);
        }
        let middle = (left + MARK, y - CELL.size * 0.36);
        scales.mark(target, error).draw(canvas, middle, 8.0);
    }
}

/// The names without the words ("perspective_score_") that all of them begin
/// with, where that leaves something of each.
fn short_names(targets: &[String]) -> Vec<String> {
    let Some((first, others)) = targets.split_first() else {
        return Vec::new();
    };
    let common = others.iter().fold(first.as_str(), |common, other| {
        let same = common
            .char_indices()
            .zip(other.chars())
            .take_while(|((_, a), b)| a == b)
            .map(|((index, a), _)| index + a.len_utf8())
            .last();
        &common[..same.unwrap_or(0)]
    });
    let words = common
        .rfind(['_', ' ', '.', '/'])
        .filter(|_| !others.is_empty())
        .map_or(0, |index| index + 1);
    let words = if targets.iter().all(|name| name.len() > words) {
        words
    } else {
        0
    };
    targets
        .iter()
        .map(|name| name[words..].to_owned())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn short(names: &[&str]) -> Vec<String> {
        short_names(
            &names
                .iter()
                .map(|&name| name.to_owned())
                .collect::<Vec<_>>(),
        )
    }

    #[test]
    fn words_that_all_targets_begin_with_are_left_out() {
        assert_eq!(
            short(&["perspective_score_hood", "perspective_score_backdoor_left"]),
            ["hood", "backdoor_left"]
        );
        assert_eq!(short(&["hood", "hoof"]), ["hood", "hoof"]);
        assert_eq!(
            short(&["perspective_score_hood"]),
            ["perspective_score_hood"]
        );
        assert_eq!(short(&["score_", "score_b"]), ["score_", "score_b"]);
        assert_eq!(short(&["größe_a", "größe_b"]), ["a", "b"]);
    }
}
