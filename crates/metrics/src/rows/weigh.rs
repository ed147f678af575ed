//! The totals of a resample, in time linear in the rows.

use super::columns::Columns;
use crate::comoments::correlation;
use crate::metric::Metric;
use crate::totals::{GroupTotals, Totals};

/// Which of the costlier parts the metrics asked for need.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Needs {
    median: bool,
    spearman: bool,
}

impl Needs {
    pub(crate) fn of(metrics: &[Metric]) -> Self {
        Self {
            median: metrics.contains(&Metric::MedianAbsoluteError),
            spearman: metrics.contains(&Metric::Spearman),
        }
    }
}

/// Memory that is used again from resample to resample.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    weights: Vec<f64>,
    weighted_ranks: Vec<f64>,
}

impl Columns {
    /// The totals when row `i` counts `counts[i]` times.
    pub(crate) fn totals(&self, counts: &[u32], needs: Needs, scratch: &mut Scratch) -> Totals {
        let Scratch {
            weights,
            weighted_ranks,
        } = scratch;
        weights.clear();
        weights.extend(
            self.order
                .iter()
                .map(|&row| f64::from(counts[row as usize])),
        );
        let mut totals = self.grouped(weights);
        totals.baseline_squared = dot(weights, &self.baseline_squared);
        totals.outside = dot(weights, &self.outside);
        let within = self.within.iter();
        totals.within = within.map(|(b, flags)| (*b, dot(weights, flags))).collect();
        (totals.label_squares, totals.pearson) = self.moments(weights, totals.all.count);
        if needs.median {
            totals.median = self.median(weights, totals.all.count);
        }
        if needs.spearman {
            totals.spearman = self.spearman(weights, weighted_ranks, totals.all.count);
        }
        totals
    }

    /// Counts and errors, by group and altogether.
    fn grouped(&self, weights: &[f64]) -> Totals {
        let mut totals = Totals {
            bins: vec![GroupTotals::default(); self.bins],
            ..Totals::default()
        };
        for segment in &self.segments {
            let places = segment.places.clone();
            let weights = &weights[places.clone()];
            let part = GroupTotals {
                count: weights.iter().sum(),
                squared: dot(weights, &self.squared[places.clone()]),
                absolute: dot(weights, &self.absolute[places.clone()]),
                error: dot(weights, &self.error[places]),
            };
            totals.all.add(&part);
            let half = if segment.is_zero {
                &mut totals.zero
            } else {
                &mut totals.nonzero
            };
            half.add(&part);
            if let Some(bin) = segment.bin {
                totals.bins[bin].add(&part);
            }
        }
        totals
    }

    /// The labels' squared deviations, exactly 0 if all drawn labels are equal,
    /// and Pearson's correlation.
    fn moments(&self, weights: &[f64], count: f64) -> (f64, Option<f64>) {
        let (labels, predictions) = (&self.centred_label, &self.centred_prediction);
        // A drawn mean is rounded, and equal values would differ from it: that
        // they are equal is therefore read off the sorted order instead.
        if is_constant(weights, &self.label, 0..labels.len()) {
            return (0.0, None);
        }
        let label_mean = dot(weights, labels) / count;
        let prediction_mean = dot(weights, predictions) / count;
        let mut sums = [[0.0; 3]; LANES];
        for (place, &weight) in weights.iter().enumerate() {
            let label = labels[place] - label_mean;
            let prediction = predictions[place] - prediction_mean;
            let sums = &mut sums[place % LANES];
            sums[0] += weight * label * label;
            sums[1] += weight * prediction * prediction;
            sums[2] += weight * prediction * label;
        }
        let total = |index: usize| sums.iter().map(|lane| lane[index]).sum::<f64>();
        let by_prediction = self.by_prediction.iter().map(|&place| place as usize);
        let pearson = if is_constant(weights, &self.prediction, by_prediction) {
            None
        } else {
            correlation(total(2), total(1), total(0))
        };
        (total(0), pearson)
    }

    /// The median absolute error: a walk up the sorted errors until half of the
    /// drawn rows lie behind.
    fn median(&self, weights: &[f64], count: f64) -> Option<f64> {
        // The middle two of an even number, twice the middle one of an odd.
        let (lower, upper) = (((count + 1.0) / 2.0).floor(), (count / 2.0).floor() + 1.0);
        let mut behind = 0.0;
        let mut low = None;
        for &place in &self.by_error {
            let error = self.absolute[place as usize];
            behind += weights[place as usize];
            if behind >= lower {
                let low = *low.get_or_insert(error);
                if behind >= upper {
                    return Some((low + error) / 2.0);
                }
            }
        }
        None
    }

    /// Spearman's correlation of the drawn rows. A run of ties that is drawn
    /// `drawn` times after `behind` others has the average rank
    /// behind + (drawn + 1) / 2; taken twice and less the mean rank, that is
    /// 2 · behind + drawn − count, a whole number whose products stay exact for
    /// a hundred thousand rows and more.
    fn spearman(&self, weights: &[f64], weighted: &mut Vec<f64>, count: f64) -> Option<f64> {
        weighted.clear();
        let mut label_squares = 0.0;
        let (mut start, mut behind) = (0, 0.0);
        for &end in &self.label_ties {
            let weights = &weights[start..end as usize];
            let drawn: f64 = weights.iter().sum();
            let rank = 2.0 * behind + drawn - count;
            weighted.extend(weights.iter().map(|weight| weight * rank));
            label_squares += drawn * rank * rank;
            behind += drawn;
            start = end as usize;
        }
        let (mut prediction_squares, mut products) = (0.0, 0.0);
        (start, behind) = (0, 0.0);
        for &end in &self.prediction_ties {
            let (mut drawn, mut label_ranks) = (0.0, 0.0);
            for &place in &self.by_prediction[start..end as usize] {
                drawn += weights[place as usize];
                label_ranks += weighted[place as usize];
            }
            let rank = 2.0 * behind + drawn - count;
            products += rank * label_ranks;
            prediction_squares += drawn * rank * rank;
            behind += drawn;
            start = end as usize;
        }
        correlation(products, prediction_squares, label_squares)
    }
}

/// Independent partial sums, so that additions need not wait for each other.
const LANES: usize = 8;

fn dot(weights: &[f64], values: &[f64]) -> f64 {
    let mut sums = [0.0; LANES];
    let (weights, weights_left) = weights.as_chunks::<LANES>();
    let (values, values_left) = values.as_chunks::<LANES>();
    for (weights, values) in weights.iter().zip(values) {
        for lane in 0..LANES {
            sums[lane] += weights[lane] * values[lane];
        }
    }
    let left = weights_left.iter().zip(values_left);
    sums.iter().sum::<f64>() + left.map(|(weight, value)| weight * value).sum::<f64>()
}

/// Whether all drawn values are equal, `ascending` being their places in order.
fn is_constant(
    weights: &[f64],
    values: &[f64],
    ascending: impl DoubleEndedIterator<Item = usize> + Clone,
) -> bool {
    let mut drawn = ascending.filter(|&place| weights[place] > 0.0);
    let first = drawn.next().map(|place| values[place]);
    let last = drawn.next_back().map(|place| values[place]);
    last.is_none() || first == last
}
