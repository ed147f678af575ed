//! The chosen configuration, trained again, among the candidates.

use super::{Candidate, Input, Selection};

impl Input {
    /// The candidates that are compared with each other: all but a refit.
    pub(crate) fn compared(&self) -> impl Iterator<Item = &Candidate> {
        self.candidates.iter().filter(|candidate| !candidate.refit)
    }
}

impl Selection {
    /// Index of the candidate that the ranking led to: the one that is exported, or the
    /// finalist that it is the refit of.
    pub(crate) fn ranked(&self) -> usize {
        self.finalist.unwrap_or(self.candidate)
    }
}
