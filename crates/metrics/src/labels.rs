//! What the labels of a part of a data set look like.

mod histogram;
mod types;

pub use histogram::HistogramSettings;
pub use types::{LabelPair, LabelStatistics, TargetLabels};

use crate::comoments::Comoments;
use crate::error::{MetricsError, Side, check_row};
use crate::moments::Moments;

impl LabelStatistics {
    /// Of `labels`, rows of one value per target, in one pass.
    ///
    /// # Errors
    /// [`MetricsError::Argument`] for a histogram without bins or width,
    /// [`MetricsError::Empty`] without rows, [`MetricsError::NoTargets`] for rows
    /// without values, [`MetricsError::Length`] for rows of different lengths,
    /// [`MetricsError::Value`] for a value that is not finite.
    pub fn new<R: AsRef<[f64]>>(
        labels: impl IntoIterator<Item = R>,
        histogram: HistogramSettings,
    ) -> Result<Self, MetricsError> {
        histogram.check()?;
        let mut labels = labels.into_iter();
        let first = labels.next().ok_or(MetricsError::Empty)?;
        let targets = first.as_ref().len();
        if targets == 0 {
            return Err(MetricsError::NoTargets);
        }
        let mut count = 0;
        let mut sums = vec![TargetSums::new(histogram.bins); targets];
        let pairs = (0..targets).flat_map(|a| (a + 1..targets).map(move |b| (a, b)));
        let mut pairs: Vec<_> = pairs.map(|(a, b)| PairSums::new(a, b)).collect();
        for row in std::iter::once(first).chain(labels) {
            let row = row.as_ref();
            check_row(Side::Label, row, targets)?;
            count += 1;
            for (sums, &label) in sums.iter_mut().zip(row) {
                sums.add(label, &histogram);
            }
            for pair in &mut pairs {
                pair.add(row);
            }
        }
        Ok(Self {
            count,
            histogram,
            targets: sums.into_iter().map(|sums| sums.finish(count)).collect(),
            pairs: pairs.into_iter().map(PairSums::finish).collect(),
        })
    }
}

#[derive(Clone)]
struct TargetSums {
    moments: Moments,
    zeros: u64,
    /// The extremes and the histogram so far; the rest is filled in at the end.
    labels: TargetLabels,
}

impl TargetSums {
    fn new(bins: usize) -> Self {
        Self {
            moments: Moments::default(),
            zeros: 0,
            labels: TargetLabels {
                mean: 0.0,
                std: 0.0,
                min: f64::INFINITY,
                max: f64::NEG_INFINITY,
                zero_share: 0.0,
                histogram: vec![0; bins],
                below: 0,
                above: 0,
            },
        }
    }

    fn add(&mut self, label: f64, histogram: &HistogramSettings) {
        self.moments.push(label);
        self.zeros += u64::from(label == 0.0);
        let labels = &mut self.labels;
        labels.min = labels.min.min(label);
        labels.max = labels.max.max(label);
        if label < histogram.low {
            labels.below += 1;
        } else if label > histogram.high {
            labels.above += 1;
        } else {
            labels.histogram[histogram.bin(label)] += 1;
        }
    }

    fn finish(self, count: u64) -> TargetLabels {
        TargetLabels {
            mean: self.moments.mean(),
            std: (self.moments.squared_deviations() / count as f64).sqrt(),
            zero_share: self.zeros as f64 / count as f64,
            ..self.labels
        }
    }
}

struct PairSums {
    both: Comoments,
    pair: LabelPair,
}

impl PairSums {
    fn new(first: usize, second: usize) -> Self {
        Self {
            both: Comoments::default(),
            pair: LabelPair {
                first,
                second,
                pearson: None,
                both_zero: 0,
                only_first_zero: 0,
                only_second_zero: 0,
                neither_zero: 0,
            },
        }
    }

    fn add(&mut self, row: &[f64]) {
        let pair = &mut self.pair;
        let (first, second) = (row[pair.first], row[pair.second]);
        self.both.push(first, second);
        *match (first == 0.0, second == 0.0) {
            (true, true) => &mut pair.both_zero,
            (true, false) => &mut pair.only_first_zero,
            (false, true) => &mut pair.only_second_zero,
            (false, false) => &mut pair.neither_zero,
        } += 1;
    }

    fn finish(self) -> LabelPair {
        LabelPair {
            pearson: self.both.pearson(),
            ..self.pair
        }
    }
}
