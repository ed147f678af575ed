//! The choice among the candidates.

use super::Selection;

/// What the rule says of a first without ties. Where nothing was trained twice, no noise
/// was measured in which another could have tied.
const NO_TIES: &str = "; no other candidate ties with it";

impl Selection {
    /// Whether any candidate was trained more than once, so that something is known of
    /// the noise between trainings.
    pub(crate) fn knows_noise(&self) -> bool {
        self.ranking.iter().any(|rank| rank.deviation.is_some())
    }

    /// The reason, without a full stop at its end, and with what it leaves open.
    pub(crate) fn why(&self) -> String {
        let reason = self.reason.trim().trim_end_matches('.');
        if self.knows_noise() || self.ranking.len() < 2 {
            return reason.to_owned();
        }
        format!(
            "{}. Each candidate was trained once: how much such scores vary from one training \
             to the next was not measured, so the order of close ones may be chance",
            reason.replace(NO_TIES, "")
        )
    }
}
