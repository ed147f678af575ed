//! When to stop, and which epoch was best.

use serde::{Deserialize, Serialize};

/// The best validation MSE so far and how long ago it was.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct EarlyStopping {
    /// Lowest validation MSE; `None` before the first epoch's end.
    pub best_mse: Option<f64>,
    /// The epoch that reached it, counted from 1.
    pub best_epoch: u64,
    /// Epochs since then.
    pub epochs_without_improvement: u64,
}

impl EarlyStopping {
    /// Records an epoch's validation MSE and says whether it is the best.
    ///
    /// Only a value lower than the best by more than `min_delta` counts.
    pub fn record(&mut self, epoch: u64, mse: f64, min_delta: f64) -> bool {
        let better = self.best_mse.is_none_or(|best| mse < best - min_delta);
        if better {
            self.best_mse = Some(mse);
            self.best_epoch = epoch;
            self.epochs_without_improvement = 0;
        } else {
            self.epochs_without_improvement += 1;
        }
        better
    }

    /// Records an epoch of a run without validation: the last one counts as the best.
    pub fn record_unvalidated(&mut self, epoch: u64) {
        self.best_epoch = epoch;
    }

    /// Whether `patience` epochs have passed without improvement; a patience
    /// of 0 never stops.
    pub fn should_stop(&self, patience: u64) -> bool {
        patience > 0 && self.epochs_without_improvement >= patience
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn training_stops_after_patience_epochs_without_improvement() {
        let mut state = EarlyStopping::default();
        assert!(state.record(1, 0.5, 0.0));
        assert!(!state.record(2, 0.6, 0.0));
        assert!(!state.should_stop(2));
        assert!(!state.record(3, 0.5, 0.0));
        assert!(state.should_stop(2));
        assert!(!state.should_stop(0));
        assert_eq!(state.best_epoch, 1);
    }

    #[test]
    fn an_improvement_below_min_delta_does_not_count() {
        let mut state = EarlyStopping::default();
        state.record(1, 0.5, 0.01);
        assert!(!state.record(2, 0.495, 0.01));
        assert!(state.record(3, 0.48, 0.01));
    }
}
