//! Photos beside maps of what a model looked at.

use std::iter;

use super::{
    card::{Sample, Targets, error_marks, picture},
    heat::{HeatMap, on_white},
};
use crate::{
    Figure, MOST_TARGETS, PlotError,
    draw::{Align, Canvas, Point, Rect, Style, colour::INK},
    layout::{
        Heading, Key, first,
        style::{INSIDE, MARGIN, NOTE},
    },
};

/// The most photos.
const MOST_EXPLAINED: usize = 50;
/// The most methods.
const MOST_METHODS: usize = 5;
/// Pixels between two pictures side by side.
const GAP: f64 = 20.0;
/// From a line of text to the next.
const LINE: f64 = 30.0;
/// What the mark of an error takes up.
const MARK: f64 = 26.0;
const HEAD: Style = Style::bold(22.0, INK);
const NAME: Style = Style::bold(20.0, INK);

/// What [`explanations`] draws.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Explanations {
    /// Such as "What the model looked at, test split".
    pub title: String,
    /// Short statements below the title.
    pub notes: Vec<String>,
    /// The targets' names.
    pub targets: Vec<String>,
    /// The range of each target's labels; 1 where none is given.
    pub label_ranges: Vec<f64>,
    /// The methods' names, above their columns.
    pub methods: Vec<String>,
    /// From top to bottom.
    pub photos: Vec<Explained>,
}

/// One photo with its maps.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Explained {
    /// The photo and its scores.
    pub sample: Sample,
    /// One per method; none where there is none.
    pub maps: Vec<Option<HeatMap>>,
}

/// A row for each of the first 50 photos: the photo itself, then for each of up
/// to five methods the photo below a heat map, and the scores underneath.
///
/// # Errors
/// [`PlotError::Draw`].
pub fn explanations(input: &Explanations) -> Result<Figure, PlotError> {
    let heading = Heading::new(input.title.as_str());
    if input.photos.is_empty() {
        return heading.nothing("there are no photos");
    }
    let methods = first(MOST_METHODS, &input.methods);
    let mut sheet = heading
        .facts(input.notes.clone())
        .first_of(MOST_EXPLAINED, input.photos.len(), "photos")
        .first_of(MOST_METHODS, input.methods.len(), "methods")
        .first_of(MOST_TARGETS, input.targets.len(), "targets")
        .key(Key::Ramp(on_white), "matters little to most")
        .keys(error_marks(&input.label_ranges))
        .sheet()?;
    // One or two pictures do not fill the page.
    let columns = (methods.len() + 1).max(3) as f64;
    let width = ((INSIDE - (columns - 1.0) * GAP) / columns).floor();
    let height = (width * 0.75).round();
    let frame = |column: usize, y| {
        let x = MARGIN + column as f64 * (width + GAP);
        Rect::new(x, y, width, height)
    };
    let mut y = sheet.top() + 24.0 + HEAD.size;
    let canvas = &mut sheet.canvas;
    let heads = iter::once("photo").chain(methods.iter().map(String::as_str));
    for (column, head) in heads.enumerate() {
        let at = (frame(column, y).x, y - 10.0);
        canvas.text_within(head, width, at, Align::Left, HEAD);
    }
    let targets = Targets::new(&input.targets, &input.label_ranges);
    for Explained { sample, maps } in first(MOST_EXPLAINED, &input.photos) {
        let photo = sample.photo.as_ref().map(|photo| photo.fit(frame(0, y)));
        let photo = photo.transpose()?;
        picture(canvas, frame(0, y), photo.clone(), "no photo");
        for method in 0..methods.len() {
            let map = maps.get(method).and_then(Option::as_ref);
            let map = map.and_then(|map| map.over(photo.as_ref()?));
            picture(canvas, frame(method + 1, y), map, "no map");
        }
        y += height + LINE;
        canvas.text_within(&sample.name, INSIDE, (MARGIN, y - 4.0), Align::Left, NAME);
        y = draw_scores(canvas, y, sample, &targets) + GAP;
    }
    Ok(sheet.end_at(y - GAP / 2.0))
}

/// Draws the scores of each target one after the other; returns the row where
/// they end.
fn draw_scores(canvas: &mut Canvas, top: f64, sample: &Sample, targets: &Targets) -> f64 {
    let (mut x, mut y): Point = (MARGIN, top + LINE - 4.0);
    for (name, scores) in targets.scores(sample) {
        let [label, predicted, error] = scores.texts(canvas);
        let name = canvas.shorten(name, 420.0, NOTE);
        let text = format!("{name}: label {label}, predicted {predicted}, error {error}");
        let width = MARK + canvas.text_width(&text, NOTE);
        if x > MARGIN && x + width > MARGIN + INSIDE {
            x = MARGIN;
            y += LINE;
        }
        scores.draw_mark(canvas, (x + 9.0, y));
        canvas.text(&text, (x + MARK, y), Align::Left, NOTE);
        x += width + 36.0;
    }
    y + 12.0
}

#[cfg(test)]
mod tests {
    use image::{Rgb, RgbImage};

    use super::*;
    use crate::{Photo, testing::*};

    fn input(targets: usize, methods: usize, photos: usize) -> Explanations {
        let photo = |size: (u32, u32)| {
            Photo::new(&RgbImage::from_pixel(size.0, size.1, Rgb([90, 120, 150]))).unwrap()
        };
        let explained = |index: usize| Explained {
            sample: Sample {
                name: format!("{index}{LONG}.jpg"),
                photo: Some(photo([(674, 506), (300, 900), (9, 3)][index % 3])),
                labels: vec![0.9; targets],
                predictions: (0..targets).map(|target| 0.1 * target as f64).collect(),
            },
            maps: (0..methods)
                .map(|method| {
                    Some(HeatMap {
                        width: 7,
                        highest: None,
                        values: (0..49).map(|cell| (cell * method) as f32).collect(),
                    })
                })
                .collect(),
        };
        Explanations {
            title: "What the model looked at".to_owned(),
            targets: names(targets),
            methods: names(methods),
            photos: (0..photos).map(explained).collect(),
            ..Explanations::default()
        }
    }

    #[test]
    fn every_number_of_methods_targets_and_photos_is_legible() {
        for (targets, methods, photos) in [(1, 0, 1), (2, 1, 3), (2, 4, 4), (10, 7, 2), (30, 2, 2)]
        {
            assert_legible(explanations(&input(targets, methods, photos)));
        }
        let many = explanations(&input(1, 1, 60)).unwrap();
        assert_says(&many, "first 50 of 60 photos");
    }

    #[test]
    fn missing_photos_maps_and_scores_leave_empty_places() {
        let mut input = input(2, 2, 3);
        input.photos[0].sample.photo = None;
        input.photos[1].maps = vec![None];
        input.photos[2].sample.predictions = vec![f64::NAN];
        let figure = assert_legible(explanations(&input));
        let missing = texts(&figure)
            .iter()
            .filter(|text| **text == "no map")
            .count();
        assert_eq!(missing, 4);
    }

    #[test]
    fn without_photos_there_is_nothing_to_show() {
        assert_nothing_to_show(explanations(&Explanations::default()));
    }
}
