//! A study at a glance.

use psp_schema::TrialState;
use serde::Serialize;

use crate::choose::score;
use crate::error::SearchError;
use crate::finalists::Finalists;
use crate::folder::{StudyDir, TrialDir};
use crate::records::{Record, TrialOutcome, read_json};
use crate::select::Selection;
use crate::snapshot::{Entry, Snapshot, Status};
use crate::study::Study;

/// One trial's line.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TrialRow {
    /// Name of its folder.
    pub name: String,
    /// Its place in the draw.
    pub number: usize,
    /// Its seed, of a finalist.
    pub seed: Option<u64>,
    /// The fold that it is validated on, of a finalist in a study with folds.
    pub fold: Option<usize>,
    /// Its values, as text.
    pub values: String,
    /// How far it has come.
    pub state: TrialState,
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
    /// Trials that are still to be drawn from the results of others.
    pub to_draw: usize,
    /// Trainings of the finalists.
    pub finals: Vec<TrialRow>,
    /// The chosen configuration, trained again, from when it is known which that is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refit: Option<TrialRow>,
    /// The chosen model.
    pub selection: Option<Selection>,
}

impl Overview {
    /// Reads the study's folder.
    ///
    /// # Errors
    /// A file that can't be read.
    pub fn of(study: &Study) -> Result<Self, SearchError> {
        let snapshot = Snapshot::of(study)?;
        let statuses = snapshot.statuses(study);
        let trials = snapshot
            .entries()
            .iter()
            .zip(statuses)
            .map(|(entry, status)| trial_row(entry, status));
        Ok(Self {
            study: study.config.study.name.clone(),
            grid_points: study.plan.grid_points.clone(),
            trials: trials.collect::<Result<_, _>>()?,
            to_draw: study.wanted().saturating_sub(snapshot.entries().len()),
            finals: finals(&study.dir)?,
            refit: refit(study)?,
            selection: study.selected()?,
        })
    }

    /// Trials that the study is to have.
    pub fn wanted(&self) -> usize {
        self.trials.len() + self.to_draw
    }

    /// Trials in a state.
    pub fn count(&self, state: TrialState) -> usize {
        self.trials.iter().filter(|row| row.state == state).count()
    }

    /// Whether there are trials, none of which was trained to its end nor will be.
    pub fn all_failed(&self) -> bool {
        self.wanted() > 0 && self.count(TrialState::Failed) == self.wanted()
    }

    /// The finished trial with the best score so far.
    pub fn best(&self) -> Option<&TrialRow> {
        let finished = self.trials.iter();
        let finished =
            finished.filter(|row| row.state == TrialState::Finished && row.score.is_some());
        finished.max_by(|a, b| {
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
            if seed.is_of(&finalist.trial) {
                // The trial itself, which has a row already.
                continue;
            }
            let number = finalist.trial.number;
            let folder = dir.finalist(&finalist.trial, &seed);
            let mut row = row(&folder, number, values.clone(), folder.read_outcome()?)?;
            (row.seed, row.fold) = (Some(seed.seed), seed.fold);
            rows.push(row);
        }
    }
    Ok(rows)
}

fn refit(study: &Study) -> Result<Option<TrialRow>, SearchError> {
    let Some(refit) = study.refit()? else {
        return Ok(None);
    };
    let dir = study.dir.refit_run(&refit);
    let values = format!(
        "{}, with {}",
        psp_space::point_text(&refit.trial.point),
        refit.values
    );
    row(&dir, refit.trial.number, values, dir.read_outcome()?).map(Some)
}

fn trial_row(entry: &Entry, status: Status) -> Result<TrialRow, SearchError> {
    let trial = &entry.trial;
    let values = psp_space::point_text(&trial.point);
    let mut row = row(&entry.dir, trial.number, values, entry.record.clone())?;
    let interim = match &entry.record {
        None => entry.interim().map(|record| &record.interim),
        Some(_) => None,
    };
    if let Some(interim) = interim {
        row.score = interim.best.as_ref().map(score);
        row.mse = interim.best.as_ref().map(|best| best.overall.mse);
        row.epochs = Some(interim.epochs);
        row.seconds = Some(interim.seconds);
    }
    // Somebody may be at it who saw another moment's scores.
    if status == Status::Pruned && row.state != TrialState::Begun {
        row.state = TrialState::Pruned;
    }
    Ok(row)
}

/// The row of a trial or finalist that ended as `record` says, or has not.
fn row(
    dir: &TrialDir,
    number: usize,
    values: String,
    record: Option<Record>,
) -> Result<TrialRow, SearchError> {
    let mut row = TrialRow {
        name: dir.name(),
        number,
        seed: None,
        fold: None,
        values,
        state: TrialState::Waiting,
        score: None,
        mse: None,
        epochs: None,
        seconds: None,
        attempts: None,
        reason: None,
    };
    let Some(record) = record else {
        let history = psp_lease::history(dir.root())?;
        if let Some(last) = history.last() {
            row.attempts = Some(last.token);
            row.state = if last.released {
                TrialState::Paused
            } else {
                TrialState::Begun
            };
        }
        return Ok(row);
    };
    row.attempts = Some(record.attempts);
    match record.outcome {
        TrialOutcome::Finished { result } => {
            row.state = TrialState::Finished;
            row.score = result.best.as_ref().map(score);
            row.mse = result.best.map(|best| best.overall.mse);
            row.epochs = Some(result.epochs);
            row.seconds = Some(result.seconds);
        }
        TrialOutcome::Failed { reason } => {
            row.state = TrialState::Failed;
            row.reason = Some(reason);
        }
    }
    Ok(row)
}
