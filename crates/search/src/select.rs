//! The chosen model.

use std::collections::BTreeSet;
use std::path::Path;

use burn::tensor::Device;
use psp_metrics::{OverallMetrics, RegressionMetrics};
use psp_models::{BackboneKind, multiply_adds_of};
use psp_schema::{Ranked, write_json};
use serde::{Deserialize, Serialize};

use crate::choose::{Candidate, Choice, choose, doubt, score};
use crate::config::StudySection;
use crate::error::SearchError;
use crate::finalists::{FinalSeed, Finalists};
use crate::folder::TrialDir;
use crate::records::read_json;
use crate::study::Study;

/// `test.json`: a finalist on the test split, which nothing was chosen by.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TestRecord {
    /// Its metrics; `None` where the split has no test part, or it failed.
    pub metrics: Option<RegressionMetrics>,
    /// Why it failed.
    pub failure: Option<String>,
}

/// `selected.json`: which model was chosen among the finalists, and why.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Selection {
    /// The folder of the run to export, within the study's: the refit's, or else the
    /// chosen finalist's best.
    pub folder: String,
    /// Its backbone.
    pub backbone: BackboneKind,
    /// In words.
    pub reason: String,
    /// How the finalists compare, by the lower bounds of their validation
    /// scores; the test split had no say.
    pub finalists: Vec<RankedFinalist>,
    /// The chosen configuration, trained again; `None` in a study without a refit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refit: Option<RefitRun>,
    /// `[study]` as it was when this was chosen, with the trials that there were; earlier
    /// versions stored none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settings: Option<StudySection>,
}

/// The chosen configuration, trained once more.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RefitRun {
    /// Its folder, within the study's.
    pub folder: String,
    /// The folder of the finalist's run that stands for what was chosen.
    pub finalist: String,
    /// What it was trained with instead of the configuration's own values, as text.
    pub values: String,
    /// Validation score of its best epoch; `None` where it failed, or had no
    /// validation images.
    pub valid: Option<f64>,
    /// Score on the test split.
    pub test: Option<f64>,
    /// Why it failed; then the finalist's run is exported.
    pub failure: Option<String>,
}

/// A finalist in the comparison.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RankedFinalist {
    /// Its backbone.
    pub backbone: BackboneKind,
    /// The trial that it comes from.
    pub trial: usize,
    /// Its values, as text.
    pub values: String,
    /// Mean validation score over its seeds: R², or the negative MSE where R²
    /// is undefined.
    pub mean: f64,
    /// Standard deviation between the seeds; `None` of one seed.
    pub deviation: Option<f64>,
    /// What it is ranked by.
    pub lower_bound: f64,
    /// Whether it is within the first's noise.
    pub ties: bool,
    /// Multiply-adds of one prediction.
    pub multiply_adds: u64,
    /// Its trainings, best validation score first.
    pub runs: Vec<FinalRun>,
}

/// One training of a finalist.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FinalRun {
    /// Its folder, within the study's.
    pub folder: String,
    /// Its seed.
    pub seed: u64,
    /// The fold that it was validated on; `None`: the study's own split.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fold: Option<usize>,
    /// Validation score of its best epoch.
    pub valid: f64,
    /// Score on the test split, read once, after everything was trained.
    pub test: Option<f64>,
}

impl Selection {
    /// The chosen finalist.
    pub fn chosen(&self) -> Option<&RankedFinalist> {
        let refit = self.refit.as_ref();
        let folder = refit.map_or(&self.folder, |refit| &refit.finalist);
        let is_chosen = |finalist: &&RankedFinalist| {
            let mut runs = finalist.runs.iter();
            runs.any(|run| run.folder == *folder)
        };
        self.finalists.iter().find(is_chosen)
    }

    /// The run to export: the chosen one, or the best finalist of a backbone.
    pub fn folder_of(&self, backbone: Option<BackboneKind>) -> Option<(usize, &str)> {
        match backbone {
            None => Some((0, self.folder.as_str())),
            Some(backbone) => {
                let mut places = self.finalists.iter().enumerate();
                let (place, finalist) = places.find(|(_, f)| f.backbone == backbone)?;
                let run = to_export(&finalist.runs)?;
                Some((place + 1, run.folder.as_str()))
            }
        }
    }
}

