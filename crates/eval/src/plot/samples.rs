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
    names::short_names,
    scale::Span,
    sheet::{Heading, Key, Mark},
    thumbnail::thumbnail,
};
use crate::{
    EvalError, Evaluation, ImageSource, PredictionRow, Predictions,
    number::{count, on_scale},
};

const MARGIN: f64 = 32.0;
const PHOTO: (u32, u32) = (480, 360);
const GAP: f64 = 32.0;
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
    let top = heading(predictions, evaluation, amount, seed).draw(&mut canvas) + 12.0;
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
            (on_scale(*label, scales.ranges[target]), LABEL),
            (on_scale(*prediction, scales.ranges[target]), PREDICTED),
            (
                format!("{sign}{}", on_scale(error, scales.ranges[target])),
                ERROR,
            ),
        ];
        for (text, edge) in cells {
            let text = canvas.shorten(&text.replace('-', "−"), CELL_ROOM, CELL);
            canvas.text(&text, (left + edge, y), Align::Right, CELL);
        }
        let middle = (left + MARK, y - CELL.size * 0.36);
        scales.mark(target, error).draw(canvas, middle, 8.0);
    }
}

#[cfg(test)]
mod tests {
    use std::{cell::RefCell, io};

    use super::*;
    use crate::plot::{
        colour::{GREEN, ORANGE, VERMILION},
        testing::{assert_legible, names, pixels_of, predictions, score, texts},
    };

    const PURPLE: (u8, u8, u8) = (120, 20, 160);

    fn purple(width: u32, height: u32) -> RgbImage {
        RgbImage::from_pixel(width, height, image::Rgb(PURPLE.into()))
    }

    fn page(targets: usize, amount: usize, label: impl Fn(usize, usize) -> f64) -> Figure {
        let (predictions, evaluation) = predictions(&names(targets), 40, label);
        let images = |_: &str| Ok::<_, io::Error>(purple(200, 100));
        samples(&predictions, &evaluation, images, 7, amount).unwrap()
    }

    #[test]
    fn every_number_of_targets_and_photos_is_legible() {
        for targets in 1..=10 {
            assert_legible(&page(targets, 3, score));
        }
        for amount in [1, 2, 4, 5, 1000] {
            assert_legible(&page(2, amount, score));
        }
        assert_legible(&page(30, 2, score));
    }

    #[test]
    fn numbers_of_any_magnitude_are_legible() {
        for scale in [1e-12, 360.0, 1e6, -1e90] {
            assert_legible(&page(2, 4, |row, _| scale * (1.0 + row as f64)));
        }
    }

    #[test]
    fn a_photo_keeps_its_aspect_ratio_between_bars() {
        // 200 × 100 pixels fill the width of 480 pixels, and 240 of the height.
        assert_eq!(pixels_of(&page(1, 1, score), PURPLE), 480 * 240);
    }

    #[test]
    fn the_seed_chooses_the_photos_and_none_comes_twice() {
        let (predictions, evaluation) = predictions(&["a"], 100, score);
        let chosen = |seed| {
            let asked = RefCell::new(Vec::new());
            let images = |name: &str| {
                asked.borrow_mut().push(name.to_owned());
                Ok::<_, io::Error>(purple(4, 3))
            };
            samples(&predictions, &evaluation, images, seed, 10).unwrap();
            asked.into_inner()
        };
        let mut first = chosen(1);
        assert_eq!(first, chosen(1));
        assert_ne!(first, chosen(2));
        first.sort();
        first.dedup();
        assert_eq!(first.len(), 10);
    }

    #[test]
    fn an_error_is_marked_by_its_share_of_the_labels_range() {
        let (predictions, _) = predictions(&["degrees"], 101, |row, _| row as f64);
        let scales = Scales::of(&predictions);
        let marks = [-10.0, 11.0, 25.0, -26.0].map(|error| scales.mark(0, error));
        let expected = [Mark::Small, Mark::Medium, Mark::Medium, Mark::Large];
        assert_eq!(marks, expected);
    }

    #[test]
    fn the_legend_shows_all_three_marks() {
        let page = page(1, 1, score);
        for colour in [GREEN, ORANGE, VERMILION] {
            assert!(pixels_of(&page, colour.rgb) > 100);
        }
        assert!(texts(&page).contains(&"error up to 0.10"));
    }

    #[test]
    fn a_photo_that_is_missing_or_empty_is_an_error_that_names_it() {
        let (predictions, evaluation) = predictions(&["a"], 1, score);
        let missing = |_: &str| Err::<RgbImage, _>(io::Error::other("gone"));
        let error = samples(&predictions, &evaluation, missing, 0, 1).unwrap_err();
        assert_eq!(error.to_string(), "cannot get the image 0.jpg");
        let empty = |_: &str| Ok::<_, io::Error>(RgbImage::new(0, 9));
        let error = samples(&predictions, &evaluation, empty, 0, 1).unwrap_err();
        assert_eq!(error.to_string(), "the image 0.jpg is 0×9 pixels large");
    }

    #[test]
    fn photos_are_not_put_into_an_svg() {
        let svg = page(1, 1, score).to_svg();
        assert!(matches!(svg, Err(EvalError::PhotosInSvg)));
    }
}
