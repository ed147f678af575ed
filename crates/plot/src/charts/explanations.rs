//! Photos beside maps of what a model looked at.

use super::{
    explained::{Columns, Explained, GAP, LINE, draw_row, draw_scores},
    gallery::error_sizes,
    heat::on_white,
};
use crate::{
    Figure, MOST_TARGETS, PlotError,
    draw::{
        colour::INK,
        text::{Align, Style},
    },
    layout::{
        heading::Heading,
        key::Key,
        names::short_names,
        nothing::nothing,
        sheet::{INSIDE, MARGIN, Sheet, first_of},
    },
};

/// The most photos that [`explanations`] draws.
pub const MOST_EXPLAINED: usize = 50;
/// The most methods that it draws.
pub const MOST_METHODS: usize = 5;
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

/// A row per photo: the photo itself, then for each method the photo below a
/// heat map, and the scores underneath.
///
/// # Errors
/// [`PlotError::Draw`].
pub fn explanations(input: &Explanations) -> Result<Figure, PlotError> {
    let photos = &input.photos[..input.photos.len().min(MOST_EXPLAINED)];
    if photos.is_empty() {
        return nothing(input.title.as_str(), "there are no photos");
    }
    let mut facts = input.notes.clone();
    facts.extend([
        first_of(MOST_EXPLAINED, input.photos.len(), "photos"),
        first_of(MOST_METHODS, input.methods.len(), "methods"),
        first_of(MOST_TARGETS, input.targets.len(), "targets"),
    ]);
    let mut legend = vec![(Key::Ramp(on_white), "matters little to most".to_owned())];
    legend.extend(error_sizes(&input.label_ranges));
    let heading = Heading {
        title: input.title.clone(),
        facts,
        legend,
    };
    let mut sheet = Sheet::bare(&heading)?;
    let methods = &input.methods[..input.methods.len().min(MOST_METHODS)];
    let columns = Columns::new(methods.len() + 1);
    let top = sheet.top() + 24.0 + HEAD.size;
    let canvas = &mut sheet.canvas;
    for (index, head) in ["photo"]
        .into_iter()
        .chain(methods.iter().map(String::as_str))
        .enumerate()
    {
        let text = canvas.shorten(head, columns.width, HEAD);
        canvas.text(&text, (columns.x(index), top - 10.0), Align::Left, HEAD);
    }
    let names: Vec<String> = short_names(&input.targets)
        .into_iter()
        .take(MOST_TARGETS)
        .collect();
    let mut y = top;
    for photo in photos {
        draw_row(canvas, &columns, y, photo, methods.len());
        y += columns.height + LINE;
        let name = canvas.shorten(&photo.sample.name, INSIDE, NAME);
        canvas.text(&name, (MARGIN, y - 4.0), Align::Left, NAME);
        y = draw_scores(canvas, y, &photo.sample, &names, &input.label_ranges) + GAP;
    }
    sheet.end_at(y - GAP / 2.0);
    Ok(sheet.finish())
}

#[cfg(test)]
mod tests {
    use image::{Rgb, RgbImage};

    use super::*;
    use crate::{
        HeatMap, Photo, Sample,
        testing::{LONG, assert_legible, assert_nothing_to_show, names, texts},
    };

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
            assert_legible(&explanations(&input(targets, methods, photos)).unwrap());
        }
        let many = explanations(&input(1, 1, 60)).unwrap();
        assert!(many.description().contains("first 50 of 60 photos"));
    }

    #[test]
    fn missing_photos_maps_and_scores_leave_empty_places() {
        let mut input = input(2, 2, 3);
        input.photos[0].sample.photo = None;
        input.photos[1].maps = vec![None];
        input.photos[2].sample.predictions = vec![f64::NAN];
        let figure = explanations(&input).unwrap();
        assert_legible(&figure);
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
