//! Some photos with their scores.

use super::card::{PHOTO, Sample, Targets, error_marks};
use crate::{
    Figure, MOST_TARGETS, PlotError,
    layout::{Heading, Span, first, style::MARGIN},
};

/// The most photos that [`gallery`] draws.
pub const MOST_SAMPLES: usize = 100;
const COLUMNS: usize = 3;
const GAP: f64 = 32.0;

/// What [`gallery`] draws.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Gallery {
    /// Such as "Largest errors, test split".
    pub title: String,
    /// Short statements below the title, such as how the photos were chosen.
    pub notes: Vec<String>,
    /// The targets' names.
    pub targets: Vec<String>,
    /// The range of each target's labels, by which the size of an error is
    /// judged, as [`label_range`] gives it; 1 where none is given.
    pub label_ranges: Vec<f64>,
    /// In the order to show.
    pub samples: Vec<Sample>,
}

/// The range by which the size of an error is judged: 1 for scores in [0, 1],
/// otherwise that of the `labels`.
#[must_use]
pub fn label_range(labels: &[f64]) -> f64 {
    let pairs = labels.iter().map(|&label| (label, label));
    Span::of_pairs(pairs).0.length()
}

/// A page of photos (at most [`MOST_SAMPLES`]), each with its scores below:
/// label, prediction and error for each target, with a mark for the error's
/// size. An error counts as small up to 0.1 and as medium up to 0.25, times the
/// range of the labels.
///
/// # Errors
/// [`PlotError::Draw`].
pub fn gallery(input: &Gallery) -> Result<Figure, PlotError> {
    let heading = Heading::new(input.title.as_str());
    let samples = first(MOST_SAMPLES, &input.samples);
    if samples.is_empty() {
        return heading.nothing("there are no photos");
    }
    let mut sheet = heading
        .facts(input.notes.clone())
        .fact("error = prediction − label")
        .first_of(MOST_SAMPLES, input.samples.len(), "photos")
        .first_of(MOST_TARGETS, input.targets.len(), "targets")
        .keys(error_marks(&input.label_ranges))
        .sheet()?;
    let targets = Targets::new(&input.targets, &input.label_ranges);
    let (mut y, height) = (sheet.top() + 14.0, targets.card_height() + GAP);
    for row in samples.chunks(COLUMNS) {
        for (column, sample) in row.iter().enumerate() {
            let x = MARGIN + column as f64 * (PHOTO.0 + GAP);
            targets.draw_card(&mut sheet.canvas, (x, y), sample)?;
        }
        y += height;
    }
    Ok(sheet.end_at(y - GAP / 2.0))
}

#[cfg(test)]
mod tests {
    use image::{Rgb, RgbImage};

    use super::*;
    use crate::{
        Photo,
        draw::colour::{GREEN, ORANGE, VERMILION},
        testing::*,
    };

    const PURPLE: [u8; 3] = [120, 20, 160];

    fn input(targets: usize, amount: usize, label: impl Fn(usize, usize) -> f64) -> Gallery {
        let targets = names(targets);
        let pairs = pairs(&targets, amount, label);
        let photo = Photo::new(&RgbImage::from_pixel(200, 100, Rgb(PURPLE))).unwrap();
        let sample = |row: usize| Sample {
            name: format!("{row}-a-long-name-of-a-photo-that-has-no-end.jpg"),
            photo: Some(photo.clone()),
            labels: pairs.iter().map(|pair| pair.labels[row]).collect(),
            predictions: pairs.iter().map(|pair| pair.predictions[row]).collect(),
        };
        Gallery {
            title: "Samples".to_owned(),
            label_ranges: pairs.iter().map(|pair| label_range(&pair.labels)).collect(),
            samples: (0..amount).map(sample).collect(),
            targets,
            ..Gallery::default()
        }
    }

    #[test]
    fn every_number_of_targets_and_photos_is_legible() {
        for targets in 1..=10 {
            assert_legible(gallery(&input(targets, 3, score)));
        }
        for amount in [1, 2, 4, 5, 110] {
            assert_legible(gallery(&input(2, amount, score)));
        }
        assert_legible(gallery(&input(30, 2, score)));
    }

    #[test]
    fn numbers_of_any_magnitude_are_legible() {
        for scale in [1e-12, 360.0, 1e6, -1e90, f64::NAN, f64::MAX] {
            assert_legible(gallery(&input(2, 4, |row, _| scale * (1.0 + row as f64))));
        }
    }

    #[test]
    fn a_photo_keeps_its_aspect_ratio_between_bars() {
        // 200 × 100 pixels fill the width of 464 pixels, and 232 of the height.
        assert_eq!(
            pixels_of(&gallery(&input(1, 1, score)).unwrap(), PURPLE),
            464 * 232
        );
    }

    #[test]
    fn the_legend_shows_all_three_marks() {
        let page = gallery(&input(1, 1, score)).unwrap();
        for colour in [GREEN, ORANGE, VERMILION] {
            assert!(pixels_of(&page, colour.rgb) > 100);
        }
        assert!(texts(&page).contains(&"error up to 0.10"));
    }

    #[test]
    fn missing_photos_and_scores_leave_empty_places() {
        let mut input = input(2, 2, score);
        input.samples[0].photo = None;
        input.samples[1].labels.clear();
        let page = assert_legible(gallery(&input));
        assert!(texts(&page).contains(&"no photo"));
        assert!(texts(&page).contains(&"–"));
        assert_nothing_to_show(gallery(&Gallery::default()));
    }
}
