//! The sums that are kept of each target.

use crate::comoments::Comoments;
use crate::settings::MetricSettings;
use crate::sum::Sum;
use crate::totals::{GroupTotals, Totals};

/// Of a group of labels, or of all.
#[derive(Debug, Clone, Default)]
struct ErrorSums {
    count: u64,
    squared: Sum,
    absolute: Sum,
    error: Sum,
}

impl ErrorSums {
    fn add(&mut self, error: f64) {
        self.count += 1;
        self.squared.add(error * error);
        self.absolute.add(error.abs());
        self.error.add(error);
    }

    fn merge(&mut self, other: &Self) {
        self.count += other.count;
        self.squared.merge(&other.squared);
        self.absolute.merge(&other.absolute);
        self.error.merge(&other.error);
    }

    fn totals(&self) -> GroupTotals {
        GroupTotals {
            count: self.count as f64,
            squared: self.squared.value(),
            absolute: self.absolute.value(),
            error: self.error.value(),
        }
    }
}

/// Of one predictor: the model or the baseline.
#[derive(Debug, Clone)]
pub(crate) struct PredictorSums {
    all: ErrorSums,
    zero: ErrorSums,
    nonzero: ErrorSums,
    bins: Vec<ErrorSums>,
    /// Rows within each bound of the settings.
    within: Vec<u64>,
    outside: u64,
}

impl PredictorSums {
    pub(crate) fn new(settings: &MetricSettings) -> Self {
        Self {
            all: ErrorSums::default(),
            zero: ErrorSums::default(),
            nonzero: ErrorSums::default(),
            bins: vec![ErrorSums::default(); settings.bin_edges.len()],
            within: vec![0; settings.within.len()],
            outside: 0,
        }
    }

    pub(crate) fn add(&mut self, settings: &MetricSettings, raw: f64, label: f64) {
        let error = settings.clipped(raw) - label;
        self.all.add(error);
        let half = if label == 0.0 {
            &mut self.zero
        } else {
            &mut self.nonzero
        };
        half.add(error);
        if let Some(bin) = settings.bin(label) {
            self.bins[bin].add(error);
        }
        for (rows, &bound) in self.within.iter_mut().zip(&settings.within) {
            *rows += u64::from(error.abs() <= bound);
        }
        self.outside += u64::from(settings.is_outside(raw));
    }

    fn merge(&mut self, other: &Self) {
        self.all.merge(&other.all);
        self.zero.merge(&other.zero);
        self.nonzero.merge(&other.nonzero);
        for (ours, theirs) in self.bins.iter_mut().zip(&other.bins) {
            ours.merge(theirs);
        }
        for (ours, theirs) in self.within.iter_mut().zip(&other.within) {
            *ours += theirs;
        }
        self.outside += other.outside;
    }

    /// All that sums can tell; the median and the correlations are left
    /// undefined.
    fn totals(&self, settings: &MetricSettings) -> Totals {
        let within = settings.within.iter().zip(&self.within);
        Totals {
            all: self.all.totals(),
            within: within.map(|(&bound, &rows)| (bound, rows as f64)).collect(),
            outside: self.outside as f64,
            zero: self.zero.totals(),
            nonzero: self.nonzero.totals(),
            bins: self.bins.iter().map(ErrorSums::totals).collect(),
            ..Totals::default()
        }
    }
}

/// Of one target.
#[derive(Debug, Clone)]
pub(crate) struct TargetSums {
    model: PredictorSums,
    baseline: PredictorSums,
    /// x is the clipped prediction, y the label.
    pub(crate) both: Comoments,
}

impl TargetSums {
    pub(crate) fn new(settings: &MetricSettings) -> Self {
        Self {
            model: PredictorSums::new(settings),
            baseline: PredictorSums::new(settings),
            both: Comoments::default(),
        }
    }

    pub(crate) fn add(&mut self, settings: &MetricSettings, mean: f64, raw: f64, label: f64) {
        self.model.add(settings, raw, label);
        self.baseline.add(settings, mean, label);
        self.both.push(settings.clipped(raw), label);
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        self.model.merge(&other.model);
        self.baseline.merge(&other.baseline);
        self.both.merge(&other.both);
    }

    /// Of the model and of the baseline. A baseline is constant and therefore
    /// correlates with nothing.
    pub(crate) fn totals(&self, settings: &MetricSettings) -> (Totals, Totals) {
        let mut baseline = self.baseline.totals(settings);
        baseline.baseline_squared = baseline.all.squared;
        baseline.label_squares = self.both.y.squared_deviations();
        let mut model = self.model.totals(settings);
        model.baseline_squared = baseline.all.squared;
        model.label_squares = baseline.label_squares;
        model.pearson = self.both.pearson();
        (model, baseline)
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        let bytes = |sums: &PredictorSums| {
            sums.bins.capacity() * size_of::<ErrorSums>()
                + sums.within.capacity() * size_of::<u64>()
        };
        bytes(&self.model) + bytes(&self.baseline)
    }
}
