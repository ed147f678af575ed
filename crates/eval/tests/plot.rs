//! The pictures of an evaluation.

use std::{cell::RefCell, io};

use image::RgbImage;
use psp_eval::{Evaluation, PredictionRow, Predictions, plot};
use psp_metrics::MeanBaseline;

fn predictions(target: &str, rows: usize) -> (Predictions, Evaluation) {
    let row = |index: usize| PredictionRow {
        filename: format!("{index}.jpg"),
        labels: vec![index as f32 / rows as f32],
        predictions: vec![0.5],
    };
    let rows = (0..rows).map(row).collect();
    let predictions = Predictions::new(vec![target.to_owned()], rows).unwrap();
    let baseline = baseline(&predictions);
    let evaluation = Evaluation::new("test", &predictions, &baseline).unwrap();
    (predictions, evaluation)
}

/// "Predict the mean" of the same labels.
fn baseline(predictions: &Predictions) -> MeanBaseline {
    let wide = |row: &PredictionRow| row.labels.iter().copied().map(f64::from).collect();
    let labels = predictions.rows().iter().map(wide);
    MeanBaseline::fit::<Vec<f64>>(labels).unwrap()
}

fn photo() -> RgbImage {
    RgbImage::new(4, 3)
}

#[test]
fn an_evaluation_of_other_targets_is_refused() {
    let (of_a, _) = predictions("a", 3);
    let (_, of_b) = predictions("b", 3);
    let images = |_: &str| Ok::<_, io::Error>(photo());
    for error in [
        plot::prediction_vs_label(&of_a, &of_b).unwrap_err(),
        plot::distributions(&of_a, &of_b).unwrap_err(),
        plot::samples(&of_a, &of_b, images, 0, 1).unwrap_err(),
    ] {
        assert_eq!(
            error.to_string(),
            r#"the evaluation is for ["b"], but the predictions for ["a"]"#
        );
    }
}

#[test]
fn the_facts_of_the_evaluation_stand_above_its_pictures() {
    let (predictions, evaluation) = predictions("a", 10);
    let figure = plot::prediction_vs_label(&predictions, &evaluation).unwrap();
    assert_eq!(figure.title(), "Prediction vs. label, test split");
    let facts = figure.description();
    assert!(facts.starts_with("10 images; overall R² "), "{facts}");
    assert!(
        facts.contains("predict the training mean: MSE 0.08250"),
        "{facts}"
    );
}

#[test]
fn the_seed_chooses_the_photos_and_none_comes_twice() {
    let (predictions, evaluation) = predictions("a", 100);
    let chosen = |seed| {
        let asked = RefCell::new(Vec::new());
        let images = |name: &str| {
            asked.borrow_mut().push(name.to_owned());
            Ok::<_, io::Error>(photo())
        };
        let page = plot::samples(&predictions, &evaluation, images, seed, 10).unwrap();
        let chosen = format!("10 of 100 images, chosen at random (seed {seed})");
        assert!(page.description().starts_with(&chosen));
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
fn a_photo_that_is_missing_or_empty_is_an_error_that_names_it() {
    let (predictions, evaluation) = predictions("a", 1);
    let missing = |_: &str| Err::<RgbImage, _>(io::Error::other("gone"));
    let error = plot::samples(&predictions, &evaluation, missing, 0, 1).unwrap_err();
    assert_eq!(error.to_string(), "cannot get the image 0.jpg");
    let empty = |_: &str| Ok::<_, io::Error>(RgbImage::new(0, 9));
    let error = plot::samples(&predictions, &evaluation, empty, 0, 1).unwrap_err();
    assert_eq!(error.to_string(), "the image 0.jpg is 0×9 pixels large");
}
