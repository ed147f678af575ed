//! From totals to the metrics that come out.

use super::types::{
    DetailedOverall, DetailedTarget, GroupErrors, GroupScores, LabelBin, LabelGroups, Scores,
    WithinShare,
};
use crate::metric::{Group, Metric};
use crate::moments::Moments;
use crate::settings::MetricSettings;
use crate::totals::{GroupTotals, Totals, overall, pooled};

/// The metrics of one target, of which there is at least one row.
pub(crate) fn target(
    settings: &MetricSettings,
    index: usize,
    labels: &Moments,
    model: &Totals,
    baseline: &Totals,
) -> DetailedTarget {
    DetailedTarget {
        label_mean: labels.mean(),
        label_std: (model.label_squares / model.all.count).sqrt(),
        training_mean: settings.baseline.means[index],
        model: scores(settings, |metric| model.value(metric)),
        baseline: scores(settings, |metric| baseline.value(metric)),
        skill: model.value(Metric::Skill),
        groups: groups(settings, |group| {
            (model.group(group), baseline.group(group))
        }),
    }
}

/// The metrics of all targets together.
pub(crate) fn together(
    settings: &MetricSettings,
    models: &[Totals],
    baselines: &[Totals],
) -> DetailedOverall {
    let (scored, left_out): (Vec<_>, Vec<_>) =
        (0..models.len()).partition(|&target| models[target].value(Metric::R2).is_some());
    DetailedOverall {
        model: scores(settings, |metric| overall(metric, models, &scored)),
        baseline: scores(settings, |metric| overall(metric, baselines, &scored)),
        skill: overall(Metric::Skill, models, &scored),
        groups: groups(settings, |group| {
            (pooled(models, group), pooled(baselines, group))
        }),
        r2_left_out: left_out,
    }
}

fn scores(settings: &MetricSettings, value: impl Fn(Metric) -> Option<f64>) -> Scores {
    // With at least one row these are defined.
    let always = |metric| value(metric).unwrap_or_default();
    let within = settings.within.iter().map(|&bound| WithinShare {
        bound,
        share: always(Metric::Within(bound)),
    });
    Scores {
        mse: always(Metric::Mse),
        mae: always(Metric::Mae),
        rmse: always(Metric::Rmse),
        r2: value(Metric::R2),
        median_absolute_error: always(Metric::MedianAbsoluteError),
        bias: always(Metric::Bias),
        pearson: value(Metric::Pearson),
        spearman: value(Metric::Spearman),
        within: within.collect(),
        balanced_mse: value(Metric::BalancedMse),
        outside_range: always(Metric::OutsideRange),
    }
}

fn groups(
    settings: &MetricSettings,
    totals: impl Fn(Group) -> (GroupTotals, GroupTotals),
) -> LabelGroups {
    let scores = |group| {
        let (model, baseline) = totals(group);
        GroupScores {
            count: model.count as u64,
            model: errors(&model),
            baseline: errors(&baseline),
        }
    };
    let edges = &settings.bin_edges;
    let bins: Vec<_> = (0..edges.len())
        .map(|index| LabelBin {
            low: edges[index.saturating_sub(1)],
            high: edges[index],
            scores: scores(Group::Bin(index)),
        })
        .collect();
    let (zero, nonzero) = (scores(Group::Zero), scores(Group::Nonzero));
    let binned: u64 = bins.iter().map(|bin| bin.scores.count).sum();
    LabelGroups {
        unbinned: zero.count + nonzero.count - binned,
        zero,
        nonzero,
        bins,
    }
}

fn errors(totals: &GroupTotals) -> Option<GroupErrors> {
    (totals.count > 0.0).then(|| GroupErrors {
        mse: totals.squared / totals.count,
        mae: totals.absolute / totals.count,
        bias: totals.error / totals.count,
    })
}
