//! Rows that are kept, for what draws from them again and again.

mod columns;
mod weigh;

pub(crate) use weigh::{Needs, Scratch};

use crate::error::{MetricsError, Side, check_row};
use crate::metric::Metric;
use crate::settings::MetricSettings;
use crate::totals::{Totals, overall};
use columns::Columns;

/// The predictions of one model beside the labels, prepared for resampling:
/// everything that has to be sorted is sorted once, here. Takes about 110 bytes
/// per row and target.
#[derive(Debug, Clone)]
pub struct PairedRows {
    settings: MetricSettings,
    count: usize,
    targets: Vec<Columns>,
    /// The targets that the overall R² and correlations are averaged over.
    scored: Vec<usize>,
}

impl PairedRows {
    /// Keeps `rows` of raw predictions and labels, each one value per target.
    ///
    /// # Errors
    /// [`MetricsError::Empty`] without rows, [`MetricsError::TooManyRows`],
    /// [`MetricsError::Length`] or [`MetricsError::Value`] for a bad row, and
    /// what [`DetailedAccumulator::new`](crate::DetailedAccumulator::new) says of
    /// bad settings.
    pub fn new<P: AsRef<[f64]>, L: AsRef<[f64]>>(
        settings: MetricSettings,
        rows: impl IntoIterator<Item = (P, L)>,
    ) -> Result<Self, MetricsError> {
        settings.check()?;
        let targets = settings.targets();
        let mut pairs = vec![Vec::new(); targets];
        for (prediction, label) in rows {
            let (prediction, label) = (prediction.as_ref(), label.as_ref());
            check_row(Side::Prediction, prediction, targets)?;
            check_row(Side::Label, label, targets)?;
            for (target, pairs) in pairs.iter_mut().enumerate() {
                pairs.push((prediction[target], label[target]));
            }
        }
        let count = pairs[0].len();
        if count == 0 {
            return Err(MetricsError::Empty);
        }
        if u32::try_from(count).is_err() {
            return Err(MetricsError::TooManyRows);
        }
        let targets: Vec<_> = pairs
            .iter()
            .zip(&settings.baseline.means)
            .map(|(pairs, &mean)| Columns::new(&settings, mean, pairs))
            .collect();
        let mut rows = Self {
            settings,
            count,
            targets,
            scored: Vec::new(),
        };
        let totals = rows.totals(&vec![1; count], Needs::default(), &mut Scratch::default());
        rows.scored = (0..totals.len())
            .filter(|&target| totals[target].value(Metric::R2).is_some())
            .collect();
        Ok(rows)
    }

    /// The number of rows.
    #[must_use]
    pub fn count(&self) -> usize {
        self.count
    }

    /// The settings that the rows were prepared with.
    #[must_use]
    pub fn settings(&self) -> &MetricSettings {
        &self.settings
    }

    /// Each row's squared error, averaged over the targets.
    #[must_use]
    pub fn squared_errors(&self) -> Vec<f64> {
        let mut errors = vec![0.0; self.count];
        for columns in &self.targets {
            for (&row, squared) in columns.order.iter().zip(&columns.squared) {
                errors[row as usize] += squared / self.targets.len() as f64;
            }
        }
        errors
    }

    /// The (clipped) prediction and the label of each row of one target, in no
    /// particular order.
    pub(crate) fn pairs(&self, target: usize) -> impl Iterator<Item = (f64, f64)> {
        let columns = &self.targets[target];
        let labels = columns.label.iter().copied();
        columns.prediction.iter().copied().zip(labels)
    }

    /// Each target's totals when row `i` counts `counts[i]` times.
    pub(crate) fn totals(
        &self,
        counts: &[u32],
        needs: Needs,
        scratch: &mut Scratch,
    ) -> Vec<Totals> {
        let weighed = |columns: &Columns| columns.totals(counts, needs, scratch);
        self.targets.iter().map(weighed).collect()
    }

    /// A metric of all targets together.
    pub(crate) fn overall(&self, metric: Metric, totals: &[Totals]) -> Option<f64> {
        overall(metric, totals, &self.scored)
    }

    /// Refuses metrics that these rows cannot give.
    pub(crate) fn check(&self, metrics: &[Metric]) -> Result<(), MetricsError> {
        let known = |metric: &Metric| match metric {
            Metric::Within(bound) => self.settings.within.contains(bound),
            Metric::GroupMse(group) | Metric::GroupMae(group) | Metric::GroupBias(group) => {
                !matches!(group, crate::Group::Bin(bin) if *bin >= self.settings.bin_edges.len())
            }
            _ => true,
        };
        match metrics.iter().find(|metric| !known(metric)) {
            None => Ok(()),
            Some(&metric) => Err(MetricsError::Metric { metric }),
        }
    }
}
