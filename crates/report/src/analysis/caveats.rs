//! What should not be concluded from these very numbers.

use serde::{Deserialize, Serialize};

use super::Analysis;
use crate::input::Input;

mod comparing;
mod data;
mod measuring;
mod trusting;

/// A conclusion that the numbers don't support.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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
pub enum CaveatKind {
    /// The study is still running.
    Unfinished,
    /// No model has been trained to its end.
    NoModel,
    /// The model may be no better than predicting the mean.
    NotBetterThanMean,
    /// There are no test predictions.
    NotTested,
    /// The model may have been trained on images that it is measured on.
    Seen,
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

/// What a caveat is derived from.
struct Case<'a> {
    input: &'a Input,
    analysis: &'a Analysis,
}

impl<'a> Case<'a> {
    /// A candidate's name.
    fn name(&self, candidate: usize) -> &'a str {
        &self.input.candidates[candidate].name
    }
}

impl Caveat {
    fn new(kind: CaveatKind, claim: impl Into<String>, because: impl Into<String>) -> Self {
        Self {
            kind,
            claim: claim.into(),
            because: because.into(),
        }
    }
}

/// All that can hold, each looked at by itself.
const ALL: [fn(&Case) -> Option<Caveat>; 24] = [
    trusting::no_model,
    trusting::not_tested,
    trusting::unfinished,
    trusting::seen,
    trusting::not_better,
    trusting::few_images,
    trusting::few_seeds,
    trusting::optimism,
    trusting::test_is_used,
    comparing::no_difference,
    comparing::none_elsewhere,
    comparing::seeds_explain,
    comparing::different_training,
    comparing::unequal_search,
    comparing::only_finalists,
    comparing::folds,
    data::many_alike,
    data::parts_differ,
    data::one_source,
    measuring::intervals,
    measuring::pruned,
    measuring::importance,
    measuring::speed,
    measuring::heat_maps,
];

/// The caveats that hold, the most important first.
pub(crate) fn caveats(input: &Input, analysis: &Analysis) -> Vec<Caveat> {
    let case = Case { input, analysis };
    let mut caveats: Vec<Caveat> = data::origin(&case).collect();
    caveats.extend(ALL.iter().filter_map(|caveat| caveat(&case)));
    caveats.sort_by_key(|caveat| caveat.kind);
    caveats
}
