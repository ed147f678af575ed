//! The choice among the candidates.

use psp_schema::Ranked;

/// Which candidate was chosen, by validation alone.
#[derive(Clone, Debug, PartialEq)]
pub struct Selection {
    /// Index of the candidate that is exported.
    pub candidate: usize,
    /// Index of its run that is exported.
    pub run: usize,
    /// Where that is a refit: index of the finalist that stands for it in the ranking and
    /// the comparison.
    pub finalist: Option<usize>,
    /// Why it was chosen, in words.
    pub reason: String,
    /// How all candidates with a score compare, best first.
    pub ranking: Vec<Ranked>,
}

impl Selection {
    /// Whether any candidate was trained more than once, so that something is known of
    /// the noise between trainings.
    pub(crate) fn knows_noise(&self) -> bool {
        self.ranking.iter().any(|rank| rank.deviation.is_some())
    }

    /// The reason, without a full stop at its end.
    pub(crate) fn why(&self) -> &str {
        self.reason.trim().trim_end_matches('.')
    }

    /// Index of the candidate that the ranking led to: the one that is exported, or the
    /// finalist that it is the refit of.
    pub(crate) fn ranked(&self) -> usize {
        self.finalist.unwrap_or(self.candidate)
    }
}
