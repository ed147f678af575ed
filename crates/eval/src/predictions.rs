//! Predictions beside their labels.

use std::collections::HashSet;

use psp_metrics::{RegressionAccumulator, RegressionMetrics};

use crate::EvalError;

/// Predictions that differ by no more than this share of the labels' span are the same.
const SAME: f64 = 1e-4;

/// The predictions of a model for one split, beside the labels. Checked when
/// made: at least one target and one row, every row complete and finite.
#[derive(Debug, Clone, PartialEq)]
pub struct Predictions {
    targets: Vec<String>,
    rows: Vec<PredictionRow>,
}

/// One image.
#[derive(Debug, Clone, PartialEq)]
pub struct PredictionRow {
    /// The image's name, as in the manifest.
    pub filename: String,
    /// The true scores, one per target.
    pub labels: Vec<f32>,
    /// What the model predicts, one score per target, clipped to the range of the
    /// labels if they have one.
    pub predictions: Vec<f32>,
}

impl Predictions {
    /// Predictions for `targets`, each row with one label and one prediction
    /// per target. The same filename may occur more than once.
    ///
    /// # Errors
    /// Targets that are missing, unnamed or would share a column; no rows; a
    /// row without a filename, of the wrong length, or with a value that is
    /// not finite: the error names the row and column.
    pub fn new(targets: Vec<String>, rows: Vec<PredictionRow>) -> Result<Self, EvalError> {
        check_targets(&targets)?;
        if rows.is_empty() {
            return Err(EvalError::NoRows);
        }
        for (index, row) in rows.iter().enumerate() {
            check_row(&targets, index + 1, row)?;
        }
        Ok(Self { targets, rows })
    }

    /// The targets' names, at least one.
    #[must_use]
    pub fn targets(&self) -> &[String] {
        &self.targets
    }

    /// The rows, at least one.
    #[must_use]
    pub fn rows(&self) -> &[PredictionRow] {
        &self.rows
    }

    /// The same with every prediction clipped to `range`, `[low, high]`.
    #[must_use]
    pub fn clipped(mut self, [low, high]: [f32; 2]) -> Self {
        for prediction in self.rows.iter_mut().flat_map(|row| &mut row.predictions) {
            *prediction = prediction.max(low).min(high);
        }
        self
    }

    /// The metrics of the predictions.
    ///
    /// # Errors
    /// [`EvalError::Metrics`] for numbers too large to be squared.
    pub fn metrics(&self) -> Result<RegressionMetrics, EvalError> {
        let mut accumulator = RegressionAccumulator::new(self.targets.len());
        for row in &self.rows {
            let (predictions, labels) = row.to_f64();
            accumulator.push(&predictions, &labels)?;
        }
        Ok(accumulator.finish()?)
    }

    /// (label, prediction) of every row for the target with this index, in the
    /// precision that metrics are computed in.
    pub fn pairs(&self, target: usize) -> impl Iterator<Item = (f64, f64)> + Clone {
        self.rows
            .iter()
            .map(move |row| (row.labels[target].into(), row.predictions[target].into()))
    }

    /// Indices of the targets whose predictions are the same for every image, where there are
    /// several images: beside `range`, `[low, high]`, which labels lie in, or else beside the
    /// labels themselves.
    pub fn constant_targets(&self, range: Option<[f64; 2]>) -> Vec<usize> {
        let spans = |values: fn(&PredictionRow) -> &[f32]| {
            let mut spans = ScoreSpans::new(self.targets.len());
            self.rows.iter().for_each(|row| spans.add(values(row)));
            spans
        };
        let labels = spans(|row| &row.labels);
        let predicted = spans(|row| &row.predictions);
        predicted.constant(|target| match range {
            Some([low, high]) => high - low,
            None => labels.of(target),
        })
    }
}

/// How far the scores of images lie apart, for each target.
#[derive(Clone, Debug)]
pub struct ScoreSpans {
    ends: Vec<[f64; 2]>,
    images: usize,
}

impl ScoreSpans {
    /// Of no image yet.
    pub fn new(targets: usize) -> Self {
        Self {
            ends: vec![[f64::INFINITY, f64::NEG_INFINITY]; targets],
            images: 0,
        }
    }

    /// Adds an image's scores, one for each target.
    pub fn add(&mut self, scores: &[f32]) {
        self.images += 1;
        for ([low, high], &score) in self.ends.iter_mut().zip(scores) {
            (*low, *high) = (low.min(score.into()), high.max(score.into()));
        }
    }

    fn of(&self, target: usize) -> f64 {
        let [low, high] = self.ends[target];
        high - low
    }

    /// Indices of the targets whose scores are the same for every image, beside what labels
    /// `span`, where there are several images.
    pub fn constant(&self, span: impl Fn(usize) -> f64) -> Vec<usize> {
        let is_constant = |target: &usize| self.of(*target) <= SAME * span(*target);
        let targets = 0..self.ends.len();
        targets
            .filter(|target| self.images > 1 && is_constant(target))
            .collect()
    }
}

impl PredictionRow {
    /// The predictions and the labels, as metrics take them, in the precision that these are
    /// computed in.
    pub fn to_f64(&self) -> (Vec<f64>, Vec<f64>) {
        let wide = |scores: &[f32]| scores.iter().copied().map(f64::from).collect();
        (wide(&self.predictions), wide(&self.labels))
    }
}

/// The column of `predictions.csv` that holds a target's predictions.
pub(crate) fn predicted_column(target: &str) -> String {
    format!("{target}_predicted")
}

fn check_targets(targets: &[String]) -> Result<(), EvalError> {
    if targets.is_empty() {
        return Err(EvalError::NoTargets);
    }
    if let Some(index) = targets.iter().position(String::is_empty) {
        return Err(EvalError::UnnamedTarget { index });
    }
    let mut seen = HashSet::from(["filename".to_owned()]);
    for target in targets {
        for column in [target.clone(), predicted_column(target)] {
            if !seen.insert(column.clone()) {
                return Err(EvalError::DuplicateColumn { column });
            }
        }
    }
    Ok(())
}

fn check_row(targets: &[String], row: usize, values: &PredictionRow) -> Result<(), EvalError> {
    let PredictionRow {
        filename,
        labels,
        predictions,
    } = values;
    if filename.is_empty() {
        return Err(EvalError::NoFilename { row });
    }
    for (what, values) in [("labels", labels), ("predictions", predictions)] {
        if values.len() != targets.len() {
            return Err(EvalError::Length {
                row,
                filename: filename.clone(),
                what,
                got: values.len(),
                expected: targets.len(),
            });
        }
    }
    for ((target, &label), &prediction) in targets.iter().zip(labels).zip(predictions) {
        let column = if !label.is_finite() {
            (target.clone(), label)
        } else if !prediction.is_finite() {
            (predicted_column(target), prediction)
        } else {
            continue;
        };
        return Err(EvalError::NotFinite {
            row,
            filename: filename.clone(),
            column: column.0,
            value: column.1.into(),
        });
    }
    Ok(())
}
