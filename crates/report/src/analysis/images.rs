//! Which images are shown.

use psp_plot::Selection;
use serde::{Deserialize, Serialize};

use super::focus::Focus;
use super::prepared::Prepared;

/// The images of the galleries, over the part that the run in focus is shown over.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ImageChoice {
    /// Drawn by lot, in their own order.
    pub random: Vec<Shown>,
    /// Those with the smallest errors, the smallest first.
    pub best: Vec<Shown>,
    /// Images with nothing but zeros as labels, which the best were not chosen from:
    /// a model that always says 0 would be best there. 0 where there were too few
    /// others to leave these out.
    pub zeros_left_out: usize,
    /// Those with the largest errors, the largest first.
    pub worst: Vec<Shown>,
}

/// One image.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Shown {
    /// Its row among the predictions.
    pub row: usize,
    /// Its file name.
    pub filename: String,
    /// Squared error, averaged over the targets.
    pub squared_error: f64,
}

impl ImageChoice {
    pub(crate) fn of(prepared: &Prepared, focus: Focus) -> Option<Self> {
        let part = focus.rows(prepared)?;
        let rows = part.predictions.rows();
        let errors = part.rows.squared_errors();
        let amount = prepared.settings.images;
        let shown = |row: usize| Shown {
            row,
            filename: rows[row].filename.clone(),
            squared_error: errors[row],
        };
        let zeros = |row: usize| rows[row].labels.iter().all(|label| *label == 0.0);
        // What has no number is left out of a choice by error.
        let others: Vec<f64> = (0..rows.len())
            .map(|row| if zeros(row) { f64::NAN } else { errors[row] })
            .collect();
        let left = others.iter().filter(|error| !error.is_nan()).count();
        let (among, zeros_left_out) = if left >= amount {
            (&others, rows.len() - left)
        } else {
            (&errors, 0)
        };
        let choose = |selection: Selection, errors: &[f64]| {
            let rows = selection.choose(errors, amount);
            rows.into_iter().map(shown).collect()
        };
        let lot = Selection::Random {
            seed: prepared.settings.seed,
        };
        Some(Self {
            random: choose(lot, &errors),
            best: choose(Selection::Best, among),
            zeros_left_out,
            worst: choose(Selection::Worst, &errors),
        })
    }
}
