//! The chosen configuration, trained again, among the candidates.

use super::{Candidate, Input, Selection};

impl Input {
    /// The confidence of the bound that candidates are ranked by.
    pub(crate) fn ranking_confidence(&self) -> f64 {
        self.study.as_ref().map_or(0.95, |study| study.confidence)
    }

    /// Index of the candidate that is a refit.
    pub(crate) fn refit(&self) -> Option<usize> {
        let selection = self.selection.as_ref()?;
        selection.finalist.map(|_| selection.candidate)
    }

    /// The candidates that are compared with each other: all but a refit.
    pub(crate) fn compared(&self) -> impl Iterator<Item = &Candidate> {
        let refit = self.refit();
        let candidates = self.candidates.iter().enumerate();
        candidates.filter_map(move |(index, candidate)| (refit != Some(index)).then_some(candidate))
    }
}

impl Selection {
    /// Index of the candidate that the ranking led to: the one that is exported, or the
    /// finalist that it is the refit of.
    pub(crate) fn ranked(&self) -> usize {
        self.finalist.unwrap_or(self.candidate)
    }
}
