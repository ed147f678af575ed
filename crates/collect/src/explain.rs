//! What the chosen model looks at.

use burn::tensor::{Tensor, TensorData};
use psp_data::{Part, decode_file};
use psp_eval::PredictionRow;
use psp_explain::{Occlusion, explain};
use psp_export::{Predictor, seen, stored_predictions};
use psp_models::Precision;
use psp_report::input::Explanation;
use psp_train::{Inputs, RunDir};

use crate::error::CollectError;
use crate::settings::{CollectEvent, Settings};

/// Explains images of the test part of the `chosen` run, or of its validation part where it
/// has no other: the best predicted, the worst, and some between. A run that can't be
/// explained is told of, and leaves the report without.
pub(crate) fn explanations(
    chosen: Option<&RunDir>,
    settings: &mut Settings<'_>,
) -> Result<Vec<Explanation>, CollectError> {
    let Some(run) = chosen.filter(|_| settings.explained > 0) else {
        return Ok(Vec::new());
    };
    match of_run(run, settings) {
        Err(CollectError::Interrupted) => Err(CollectError::Interrupted),
        Err(error) => {
            let reason = error.to_string();
            settings.leave_out(run.root(), "nothing is explained", &reason);
            Ok(Vec::new())
        }
        done => done,
    }
}

fn of_run(run: &RunDir, settings: &mut Settings<'_>) -> Result<Vec<Explanation>, CollectError> {
    let predictions = match stored_predictions(run, Part::Test)? {
        None => stored_predictions(run, Part::Valid)?,
        test => test,
    };
    let Some(predictions) = predictions else {
        return Ok(Vec::new());
    };
    let config = run.read_trained_config()?;
    let inputs = Inputs::of_run(&config, run)?;
    let spec = settings.machine.device_of(&config);
    // What is shown is the model, not what a precision makes of it.
    let device = spec.open_for(Precision::Fp32)?;
    let predictor = Predictor::open(run.root(), &device, Precision::Fp32)?;
    let (width, height) = predictor.preprocessing.output_size();
    let shape = [1, 3, height as usize, width as usize];
    let chosen = spread(predictions.rows(), settings.explained);
    let mut explained = Vec::new();
    for (number, row) in chosen.iter().enumerate() {
        let path = inputs.dataset.image_named(&row.filename);
        let image = decode_file(&path, &predictor.limits)?;
        let region = seen(&predictor.preprocessing.resize, image.dimensions());
        let pixels = predictor.preprocessing.apply(&image)?;
        let image = Tensor::<4>::from_data(TensorData::new(pixels, shape), &device);
        let observe = &mut |done, total| {
            (settings.observe)(CollectEvent::Explaining {
                done: number * total + done,
                total: chosen.len() * total,
            });
        };
        let model = predictor.model()?.regressor();
        let maps = explain(
            model,
            image,
            &Occlusion::default(),
            settings.cancelled,
            observe,
        )?;
        let row = (*row).clone();
        explained.push(Explanation { row, region, maps });
    }
    Ok(explained)
}

/// So many rows at equal distances in the order of their errors, the best and the
/// worst among them; of one, the worst.
fn spread(rows: &[PredictionRow], count: usize) -> Vec<&PredictionRow> {
    let error = |row: &PredictionRow| -> f32 {
        let pairs = row.labels.iter().zip(&row.predictions);
        pairs
            .map(|(label, prediction)| (label - prediction).powi(2))
            .sum()
    };
    let mut sorted: Vec<&PredictionRow> = rows.iter().collect();
    // Equal errors keep the order of the data set.
    sorted.sort_by(|a, b| error(a).total_cmp(&error(b)));
    let count = count.min(sorted.len());
    let last = sorted.len().saturating_sub(1);
    let place = |number: usize| match count {
        1 => last,
        _ => number * last / (count - 1),
    };
    (0..count).map(|number| sorted[place(number)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_the_worst_and_those_between_are_explained() {
        let row = |error: f32| PredictionRow {
            filename: format!("{error}"),
            labels: vec![0.0],
            predictions: vec![error],
        };
        let rows: Vec<_> = [0.3, -0.1, 0.5, 0.2, -0.4].map(row).into();
        let names = |count: usize| -> Vec<&str> {
            let chosen = spread(&rows, count);
            chosen.iter().map(|row| row.filename.as_str()).collect()
        };
        assert_eq!(names(3), ["-0.1", "0.3", "0.5"]);
        assert_eq!(names(1), ["0.5"]);
        assert_eq!(names(9).len(), 5);
        assert_eq!(names(0).len(), 0);
        assert_eq!(spread(&[], 3).len(), 0);
    }
}
