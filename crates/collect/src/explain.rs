//! What the chosen model looks at.

use burn::tensor::{Tensor, TensorData};
use psp_data::{Part, decode_file};
use psp_eval::PredictionRow;
use psp_explain::{HeatMap, Method, Occlusion, explain};
use psp_export::{Predictor, stored_predictions};
use psp_models::Precision;
use psp_report::input::Explanation;
use psp_train::{Inputs, RunDir};

use crate::error::CollectError;
use crate::settings::{CollectEvent, Settings};

/// Explains images of the run's test part, or of its validation part where it has no
/// other: the best predicted, the worst, and some between. A run that can't be
/// explained is told of, and leaves the report without.
pub(crate) fn explanations(
    run: &RunDir,
    settings: &mut Settings<'_>,
) -> Result<Vec<Explanation>, CollectError> {
    match of_run(run, settings) {
        Err(CollectError::Interrupted) => Err(CollectError::Interrupted),
        Err(error) => {
            settings.warn(&format!("nothing is explained: {error}"));
            Ok(Vec::new())
        }
        done => done,
    }
}

fn of_run(run: &RunDir, settings: &mut Settings<'_>) -> Result<Vec<Explanation>, CollectError> {
    let predictions = match stored_predictions(run, Part::Test)? {
        Some(test) => test,
        None => match stored_predictions(run, Part::Valid)? {
            Some(valid) => valid,
            None => return Ok(Vec::new()),
        },
    };
    let config = run.read_config()?;
    let inputs = Inputs::of_run(&config, run)?;
    let spec = settings.place.device.unwrap_or(config.train.device);
    // What is shown is the model, not what a precision makes of it.
    let device = spec.open_for(Precision::Fp32)?;
    let predictor = Predictor::open(run.root(), &device, Precision::Fp32)?;
    let (width, height) = predictor.preprocessing.output_size();
    let shape = [1, 3, height as usize, width as usize];
    let chosen = spread(predictions.rows(), settings.explained);
    let mut explained = Vec::new();
    for (number, row) in chosen.iter().enumerate() {
        let path = inputs.dataset.images_dir().join(&row.filename);
        let image = decode_file(&path, &predictor.limits)?;
        let pixels = predictor.preprocessing.apply(&image)?;
        let image = Tensor::<4>::from_data(TensorData::new(pixels, shape), &device);
        let observe = &mut |done, total| {
            (settings.observe)(CollectEvent::Explaining {
                done: number * total + done,
                total: chosen.len() * total,
            });
        };
        let model = predictor.model.regressor();
        let maps = explain(
            model,
            image,
            &Occlusion::default(),
            settings.cancelled,
            observe,
        )?;
        explained.push((*row, maps));
    }
    let strongest = |method: Method| {
        let maps = explained.iter().flat_map(|(_, maps)| maps);
        let of_method = maps.filter(|map| map.method == method);
        of_method.map(HeatMap::strongest).fold(0.0, f32::max)
    };
    let explanation = |(row, maps): &(&PredictionRow, Vec<HeatMap>)| Explanation {
        filename: row.filename.clone(),
        labels: row.labels.clone(),
        predictions: row.predictions.clone(),
        maps: maps
            .iter()
            .map(|map| plain(map, strongest(map.method)))
            .collect(),
    };
    Ok(explained.iter().map(explanation).collect())
}

/// So many rows at equal distances in the order of their errors, the best and the
/// worst among them; of one, the worst.
fn spread(rows: &[PredictionRow], count: usize) -> Vec<&PredictionRow> {
    let error = |row: &PredictionRow| -> f64 {
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

/// A map for the report, on a scale that all maps of its method share: a score that an
/// image says nothing of stays dark. Of occlusion only what lowers the score when it is
/// covered is shown, as Grad-CAM shows only what raises it.
fn plain(map: &HeatMap, strongest: f32) -> psp_report::input::HeatMap {
    let shares = map.shares_of(strongest);
    psp_report::input::HeatMap {
        method: match map.method {
            Method::GradCam => "Grad-CAM",
            Method::AttentionRollout => "attention roll-out",
            Method::Occlusion => "occlusion",
        }
        .to_owned(),
        target: map.target,
        width: map.width,
        height: map.height,
        values: shares.into_iter().map(|share| share.max(0.0)).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_the_worst_and_those_between_are_explained() {
        let row = |error: f64| PredictionRow {
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
