//! How the runs of one configuration differ.

use std::collections::BTreeSet;

use super::candidate::{CandidateAnalysis, RunAnalysis};

/// What runs of the same configuration differ in, and so what their spread is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Repeats {
    /// The seed alone.
    Seeds,
    /// The fold that they are validated on, and so the images that they are trained
    /// on.
    Folds,
    /// Both.
    SeedsAndFolds,
    /// Something else, such as the split.
    Runs,
}

impl Repeats {
    /// Over all candidates.
    pub(crate) fn of(candidates: &[CandidateAnalysis]) -> Self {
        let place = |run: &RunAnalysis| (run.seed, run.fold);
        let tells_apart = |candidate: &CandidateAnalysis| {
            let places: BTreeSet<_> = candidate.runs.iter().map(place).collect();
            places.len() == candidate.runs.len()
        };
        let differ = |of: &dyn Fn(&RunAnalysis) -> Option<u64>| {
            let distinct = |candidate: &CandidateAnalysis| {
                let runs = candidate.runs.iter().filter_map(of);
                runs.collect::<BTreeSet<u64>>().len() > 1
            };
            candidates.iter().any(distinct)
        };
        let seeds = differ(&|run| Some(run.seed));
        let folds = differ(&|run| run.fold.map(|fold| fold as u64));
        match (candidates.iter().all(tells_apart), seeds, folds) {
            (false, ..) => Self::Runs,
            (_, _, false) => Self::Seeds,
            (_, false, true) => Self::Folds,
            (_, true, true) => Self::SeedsAndFolds,
        }
    }

    /// `seeds`, `folds`, `seeds and folds`, `runs`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Seeds => "seeds",
            Self::Folds => "folds",
            Self::SeedsAndFolds => "seeds and folds",
            Self::Runs => "runs",
        }
    }
}

/// How often a candidate was trained, counting runs with a score or predictions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Trained {
    pub(crate) runs: usize,
    /// Folds that it was validated on; 0: the study's own split.
    pub(crate) folds: usize,
    /// Seeds on the fold that has most: those of different folds differ in their
    /// images too.
    pub(crate) seeds: usize,
}

impl Trained {
    pub(crate) fn of(candidate: &CandidateAnalysis) -> Self {
        let is_trained =
            |run: &&RunAnalysis| run.score.is_some() || run.valid.is_some() || run.test.is_some();
        let runs: Vec<&RunAnalysis> = candidate.runs.iter().filter(is_trained).collect();
        let folds: BTreeSet<Option<usize>> = runs.iter().map(|run| run.fold).collect();
        let seeds = |fold: &Option<usize>| {
            let on_fold = runs.iter().filter(|run| run.fold == *fold);
            on_fold.map(|run| run.seed).collect::<BTreeSet<_>>().len()
        };
        Self {
            runs: runs.len(),
            folds: folds.iter().flatten().count(),
            seeds: folds.iter().map(seeds).max().unwrap_or_default(),
        }
    }
}
