//! The choice among the candidates.

use super::Selection;

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
}
