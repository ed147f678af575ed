//! Detailed metrics, streamed.

mod finish;
mod sample;
mod sums;
mod types;

pub use types::{
    DetailedMetrics, DetailedOverall, DetailedTarget, GroupErrors, GroupScores, LabelBin,
    LabelGroups, Scores, WithinShare,
};

use crate::error::{MetricsError, Side, check_row};
use crate::rank::{median, spearman};
use crate::settings::MetricSettings;
use sample::Sample;
use sums::TargetSums;

/// Takes rows of raw predictions and labels one by one. It keeps exact sums, and
/// a uniform sample of at most [`MetricSettings::sample_rows`] rows for the
/// medians and Spearman's correlations; its size does not depend on the number
/// of rows.
#[derive(Debug, Clone)]
pub struct DetailedAccumulator {
    settings: MetricSettings,
    first_row: u64,
    count: u64,
    targets: Vec<TargetSums>,
    /// Per row, for each target, the clipped prediction and the label.
    sample: Sample,
}

impl DetailedAccumulator {
    /// An empty accumulator.
    ///
    /// # Errors
    /// [`MetricsError::NoTargets`], [`MetricsError::Value`] or
    /// [`MetricsError::Argument`] for settings that make no sense.
    pub fn new(settings: MetricSettings) -> Result<Self, MetricsError> {
        Self::starting_at(settings, 0)
    }

    /// An empty accumulator for a part of a longer sequence, whose first row is
    /// number `first_row`, from 0, of the whole. The parts [merge](Self::merge)
    /// to the very sample that one accumulator would have kept.
    ///
    /// # Errors
    /// As [`DetailedAccumulator::new`].
    pub fn starting_at(settings: MetricSettings, first_row: u64) -> Result<Self, MetricsError> {
        settings.check()?;
        let targets = settings.targets();
        Ok(Self {
            first_row,
            count: 0,
            targets: vec![TargetSums::new(&settings); targets],
            sample: Sample::new(settings.sample_rows, 2 * targets, settings.sample_seed),
            settings,
        })
    }

    /// The number of rows so far.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The memory that the accumulator takes, in bytes: the same from the first
    /// row on, since all of it is reserved at the start. (A clone takes what it
    /// holds, and no more later.)
    #[must_use]
    pub fn memory_bytes(&self) -> usize {
        let targets: usize = self.targets.iter().map(TargetSums::heap_bytes).sum();
        size_of::<Self>()
            + self.targets.capacity() * size_of::<TargetSums>()
            + targets
            + self.sample.heap_bytes()
    }

    /// Adds one row: `prediction`, as the model gave it, and `label` hold one
    /// value per target.
    ///
    /// # Errors
    /// [`MetricsError::Length`] or [`MetricsError::Value`]; the row is then
    /// left out as a whole.
    pub fn push(&mut self, prediction: &[f64], label: &[f64]) -> Result<(), MetricsError> {
        check_row(Side::Prediction, prediction, self.targets.len())?;
        check_row(Side::Label, label, self.targets.len())?;
        let settings = &self.settings;
        let means = &settings.baseline.means;
        for (index, sums) in self.targets.iter_mut().enumerate() {
            sums.add(settings, means[index], prediction[index], label[index]);
        }
        let row = prediction
            .iter()
            .zip(label)
            .flat_map(|(&raw, &label)| [settings.clipped(raw), label]);
        self.sample.offer(self.first_row + self.count, row);
        self.count += 1;
        Ok(())
    }

    /// Adds all rows of `other`, which must be those that come next.
    ///
    /// # Errors
    /// [`MetricsError::Settings`] if the settings differ,
    /// [`MetricsError::Order`] if `other` has rows and does not
    /// [start](Self::starting_at) where this one ends.
    pub fn merge(&mut self, other: &Self) -> Result<(), MetricsError> {
        if self.settings != other.settings {
            return Err(MetricsError::Settings);
        }
        let next = self.first_row + self.count;
        if other.count > 0 && other.first_row != next {
            return Err(MetricsError::Order {
                expected: next,
                got: other.first_row,
            });
        }
        self.count += other.count;
        for (ours, theirs) in self.targets.iter_mut().zip(&other.targets) {
            ours.merge(theirs);
        }
        self.sample.merge(&other.sample);
        Ok(())
    }

    /// The metrics of the rows so far; more may be pushed afterwards.
    ///
    /// # Errors
    /// [`MetricsError::Empty`] before the first row.
    pub fn finish(&self) -> Result<DetailedMetrics, MetricsError> {
        if self.count == 0 {
            return Err(MetricsError::Empty);
        }
        let mut models = Vec::with_capacity(self.targets.len());
        let mut baselines = Vec::with_capacity(self.targets.len());
        for (index, sums) in self.targets.iter().enumerate() {
            let (mut model, mut baseline) = sums.totals(&self.settings);
            let predictions = self.sample.column(2 * index);
            let labels = self.sample.column(2 * index + 1);
            let mean = self.settings.clipped(self.settings.baseline.means[index]);
            let errors = predictions.iter().zip(&labels).map(|(p, l)| (p - l).abs());
            model.median = median(errors.collect());
            model.spearman = spearman(&predictions, &labels);
            baseline.median = median(labels.iter().map(|l| (mean - l).abs()).collect());
            models.push(model);
            baselines.push(baseline);
        }
        let settings = &self.settings;
        let targets = self.targets.iter().enumerate().map(|(index, sums)| {
            finish::target(
                settings,
                index,
                &sums.both.y,
                &models[index],
                &baselines[index],
            )
        });
        let kept = self.sample.len() as u64;
        Ok(DetailedMetrics {
            count: self.count,
            sampled: (kept < self.count).then_some(kept),
            label_range: settings.label_range,
            clipped: settings.clip,
            targets: targets.collect(),
            overall: finish::together(settings, &models, &baselines),
        })
    }
}
