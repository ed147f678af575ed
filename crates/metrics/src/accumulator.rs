//! The streaming accumulator.

use serde::{Deserialize, Serialize};

use crate::{
    error::{MetricsError, Side, check_row},
    moments::Moments,
    sum::Sum,
    types::{OverallMetrics, RegressionMetrics, TargetMetrics},
};

/// Takes rows of predictions and labels one by one and keeps a few sums per
/// target; its size does not depend on the number of rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RegressionAccumulator {
    count: u64,
    targets: Vec<TargetSums>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct TargetSums {
    squared_error: Sum,
    absolute_error: Sum,
    label: Moments,
}

impl RegressionAccumulator {
    /// An empty accumulator for rows of `targets` values.
    #[must_use]
    pub fn new(targets: usize) -> Self {
        Self {
            count: 0,
            targets: vec![TargetSums::default(); targets],
        }
    }

    /// The number of rows so far.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Adds one row: `prediction` and `label` hold one value per target.
    ///
    /// # Errors
    /// [`MetricsError::Length`] or [`MetricsError::Value`]; the row is then
    /// left out as a whole.
    pub fn push(&mut self, prediction: &[f64], label: &[f64]) -> Result<(), MetricsError> {
        check_row(Side::Prediction, prediction, self.targets.len())?;
        check_row(Side::Label, label, self.targets.len())?;
        self.count += 1;
        for ((sums, prediction), &label) in self.targets.iter_mut().zip(prediction).zip(label) {
            let error = prediction - label;
            sums.squared_error.add(error * error);
            sums.absolute_error.add(error.abs());
            sums.label.push(label);
        }
        Ok(())
    }

    /// Adds all rows of `other`, as if each had been pushed here.
    ///
    /// # Errors
    /// [`MetricsError::Merge`] if the numbers of targets differ.
    pub fn merge(&mut self, other: &Self) -> Result<(), MetricsError> {
        if self.targets.len() != other.targets.len() {
            return Err(MetricsError::Merge {
                expected: self.targets.len(),
                got: other.targets.len(),
            });
        }
        self.count += other.count;
        for (ours, theirs) in self.targets.iter_mut().zip(&other.targets) {
            ours.squared_error.merge(&theirs.squared_error);
            ours.absolute_error.merge(&theirs.absolute_error);
            ours.label.merge(&theirs.label);
        }
        Ok(())
    }

    /// The metrics of the rows so far; more may be pushed afterwards.
    ///
    /// # Errors
    /// [`MetricsError::NoTargets`] or, before the first row,
    /// [`MetricsError::Empty`].
    pub fn finish(&self) -> Result<RegressionMetrics, MetricsError> {
        if self.targets.is_empty() {
            return Err(MetricsError::NoTargets);
        }
        if self.count == 0 {
            return Err(MetricsError::Empty);
        }
        let targets: Vec<_> = self
            .targets
            .iter()
            .map(|sums| sums.finish(self.count as f64))
            .collect();
        Ok(RegressionMetrics {
            count: self.count,
            overall: OverallMetrics::of(&targets),
            targets,
        })
    }
}

impl TargetSums {
    fn finish(&self, count: f64) -> TargetMetrics {
        let squared_error = self.squared_error.value();
        let deviations = self.label.squared_deviations();
        let mse = squared_error / count;
        // Labels that differ by less than a double can tell from their squares
        // count as constant: the quotient would overflow.
        let r2 = (deviations > 0.0)
            .then(|| 1.0 - squared_error / deviations)
            .filter(|r2| r2.is_finite());
        TargetMetrics {
            mse,
            mae: self.absolute_error.value() / count,
            rmse: mse.sqrt(),
            r2,
            label_mean: self.label.mean(),
            label_std: (deviations / count).sqrt(),
        }
    }
}
