//! What every metric is a formula of: the totals of one predictor over the rows
//! of one target, whether they were streamed or drawn by a bootstrap.

use crate::metric::{Group, Metric};

/// Totals over a group of labels. The count is a `f64` since it only ever
/// divides; it is exact up to 2⁵³ rows.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct GroupTotals {
    pub(crate) count: f64,
    pub(crate) squared: f64,
    pub(crate) absolute: f64,
    /// Sum of prediction − label.
    pub(crate) error: f64,
}

impl GroupTotals {
    pub(crate) fn add(&mut self, other: &Self) {
        self.count += other.count;
        self.squared += other.squared;
        self.absolute += other.absolute;
        self.error += other.error;
    }
}

/// Totals over all rows, of which there is at least one.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Totals {
    pub(crate) all: GroupTotals,
    /// Sum of the squared errors of "predict the training mean".
    pub(crate) baseline_squared: f64,
    /// Sum of the labels' squared deviations from their mean; exactly 0 if they
    /// are constant.
    pub(crate) label_squares: f64,
    pub(crate) median: Option<f64>,
    pub(crate) pearson: Option<f64>,
    pub(crate) spearman: Option<f64>,
    /// Each bound with the number of rows within it.
    pub(crate) within: Vec<(f64, f64)>,
    /// The number of raw predictions outside the label range.
    pub(crate) outside: f64,
    pub(crate) zero: GroupTotals,
    pub(crate) nonzero: GroupTotals,
    pub(crate) bins: Vec<GroupTotals>,
}

impl Totals {
    pub(crate) fn group(&self, group: Group) -> GroupTotals {
        match group {
            Group::Zero => self.zero,
            Group::Nonzero => self.nonzero,
            // Metrics are checked against the settings before they get here.
            Group::Bin(index) => self.bins.get(index).copied().unwrap_or_default(),
        }
    }

    /// The metric over this target's rows; `None` where it is undefined.
    pub(crate) fn value(&self, metric: Metric) -> Option<f64> {
        let count = self.all.count;
        match metric {
            Metric::Mse => Some(self.all.squared / count),
            Metric::Mae => Some(self.all.absolute / count),
            Metric::Rmse => Some((self.all.squared / count).sqrt()),
            Metric::R2 => one_less_quotient(self.all.squared, self.label_squares),
            Metric::MedianAbsoluteError => self.median,
            Metric::Bias => Some(self.all.error / count),
            Metric::Pearson => self.pearson,
            Metric::Spearman => self.spearman,
            Metric::Within(bound) => {
                let within = self.within.iter().find(|(b, _)| *b == bound);
                within.map(|(_, rows)| rows / count)
            }
            Metric::BalancedMse => {
                let filled: Vec<_> = self.bins.iter().filter(|bin| bin.count > 0.0).collect();
                mean(filled.iter().map(|bin| Some(bin.squared / bin.count)))
            }
            Metric::Skill => one_less_quotient(self.all.squared, self.baseline_squared),
            Metric::OutsideRange => Some(self.outside / count),
            Metric::GroupMse(_) | Metric::GroupMae(_) | Metric::GroupBias(_) => {
                group_value(metric, |group| self.group(group))
            }
        }
    }
}

/// The metric over all targets together. `scored` are the targets that R² and
/// the correlations are averaged over: those whose labels, which all models
/// share, have an R². Were it those where this model's value happens to be
/// defined, two models would be averaged over different targets.
pub(crate) fn overall(metric: Metric, targets: &[Totals], scored: &[usize]) -> Option<f64> {
    let total = |of: fn(&Totals) -> f64| targets.iter().map(of).sum::<f64>();
    match metric {
        Metric::Rmse => overall(Metric::Mse, targets, scored).map(f64::sqrt),
        Metric::R2 | Metric::Pearson | Metric::Spearman => {
            mean(scored.iter().map(|&target| targets[target].value(metric)))
        }
        // Every target has as many rows, so that the sums stand for the means.
        Metric::Skill => one_less_quotient(
            total(|target| target.all.squared),
            total(|target| target.baseline_squared),
        ),
        Metric::GroupMse(_) | Metric::GroupMae(_) | Metric::GroupBias(_) => {
            group_value(metric, |group| pooled(targets, group))
        }
        _ => mean(targets.iter().map(|target| target.value(metric))),
    }
}

/// The totals of a group over all targets.
pub(crate) fn pooled(targets: &[Totals], group: Group) -> GroupTotals {
    let mut sum = GroupTotals::default();
    for target in targets {
        sum.add(&target.group(group));
    }
    sum
}

fn group_value(metric: Metric, totals: impl Fn(Group) -> GroupTotals) -> Option<f64> {
    let (group, of): (_, fn(&GroupTotals) -> f64) = match metric {
        Metric::GroupMse(group) => (group, |totals| totals.squared),
        Metric::GroupMae(group) => (group, |totals| totals.absolute),
        Metric::GroupBias(group) => (group, |totals| totals.error),
        _ => return None,
    };
    let totals = totals(group);
    (totals.count > 0.0).then(|| of(&totals) / totals.count)
}

/// 1 − numerator / denominator, where that is a number.
fn one_less_quotient(numerator: f64, denominator: f64) -> Option<f64> {
    // Labels that differ by less than a double can tell from their squares
    // count as constant: the quotient would overflow.
    (denominator > 0.0)
        .then(|| 1.0 - numerator / denominator)
        .filter(|value| value.is_finite())
}

/// The mean; `None` if any value is undefined or there is none.
fn mean(values: impl ExactSizeIterator<Item = Option<f64>>) -> Option<f64> {
    let count = values.len();
    let sum: Option<f64> = values.sum();
    sum.filter(|_| count > 0).map(|sum| sum / count as f64)
}
