//! Inputs that no figure is made for.

use psp_plot::{
    Better, Dimension, ErrorByBin, Figure, Gallery, HistoryTrial, LabelDistribution,
    LearningCurves, Objective, Pairs, PartLabels, PlotError, Predicted, PredictionVsLabel,
    RunCurves, Sample, SearchHistory, Slices, TargetErrors, TrialCurves, Trials, Values,
    distributions, error_by_bin, gallery, label_distribution, learning_curves,
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

fn searched(dimension_count: usize) -> Trials {
    Trials {
        objective: objective(),
        dimensions: dimensions(dimension_count),
        scores: (0..60).map(|index| Some(score(index))).collect(),
    }
}

pub(crate) fn figures() -> Vec<Drawn> {
    let trials = 0..60_usize;
    let history = trials.clone().map(|index| HistoryTrial {
        number: index as u64 * 1_000_000,
        score: Some(score(index)),
        state: [TrialState::Finished, TrialState::Pruned, TrialState::Failed][index % 3],
        backbone: name(index % 9),
    });
    let history = SearchHistory {
        objective: objective(),
        trials: history.collect(),
        ..SearchHistory::default()
    };
    let curves = trials.clone().map(|index| TrialCurves {
        name: name(index),
        backbone: name(index % 9),
        train: (0..index % 9).map(score).collect(),
        valid: (0..index % 7).map(|epoch| score(epoch + index)).collect(),
        best: index % 20 == 0,
    });
    let curves = LearningCurves {
        objective: objective(),
        backbones: Vec::new(),
        trials: curves.collect(),
    };
    let run = RunCurves {
        name: name(1),
        objective: objective(),
        train: SCORES.to_vec(),
        valid: vec![0.3],
        best_epoch: Some(1),
    };
    let sliced = Slices {
        trials: searched(11),
        trial_backbones: trials.map(|index| name(index % 9)).collect(),
        backbones: Vec::new(),
    };
    let mut drawn = of_images();
    drawn.extend([
        ("search_history", search_history(&history)),
        ("learning_curves", learning_curves(&curves)),
        ("run_curves", run_curves(&run)),
        ("parallel_coordinates", parallel_coordinates(&searched(14))),
        ("slices", slices(&sliced)),
    ]);
    drawn.extend(nasty_models::figures());
    drawn
}

fn of_images() -> Vec<Drawn> {
    let predicted = Predicted {
        split: name(1),
        targets: pairs(),
    };
    let against_labels = PredictionVsLabel {
        predicted: predicted.clone(),
        ..PredictionVsLabel::default()
    };
    let errors = pairs().into_iter().map(|pairs| TargetErrors {
        bins: error_bins(&pairs, pairs.labels[39], f64::abs),
        target: pairs.target,
    });
    let errors = ErrorByBin {
        split: name(1),
        targets: errors.collect(),
    };
    let part = |part: usize, from: usize, to: usize| PartLabels {
        name: name(part),
        labels: (from..to)
            .map(|row| pairs().iter().map(|pairs| pairs.labels[row]).collect())
            .collect(),
    };
    let labels = LabelDistribution {
        targets: (0..TARGETS).map(name).collect(),
        parts: vec![part(1, 0, 20), part(0, 20, 40)],
    };
    let sample = |index: usize| Sample {
        name: name(index).repeat(3),
        photo: None,
        labels: SCORES.to_vec(),
        predictions: vec![0.25; index * 4],
    };
    let photos = Gallery {
        title: name(1),
        targets: (0..TARGETS).map(name).collect(),
        samples: (0..4).map(sample).collect(),
        ..Gallery::default()
    };
    vec![
        ("prediction_vs_label", prediction_vs_label(&against_labels)),
        ("distributions", distributions(&predicted)),
        ("residuals", residuals(&predicted)),
        ("error_by_bin", error_by_bin(&errors)),
        ("label_distribution", label_distribution(&labels)),
        ("gallery", gallery(&photos)),
    ]
}