impl Study {
    /// Chooses among the finalists, once these and the refit have ended, and writes it
    /// down.
    ///
    /// # Errors
    /// When no finalist was trained to its end, or a file can't be read or
    /// written.
    pub fn select(&self) -> Result<Selection, SearchError> {
        let finalists = self.settle_finalists()?;
        let selection = self.refitted(self.selection(&finalists)?)?;
        let is_same = |stored: &Selection| {
            // Another version may word the reason otherwise, and stored no settings.
            *stored
                == Selection {
                    reason: stored.reason.clone(),
                    settings: stored.settings.as_ref().and(selection.settings.clone()),
                    ..selection.clone()
                }
        };
        let stored = self.selected()?;
        if stored.as_ref() != Some(&selection) {
            let written = write_json(&self.dir.selected(), &selection);
            // A finished study may lie where nothing can be written.
            if !stored.as_ref().is_some_and(is_same) {
                written?;
            }
        }
        Ok(selection)
    }

    /// Returns which settings changed since `selection` was made; `None` if none did, or if an
    /// earlier version made it.
    ///
    /// # Errors
    /// A value that TOML can't hold.
    pub fn outdated(&self, selection: &Selection) -> Result<Option<String>, SearchError> {
        let Some(then) = &selection.settings else {
            return Ok(None);
        };
        let of = |study: &StudySection| {
            let mut config = self.config.clone();
            config.study.clone_from(study);
            config
        };
        let mut changes = of(&self.settings()).changes_since(&of(then))?;
        changes.retain(|change| {
            let name = change.key.strip_prefix("study.").unwrap_or_default();
            ["trials", "finalists", "seeds", "folds", "confidence"].contains(&name)
                || name.starts_with("refit")
        });
        let changes: Vec<String> = changes.iter().map(ToString::to_string).collect();
        let told = || {
            format!(
                "chosen before these settings changed: {}",
                changes.join(", ")
            )
        };
        Ok((!changes.is_empty()).then(told))
    }

    /// Folders, within the study's, of trainings that `selection` was made among and that are
    /// gone. Earlier versions did not store how many trials there were: of these, finalists
    /// alone are known.
    ///
    /// # Errors
    /// A file that can't be read.
    pub fn gone(&self, selection: &Selection) -> Result<Vec<String>, SearchError> {
        let root = self.dir.root();
        let mut folders = BTreeSet::new();
        let then = selection.settings.as_ref().map_or(0, |then| then.trials);
        for number in 0..then as usize {
            if let Some(trial) = self.trial(number)? {
                let folder = self.folder(&trial);
                let within = folder.root().strip_prefix(root).unwrap_or(folder.root());
                folders.insert(within.to_string_lossy().into_owned());
            }
        }
        let runs = selection.finalists.iter().flat_map(|one| &one.runs);
        folders.extend(runs.map(|run| run.folder.clone()));
        folders.extend(selection.refit.iter().map(|refit| refit.folder.clone()));
        folders.retain(|folder| matches!(root.join(folder).try_exists(), Ok(false)));
        Ok(folders.into_iter().collect())
    }

    /// `[study]`, with the actual number of trials.
    fn settings(&self) -> StudySection {
        StudySection {
            trials: self.wanted() as u64,
            ..self.config.study.clone()
        }
    }

    /// What was chosen; `None` while nothing was.
    ///
    /// # Errors
    /// A file that can't be read.
    pub fn selected(&self) -> Result<Option<Selection>, SearchError> {
        read_json(&self.dir.selected())
    }

    /// The epoch of the checkpoint that a training's scores are of, by its folder within
    /// the study's; `None` where it was not trained to its end.
    ///
    /// # Errors
    /// A file that can't be read.
    pub fn scored_epoch(&self, folder: &str) -> Result<Option<u64>, SearchError> {
        let record = TrialDir::new(self.dir.root().join(folder)).read_outcome()?;
        let result = record.as_ref().and_then(|record| record.outcome.result());
        Ok(result.map(|result| result.best_epoch))
    }

