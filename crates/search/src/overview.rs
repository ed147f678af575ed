//! A study at a glance.

use serde::Serialize;

use crate::choose::score;
use crate::error::SearchError;
use crate::finalists::Finalists;
use crate::folder::{StudyDir, TrialDir, TrialOutcome, read_json};
use crate::select::Selection;
use crate::study::Study;

/// Where a trial stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// Nobody has begun it.
    Waiting,
    /// Somebody works on it, or did and vanished.
    Begun,
    /// Somebody worked on it and gave it back.
    Paused,
    /// Trained to its end.
    Finished,
    /// Given up.
    Failed,
}

/// One trial's line.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TrialRow {
    /// Name of its folder.
    pub name: String,
    /// Its place in the draw.
    pub number: usize,
    /// Its seed, of a finalist.
    pub seed: Option<u64>,
    /// Its values, as text.
    pub values: String,
    /// Where it stands.
    pub state: State,
    /// Validation score of its best epoch: R², or the negative MSE where R² is
    /// undefined.
    pub score: Option<f64>,
    /// Validation MSE of its best epoch.
    pub mse: Option<f64>,
    /// Epochs done.
    pub epochs: Option<u64>,
    /// Seconds of training and validation.
    pub seconds: Option<f64>,
    /// Claims on it.
    pub attempts: Option<u64>,
    /// Why it failed.
    pub reason: Option<String>,
}

/// A study's trials, finalists and choice.
#[derive(Clone, Debug, Serialize)]
pub struct Overview {
    /// Its name.
    pub study: String,
    /// Points of its grid, in decimal digits.
    pub grid_points: String,
    /// In the order of the draw.
    pub trials: Vec<TrialRow>,
    /// Trainings of the finalists.
    pub finals: Vec<TrialRow>,
    /// The chosen model.
    pub selection: Option<Selection>,
}

impl Overview {
    /// Reads the study's folder.
    ///
    /// # Errors
    /// A file that can't be read.
    pub fn of(study: &Study) -> Result<Self, SearchError> {
        let row = |trial: &crate::PlannedTrial| {
            let values = psp_space::point_text(&trial.point);
            row(&study.folder(trial), trial.number, None, values)
        };
        let trials = study.plan.trials.iter().map(row);
        Ok(Self {
            study: study.config.study.name.clone(),
            grid_points: study.plan.grid_points.clone(),
            trials: trials.collect::<Result<_, _>>()?,
            finals: finals(&study.dir)?,
            selection: study.selected()?,
        })
    }

    /// Trials in a state.
    pub fn count(&self, state: State) -> usize {
        self.trials.iter().filter(|row| row.state == state).count()
    }

    /// The finished trial with the best score so far.
    pub fn best(&self) -> Option<&TrialRow> {
        let scored = self.trials.iter().filter(|row| row.score.is_some());
        scored.max_by(|a, b| {
            a.score
                .unwrap_or_default()
                .total_cmp(&b.score.unwrap_or_default())
        })
    }
}

fn finals(dir: &StudyDir) -> Result<Vec<TrialRow>, SearchError> {
    let finalists: Option<Finalists> = read_json(&dir.finalists())?;
    let mut rows = Vec::new();
    for finalist in finalists.unwrap_or_default().entries {
        let values = psp_space::point_text(&finalist.trial.point);
        for seed in finalist.seeds {
            let number = finalist.trial.number;
            let folder = dir.finalist(number, seed.seed, &seed.id);
            rows.push(row(&folder, number, Some(seed.seed), values.clone())?);
        }
    }
    Ok(rows)
}

fn row(
    dir: &TrialDir,
    number: usize,
    seed: Option<u64>,
    values: String,
) -> Result<TrialRow, SearchError> {
    let mut row = TrialRow {
        name: dir.name(),
        number,
        seed,
        values,
        state: State::Waiting,
        score: None,
        mse: None,
        epochs: None,
        seconds: None,
        attempts: None,
        reason: None,
    };
    let Some(record) = dir.read_outcome()? else {
        let history = psp_lease::history(dir.root())?;
        if let Some(last) = history.last() {
            row.attempts = Some(last.token);
            row.state = match last.released {
                true => State::Paused,
                false => State::Begun,
            };
        }
        return Ok(row);
    };
    row.attempts = Some(record.attempts);
    match record.outcome {
        TrialOutcome::Finished { result } => {
            row.state = State::Finished;
            row.score = Some(score(&result.best));
            row.mse = Some(result.best.overall.mse);
            row.epochs = Some(result.epochs);
            row.seconds = Some(result.seconds);
        }
        TrialOutcome::Failed { reason } => {
            row.state = State::Failed;
            row.reason = Some(reason);
        }
    }
    Ok(row)
}
