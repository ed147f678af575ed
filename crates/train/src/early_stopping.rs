//! When to stop, and which epoch was best.

use serde::{Deserialize, Serialize};

/// The best validation MSE so far and how long training has come no further.
///
/// The MSE is that of standardised scores
/// ([`Output::standardised_mse`](psp_models::Output::standardised_mse)).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct EarlyStopping {
    /// Lowest validation MSE; `None` before the first epoch's end.
    pub best_mse: Option<f64>,
    /// The epoch that reached it, counted from 1.
    pub best_epoch: u64,
    /// Validation MSE at the last improvement by `min_delta`.
    #[serde(default)]
    pub improved_mse: Option<f64>,
    /// Epochs since then.
    pub epochs_without_improvement: u64,
}

impl EarlyStopping {
    /// Records an epoch's validation MSE and says whether it is the lowest.
    ///
    /// The epoch counts as an improvement where its MSE is lower by more than
    /// `min_delta` than at the last improvement.
    pub fn record(&mut self, epoch: u64, mse: f64, min_delta: f64) -> bool {
        // Older checkpoints hold the best alone, which then was the last improvement.
        let improved = self.improved_mse.or(self.best_mse);
        if improved.is_none_or(|improved| mse < improved - min_delta) {
            self.improved_mse = Some(mse);
            self.epochs_without_improvement = 0;
        } else {
            self.improved_mse = improved;
            self.epochs_without_improvement += 1;
        }
        let best = self.best_mse.is_none_or(|best| mse < best);
        if best {
            self.best_mse = Some(mse);
            self.best_epoch = epoch;
        }
        best
    }

    /// Records an epoch of a run without validation: the last one counts as the best.
    pub fn record_unvalidated(&mut self, epoch: u64) {
        self.best_epoch = epoch;
    }

    /// Whether `patience` epochs have passed without improvement; without one
    /// it never stops.
    pub fn should_stop(&self, patience: Option<u64>) -> bool {
        patience.is_some_and(|patience| self.epochs_without_improvement >= patience)
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
        assert!(!state.should_stop(Some(2)));
        assert!(!state.record(3, 0.5, 0.0));
        assert!(state.should_stop(Some(2)));
        assert!(!state.should_stop(None));
        assert_eq!(state.best_epoch, 1);
    }

    #[test]
    fn the_lowest_mse_is_the_best_whatever_min_delta_says() {
        let mut state = EarlyStopping::default();
        state.record(1, 0.5, 0.2);
        assert!(state.record(2, 0.45, 0.2));
        assert!(!state.record(3, 0.46, 0.2));
        assert_eq!((state.best_epoch, state.best_mse), (2, Some(0.45)));
    }

    #[test]
    fn small_steps_add_up_to_an_improvement_by_min_delta() {
        let mut state = EarlyStopping::default();
        state.record(1, 0.5, 0.1);
        state.record(2, 0.45, 0.1);
        assert_eq!(state.epochs_without_improvement, 1);
        state.record(3, 0.39, 0.1);
        assert_eq!(state.epochs_without_improvement, 0);
        state.record(4, 0.3, 0.1);
        assert_eq!(state.epochs_without_improvement, 1);
    }

    #[test]
    fn a_state_of_an_older_version_is_continued_from() {
        let json = r#"{"best_mse":0.5,"best_epoch":1,"epochs_without_improvement":3}"#;
        let mut state: EarlyStopping = serde_json::from_str(json).unwrap();
        assert!(state.record(5, 0.45, 0.1));
        assert_eq!(state.epochs_without_improvement, 4);
        assert!(state.record(6, 0.39, 0.1));
        assert_eq!(state.epochs_without_improvement, 0);
    }
}
