//! The predictor that looks at no image.

use serde::{Deserialize, Serialize};

use crate::accumulator::RegressionAccumulator;
use crate::error::{MetricsError, Side, check_row};
use crate::moments::Moments;
use crate::types::RegressionMetrics;

/// "Predict the training mean": for each target the mean label of the training
/// set, whatever the input. A model that is not clearly better has learnt
/// nothing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MeanBaseline {
    /// The mean training label of each target, in the order of the columns.
    pub means: Vec<f64>,
}

impl MeanBaseline {
    /// The means of `training_labels`, rows of one value per target.
    ///
    /// # Errors
    /// [`MetricsError::Empty`] without rows, [`MetricsError::NoTargets`] for
    /// rows without values, [`MetricsError::Length`] for rows of different
    /// lengths, [`MetricsError::Value`] for a value that is not finite.
    pub fn fit<R: AsRef<[f64]>>(
        training_labels: impl IntoIterator<Item = R>,
    ) -> Result<Self, MetricsError> {
        let mut targets: Option<Vec<Moments>> = None;
        for row in training_labels {
            let row = row.as_ref();
            let targets = targets.get_or_insert_with(|| vec![Moments::default(); row.len()]);
            check_row(Side::Label, row, targets.len())?;
            for (moments, &label) in targets.iter_mut().zip(row) {
                moments.push(label);
            }
        }
        match targets {
            None => Err(MetricsError::Empty),
            Some(targets) if targets.is_empty() => Err(MetricsError::NoTargets),
            Some(targets) => Ok(Self {
                means: targets.iter().map(Moments::mean).collect(),
            }),
        }
    }

    /// The metrics of predicting the means for every row of `labels`.
    ///
    /// # Errors
    /// As [`RegressionAccumulator::push`] and [`RegressionAccumulator::finish`].
    pub fn evaluate<R: AsRef<[f64]>>(
        &self,
        labels: impl IntoIterator<Item = R>,
    ) -> Result<RegressionMetrics, MetricsError> {
        let mut accumulator = RegressionAccumulator::new(self.means.len());
        for row in labels {
            accumulator.push(&self.means, row.as_ref())?;
        }
        accumulator.finish()
    }
}
