//! Some photos with their scores.

use image::RgbImage;
use rand::{SeedableRng, seq::index};
use rand_chacha::ChaCha8Rng;

use super::{
    Figure, MOST_SAMPLES,
    canvas::Canvas,
    card::{PHOTO, Scales, draw_photo, draw_scores, height},
    left_out,
    sheet::{Heading, Key, Mark},
};
use crate::{EvalError, Evaluation, ImageSource, Predictions, number::count};

const MARGIN: f64 = 32.0;
const GAP: f64 = 32.0;

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
    let scales = Scales::of(predictions);
    let heading = heading(evaluation, scales.scores, amount, seed);
    let top = heading.draw(&mut canvas) + 12.0;
    let height = height(predictions.targets().len()) + GAP;
    canvas.height = (top + amount.div_ceil(columns) as f64 * height + MARGIN / 2.0).ceil() as u32;

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

fn heading(evaluation: &Evaluation, scores: bool, amount: usize, seed: u64) -> Heading {
    let all = count(evaluation.count);
    let mut facts = vec![
        format!("{amount} of {all} images, chosen at random (seed {seed})"),
        "error = prediction − label".to_owned(),
    ];
    facts.extend(left_out(evaluation.targets.len()));
    let unit = if scores { "" } else { " of the labels' range" };
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