    /// Which finalist was chosen, whatever becomes of its refit.
    pub(crate) fn selection(&self, finalists: &Finalists) -> Result<Selection, SearchError> {
        let mut candidates = Vec::new();
        let mut runs = Vec::new();
        let mut gathered = Vec::new();
        for finalist in &finalists.entries {
            let dir = |seed| self.dir.finalist(&finalist.trial, seed);
            let seeds = finalist.seeds.iter();
            let found = seeds.map(|seed| final_run(self.dir.root(), &dir(seed), seed));
            let found: Vec<_> = found.collect::<Result<_, _>>()?;
            gathered.push(found.into_iter().flatten().collect::<Vec<_>>());
        }
        // Whether the scores are R², which tells how much better than the mean label. Of some
        // alone it can't be compared with the MSE of the others.
        let are_r2 = gathered.iter().flatten().all(|(_, best)| best.r2.is_some());
        for (finalist, found) in finalists.entries.iter().zip(gathered) {
            let scored = |(mut run, best): (FinalRun, OverallMetrics)| {
                if !are_r2 {
                    run.valid = -best.mse;
                }
                run
            };
            let mut trained: Vec<FinalRun> = found.into_iter().map(scored).collect();
            // Equal scores keep the order of the seeds.
            trained.sort_by(|a, b| b.valid.total_cmp(&a.valid));
            let config = self.config.trial(&finalist.trial.point)?.model_config();
            candidates.push(Candidate {
                name: format!("{} (trial {})", finalist.backbone, finalist.trial.number),
                scores: trained.iter().map(|run| run.valid).collect(),
                multiply_adds: multiply_adds_of(&config, &Device::default()),
            });
            runs.push(trained);
        }
        let none = || SearchError::NothingToChoose {
            study: self.dir.root().to_owned(),
            reason: "no finalist was trained to its end; `psp study show` lists the reasons"
                .to_owned(),
        };
        let choice = choose(&candidates, self.config.study.confidence).ok_or_else(none)?;
        let chosen = to_export(&runs[choice.candidate]).ok_or_else(none)?;
        let mut reason = choice.reason.clone();
        let mut ranking = choice.ranking.iter();
        if let Some(ranked) = ranking.find(|ranked| ranked.candidate == choice.candidate)
            && are_r2
            && let Some(doubt) = doubt(ranked.mean, ranked.lower_bound)
        {
            let name = &candidates[choice.candidate].name;
            reason = format!("{reason}; {name} {doubt}");
        }
        Ok(Selection {
            folder: chosen.folder.clone(),
            backbone: finalists.entries[choice.candidate].backbone,
            reason,
            finalists: ranked(&choice, finalists, &candidates, &runs),
            refit: None,
            settings: Some(self.settings()),
        })
    }
}

/// A training of a finalist that came to its end, and its validation metrics over all
/// targets.
fn final_run(
    study: &Path,
    dir: &TrialDir,
    seed: &FinalSeed,
) -> Result<Option<(FinalRun, OverallMetrics)>, SearchError> {
    let record = dir.read_outcome()?;
    let result = record.as_ref().and_then(|record| record.outcome.result());
    let Some(best) = result.and_then(|result| result.best.as_ref()) else {
        return Ok(None);
    };
    let test: Option<TestRecord> = read_json(&dir.test())?;
    let metrics = test.and_then(|test| test.metrics);
    let run = FinalRun {
        folder: dir.within(study),
        seed: seed.seed,
        fold: seed.fold,
        valid: score(best),
        test: metrics.as_ref().map(score),
    };
    Ok(Some((run, best.overall.clone())))
}

/// Which of a finalist's trainings, sorted by validation score, stands for it: the
/// best of several seeds, which were validated on the same images. Folds were not,
/// so that the best is that with the easiest images; of them it is the middle one.
fn to_export(runs: &[FinalRun]) -> Option<&FinalRun> {
    if runs.iter().any(|run| run.fold.is_some()) {
        runs.get(runs.len() / 2)
    } else {
        runs.first()
    }
}

fn ranked(
    choice: &Choice,
    finalists: &Finalists,
    candidates: &[Candidate],
    runs: &[Vec<FinalRun>],
) -> Vec<RankedFinalist> {
    let place = |ranked: &Ranked| {
        let finalist = &finalists.entries[ranked.candidate];
        RankedFinalist {
            backbone: finalist.backbone,
            trial: finalist.trial.number,
            values: psp_space::point_text(&finalist.trial.point),
            mean: ranked.mean,
            deviation: ranked.deviation,
            lower_bound: ranked.lower_bound,
            ties: ranked.ties,
            multiply_adds: candidates[ranked.candidate].multiply_adds,
            runs: runs[ranked.candidate].clone(),
        }
    };
    choice.ranking.iter().map(place).collect()
}
