//! Inputs that no figure is made for.

use psp_plot::{
    Better, Dimension, Distributions, ErrorByBin, Figure, Gallery, HistoryTrial, LabelDistribution,
    LearningCurves, Objective, Pairs, ParallelCoordinates, PartLabels, PlotError,
    PredictionVsLabel, Residuals, RunCurves, Sample, SearchHistory, Slices, TargetErrors,
    TrialCurves, Values, distributions, error_by_bin, gallery, label_distribution, learning_curves,
    parallel_coordinates, prediction_vs_label, residuals, run_curves, search_history, slices,
};
use psp_schema::TrialState;

use crate::{bins::error_bins, nasty_models};

pub(crate) type Drawn = (&'static str, Result<Figure, PlotError>);

pub(crate) const SCORES: [f64; 9] = [0.5, f64::NAN, -3.0, 0.7, 1e12, -1e9, 0.0, 0.62, f64::MAX];
pub(crate) const TARGETS: usize = 10;

pub(crate) fn name(index: usize) -> String {
    match index % 3 {
        0 => format!("<b>&\"x' {index}"),
        1 => format!("perspective_score_headlight_right_including_the_glass_and_its_frame_{index}"),
        _ => format!("hood {index}"),
    }
}

pub(crate) fn objective() -> Objective {
    Objective {
        name: "R² of <b>&\"x\" and of everything else that the study trains for".to_owned(),
        better: Better::Higher,
        log: false,
    }
}

pub(crate) fn score(index: usize) -> f64 {
    SCORES[index % SCORES.len()]
}

fn pairs() -> Vec<Pairs> {
    let target = |target: usize| Pairs {
        target: name(target),
        labels: (0..40)
            .map(|row| 10f64.powi(target as i32 - 3) * f64::from(row))
            .collect(),
        predictions: (0..40)
            .map(|row| {
                if row == 3 {
                    f64::NAN
                } else {
                    f64::from(row * row % 17)
                }
            })
            .collect(),
        metrics: None,
    };
    (0..TARGETS).map(target).collect()
}

fn dimensions(count: usize) -> Vec<Dimension> {
    let dimension = |index: usize| Dimension {
        name: name(index),
        values: if index.is_multiple_of(2) {
            Values::Categories {
                order: Vec::new(),
                values: (0..60)
                    .map(|t| (t % 5 > 0).then(|| name(t % (index + 1))))
                    .collect(),
            }
        } else {
            Values::Numbers {
                log: index % 4 == 1,
                values: (0..60)
                    .map(|t| (t % 3 > 0).then(|| 1e-7 * 3f64.powi(t % 20)))
                    .collect(),
            }
        },
    };
    (0..count).map(dimension).collect()
}

pub(crate) fn figures() -> Vec<Drawn> {
    let split = || name(1);
    let mut drawn = of_images(split());
    let trials = 0..60_usize;
    let history = trials.clone().map(|index| HistoryTrial {
        number: index as u64 * 1_000_000,
        score: Some(score(index)),
        state: [TrialState::Finished, TrialState::Pruned, TrialState::Failed][index % 3],
        backbone: name(index % 9),
    });
    let curves = trials.clone().map(|index| TrialCurves {
        name: name(index),
        backbone: name(index % 9),
        train: (0..index % 9).map(score).collect(),
        valid: (0..index % 7).map(|epoch| score(epoch + index)).collect(),
        best: index % 20 == 0,
    });
    let scores: Vec<Option<f64>> = trials.clone().map(|index| Some(score(index))).collect();
    drawn.push((
        "search_history",
        search_history(&SearchHistory {
            objective: objective(),
            trials: history.collect(),
            ..SearchHistory::default()
        }),
    ));
    drawn.push((
        "learning_curves",
        learning_curves(&LearningCurves {
            objective: objective(),
            backbones: Vec::new(),
            trials: curves.collect(),
        }),
    ));
    drawn.push((
        "run_curves",
        run_curves(&RunCurves {
            name: name(1),
            objective: objective(),
            train: SCORES.to_vec(),
            valid: vec![0.3],
            best_epoch: Some(1),
        }),
    ));
    drawn.push((
        "parallel_coordinates",
        parallel_coordinates(&ParallelCoordinates {
            objective: objective(),
            dimensions: dimensions(14),
            scores: scores.clone(),
        }),
    ));
    drawn.push((
        "slices",
        slices(&Slices {
            objective: objective(),
            dimensions: dimensions(11),
            scores,
            trial_backbones: trials.map(|index| name(index % 9)).collect(),
            backbones: Vec::new(),
        }),
    ));
    drawn.extend(nasty_models::figures());
    drawn
}

fn of_images(split: String) -> Vec<Drawn> {
    let errors = pairs().into_iter().map(|pairs| TargetErrors {
        bins: error_bins(&pairs, pairs.labels[39], f64::abs),
        target: pairs.target,
    });
    let labels = |from: usize, to: usize| -> Vec<Vec<f64>> {
        (from..to)
            .map(|row| pairs().iter().map(|pairs| pairs.labels[row]).collect())
            .collect()
    };
    let sample = |index: usize| Sample {
        name: name(index).repeat(3),
        photo: None,
        labels: SCORES.to_vec(),
        predictions: vec![0.25; index * 4],
    };
    vec![
        (
            "prediction_vs_label",
            prediction_vs_label(&PredictionVsLabel {
                split: split.clone(),
                targets: pairs(),
                ..PredictionVsLabel::default()
            }),
        ),
        (
            "distributions",
            distributions(&Distributions {
                split: split.clone(),
                targets: pairs(),
            }),
        ),
        (
            "residuals",
            residuals(&Residuals {
                split: split.clone(),
                targets: pairs(),
            }),
        ),
        (
            "error_by_bin",
            error_by_bin(&ErrorByBin {
                split,
                targets: errors.collect(),
            }),
        ),
        (
            "label_distribution",
            label_distribution(&LabelDistribution {
                targets: (0..TARGETS).map(name).collect(),
                parts: vec![
                    PartLabels {
                        name: name(1),
                        labels: labels(0, 20),
                    },
                    PartLabels {
                        name: name(0),
                        labels: labels(20, 40),
                    },
                ],
            }),
        ),
        (
            "gallery",
            gallery(&Gallery {
                title: name(1),
                targets: (0..TARGETS).map(name).collect(),
                samples: (0..4).map(sample).collect(),
                ..Gallery::default()
            }),
        ),
    ]
}
