//! What should not be concluded: only what holds of these very numbers.

use psp_metrics::Metric;
use serde::{Deserialize, Serialize};

use super::Analysis;
use super::prepared::Prepared;

mod comparing;
mod data;
mod measuring;
mod trusting;

/// A conclusion that the numbers do not bear.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Caveat {
    /// Its kind; those that matter most come first.
    pub kind: CaveatKind,
    /// The conclusion, as a clause: `that … `.
    pub claim: String,
    /// Why not, in whole sentences.
    pub because: String,
}

/// Kinds of caveats, by how much they matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum CaveatKind {
    /// The study is still running.
    Unfinished,
    /// No model has been trained to its end.
    NoModel,
    /// The model may be no better than predicting the mean.
    NotBetterThanMean,
    /// There are no test predictions.
    NotTested,
    /// Something about the origin of images or labels.
    Origin,
    /// The test images are too few to say much.
    FewImages,
    /// No difference is shown between models.
    NoDifference,
    /// A difference is shown, but seeds may explain it.
    SeedsExplain,
    /// There are too few seeds to tell their spread.
    FewSeeds,
    /// Models were trained in different ways.
    DifferentTraining,
    /// Backbones had different chances in the search.
    UnequalSearch,
    /// The validation score is that of the best of many.
    ValidationOptimism,
    /// Many labels are one and the same: 0, or an end of their range.
    ManyAlike,
    /// Only finalists were tested.
    OnlyFinalists,
    /// The test images have been looked at.
    TestIsUsed,
    /// Prediction intervals hold on average only.
    IntervalsOnAverage,
    /// Scores of folds are not independent.
    Folds,
    /// The parts of the split differ.
    PartsDiffer,
    /// Pruned trials' scores are of fewer epochs.
    Pruned,
    /// Importance is not cause.
    Importance,
    /// Speed was measured once, on some device.
    Speed,
    /// Heat maps do not explain.
    HeatMaps,
    /// All images are from one source.
    OneSource,
}

/// What caveats are derived from.
struct Case<'a> {
    prepared: &'a Prepared<'a>,
    analysis: &'a Analysis,
}

impl Case<'_> {
    /// A candidate's name.
    fn name(&self, candidate: usize) -> &str {
        &self.analysis.candidates[candidate].name
    }

    /// The interval of a metric of the run in focus over all targets.
    fn focus(&self, metric: Metric) -> Option<&psp_metrics::MetricInterval> {
        let focus = self.analysis.focus?;
        focus.evaluated(&self.analysis.candidates)?.overall(metric)
    }
}

fn caveat(kind: CaveatKind, claim: impl Into<String>, because: impl Into<String>) -> Caveat {
    Caveat {
        kind,
        claim: claim.into(),
        because: because.into(),
    }
}

/// Those that hold, the most important first.
pub(crate) fn caveats(prepared: &Prepared, analysis: &Analysis) -> Vec<Caveat> {
    let case = Case { prepared, analysis };
    let mut caveats = Vec::new();
    trusting::caveats(&case, &mut caveats);
    comparing::caveats(&case, &mut caveats);
    data::caveats(&case, &mut caveats);
    measuring::caveats(&case, &mut caveats);
    caveats.sort_by_key(|caveat| caveat.kind);
    caveats
}
