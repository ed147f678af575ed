//! Pictures of the predictions of the run in focus, and of the labels.

use psp_eval::plot::predicted;
use psp_metrics::{Group, GroupScores, Metric};
use psp_plot::{
    ErrorBin, ErrorByBin, LabelDistribution, LabelRange, Metrics, PredictionVsLabel, TargetErrors,
    distributions, error_by_bin, label_distribution, prediction_vs_label, residuals,
};

use super::models::interval;
use super::{Plan, Source};
use crate::analysis::{Evaluated, FEW_LABELS};
use crate::input::Predictions;

pub(super) fn plans(source: Source<'_>) -> Vec<Plan<'_>> {
    let mut plans = Vec::new();
    plans.extend(labels(source));
    plans.extend(of_focus(source).into_iter().flatten());
    plans
}

fn labels(source: Source<'_>) -> Option<Plan<'_>> {
    let data = &source.input.data;
    let parts = data.parts.iter().filter(|part| !part.labels.is_empty());
    let input = LabelDistribution {
        targets: source.targets.to_vec(),
        parts: parts.cloned().collect(),
    };
    let has_labels = !input.parts.is_empty();
    has_labels.then(|| Plan::new("label_distribution", label_distribution, input))
}

/// The predictions that are shown in detail.
pub(super) fn shown<'a>(source: Source<'a>) -> Option<(&'a Predictions, &'a Evaluated)> {
    let (focus, evaluated) = source.analysis.evaluated()?;
    Some((focus.predictions(source.input)?, evaluated))
}

fn of_focus(source: Source<'_>) -> Option<Vec<Plan<'_>>> {
    let (predictions, evaluated) = shown(source)?;
    let split = source.analysis.focus?.part.name();
    let targets = source.targets.iter().zip(&evaluated.metrics.targets);
    let targets = targets.map(|(target, metrics)| {
        let (mse, r2) = (metrics.model.mse, metrics.model.r2);
        (target.clone(), Metrics { mse, r2 })
    });
    let predicted = predicted(predictions, split, targets);
    let targets = source.targets.iter().enumerate();
    let errors = ErrorByBin {
        split: split.to_owned(),
        targets: targets
            .map(|(index, target)| TargetErrors {
                target: target.clone(),
                bins: bins(evaluated, index),
            })
            .collect(),
    };
    let overall = &evaluated.metrics.overall;
    let against_labels = PredictionVsLabel {
        predicted: predicted.clone(),
        overall: Some(Metrics {
            mse: overall.model.mse,
            r2: overall.model.r2,
        }),
        baseline_mse: Some(overall.baseline.mse),
    };
    Some(vec![
        Plan::new("prediction_vs_label", prediction_vs_label, against_labels),
        Plan::new("residuals", residuals, predicted.clone()),
        Plan::new("distributions", distributions, predicted),
        Plan::new("error_by_bin", error_by_bin, errors),
    ])
}

/// The bins of the table, with their intervals. The lowest label by itself has a place in
/// the picture only where it is 0; others are counted in the bin above, whose interval is
/// then not known.
fn bins(evaluated: &Evaluated, target: usize) -> Vec<ErrorBin> {
    let mut lowest = None;
    let mut bins = Vec::new();
    let all = evaluated.metrics.targets[target].groups.bins.iter();
    for (index, bin) in all.enumerate() {
        let labels = match (bin.low, bin.high) {
            (0.0, 0.0) => LabelRange::Zero,
            (low, high) if low == high => {
                lowest = Some(&bin.scores).filter(|scores| scores.count > 0);
                continue;
            }
            (low, high) => LabelRange::Between(low, high),
        };
        if let Some(lowest) = lowest.take() {
            bins.push(merged(labels, lowest, &bin.scores));
            continue;
        }
        let metric = Metric::GroupMse(Group::Bin(index));
        let is_few = bin.scores.count < FEW_LABELS;
        let drawn = evaluated.target(target, metric).filter(|_| !is_few);
        let ends = drawn.and_then(|drawn| Some([drawn.low?, drawn.high?]));
        bins.push(ErrorBin {
            labels,
            count: bin.scores.count,
            error: bin.scores.model.map(|errors| errors.mse),
            interval: interval(ends),
        });
    }
    bins
}

/// Two groups of labels as one bin.
fn merged(labels: LabelRange, one: &GroupScores, other: &GroupScores) -> ErrorBin {
    let count = one.count + other.count;
    let squares = |scores: &GroupScores| {
        let mse = scores.model.map_or(0.0, |errors| errors.mse);
        mse * scores.count as f64
    };
    let mean = (squares(one) + squares(other)) / count as f64;
    ErrorBin {
        labels,
        count,
        error: (count > 0).then_some(mean),
        interval: None,
    }
}
