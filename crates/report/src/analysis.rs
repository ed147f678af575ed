//! From the input to everything that can be said of it: what stands in
//! `metrics.json`.

mod averaged;
mod calibration;
mod candidate;
mod caveats;
mod comparison;
mod effects;
mod estimate;
mod focus;
mod images;
mod labels;
pub(crate) mod prepared;
mod repeats;
mod score;
mod search;
mod suggestions;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

pub use calibration::{Calibration, CoverageLevel, Measured, TargetCalibration};
pub use candidate::{CandidateAnalysis, Evaluated, RunAnalysis};
pub use caveats::{Caveat, CaveatKind};
pub use comparison::{Comparison, LeftOut, Member, Pair};
pub use effects::{KeyEffect, ValueEffect};
pub use estimate::Estimate;
pub use focus::{Focus, FocusPart};
pub use images::{ImageChoice, Shown};
pub use labels::{BinCount, Labels, PartStatistics};
pub use score::Score;
pub use search::{BackboneTrials, BestTrial, FailureGroup, Progress, Search, StateCounts};
pub use suggestions::SuggestionResult;

pub(crate) use repeats::{Repeats, Trained};
pub(crate) use search::finished_score;

use crate::input::Input;
use crate::project::perspective_scores;
use crate::{ReportError, Settings};
use prepared::Prepared;

/// With fewer labels in a group than this no interval is shown: resampling so few says
/// little.
pub(crate) const FEW_LABELS: u64 = 10;

/// The version of [`Analysis`]: a reader refuses those that it does not know.
pub const SCHEMA_VERSION: u32 = 3;

/// Everything that a report says in numbers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Analysis {
    /// [`SCHEMA_VERSION`].
    pub schema_version: u32,
    /// The report's title.
    pub title: String,
    /// The report's date.
    pub date: String,
    /// What it was computed with.
    pub settings: Settings,
    /// Targets, in the order of all lists of targets.
    pub targets: Vec<String>,
    /// What trials and candidates are ranked by.
    pub score: Score,
    /// The labels.
    pub labels: Labels,
    /// The search; `None` of single runs.
    pub search: Option<Search>,
    /// Each candidate, in the order of the input, by which all other lists name them.
    pub candidates: Vec<CandidateAnalysis>,
    /// The candidates with a validation score from best to worst: as ranked, or else
    /// by the mean over their runs.
    pub validated: Vec<usize>,
    /// The run that is shown in detail; `None` where none has predictions.
    pub focus: Option<Focus>,
    /// The candidates against each other; `None` without test predictions.
    pub comparison: Option<Comparison>,
    /// Prediction intervals of the run in focus; `None` without validation
    /// predictions.
    pub calibration: Option<Calibration>,
    /// The images of the galleries.
    pub images: Option<ImageChoice>,
    /// What came of the perspective-score project's suggestions.
    pub suggestions: Vec<SuggestionResult>,
    /// What should not be concluded, the most important first.
    pub caveats: Vec<Caveat>,
    /// What could not be used, and why.
    pub warnings: Vec<String>,
}

impl Analysis {
    /// The run that is shown in detail, with what was computed of it.
    pub fn evaluated(&self) -> Option<(Focus, &Evaluated)> {
        let focus = self.focus?;
        Some((focus, focus.evaluated(&self.candidates)?))
    }
}

/// Computes everything about `input`.
///
/// # Errors
/// [`ReportError::Input`] where it contradicts itself, [`ReportError::Metrics`] for
/// settings or labels that make no sense. Predictions that cannot be used are left
/// out with a warning.
pub fn analyse(input: &Input, settings: &Settings) -> Result<Analysis, ReportError> {
    analyse_prepared(&Prepared::new(input, settings)?)
}

pub(crate) fn analyse_prepared(prepared: &Prepared) -> Result<Analysis, ReportError> {
    let (input, settings) = (prepared.input, prepared.settings);
    let score = Score::of(input);
    let candidates = (0..input.candidates.len()).into_par_iter();
    let candidates: Vec<CandidateAnalysis> = candidates
        .map(|index| CandidateAnalysis::of(prepared, index, score))
        .collect::<Result<_, _>>()?;
    let validated = validated(input, &candidates);
    let focus = Focus::of(prepared, &validated);
    let search = input.study.as_ref().map(Search::of);
    let suggestions = perspective_scores().suggestions.iter();
    let suggestions = suggestions
        .map(|suggestion| SuggestionResult::of(input, search.as_ref(), score, suggestion))
        .collect();
    let calibration = focus.map(|focus| Calibration::of(prepared, focus));
    let mut analysis = Analysis {
        schema_version: SCHEMA_VERSION,
        title: input.title.clone(),
        date: input.environment.date.clone(),
        settings: settings.clone(),
        targets: input.data.targets.clone(),
        score,
        labels: Labels::of(prepared)?,
        search,
        comparison: Comparison::of(prepared, &candidates, focus, &validated)?,
        calibration: calibration.transpose()?.flatten(),
        images: focus.and_then(|focus| ImageChoice::of(prepared, focus)),
        candidates,
        validated,
        focus,
        suggestions,
        caveats: Vec::new(),
        warnings: warnings(prepared),
    };
    analysis.caveats = caveats::caveats(input, &analysis);
    Ok(analysis)
}

/// As ranked; else by the mean score, highest first.
fn validated(input: &Input, candidates: &[CandidateAnalysis]) -> Vec<usize> {
    if let Some(selection) = &input.selection {
        let ranks = selection.ranking.iter();
        return ranks.map(|rank| rank.candidate).collect();
    }
    let scored = candidates
        .iter()
        .enumerate()
        .filter_map(|(index, candidate)| {
            let scores = candidate.validation.as_ref()?;
            Some((index, scores.mean))
        });
    let mut scored: Vec<(usize, f64)> = scored.collect();
    scored.sort_by(|a, b| b.1.total_cmp(&a.1));
    scored.into_iter().map(|(index, _)| index).collect()
}

fn warnings(prepared: &Prepared) -> Vec<String> {
    let candidates = prepared.input.candidates.iter().zip(&prepared.runs);
    let problems = candidates.flat_map(|(candidate, runs)| {
        runs.iter().filter_map(|run| {
            let problem = run.problem.as_ref()?;
            let (name, seed) = (&candidate.name, run.run.seed);
            Some(format!("{name}, seed {seed}: {problem}"))
        })
    });
    problems.collect()
}
