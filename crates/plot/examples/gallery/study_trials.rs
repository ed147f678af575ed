//! The figures of the study's trials.

use psp_plot::{
    Importance, ImportanceBar, LearningCurves, RunCurves, SearchHistory, Slices, importance,
    learning_curves, parallel_coordinates, run_curves, search_history, slices,
};

use crate::{
    study::{Drawing, drawing},
    trials::{objective, order, trials},
};

pub(crate) fn drawings() -> Vec<Drawing> {
    let trials = trials();
    let best = trials
        .curves
        .iter()
        .find(|trial| trial.best)
        .cloned()
        .unwrap_or_default();
    let history = SearchHistory {
        objective: objective("valid MSE", false),
        backbones: order(),
        trials: trials.history.clone(),
    };
    let curves = |log| LearningCurves {
        objective: objective("MSE", log),
        backbones: order(),
        trials: trials.curves.clone(),
    };
    let lowest = best
        .valid
        .iter()
        .enumerate()
        .min_by(|a, b| a.1.total_cmp(b.1));
    let run = RunCurves {
        name: best.name.clone(),
        objective: objective("MSE", false),
        best_epoch: lowest.map(|(index, _)| index + 1),
        train: best.train,
        valid: best.valid,
    };
    let values = [0.41, 0.22, 0.013, 0.006, 0.034, 0.11, 0.17, 0.008, 0.002];
    let bars = trials
        .searched
        .dimensions
        .iter()
        .zip(values)
        .map(|(dimension, value)| ImportanceBar {
            name: dimension.name.clone(),
            value,
        });
    let importances = Importance {
        notes: vec!["fANOVA over 184 trials".to_owned()],
        unit: "share of the variance of valid MSE".to_owned(),
        bars: bars.collect(),
    };
    let searched = trials.searched.clone();
    let sliced = Slices {
        trials: trials.searched,
        trial_backbones: trials.backbones,
        backbones: order(),
    };
    vec![
        drawing("search_history", search_history, history),
        drawing("learning_curves", learning_curves, curves(false)),
        drawing("learning_curves_log", learning_curves, curves(true)),
        drawing("run_curves", run_curves, run),
        drawing("importance", importance, importances),
        drawing("parallel_coordinates", parallel_coordinates, searched),
        drawing("slices", slices, sliced),
    ]
}
