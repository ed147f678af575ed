//! Beginning a study, and going on with it: all files of the beginning belong to one
//! command, and what a study compares stays the same.

use std::path::Path;
use std::time::Duration;

use psp_data::Splits;
use psp_lease::{Attempt, Claims, Lease, Settings};
use psp_schema::write_json;
use psp_train::{Inputs, Machine, RunConfig};

use crate::beginning::Beginning;
use crate::config::SearchConfig;
use crate::error::SearchError;
use crate::folder::{StudyDir, TrialDir};
use crate::keys;
use crate::moved::place;
use crate::plan::Plan;
use crate::records::read_json;
use crate::study::{Study, split_at};
use crate::under_way::tasks_in;
use crate::weights::{Hashes, Weights};

/// Between two looks whether another command has begun the study.
const POLL: Duration = Duration::from_millis(100);

impl Study {
    /// Begins the study in `dir`, or goes on with the one that is there, with more
    /// trials where `config` asks for more. Of all commands that begin it at once one
    /// does; the others go on with it, or are refused.
    ///
    /// What `config` says of where data lie and how trials are computed holds for the
    /// returned study; it is stored only of data that were moved.
    ///
    /// A new study's images are decoded once: with one that can't be, every trial would
    /// fail. `observe(done, total)` is told of each.
    ///
    /// # Errors
    /// Data or weights that can't be used, a point that can't be trained, another study
    /// in the folder, or data or weights that changed since the study began.
    pub fn begin(
        dir: StudyDir,
        mut config: SearchConfig,
        machine: &Machine,
        observe: &mut dyn FnMut(usize, usize),
    ) -> Result<Self, SearchError> {
        config.make_absolute()?;
        let mut hashes = Hashes::on(machine);
        let draft = Draft::of(&dir, &config, None, &mut hashes)?;
        if draft.is_stored {
            return Ok(draft.study);
        }
        if !dir.is_begun() {
            let all = (0..draft.inputs.dataset.len()).collect();
            let base = config.base.clone().on(machine)?;
            draft.inputs.check_images(&base, all, observe)?;
            draft.study.plan.check_weights(&config, machine)?;
        }
        let lease = claim(&dir, &config)?;
        let written = (|| {
            // Another command may have begun it meanwhile.
            let draft = Draft::of(&dir, &config, Some(draft.inputs), &mut hashes)?;
            if draft.is_stored {
                Ok(draft.study)
            } else {
                draft.write(&lease)
            }
        })();
        let released = lease.release();
        let study = written?;
        released?;
        Ok(study)
    }

    /// Goes on with the study in `dir`, with its data in the folder `data` and with up
    /// to `trials` trials, where these are given; trials that it has remain.
    ///
    /// # Errors
    /// As [`Study::begin`]; when there is no study.
    pub fn resume(
        dir: StudyDir,
        data: Option<&Path>,
        trials: Option<u64>,
        machine: &Machine,
        observe: &mut dyn FnMut(usize, usize),
    ) -> Result<Self, SearchError> {
        let mut config = Self::open(dir.clone())?.config;
        if let Some(to) = data {
            config.base.move_data(to);
        }
        if let Some(trials) = trials {
            config.set_trials(trials)?;
        }
        Self::begin(dir, config, machine, observe)
    }
}

/// A study as it would be stored.
struct Draft {
    study: Study,
    inputs: Inputs,
    folds: Vec<Splits>,
    /// That of a refit that trains on validation images, too.
    refit_split: Option<Splits>,
    /// Where its runs looked for data, where that changes.
    moved_from: Option<RunConfig>,
    /// Whether it is stored so.
    is_stored: bool,
}

impl Draft {
    /// `inputs`: those of `config`, if they are open already.
    fn of(
        dir: &StudyDir,
        config: &SearchConfig,
        inputs: Option<Inputs>,
        hashes: &mut Hashes,
    ) -> Result<Self, SearchError> {
        if dir.has_lost_study_file() {
            let mut draft = Self::going_on(restored(dir, config)?, config, inputs, hashes)?;
            draft.is_stored = false;
            Ok(draft)
        } else if dir.is_begun() {
            Self::going_on(Study::open(dir.clone())?, config, inputs, hashes)
        } else {
            Self::new(dir, config, inputs, hashes)
        }
    }

    fn new(
        dir: &StudyDir,
        config: &SearchConfig,
        inputs: Option<Inputs>,
        hashes: &mut Hashes,
    ) -> Result<Self, SearchError> {
        if psp_schema::is_same_place(&config.base.data.dir, dir.root()) {
            return Err(SearchError::InData {
                study: dir.root().to_owned(),
            });
        }
        dir.check_is_free()?;
        let inputs = match inputs {
            Some(inputs) => inputs,
            None => {
                let mut base = config.base.clone();
                if dir.has_lost_plan() && dir.split().exists() {
                    base.data.split = split_at(&dir.split())?;
                }
                Inputs::open(&base)?
            }
        };
        let Beginning {
            plan,
            folds,
            refit_split,
        } = Beginning::of(config, &inputs, !dir.has_lost_plan(), hashes)?;
        let drawn: Vec<TrialDir> = plan.trials.iter().map(|trial| dir.trial(trial)).collect();
        let known = tasks_in(&dir.trials())?;
        if !known.is_empty() && !known.iter().any(|trial| drawn.contains(trial)) {
            return Err(SearchError::OtherTrials { study: dir.clone() });
        }
        Ok(Self {
            study: Study::new(dir.clone(), config.clone(), plan)?,
            inputs,
            folds,
            refit_split,
            moved_from: None,
            is_stored: false,
        })
    }

