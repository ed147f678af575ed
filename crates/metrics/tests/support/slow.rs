//! The metrics as their textbook formulas say, over copied rows, with none of
//! the crate's own code.

use psp_metrics::{Group, Metric, MetricSettings};

use super::Row;

/// A metric of one target, or of all.
pub(crate) fn value(
    settings: &MetricSettings,
    rows: &[Row],
    target: Option<usize>,
    metric: Metric,
) -> Option<f64> {
    let targets: Vec<Target> = (0..settings.targets())
        .map(|target| Target::new(settings, rows, target))
        .collect();
    match target {
        Some(target) => targets[target].value(metric),
        None => overall(&targets, metric),
    }
}

fn overall(targets: &[Target], metric: Metric) -> Option<f64> {
    let count = targets.len() as f64;
    let mean_of = |metric| {
        let sum: Option<f64> = targets.iter().map(|target| target.value(metric)).sum();
        sum.map(|sum| sum / count)
    };
    match metric {
        Metric::Rmse => mean_of(Metric::Mse).map(f64::sqrt),
        Metric::Skill => {
            let baseline: f64 = targets.iter().map(|target| target.baseline_mse).sum();
            Some(1.0 - mean_of(Metric::Mse)? / (baseline / count))
        }
        Metric::GroupMse(_) | Metric::GroupMae(_) | Metric::GroupBias(_) => {
            let mut pooled = targets[0].clone();
            for target in &targets[1..] {
                pooled.pairs.extend(&target.pairs);
            }
            pooled.value(metric)
        }
        _ => mean_of(metric),
    }
}

#[derive(Clone)]
struct Target {
    /// Clipped prediction and label.
    pairs: Vec<(f64, f64)>,
    outside: f64,
    baseline_mse: f64,
    edges: Vec<f64>,
}

impl Target {
    fn new(settings: &MetricSettings, rows: &[Row], target: usize) -> Self {
        let [low, high] = settings.label_range;
        let raw = || rows.iter().map(|row| row.0[target]);
        let clipped = raw().map(|raw| {
            if settings.clip {
                raw.min(high).max(low)
            } else {
                raw
            }
        });
        let labels: Vec<f64> = rows.iter().map(|row| row.1[target]).collect();
        let baseline = labels
            .iter()
            .map(|l| (settings.baseline.means[target] - l).powi(2));
        Self {
            outside: raw().filter(|raw| !(low..=high).contains(raw)).count() as f64,
            baseline_mse: mean(&baseline.collect::<Vec<_>>()),
            pairs: clipped.zip(labels.iter().copied()).collect(),
            edges: settings.bin_edges.clone(),
        }
    }

    fn value(&self, metric: Metric) -> Option<f64> {
        let of =
            |f: fn(f64) -> f64| -> Vec<f64> { self.pairs.iter().map(|(p, l)| f(p - l)).collect() };
        let (squared, absolute) = (of(|e| e * e), of(f64::abs));
        let (predictions, labels): (Vec<f64>, Vec<f64>) = self.pairs.iter().copied().unzip();
        Some(match metric {
            Metric::Mse => mean(&squared),
            Metric::Mae => mean(&absolute),
            Metric::Rmse => mean(&squared).sqrt(),
            Metric::R2 => {
                let average = mean(&labels);
                let deviations: Vec<f64> = labels.iter().map(|l| (l - average).powi(2)).collect();
                if is_constant(&labels) {
                    return None;
                }
                1.0 - mean(&squared) / mean(&deviations)
            }
            Metric::MedianAbsoluteError => {
                let mut sorted = absolute;
                sorted.sort_by(f64::total_cmp);
                let half = sorted.len() / 2;
                if sorted.len() % 2 == 1 {
                    sorted[half]
                } else {
                    (sorted[half - 1] + sorted[half]) / 2.0
                }
            }
            Metric::Bias => mean(&of(|e| e)),
            Metric::Pearson => pearson(&predictions, &labels)?,
            Metric::Spearman => pearson(&ranks(&predictions), &ranks(&labels))?,
            Metric::Within(bound) => {
                absolute.iter().filter(|e| **e <= bound).count() as f64 / absolute.len() as f64
            }
            Metric::BalancedMse => {
                let bins = (0..self.edges.len())
                    .filter_map(|bin| self.value(Metric::GroupMse(Group::Bin(bin))));
                let bins: Vec<f64> = bins.collect();
                if bins.is_empty() {
                    return None;
                }
                mean(&bins)
            }
            Metric::Skill => 1.0 - mean(&squared) / self.baseline_mse,
            Metric::OutsideRange => self.outside / self.pairs.len() as f64,
            Metric::GroupMse(group) => self.group(group, |e| e * e)?,
            Metric::GroupMae(group) => self.group(group, f64::abs)?,
            Metric::GroupBias(group) => self.group(group, |e| e)?,
            _ => return None,
        })
    }

    fn group(&self, group: Group, f: fn(f64) -> f64) -> Option<f64> {
        let is_in = |label: f64| match group {
            Group::Zero => label == 0.0,
            Group::Nonzero => label != 0.0,
            Group::Bin(0) => label == self.edges[0],
            Group::Bin(bin) => label > self.edges[bin - 1] && label <= self.edges[bin],
        };
        let chosen = self.pairs.iter().filter(|pair| is_in(pair.1));
        let values: Vec<f64> = chosen.map(|(p, l)| f(p - l)).collect();
        (!values.is_empty()).then(|| mean(&values))
    }
}

pub(crate) fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

fn is_constant(values: &[f64]) -> bool {
    values.iter().all(|value| *value == values[0])
}

fn pearson(x: &[f64], y: &[f64]) -> Option<f64> {
    if is_constant(x) || is_constant(y) {
        return None;
    }
    let (mx, my) = (mean(x), mean(y));
    let products: f64 = x.iter().zip(y).map(|(x, y)| (x - mx) * (y - my)).sum();
    let squares = |values: &[f64], m: f64| values.iter().map(|v| (v - m).powi(2)).sum::<f64>();
    Some(products / (squares(x, mx) * squares(y, my)).sqrt())
}

/// Each value's rank is the number below it and half of those equal to it.
fn ranks(values: &[f64]) -> Vec<f64> {
    let count = |is: &dyn Fn(f64) -> bool| values.iter().filter(|v| is(**v)).count() as f64;
    let rank = |value: &f64| count(&|v| v < *value) + (count(&|v| v == *value) + 1.0) / 2.0;
    values.iter().map(rank).collect()
}

/// NumPy's default quantile, of values in any order.
pub(crate) fn quantile(values: &[f64], share: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let place = share * (sorted.len() - 1) as f64;
    let below = place as usize;
    let above = (below + 1).min(sorted.len() - 1);
    sorted[below] * (1.0 - place.fract()) + sorted[above] * place.fract()
}
