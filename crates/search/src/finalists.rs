//! The best configurations of each backbone, which are trained again.

use std::collections::BTreeMap;

use psp_models::BackboneKind;
use serde::{Deserialize, Serialize};

use crate::choose::score;
use crate::error::SearchError;
use crate::folder::write_json;
use crate::plan::{PlannedTrial, trial_id};
use crate::study::Study;

/// `finalists.json`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Finalists {
    /// By backbone, each backbone's best first.
    pub entries: Vec<Finalist>,
}

/// A configuration that is trained with several seeds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Finalist {
    /// torchvision's name.
    pub backbone: BackboneKind,
    /// The trial that it comes from.
    pub trial: PlannedTrial,
    /// That trial's score.
    pub score: f64,
    /// The seeds that it is trained with, none of them the trial's own: a seed
    /// that made it a finalist by luck has no say in the final.
    pub seeds: Vec<FinalSeed>,
}

/// One training of a finalist.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FinalSeed {
    /// `train.seed`.
    pub seed: u64,
    /// Hash of configuration and data.
    pub id: String,
}

impl Study {
    /// The finalists by the trials' validation scores, and writes them down.
    /// The same for whoever asks, once all trials have ended.
    ///
    /// # Errors
    /// When no trial was trained to its end, or a file can't be read or written.
    pub fn settle_finalists(&self) -> Result<Finalists, SearchError> {
        let mut groups: BTreeMap<&'static str, Vec<(f64, &PlannedTrial)>> = BTreeMap::new();
        for (trial, record) in self.plan.trials.iter().zip(self.outcomes()?) {
            let Some(result) = record.as_ref().and_then(|record| record.outcome.result()) else {
                continue;
            };
            let backbone = self.config.trial(&trial.point)?.model.backbone;
            let group = groups.entry(backbone.name()).or_default();
            group.push((score(&result.best), trial));
        }
        if groups.is_empty() {
            return Err(SearchError::NothingToChoose {
                study: self.dir.root().to_owned(),
                reason: "every trial failed; `psp study show` lists the reasons".to_owned(),
            });
        }
        let mut entries = Vec::new();
        for mut group in groups.into_values() {
            // Equal scores keep the order of the draw.
            group.sort_by(|a, b| b.0.total_cmp(&a.0));
            for (score, trial) in group.into_iter().take(self.config.study.finalists) {
                entries.push(self.finalist(score, trial)?);
            }
        }
        let finalists = Finalists { entries };
        write_json(&self.dir.finalists(), &finalists)?;
        Ok(finalists)
    }

    fn finalist(&self, score: f64, trial: &PlannedTrial) -> Result<Finalist, SearchError> {
        let mut config = self.config.trial(&trial.point)?;
        let first = config.train.seed + 1;
        let mut seeds = Vec::new();
        for seed in first..first + self.config.study.seeds {
            config.train.seed = seed;
            let plan = &self.plan;
            seeds.push(FinalSeed {
                seed,
                id: trial_id(&config, &plan.data_fingerprint, &plan.split_fingerprint)?,
            });
        }
        Ok(Finalist {
            backbone: config.model.backbone,
            trial: trial.clone(),
            score,
            seeds,
        })
    }
}
