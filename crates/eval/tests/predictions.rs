//! Predictions and `predictions.csv`.

use std::path::{Path, PathBuf};

use psp_eval::{EvalError, PredictionRow, Predictions};

fn row(filename: &str, labels: &[f32], predictions: &[f32]) -> PredictionRow {
    PredictionRow {
        filename: filename.to_owned(),
        labels: labels.to_vec(),
        predictions: predictions.to_vec(),
    }
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

fn refused(targets: &[&str], rows: &[PredictionRow]) -> String {
    Predictions::new(names(targets), rows.to_vec())
        .unwrap_err()
        .to_string()
}

fn read(text: &str) -> Result<Predictions, EvalError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("predictions.csv");
    std::fs::write(&path, text).unwrap();
    Predictions::read_csv(&path)
}

/// The error and all its causes, without the folder.
fn refused_text(text: &str) -> String {
    let error = read(text).unwrap_err();
    let mut message = error.to_string();
    let mut cause = std::error::Error::source(&error);
    while let Some(error) = cause {
        message += &format!(": {error}");
        cause = error.source();
    }
    match message.find("predictions.csv") {
        Some(start) => message[start..].to_owned(),
        None => message,
    }
}

#[test]
fn awkward_filenames_and_target_names_are_read_back_as_they_were() {
    let folder = tempfile::tempdir().unwrap();
    let path: PathBuf = folder.path().join("predictions.csv");
    let files = [
        "plain.jpg",
        "with, comma.jpg",
        "\"quoted\".jpg",
        " spaces .jpg",
        "Größe-写真-🚗.jpg",
        "two\nlines.jpg",
        "=1+1.jpg",
        "#hash.jpg",
    ];
    let rows = files.map(|file| row(file, &[0.1, 0.2], &[0.3, 0.4]));
    let targets = names(&["a, \"b\"\n", "filename_"]);
    let predictions = Predictions::new(targets, rows.to_vec()).unwrap();
    predictions.write_csv(&path).unwrap();
    assert_eq!(Predictions::read_csv(&path).unwrap(), predictions);
}

#[test]
fn every_number_is_read_back_bit_by_bit() {
    let values = [
        0.0,
        -0.0,
        1.0,
        0.1,
        f32::MIN_POSITIVE,
        1.0 / 3.0,
        -1e-40,
        6.022_140_8e23,
        0.902_681_65,
    ];
    let rows = values.map(|value| row("a.jpg", &[value], &[-value]));
    let predictions = Predictions::new(names(&["t"]), rows.to_vec()).unwrap();
    let text = String::from_utf8(predictions.to_csv().unwrap()).unwrap();
    let back = read(&text).unwrap();
    for (row, value) in back.rows().iter().zip(values) {
        assert_eq!(row.labels[0].to_bits(), value.to_bits());
        assert_eq!(row.predictions[0].to_bits(), (-value).to_bits());
    }
}

#[test]
fn the_columns_are_filename_then_each_target_and_its_prediction() {
    let rows = vec![row("a.jpg", &[0.93, 0.0], &[0.25, 1e-7])];
    let predictions = Predictions::new(names(&["hood", "door"]), rows).unwrap();
    assert_eq!(
        String::from_utf8(predictions.to_csv().unwrap()).unwrap(),
        "filename,hood,hood_predicted,door,door_predicted\na.jpg,0.93,0.25,0.0,1e-7\n"
    );
}

#[test]
fn a_prediction_that_is_nan_is_refused_with_its_row_and_column() {
    let rows = [
        row("a.jpg", &[0.1, 0.2], &[0.1, 0.2]),
        row("b.jpg", &[0.1, 0.2], &[0.1, f32::NAN]),
    ];
    assert_eq!(
        refused(&["hood", "door"], &rows),
        "row 2 (b.jpg), column door_predicted: NaN is not a finite number"
    );
    let rows = [row("a.jpg", &[f32::INFINITY], &[0.1])];
    assert_eq!(
        refused(&["hood"], &rows),
        "row 1 (a.jpg), column hood: inf is not a finite number"
    );
}

