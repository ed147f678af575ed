//! The whole folder.

use std::io;
use std::path::{Path, PathBuf};

use image::{Rgb, RgbImage};
use psp_eval::{EvalError, Evaluation, PredictionRow, Predictions, WriteOptions, plot, write_all};
use psp_metrics::MeanBaseline;

fn predictions() -> Predictions {
    let rows = (0..30).map(|index| {
        let label = (index % 10) as f32 / 10.0;
        PredictionRow {
            filename: format!("{index}.jpg"),
            labels: vec![label, 0.9 - label],
            predictions: vec![label + 0.05, 0.8 - label],
        }
    });
    let targets = vec!["<b>&\"x".to_owned(), "door".to_owned()];
    Predictions::new(targets, rows.collect()).unwrap()
}

fn evaluation(predictions: &Predictions) -> Evaluation {
    Evaluation::new("test", predictions, &baseline(predictions)).unwrap()
}

/// "Predict the mean" of the same labels.
fn baseline(predictions: &Predictions) -> MeanBaseline {
    let wide = |row: &PredictionRow| row.labels.iter().copied().map(f64::from).collect();
    let labels = predictions.rows().iter().map(wide);
    MeanBaseline::fit::<Vec<f64>>(labels).unwrap()
}

fn photo(_: &str) -> Result<RgbImage, io::Error> {
    Ok(RgbImage::from_pixel(67, 50, Rgb([200, 30, 30])))
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

const FILES: [&str; 7] = [
    "distributions.png",
    "distributions.svg",
    "metrics.json",
    "prediction_vs_label.png",
    "prediction_vs_label.svg",
    "predictions.csv",
    "samples.png",
];

/// Writes the evaluation of the [`predictions`].
fn write(
    folder: &Path,
    images: impl Fn(&str) -> Result<RgbImage, io::Error>,
    options: WriteOptions,
) -> Result<Vec<PathBuf>, EvalError> {
    let predictions = predictions();
    let evaluation = evaluation(&predictions);
    write_all(folder, &evaluation, &predictions, images, options, None)
}

#[test]
fn everything_is_written_into_a_new_folder_and_no_temporary_file_is_left() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("reports/run");
    let predictions = predictions();
    let evaluation = evaluation(&predictions);
    let options = WriteOptions::default();
    let mut written = write(&folder, photo, options).unwrap();
    written.sort();
    assert_eq!(names(&folder), FILES);
    assert_eq!(written, FILES.map(|name| folder.join(name)));

    let metrics = Evaluation::read(&folder.join("metrics.json")).unwrap();
    assert_eq!(metrics, evaluation);
    let csv = Predictions::read_csv(&folder.join("predictions.csv")).unwrap();
    assert_eq!(csv, predictions);
    let sizes = [
        (
            "distributions",
            plot::distributions(&predictions, &evaluation),
        ),
        (
            "prediction_vs_label",
            plot::prediction_vs_label(&predictions, &evaluation),
        ),
    ];
    for (name, figure) in sizes {
        let (width, height) = figure.unwrap().size();
        assert!(width >= 1200 && height >= 900);
        let picture = image::open(folder.join(name).with_extension("png")).unwrap();
        assert_eq!((picture.width(), picture.height()), (width, height));
        let svg = std::fs::read_to_string(folder.join(name).with_extension("svg")).unwrap();
        let document = roxmltree::Document::parse(&svg).unwrap();
        let root = document.root_element();
        assert_eq!(root.attribute("width"), Some(width.to_string().as_str()));
        assert_eq!(root.attribute("height"), Some(height.to_string().as_str()));
    }
}

#[test]
fn no_picture_is_blank_where_the_data_is() {
    let folder = tempfile::tempdir().unwrap();
    let options = WriteOptions::default();
    write(folder.path(), photo, options).unwrap();
    for name in FILES.iter().filter(|name| name.ends_with(".png")) {
        let picture = image::open(folder.path().join(name)).unwrap().to_rgb8();
        // Below the heading; grey is frame, grid and text.
        let coloured = picture
            .enumerate_pixels()
            .filter(|(_, y, _)| *y > 260)
            .filter(|(_, _, pixel)| pixel.0.iter().max() > pixel.0.iter().min())
            .count();
        assert!(coloured > 1_000, "{name} has {coloured} coloured pixels");
    }
}

#[test]
fn a_second_run_replaces_the_files_with_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let content = || {
        write(folder.path(), photo, WriteOptions::default()).unwrap();
        FILES.map(|name| std::fs::read(folder.path().join(name)).unwrap())
    };
    assert!(content() == content());
}

#[test]
fn a_missing_photo_is_an_error_but_all_else_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let missing = |name: &str| Err(io::Error::other(format!("{name} is gone")));
    let options = WriteOptions::default();
    let result = write(folder.path(), missing, options);
    assert!(matches!(result, Err(EvalError::Image { .. })));
    assert_eq!(names(folder.path()), FILES[..6]);
}

#[test]
fn without_samples_no_photo_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let never = |_: &str| Err(io::Error::other("asked for"));
    let options = WriteOptions {
        sample_count: 0,
        ..WriteOptions::default()
    };
    write(folder.path(), never, options).unwrap();
    assert_eq!(names(folder.path()), FILES[..6]);
}
