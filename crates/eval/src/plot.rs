//! The pictures of an evaluation, drawn by [`psp_plot`].

use image::RgbImage;
pub use psp_plot::{Figure, MOST_SAMPLES, MOST_TARGETS};
use psp_plot::{
    Gallery, Metrics, Pairs, Photo, PlotError, Predicted, PredictionVsLabel, Sample, Selection,
    label_range, number::count,
};

use crate::{EvalError, Evaluation, ImageSource, PredictionRow, Predictions};

/// Predictions over labels: [`psp_plot::prediction_vs_label`].
///
/// # Errors
/// [`EvalError::Targets`] if `evaluation` is not that of `predictions`.
pub fn prediction_vs_label(
    predictions: &Predictions,
    evaluation: &Evaluation,
) -> Result<Figure, EvalError> {
    evaluation.check_targets(predictions)?;
    let (model, baseline) = (&evaluation.overall.model, &evaluation.overall.baseline);
    let input = PredictionVsLabel {
        predicted: of(evaluation, predictions),
        overall: Some(Metrics {
            mse: model.mse,
            r2: model.r2,
        }),
        baseline_mse: Some(baseline.mse),
    };
    Ok(psp_plot::prediction_vs_label(&input)?)
}

/// Histograms of labels and predictions: [`psp_plot::distributions`].
///
/// # Errors
/// [`EvalError::Targets`] if `evaluation` is not that of `predictions`.
pub fn distributions(
    predictions: &Predictions,
    evaluation: &Evaluation,
) -> Result<Figure, EvalError> {
    evaluation.check_targets(predictions)?;
    let input = of(evaluation, predictions);
    Ok(psp_plot::distributions(&input)?)
}

/// A page of `amount` photos (at most [`MOST_SAMPLES`] and as many as there
/// are), drawn at random by `seed` and in the order of the rows, each with its
/// scores below: [`psp_plot::gallery`]. `images` gives the photo with a
/// filename; one photo at a time is in memory.
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
    let selection = Selection::Random { seed };
    // A random choice does not look at the errors.
    let chosen = selection.choose(&vec![0.0; rows.len()], amount.min(MOST_SAMPLES));
    let (shown, all) = (chosen.len(), count(evaluation.count));
    let samples = chosen
        .into_iter()
        .map(|index| loaded(&rows[index], &images));
    let range = |target| {
        let labels: Vec<f64> = predictions.pairs(target).map(|(label, _)| label).collect();
        label_range(&labels)
    };
    let input = Gallery {
        title: format!("Samples, {} split", evaluation.split),
        notes: vec![format!("{shown} of {all} images, {}", selection.describe())],
        targets: predictions.targets().to_vec(),
        label_ranges: (0..predictions.targets().len()).map(range).collect(),
        samples: samples.collect::<Result<_, _>>()?,
    };
    Ok(psp_plot::gallery(&input)?)
}

/// What was predicted for the images of a split, by target: its name, and its metrics over
/// them.
pub fn predicted(
    predictions: &Predictions,
    split: &str,
    targets: impl Iterator<Item = (String, Metrics)>,
) -> Predicted {
    let pairs = |(index, (target, metrics))| {
        let (labels, predictions) = predictions.pairs(index).unzip();
        Pairs {
            target,
            labels,
            predictions,
            metrics: Some(metrics),
        }
    };
    Predicted {
        split: split.to_owned(),
        targets: targets.enumerate().map(pairs).collect(),
    }
}

fn of(evaluation: &Evaluation, predictions: &Predictions) -> Predicted {
    let targets = evaluation.targets.iter().map(|target| {
        let (mse, r2) = (target.model.mse, target.model.r2);
        (target.name.clone(), Metrics { mse, r2 })
    });
    predicted(predictions, &evaluation.split, targets)
}

fn loaded<F, E>(row: &PredictionRow, images: &F) -> Result<Sample, EvalError>
where
    F: Fn(&str) -> Result<RgbImage, E>,
    E: Into<ImageSource>,
{
    let filename = &row.filename;
    let photo = images(filename).map_err(|source| EvalError::Image {
        filename: filename.clone(),
        source: source.into(),
    })?;
    let photo = match Photo::new(&photo) {
        Err(PlotError::EmptyPhoto { width, height }) => Err(EvalError::EmptyImage {
            filename: filename.clone(),
            width,
            height,
        }),
        photo => Ok(photo?),
    };
    Ok(sample(row, Some(photo?)))
}

/// A row beside its photo, as a gallery shows it.
pub fn sample(row: &PredictionRow, photo: Option<Photo>) -> Sample {
    let (predictions, labels) = row.to_f64();
    Sample {
        name: row.filename.clone(),
        photo,
        labels,
        predictions,
    }
}