#[test]
fn predictions_without_rows_or_targets_are_refused() {
    let rows = [row("a.jpg", &[], &[])];
    assert!(refused(&[], &rows).contains("at least one target"));
    assert!(refused(&["hood"], &[]).contains("at least one row"));
}

#[test]
fn incomplete_rows_are_refused_with_what_they_lack() {
    assert_eq!(
        refused(&["a", "b"], &[row("x.jpg", &[0.1, 0.2], &[0.1])]),
        "row 1 (x.jpg) has 1 predictions, expected 2: one per target"
    );
    assert_eq!(
        refused(&["a"], &[row("", &[0.1], &[0.1])]),
        "row 1 has an empty filename"
    );
}

#[test]
fn targets_that_would_share_a_column_are_refused() {
    let rows = [row("x.jpg", &[0.1, 0.2], &[0.1, 0.2])];
    for targets in [["a", "a"], ["a", "a_predicted"], ["filename", "a"]] {
        assert!(refused(&targets, &rows).contains("twice"), "{targets:?}");
    }
    assert!(refused(&["a", ""], &rows).contains("empty name"));
}

#[test]
fn a_cell_without_a_number_is_refused_with_line_row_and_column() {
    let text = "filename,hood,hood_predicted\n\"two\nlines.jpg\",0.1,0.2\nb.jpg,0.1,high\n";
    assert_eq!(
        refused_text(text),
        "predictions.csv, line 4 (row 2), column hood_predicted: \"high\" is not a number"
    );
    let empty = "filename,hood,hood_predicted\nb.jpg,,0.1\n";
    assert!(refused_text(empty).contains("line 2 (row 1), column hood: \"\""));
}

#[test]
fn a_nan_in_the_file_is_refused_with_the_file_row_and_column() {
    let message = refused_text("filename,hood,hood_predicted\nb.jpg,0.1,NaN\n");
    assert_eq!(
        message,
        "predictions.csv: cannot be used: row 1 (b.jpg), column hood_predicted: \
         NaN is not a finite number"
    );
}

#[test]
fn a_file_of_another_shape_is_refused() {
    let refused = [
        ("", "the first column is \"\", not filename"),
        ("name,a,a_predicted\n", "the first column is \"name\""),
        ("filename,a\n", "column \"a\" has no partner"),
        ("filename,a,b\n", "column \"a\" is followed by \"b\""),
        ("filename,a,a_predicted\n", "at least one row"),
        ("filename\nx.jpg\n", "at least one target"),
        ("filename,a,a_predicted\nx.jpg,0.1\n", "line: 2"),
    ];
    for (text, reason) in refused {
        let message = refused_text(text);
        assert!(message.contains(reason), "{text:?} gave {message}");
    }
    let missing = Predictions::read_csv(Path::new("missing.csv")).unwrap_err();
    let told = missing.to_string();
    assert!(
        told.starts_with("missing.csv: could not read it: "),
        "{told}"
    );
}

#[test]
fn predictions_are_clipped_at_both_ends() {
    let rows = vec![row("a.jpg", &[0.0, 0.5], &[-0.25, 1.25])];
    let predictions = Predictions::new(names(&["a", "b"]), rows).unwrap();
    assert_eq!(
        predictions.clipped([0.0, 1.0]).rows()[0].predictions,
        [0.0, 1.0]
    );
}

#[test]
fn targets_whose_predictions_never_change_are_known_in_the_labels_span() {
    let rows = [
        row("a", &[0.0, 1.0], &[0.5, 0.1]),
        row("b", &[1.0, 0.0], &[0.50001, 0.2]),
    ];
    let constant = |rows: &[PredictionRow], span| {
        let predictions = Predictions::new(names(&["x", "y"]), rows.to_vec()).unwrap();
        predictions.constant_targets(Some([0.0, span]))
    };
    assert_eq!(constant(&rows, 1.0), [0]);
    assert_eq!(constant(&rows, 0.01), [0; 0]);
    assert_eq!(constant(&rows, 2000.0), [0, 1]);
    assert_eq!(constant(&rows[..1], 1.0), [0; 0]);
    // Without a range, beside the labels.
    let predictions = Predictions::new(names(&["x", "y"]), rows.to_vec()).unwrap();
    assert_eq!(predictions.constant_targets(None), [0]);
}
