//! Pictures of the search, and of trainings.

use psp_plot::{
    Better, Dimension, HistoryTrial, Importance, ImportanceBar, LearningCurves, Objective,
    RunCurves, SearchHistory, Slices, TrialCurves, Trials, Values, importance, learning_curves,
    parallel_coordinates, run_curves, search_history, slices,
};
use psp_space::value_text;

use super::{Plan, Source};
use crate::analysis::finished_score;
use crate::input::{Dimension as Searched, Domain, EpochRecord, Study};
use crate::names::short_values;

pub(super) fn plans(source: Source<'_>) -> Vec<Plan<'_>> {
    let mut plans = Vec::new();
    match &source.input.study {
        Some(study) if !study.trials.is_empty() => of_study(source, study, &mut plans),
        Some(_) => {}
        None => plans.extend(of_runs(source)),
    }
    plans.extend(focus(source));
    plans
}

fn objective(source: Source) -> Objective {
    Objective {
        name: format!("validation {}", source.analysis.score.name()),
        better: Better::Higher,
        log: false,
    }
}

fn mse() -> Objective {
    Objective {
        name: "MSE".to_owned(),
        better: Better::Lower,
        log: true,
    }
}

/// In the order of their sizes' table, so that colours are the same in all reports.
fn backbones(source: Source) -> Vec<String> {
    let backbones = source.input.backbones.iter();
    backbones.map(|backbone| backbone.name.clone()).collect()
}

fn train_mse(epochs: &[EpochRecord]) -> Vec<f64> {
    epochs.iter().map(EpochRecord::train_mse).collect()
}

fn valid_mse(epochs: &[EpochRecord]) -> Vec<f64> {
    epochs.iter().filter_map(EpochRecord::valid_mse).collect()
}

fn of_study<'a>(source: Source<'a>, study: &'a Study, plans: &mut Vec<Plan<'a>>) {
    let best = source
        .analysis
        .search
        .as_ref()
        .and_then(|search| search.best);
    let history = study.trials.iter().map(|trial| HistoryTrial {
        number: trial.number as u64,
        score: trial.score,
        state: trial.state,
        backbone: trial.backbone.clone(),
    });
    plans.push(Plan::new(
        "search_history",
        search_history,
        SearchHistory {
            objective: objective(source),
            backbones: backbones(source),
            trials: history.collect(),
        },
    ));
    let curves = study.trials.iter().enumerate();
    let curves = curves.filter(|(_, trial)| !trial.epochs.is_empty());
    let curves = curves.map(|(index, trial)| TrialCurves {
        name: format!("trial {}", trial.number),
        backbone: trial.backbone.clone(),
        train: train_mse(&trial.epochs),
        valid: valid_mse(&trial.epochs),
        best: best.is_some_and(|best| best.trial == index),
    });
    plans.push(Plan::new(
        "learning_curves",
        learning_curves,
        LearningCurves {
            objective: mse(),
            backbones: backbones(source),
            trials: curves.collect(),
        },
    ));
    let dimensions: Vec<Dimension> = study
        .dimensions
        .iter()
        .map(|one| dimension(one, study))
        .collect();
    if !dimensions.is_empty() {
        let trials = Trials {
            objective: objective(source),
            dimensions,
            scores: study.trials.iter().map(finished_score).collect(),
        };
        plans.push(Plan::new(
            "parallel_coordinates",
            parallel_coordinates,
            trials.clone(),
        ));
        plans.push(Plan::new(
            "slices",
            slices,
            Slices {
                trials,
                trial_backbones: study.trials.iter().map(|t| t.backbone.clone()).collect(),
                backbones: backbones(source),
            },
        ));
    }
    if let Some(shares) = &study.importance {
        let scored = study
            .trials
            .iter()
            .filter(|trial| trial.score.is_some())
            .count();
        let bars = shares.iter().map(|(name, share)| ImportanceBar {
            name: name.clone(),
            value: *share,
        });
        plans.push(Plan::new(
            "importance",
            importance,
            Importance {
                notes: vec![format!("over {scored} trials with a score")],
                unit: "share of the importance".to_owned(),
                bars: bars.collect(),
            },
        ));
    }
}

fn dimension(searched: &Searched, study: &Study) -> Dimension {
    let texts = study
        .trials
        .iter()
        .map(|trial| trial.values.get(&searched.key));
    let values = match &searched.domain {
        Domain::Values(order) => {
            let order: Vec<String> = order.iter().map(value_text).collect();
            let all = study
                .values_of(&searched.key)
                .chain(order.iter().map(String::as_str));
            let shown = short_values(all);
            let short = |text: &String| shown.get(text.as_str()).map(|short| (*short).to_owned());
            Values::Categories {
                order: order.iter().filter_map(short).collect(),
                values: texts.map(|text| text.and_then(short)).collect(),
            }
        }
        numbers => Values::Numbers {
            log: numbers.is_log(),
            values: texts.map(|text| text?.parse().ok()).collect(),
        },
    };
    Dimension {
        name: searched.key.clone(),
        values,
    }
}

/// The curves of all runs, where there is no study.
fn of_runs(source: Source<'_>) -> Option<Plan<'_>> {
    let focus = source
        .analysis
        .focus
        .map(|focus| (focus.candidate, focus.run));
    let candidates = source.input.candidates.iter().enumerate();
    let curves = candidates.flat_map(|(index, candidate)| {
        let runs = candidate.runs.iter().enumerate();
        let runs = runs.filter(|(_, run)| !run.epochs.is_empty());
        runs.map(move |(place, run)| TrialCurves {
            name: format!("{}, seed {}", candidate.name, run.seed),
            backbone: candidate.backbone.clone(),
            train: train_mse(&run.epochs),
            valid: valid_mse(&run.epochs),
            best: focus == Some((index, place)),
        })
    });
    let trials: Vec<TrialCurves> = curves.collect();
    (!trials.is_empty()).then(|| {
        let curves = LearningCurves {
            objective: mse(),
            backbones: backbones(source),
            trials,
        };
        Plan::new("learning_curves", learning_curves, curves)
    })
}

fn focus(source: Source<'_>) -> Option<Plan<'_>> {
    let focus = source.analysis.focus?;
    let candidate = &source.input.candidates[focus.candidate];
    let run = &candidate.runs[focus.run];
    if run.epochs.is_empty() {
        return None;
    }
    let first = run.epochs.first()?.epoch;
    let curves = RunCurves {
        name: format!("{}, seed {}", candidate.name, run.seed),
        objective: mse(),
        train: train_mse(&run.epochs),
        valid: valid_mse(&run.epochs),
        best_epoch: run
            .best_epoch
            .map(|best| (best.saturating_sub(first) + 1) as usize),
    };
    Some(Plan::new("run_curves", run_curves, curves))
}