    fn going_on(
        known: Study,
        config: &SearchConfig,
        inputs: Option<Inputs>,
        hashes: &mut Hashes,
    ) -> Result<Self, SearchError> {
        if let Some(what) = known.config.difference(config)? {
            return Err(SearchError::Differs {
                study: known.dir.root().to_owned(),
                what,
            });
        }
        if !known.plan.is_of(&known.config)? {
            return Err(SearchError::Edited {
                file: known.dir.study(),
                what: "what trials share".to_owned(),
            });
        }
        let inputs = known.inputs(&config.base, inputs)?;
        let weights = Weights::within(config, Some(&known.plan.weights), hashes)?;
        if let Some((name, then, now)) = known.plan.weights.changed(&weights) {
            known.changed(&format!("the weights file {name}"), then, now)?;
        }
        let mut stored = config.clone();
        stored.base = known.config.base.clone();
        // A trial that was begun stays part of the study; 0 means all.
        let trials = &mut stored.study.trials;
        if *trials > 0 {
            *trials = (*trials).max(known.wanted() as u64);
        }
        let (then, now) = (&known.config.base.data, &config.base.data);
        let is_moved = (&then.dir, &then.labels, &then.images)
            != (&now.dir, &now.labels, &now.images)
            && !known.finds_its_data();
        let moved_from = is_moved.then(|| known.config.base.clone());
        if is_moved {
            place(&mut stored.base, &config.base);
        }
        let (data, split) = (&known.plan.data_fingerprint, &known.plan.split_fingerprint);
        let (data, split) = (data.clone(), split.clone());
        let mut plan = Plan::draw(&stored, data, split, weights, &known.plan.trials)?;
        plan.psp_version.clone_from(&known.plan.psp_version);
        let labels = &known.plan.labels_fingerprint;
        plan.labels_fingerprint.clone_from(labels);
        plan.study_file.clone_from(&known.plan.study_file);
        let Beginning {
            plan,
            folds,
            refit_split,
        } = Beginning::with(plan, &stored, &inputs)?;
        let is_as_written = known.config_as_written()?.to_toml()? == known.config.to_toml()?;
        let is_stored =
            plan == known.plan && stored.study == known.config.study && !is_moved && is_as_written;
        let local = keys::local_overrides(&stored.base, &config.base)?;
        Ok(Self {
            study: Study::new(known.dir, stored, plan)?.with_local(local),
            inputs,
            folds,
            refit_split,
            moved_from,
            is_stored,
        })
    }

    /// Writes everything, while the claim on it holds.
    fn write(mut self, lease: &Lease) -> Result<Study, SearchError> {
        let (dir, dataset) = (&self.study.dir, &self.inputs.dataset);
        psp_schema::create_folder(&dir.trials())?;
        self.inputs.splits.write(&dir.split(), dataset, true)?;
        for (fold, splits) in self.folds.iter().enumerate() {
            let path = dir.fold(fold);
            if let Some(parent) = path.parent() {
                psp_schema::create_folder(parent)?;
            }
            splits.write(&path, dataset, true)?;
        }
        if let Some(splits) = &self.refit_split {
            splits.write(&dir.refit_split(), dataset, true)?;
        }
        if let Some(from) = &self.moved_from {
            self.study.relocate_runs(from)?;
        }
        let text = self.study.config.to_toml()?;
        psp_schema::write_atomic(&dir.study(), |out| out.write_all(text.as_bytes()))?;
        self.study.plan.study_file = Some(text);
        if !lease.holds()? {
            return Err(SearchError::BegunElsewhere {
                study: dir.root().to_owned(),
            });
        }
        // Last: a folder with a plan is a study.
        write_json(&dir.plan(), &self.study.plan)?;
        Ok(self.study)
    }
}

impl StudyDir {
    /// Refuses a folder that has what a study would write over, though none was begun in
    /// it: a data set's `split.csv`, say.
    fn check_is_free(&self) -> Result<(), SearchError> {
        if self.beginning().exists() {
            return Ok(());
        }
        let mut entries = self.entries().into_iter();
        if let Some(file) = entries.find(|entry| entry.is_symlink() || entry.exists()) {
            return Err(SearchError::Occupied {
                study: self.root().to_owned(),
                file,
            });
        }
        Ok(())
    }
}

/// The study whose own file is lost, as the plan has it, or, of an earlier version's, as `config`
/// says that it was, if that draws its trials.
fn restored(dir: &StudyDir, config: &SearchConfig) -> Result<Study, SearchError> {
    let plan: Option<Plan> = read_json(&dir.plan())?;
    let plan = plan.filter(|plan| plan.psp_version == env!("CARGO_PKG_VERSION"));
    let Some(plan) = plan else {
        return Err(SearchError::LostStudyFile { study: dir.clone() });
    };
    let then = plan.study_as_written(dir)?;
    let config = then.unwrap_or_else(|| config.clone());
    Study::new(dir.clone(), config, plan)
}

/// Takes the study's folder for writing what a study begins with; waits for others.
fn claim(dir: &StudyDir, config: &SearchConfig) -> Result<Lease, SearchError> {
    let claims = Claims::new(Settings {
        lease: Duration::from_secs(config.study.lease_seconds),
        worker: "begin".to_owned(),
    })?;
    loop {
        match claims.try_claim(&dir.beginning(), "")? {
            Attempt::Claimed(lease) => return Ok(lease),
            Attempt::Held(_) => std::thread::sleep(POLL),
        }
    }
}
