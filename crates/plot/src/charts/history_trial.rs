//! The trials of a search history.

use crate::layout::{mark::Mark, span::drawable};

/// How a trial ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TrialState {
    /// Trained to its end.
    #[default]
    Finished,
    /// Stopped early, as it was no good.
    Pruned,
    /// Given up.
    Failed,
}

/// What lies to the right in a [`crate::search_history`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum HistoryAxis {
    /// The number of the trial.
    #[default]
    Number,
    /// The hours from the start of the study to the end of the trial.
    Hours,
}

/// One trial.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct HistoryTrial {
    /// Its place in the draw.
    pub number: u64,
    /// Hours from the start of the study to its end.
    pub hours: Option<f64>,
    /// Its score; none if it failed before it had one.
    pub score: Option<f64>,
    /// How it ended.
    pub state: TrialState,
    /// What it is coloured by.
    pub backbone: String,
}

/// The mark and the name of each state.
pub(super) const STATES: [(TrialState, Mark, &str); 3] = [
    (TrialState::Finished, Mark::Disc, "finished"),
    (TrialState::Pruned, Mark::Triangle, "pruned"),
    (TrialState::Failed, Mark::Cross, "failed"),
];

/// A trial with a place to the right.
pub(super) struct Dot<'a> {
    pub(super) x: f64,
    pub(super) score: Option<f64>,
    pub(super) state: TrialState,
    pub(super) backbone: &'a str,
}

impl Dot<'_> {
    /// The mark of its state.
    pub(super) fn mark(&self) -> Mark {
        let state = STATES.iter().find(|(state, ..)| *state == self.state);
        state.map_or(Mark::Disc, |(_, mark, _)| *mark)
    }
}

/// The place of `trial`; none where it has no time and that is asked for.
pub(super) fn dot(trial: &HistoryTrial, over: HistoryAxis) -> Option<Dot<'_>> {
    Some(Dot {
        x: match over {
            HistoryAxis::Number => trial.number as f64,
            HistoryAxis::Hours => trial.hours.and_then(drawable)?,
        },
        score: trial.score.and_then(drawable),
        state: trial.state,
        backbone: &trial.backbone,
    })
}
