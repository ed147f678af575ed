//! The best configurations of each backbone, which are trained again.

use std::collections::BTreeMap;

use psp_models::BackboneKind;
use psp_schema::write_json;
use psp_space::{Point, Seen};
use serde::{Deserialize, Serialize};

use crate::error::SearchError;
use crate::folder::{StudyDir, TrialDir};
use crate::plan::PlannedTrial;
use crate::records::read_json;
use crate::snapshot::Snapshot;
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
    /// That trial's score; where it was pruned, of the epochs that it did.
    pub score: f64,
    /// The seeds that it is trained with, none of them the trial's own: a seed
    /// that made it a finalist by luck has no say in the final. With `study.seeds = 0`
    /// the trial's own alone, which is not trained again.
    pub seeds: Vec<FinalSeed>,
}

/// One training of a finalist.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FinalSeed {
    /// `train.seed`.
    pub seed: u64,
    /// The fold that it is validated on; `None`: the study's own split.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fold: Option<usize>,
    /// Hash of configuration and data.
    pub id: String,
}

impl FinalSeed {
    /// Whether it is the trial's own training, which is compared as it is.
    pub(crate) fn is_of(&self, trial: &PlannedTrial) -> bool {
        self.id == trial.id
    }
}

impl StudyDir {
    /// The folder of a finalist that is trained with another seed, or on a fold; the
    /// trial's own where the trial itself is compared.
    pub fn finalist(&self, trial: &PlannedTrial, run: &FinalSeed) -> TrialDir {
        if run.is_of(trial) {
            return self.trial(trial);
        }
        let number = trial.number;
        let fold = run
            .fold
            .map_or_else(String::new, |fold| format!("-f{fold}"));
        let name = format!("{number:05}-s{}{fold}-{}", run.seed, run.id);
        TrialDir::new(self.finals().join(name))
    }
}

impl std::fmt::Display for FinalSeed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "seed {}", self.seed)?;
        match self.fold {
            Some(fold) => write!(f, ", fold {fold}"),
            None => Ok(()),
        }
    }
}

impl Finalists {
    /// The id of a finalist's training with this seed, on the study's own split.
    fn id_of(&self, trial: &PlannedTrial, seed: u64) -> Option<&str> {
        let finalist = self.entries.iter().find(|one| one.trial == *trial)?;
        let mut seeds = finalist.seeds.iter();
        let run = seeds.find(|run| run.seed == seed && run.fold.is_none())?;
        Some(&run.id)
    }
}

/// A trial's values without its seed.
fn but_for_seed(trial: &PlannedTrial) -> Point {
    let mut point = trial.point.clone();
    point.remove("train.seed");
    point
}

/// Epochs and score.
type Merit = (u64, f64);

impl Study {
    /// The finalists as they were written down; `None` while they are not.
    ///
    /// # Errors
    /// A file that can't be read.
    pub fn finalists(&self) -> Result<Option<Finalists>, SearchError> {
        read_json(&self.dir.finalists())
    }

    /// The finalists by the trials' validation scores, and writes them down. A
    /// trial that was pruned may be one where no trial of its backbone came further;
    /// of trials that differ in their seed alone only the best is one. The same for
    /// whoever asks, once all trials have ended.
    ///
    /// # Errors
    /// When no trial was trained to its end, or a file can't be read or written.
    pub fn settle_finalists(&self) -> Result<Finalists, SearchError> {
        let snapshot = Snapshot::of(self)?;
        let mut groups: BTreeMap<&'static str, Vec<(Merit, &PlannedTrial)>> = BTreeMap::new();
        for entry in snapshot.entries() {
            let Some(merit) = entry.merit() else {
                continue;
            };
            let trial = &entry.trial;
            let backbone = self.config.trial(&trial.point)?.model.backbone;
            groups
                .entry(backbone.name())
                .or_default()
                .push((merit, trial));
        }
        if groups.is_empty() {
            return Err(SearchError::NothingToChoose {
                study: self.dir.root().to_owned(),
                reason: "every trial failed; `psp study show` lists the reasons, and `psp study \
                         retry` has them tried again"
                    .to_owned(),
            });
        }
        let known = self.finalists()?.unwrap_or_default();
        let mut entries = Vec::new();
        for mut group in groups.into_values() {
            // Those that were promoted furthest, then by score; equals keep the order
            // of the draw.
            group.sort_by(|(a, _), (b, _)| b.0.cmp(&a.0).then(b.1.total_cmp(&a.1)));
            let mut seen = Seen::new();
            let distinct = group
                .iter()
                .filter(|(_, trial)| seen.insert(&but_for_seed(trial)));
            for ((_, score), trial) in distinct.take(self.config.study.finalists) {
                let point = but_for_seed(trial);
                let mut last = 0;
                for (_, other) in &group {
                    if but_for_seed(other) == point {
                        last = last.max(self.config.trial(&other.point)?.train.seed);
                    }
                }
                entries.push(self.finalist(*score, trial, last + 1, &known)?);
            }
        }
        let finalists = Finalists { entries };
        // A finished study may lie where nothing can be written.
        if self.finalists()?.as_ref() != Some(&finalists) {
            write_json(&self.dir.finalists(), &finalists)?;
        }
        Ok(finalists)
    }

    /// `first`: the first seed that no trial of this configuration had. What was
    /// `known` of it before keeps its folders.
    fn finalist(
        &self,
        score: f64,
        trial: &PlannedTrial,
        first: u64,
        known: &Finalists,
    ) -> Result<Finalist, SearchError> {
        let mut config = self.config.trial(&trial.point)?;
        let plan = &self.plan;
        let splits: Vec<(Option<usize>, &str)> = if plan.fold_fingerprints.is_empty() {
            vec![(None, &plan.split_fingerprint)]
        } else {
            let folds = plan.fold_fingerprints.iter().enumerate();
            folds.map(|(fold, split)| (Some(fold), &**split)).collect()
        };
        let mut seeds = Vec::new();
        if self.config.study.seeds == 0 {
            seeds.push(FinalSeed {
                seed: config.train.seed,
                fold: None,
                id: trial.id.clone(),
            });
        }
        for seed in first..first + self.config.study.seeds {
            config.train.seed = seed;
            for (fold, split) in &splits {
                // Another psp may make another id of the same configuration.
                let id = match (fold, known.id_of(trial, seed)) {
                    (None, Some(id)) => id.to_owned(),
                    _ => plan.id_of(&config, split)?,
                };
                seeds.push(FinalSeed {
                    seed,
                    fold: *fold,
                    id,
                });
            }
        }
        Ok(Finalist {
            backbone: config.model.backbone,
            trial: trial.clone(),
            score,
            seeds,
        })
    }
}
