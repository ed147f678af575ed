//! Training the chosen configuration once more.
//!
//! A search compares many configurations at a small budget: few epochs, small
//! images, some of the training images. The chosen one is then trained with what
//! [`RefitSection`](crate::RefitSection) says (scikit-learn's `refit`, AutoGluon's
//! `refit_full`), and that is the model to export.

use psp_models::BackboneKind;
use psp_schema::write_json;
use serde::{Deserialize, Serialize};

use crate::choose::{doubt, score};
use crate::error::SearchError;
use crate::folder::{StudyDir, TrialDir};
use crate::plan::PlannedTrial;
use crate::records::{TrialOutcome, read_json};
use crate::select::{RefitRun, Selection, TestRecord};
use crate::study::Study;

/// `refit.json`: what is trained again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Refit {
    /// The trial whose configuration was chosen.
    pub trial: PlannedTrial,
    /// Its backbone.
    pub backbone: BackboneKind,
    /// The folder of the finalist's run that stands for it, within the study's.
    pub finalist: String,
    /// What it is trained with instead of its own values, as text.
    pub values: String,
    /// Hash of configuration and data.
    pub id: String,
}

impl StudyDir {
    /// The folder of the refit.
    pub fn refit_run(&self, refit: &Refit) -> TrialDir {
        let name = format!("{:05}-{}", refit.trial.number, refit.id);
        TrialDir::new(self.refits().join(name))
    }
}

impl Study {
    /// The refit as it was written down; `None` while it is not, or where the study
    /// has none.
    ///
    /// # Errors
    /// A file that can't be read.
    pub fn refit(&self) -> Result<Option<Refit>, SearchError> {
        match self.config.study.refit {
            Some(_) => read_json(&self.dir.refit()),
            None => Ok(None),
        }
    }

    /// What is to be trained again, by the finalists' validation scores, and writes it
    /// down; `None` where the study has no refit, or nothing can be chosen. The same
    /// for whoever asks, once all finalists have ended.
    ///
    /// # Errors
    /// A file that can't be read or written.
    pub(crate) fn settle_refit(&self) -> Result<Option<Refit>, SearchError> {
        let finalists = self.settle_finalists()?;
        let selection = match self.selection(&finalists) {
            Err(SearchError::NothingToChoose { .. }) => return Ok(None),
            other => other?,
        };
        self.settle_refit_of(&selection)
    }

    fn settle_refit_of(&self, selection: &Selection) -> Result<Option<Refit>, SearchError> {
        let (Some(refit), Some(chosen)) = (&self.config.study.refit, selection.chosen()) else {
            return Ok(None);
        };
        let Some(trial) = self.trial(chosen.trial)? else {
            return Ok(None);
        };
        let Some(config) = self.config.refit(&trial.point)? else {
            return Ok(None);
        };
        let plan = &self.plan;
        let split = match &plan.refit_fingerprint {
            Some(merged) if refit.valid => merged,
            _ => &plan.split_fingerprint,
        };
        let values = refit.text(chosen.backbone);
        let known = self.refit()?;
        let is_same = |known: &Refit| known.trial == trial && known.values == values;
        let settled = Refit {
            // Another psp may make another id of the same configuration.
            id: match known.as_ref().filter(|known| is_same(known)) {
                Some(known) => known.id.clone(),
                None => plan.id_of(&config, split)?,
            },
            backbone: chosen.backbone,
            finalist: selection.folder.clone(),
            values,
            trial,
        };
        // A finished study may lie where nothing can be written.
        if known.as_ref() != Some(&settled) {
            write_json(&self.dir.refit(), &settled)?;
        }
        Ok(Some(settled))
    }

    /// Makes the refitted model the chosen one, where the study has a refit that came
    /// to its end, and says so.
    pub(crate) fn refitted(&self, mut selection: Selection) -> Result<Selection, SearchError> {
        let Some(refit) = self.settle_refit_of(&selection)? else {
            return Ok(selection);
        };
        let dir = self.dir.refit_run(&refit);
        let Some(record) = dir.read_outcome()? else {
            return Ok(selection);
        };
        let (finalist, before) = if self.config.study.folds > 0 {
            // The folds' images are others.
            let trial = self.folder(&refit.trial).read_outcome()?;
            let result = trial.as_ref().and_then(|record| record.outcome.result());
            let best = result.and_then(|result| result.best.as_ref());
            (best.map(score), "the trial's on the same images")
        } else {
            (
                selection.chosen().map(|chosen| chosen.mean),
                "the finalist's mean",
            )
        };
        let compared = finalist.map_or_else(String::new, |score| format!(", {before} {score:.4}"));
        let run = refit_run(&dir, &refit, &record.outcome)?;
        let values = &refit.values;
        let result = record.outcome.result();
        let r2 = result.and_then(|result| result.best.as_ref()?.overall.r2);
        let doubted = r2
            .and_then(|r2| doubt(r2, r2))
            .map_or_else(String::new, |doubt| format!("; the refit {doubt}"));
        let reason = match (&run.failure, run.valid) {
            (Some(reason), _) => {
                format!(
                    "its refit with {values} failed, so that the finalist is exported: {reason}"
                )
            }
            (None, None) => {
                format!("refitted with {values}; only the test split tells how good it is")
            }
            (None, Some(valid)) => format!(
                "refitted with {values}: validation score {valid:.4}{compared}{}{doubted}",
                if finalist.is_some_and(|score| valid < score) {
                    format!(
                        "; the refit is worse, and `--backbone {}` exports the finalist",
                        refit.backbone
                    )
                } else {
                    String::new()
                }
            ),
        };
        selection.reason = format!("{}; {reason}", selection.reason);
        if run.failure.is_none() {
            selection.folder.clone_from(&run.folder);
        }
        selection.refit = Some(run);
        Ok(selection)
    }
}

/// How the refit ended.
fn refit_run(
    dir: &TrialDir,
    refit: &Refit,
    outcome: &TrialOutcome,
) -> Result<RefitRun, SearchError> {
    let test: Option<TestRecord> = read_json(&dir.test())?;
    let test = test.and_then(|test| test.metrics);
    Ok(RefitRun {
        folder: format!("refit/{}", dir.name()),
        finalist: refit.finalist.clone(),
        values: refit.values.clone(),
        valid: outcome
            .result()
            .and_then(|result| result.best.as_ref())
            .map(score),
        test: test.as_ref().map(score),
        failure: match outcome {
            TrialOutcome::Finished { .. } => None,
            TrialOutcome::Failed { reason } => Some(reason.clone()),
        },
    })
}
