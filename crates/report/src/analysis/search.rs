//! How the search went.

use std::collections::BTreeMap;

use psp_metrics::median;
use serde::{Deserialize, Serialize};

mod progress;

pub use progress::Progress;

use crate::input::{Study, Trial, TrialState};

/// The search in numbers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Search {
    /// Trials that the study is to have.
    pub wanted: usize,
    /// How many trials are in each state.
    pub states: StateCounts,
    /// Backbones in the order in which they were first drawn.
    pub backbones: Vec<BackboneTrials>,
    /// Why trials failed, the most frequent reason first.
    pub failures: Vec<FailureGroup>,
    /// The finished trial with the best score.
    pub best: Option<BestTrial>,
    /// The best score by the number of finished trials.
    pub progress: Vec<Progress>,
    /// Seconds of training and validation, all trials together.
    pub seconds: f64,
    /// When the last trial ended.
    pub last_ended: Option<String>,
}

/// Numbers of trials by state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StateCounts {
    /// Not yet drawn.
    pub undrawn: usize,
    /// Drawn, not begun.
    pub waiting: usize,
    /// Being worked on.
    pub begun: usize,
    /// Begun, and paused.
    pub paused: usize,
    /// Stopped early.
    pub pruned: usize,
    /// Trained to their end.
    pub finished: usize,
    /// Given up after their last try.
    pub failed: usize,
}

/// The trials of one backbone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BackboneTrials {
    /// The backbone.
    pub backbone: String,
    /// Its trials.
    pub states: StateCounts,
    /// Its best finished trial.
    pub best: Option<BestTrial>,
    /// The median score of its finished trials.
    pub median: Option<f64>,
    /// Seconds of training and validation.
    pub seconds: f64,
}

/// A trial and its score.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct BestTrial {
    /// Index among the study's trials.
    pub trial: usize,
    /// Its score.
    pub score: f64,
}

/// Trials that failed for the same reason, numbers within it aside.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FailureGroup {
    /// The reason, as the first of them has it.
    pub reason: String,
    /// Indices among the study's trials.
    pub trials: Vec<usize>,
}

impl StateCounts {
    fn of<'a>(trials: impl Iterator<Item = &'a Trial>) -> Self {
        let mut counts = Self::default();
        for trial in trials {
            *match trial.state {
                TrialState::Waiting => &mut counts.waiting,
                TrialState::Begun => &mut counts.begun,
                TrialState::Paused => &mut counts.paused,
                TrialState::Pruned => &mut counts.pruned,
                TrialState::Finished => &mut counts.finished,
                TrialState::Failed => &mut counts.failed,
            } += 1;
        }
        counts
    }

    /// Trials that have not ended.
    pub fn open(&self) -> usize {
        self.undrawn + self.waiting + self.begun + self.paused
    }

    /// Drawn trials.
    pub fn drawn(&self) -> usize {
        self.waiting + self.begun + self.paused + self.pruned + self.finished + self.failed
    }
}

impl Search {
    pub(crate) fn of(study: &Study) -> Self {
        let trials = &study.trials;
        let mut states = StateCounts::of(trials.iter());
        states.undrawn = study.wanted.saturating_sub(trials.len());
        let mut backbones: Vec<BackboneTrials> = Vec::new();
        for Trial { backbone: name, .. } in trials {
            if !backbones.iter().any(|one| one.backbone == *name) {
                backbones.push(backbone(name, trials));
            }
        }
        Self {
            wanted: study.wanted.max(trials.len()),
            states,
            backbones,
            failures: failures(trials),
            best: best(trials, |_| true),
            progress: progress::progress(study),
            seconds: seconds(trials.iter()),
            last_ended: trials.iter().filter_map(|trial| trial.ended.clone()).max(),
        }
    }
}

/// The score of a trial that was trained to its end; those of others are of fewer
/// epochs.
pub(crate) fn finished_score(trial: &Trial) -> Option<f64> {
    let finished = trial.state == TrialState::Finished;
    trial.score.filter(|score| finished && score.is_finite())
}

fn best(trials: &[Trial], wanted: impl Fn(&Trial) -> bool) -> Option<BestTrial> {
    let scored = trials.iter().enumerate().filter_map(|(index, trial)| {
        let score = finished_score(trial).filter(|_| wanted(trial))?;
        Some(BestTrial {
            trial: index,
            score,
        })
    });
    // Of equal scores the first drawn.
    scored.reduce(|best, next| if next.score > best.score { next } else { best })
}

fn backbone(name: &str, trials: &[Trial]) -> BackboneTrials {
    let own = || trials.iter().filter(|trial| trial.backbone == name);
    BackboneTrials {
        backbone: name.to_owned(),
        states: StateCounts::of(own()),
        best: best(trials, |trial| trial.backbone == name),
        median: median(own().filter_map(finished_score).collect()),
        seconds: seconds(own()),
    }
}

fn seconds<'a>(trials: impl Iterator<Item = &'a Trial>) -> f64 {
    let known = trials.filter_map(|trial| trial.seconds);
    // Not −0, which an empty sum is.
    known.filter(|seconds| seconds.is_finite()).sum::<f64>() + 0.0
}

fn failures(trials: &[Trial]) -> Vec<FailureGroup> {
    let mut groups: BTreeMap<String, FailureGroup> = BTreeMap::new();
    for (index, trial) in trials.iter().enumerate() {
        if trial.state != TrialState::Failed {
            continue;
        }
        let reason = trial.reason.as_deref().unwrap_or("no reason was recorded");
        let key = reason.split(|c: char| c.is_ascii_digit()).collect();
        let group = groups.entry(key).or_insert_with(|| FailureGroup {
            reason: reason.to_owned(),
            trials: Vec::new(),
        });
        group.trials.push(index);
    }
    let mut groups: Vec<FailureGroup> = groups.into_values().collect();
    groups.sort_by_key(|group| (std::cmp::Reverse(group.trials.len()), group.trials[0]));
    groups
}
