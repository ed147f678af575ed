//! Made-up predictions, and what tests ask of every figure.

use psp_metrics::MeanBaseline;

use super::{
    Figure,
    canvas::{Align, Canvas, Rect, Text},
    png,
};
use crate::{Evaluation, PredictionRow, Predictions};

/// Predictions for `names`: labels as `label(row, target)` says, predictions
/// up to 0.1 off.
pub(super) fn predictions(
    names: &[impl AsRef<str>],
    rows: usize,
    label: impl Fn(usize, usize) -> f64,
) -> (Predictions, Evaluation) {
    let row = |index: usize| {
        let labels: Vec<f64> = (0..names.len())
            .map(|target| label(index, target))
            .collect();
        let off =
            |(target, label): (usize, &f64)| label + 0.1 * ((index * 7 + target * 3) as f64).sin();
        PredictionRow {
            filename: format!("{index}.jpg"),
            predictions: labels.iter().enumerate().map(off).collect(),
            labels,
        }
    };
    let names = names.iter().map(|name| name.as_ref().to_owned()).collect();
    let predictions = Predictions::new(names, (0..rows).map(row).collect()).unwrap();
    let labels = predictions.rows().iter().map(|row| &row.labels);
    let baseline = MeanBaseline::fit(labels).unwrap();
    let evaluation = Evaluation::new("test", &predictions, &baseline).unwrap();
    (predictions, evaluation)
}

/// Half zeros, the rest between 0 and 0.93.
pub(super) fn score(row: usize, target: usize) -> f64 {
    if (row + target).is_multiple_of(2) {
        0.0
    } else {
        0.93 * ((row * 13 + target * 5) % 100) as f64 / 100.0
    }
}

/// Target names of all sorts and lengths.
pub(super) fn names(count: usize) -> Vec<String> {
    let long = "perspective_score_headlight_right_including_the_glass_and_its_frame";
    (0..count)
        .map(|index| match index % 3 {
            0 => format!("hood {index}"),
            1 => format!("{long}_{index}"),
            _ => format!("<b>&\"x' {index}"),
        })
        .collect()
}

/// Asserts that all texts lie on the canvas, that none covers another, and that
/// the picture is as large as it says.
pub(super) fn assert_legible(figure: &Figure) {
    let canvas = &figure.canvas;
    let page = Rect::new(0.0, 0.0, canvas.width.into(), canvas.height.into());
    let bounds: Vec<Rect> = canvas
        .texts
        .iter()
        .map(|text| bounds(canvas, text))
        .collect();
    for (index, (text, rect)) in canvas.texts.iter().zip(&bounds).enumerate() {
        assert!(
            rect.x >= page.x
                && rect.y >= page.y
                && rect.right() <= page.right()
                && rect.bottom() <= page.bottom(),
            "{:?} is cut off: {rect:?} on {page:?}",
            text.content
        );
        for (other, covered) in canvas.texts.iter().zip(&bounds).skip(index + 1) {
            let apart = rect.right() <= covered.x
                || covered.right() <= rect.x
                || rect.bottom() <= covered.y
                || covered.bottom() <= rect.y;
            assert!(apart, "{:?} covers {:?}", text.content, other.content);
        }
    }
    let pixels = image::load_from_memory(&figure.to_png().unwrap()).unwrap();
    assert_eq!((pixels.width(), pixels.height()), figure.size());
}

/// How many pixels of the figure have exactly this colour.
pub(super) fn pixels_of(figure: &Figure, (red, green, blue): (u8, u8, u8)) -> usize {
    let raster = png::raster(&figure.canvas).unwrap();
    let wanted = [red, green, blue];
    raster.pixels().filter(|pixel| pixel.0 == wanted).count()
}

/// The texts of the figure in the order in which they were set.
pub(super) fn texts(figure: &Figure) -> Vec<&str> {
    let texts = figure.canvas.texts.iter();
    texts.map(|text| text.content.as_str()).collect()
}

/// From the ascenders to the descenders.
fn bounds(canvas: &Canvas, text: &Text) -> Rect {
    let width = canvas.fonts.width(&text.content, text.size, text.weight);
    let start = match text.align {
        Align::Left => 0.0,
        Align::Middle => -width / 2.0,
        Align::Right => -width,
    };
    let (above, height) = (0.76 * text.size, 0.99 * text.size);
    if text.upwards {
        Rect::new(text.at.0 - above, text.at.1 - start - width, height, width)
    } else {
        Rect::new(text.at.0 + start, text.at.1 - above, width, height)
    }
}
