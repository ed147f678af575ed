//! A realistic study: 200 trials, 5 backbones, 4000 images.

use psp_plot::{
    ErrorByBin, Explained, Explanations, Figure, Gallery, HeatMap, Interval, LabelDistribution,
    Metrics, PartLabels, PlotError, Predicted, PredictionVsLabel, Sample, Selection, TargetErrors,
    distributions, error_by_bin, explanations, gallery, label_distribution, prediction_vs_label,
    residuals,
};

use crate::{Failure, bins::error_bins, finalists, images::Images, study_trials};

/// A named figure that is still to be drawn.
pub(crate) type Drawing = (&'static str, Box<dyn Fn() -> Result<Figure, PlotError>>);

pub(crate) fn inputs(images: &Images) -> Result<Vec<Drawing>, Failure> {
    let mut drawings = study_trials::drawings();
    drawings.extend(of_images(images)?);
    drawings.extend(finalists::drawings());
    Ok(drawings)
}

pub(crate) fn drawing<T: 'static>(
    name: &'static str,
    draw: fn(&T) -> Result<Figure, PlotError>,
    input: T,
) -> Drawing {
    (name, Box::new(move || draw(&input)))
}

fn of_images(images: &Images) -> Result<Vec<Drawing>, Failure> {
    let split = "test".to_owned();
    let targets = images.pairs.clone();
    let names: Vec<String> = targets.iter().map(|pairs| pairs.target.clone()).collect();
    let rows: Vec<Vec<f64>> = (0..images.names.len())
        .map(|row| targets.iter().map(|pairs| pairs.labels[row]).collect())
        .collect();
    let (valid, test) = (rows.len() * 7 / 10, rows.len() * 85 / 100);
    let part = |name: &str, rows: &[Vec<f64>]| PartLabels {
        name: name.to_owned(),
        labels: rows.to_vec(),
    };
    let errors = targets.iter().map(|pairs| {
        let mut bins = error_bins(pairs, 1.0, |error| error * error);
        for bin in &mut bins {
            let spread = 1.8 / (bin.count as f64).sqrt();
            bin.interval = bin.error.map(|error| Interval {
                low: error * (1.0 - spread).max(0.1),
                high: error * (1.0 + spread),
            });
        }
        TargetErrors {
            target: pairs.target.clone(),
            bins,
        }
    });
    let errors = ErrorByBin {
        split: split.clone(),
        targets: errors.collect(),
    };
    let predicted = Predicted { split, targets };
    let labels = LabelDistribution {
        targets: names.clone(),
        parts: vec![
            part("train", &rows[..valid]),
            part("valid", &rows[valid..test]),
            part("test", &rows[test..]),
        ],
    };
    let against_labels = PredictionVsLabel {
        predicted: predicted.clone(),
        overall: Some(Metrics {
            mse: 0.006_623,
            r2: Some(0.9576),
        }),
        baseline_mse: Some(0.1425),
    };
    let mut drawings = vec![
        drawing("label_distribution", label_distribution, labels),
        drawing("prediction_vs_label", prediction_vs_label, against_labels),
        drawing("distributions", distributions, predicted.clone()),
        drawing("residuals", residuals, predicted),
        drawing("error_by_bin", error_by_bin, errors),
    ];
    let choices = [
        ("gallery_random", "Samples", Selection::Random { seed: 7 }),
        ("gallery_worst", "Largest errors", Selection::Worst),
    ];
    for (name, title, selection) in choices {
        let samples = selection.choose(&images.errors(), 12).into_iter();
        let input = Gallery {
            title: format!("{title}, test split"),
            notes: vec![format!("12 of 4,000 images, {}", selection.describe())],
            targets: names.clone(),
            label_ranges: Vec::new(),
            samples: samples
                .map(|index| sample(images, index))
                .collect::<Result<_, _>>()?,
        };
        drawings.push(drawing(name, gallery, input));
    }
    drawings.push(drawing(
        "explanations",
        explanations,
        explained(images, names)?,
    ));
    Ok(drawings)
}

fn sample(images: &Images, index: usize) -> Result<Sample, Failure> {
    Ok(Sample {
        name: images.names[index].clone(),
        photo: Some(images.photo(index)?),
        labels: images
            .pairs
            .iter()
            .map(|pairs| pairs.labels[index])
            .collect(),
        predictions: images
            .pairs
            .iter()
            .map(|pairs| pairs.predictions[index])
            .collect(),
    })
}

fn explained(images: &Images, targets: Vec<String>) -> Result<Explanations, Failure> {
    let bump = |cells: usize, x: f64, y: f64| HeatMap {
        width: cells,
        highest: None,
        values: (0..cells * cells)
            .map(|cell| {
                let at = |index: usize| (index as f64 + 0.5) / cells as f64;
                let off = (at(cell % cells) - x).hypot(at(cell / cells) - y);
                (-(off / 0.18).powi(2)).exp() as f32
            })
            .collect(),
    };
    let photos = Selection::Worst
        .choose(&images.errors(), 4)
        .into_iter()
        .map(|index| {
            Ok::<_, Failure>(Explained {
                sample: sample(images, index)?,
                maps: vec![
                    Some(bump(7, 0.5, 0.6)),
                    Some(bump(7, 0.3, 0.5)),
                    Some(bump(14, 0.55, 0.45)),
                ],
            })
        });
    Ok(Explanations {
        title: "What the model looked at, largest errors, test split".to_owned(),
        notes: vec!["each map over its own range".to_owned()],
        targets,
        label_ranges: Vec::new(),
        methods: ["Grad-CAM, hood", "Grad-CAM, backdoor_left", "occlusion"]
            .map(str::to_owned)
            .into(),
        photos: photos.collect::<Result<_, _>>()?,
    })
}
