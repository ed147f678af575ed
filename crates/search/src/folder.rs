//! A study's folder: what lies where.
//!
//! ```text
//! experiments/<study>/
//!   begin/claim.1           who writes the files below
//!   study.toml              the study file, every default written out
//!   split.csv               the split that all trials share
//!   folds/0.csv             the splits of the finalists, where there are folds
//!   plan.json               the values and id of every trial that is known from the start
//!   drawn/00012.json        the same of one that was drawn from results (sampler `tpe`)
//!   trials/00000-<id>/      one trial: the run folder of `psp train`, and
//!     claim.1, release.1      who works on it
//!     attempt.1.json          why a try ended badly
//!     pause.2.json            the next try waits, so many seconds
//!     rung.3.json             how it stood after 3 epochs, where a pruner asks
//!     log.txt                 what happened
//!     outcome.json            how the trial ended; written last
//!     failed.2.json           how claim 2 ended, after which it was taken up again
//!   finalists.json          which configurations are trained again
//!   finals/<number>-s<seed>-<id>/   the same for them; test.json: the test split
//!   refit.json              which of them is trained once more, with what
//!   refit-split.csv         its split, where it trains on validation images, too
//!   refit/<number>-<id>/    the same for it
//!   selected.json           the chosen model, and why
//!   slurm/                  the job that its workers are, where Slurm starts them
//! ```

use std::path::{Path, PathBuf};

use psp_train::RunDir;

/// Paths inside a study's folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StudyDir {
    root: PathBuf,
}

impl StudyDir {
    /// The folder at `root`, which need not exist.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// The folder itself.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Whether a study was begun here.
    pub fn is_begun(&self) -> bool {
        self.plan().exists()
    }

    /// Whether a study was begun here whose plan is gone.
    pub(crate) fn has_lost_plan(&self) -> bool {
        let rest = [self.beginning(), self.study(), self.trials()];
        !self.is_begun() && rest.iter().all(|path| path.exists())
    }

    /// Whether the study that was begun here has lost its own file.
    pub(crate) fn has_lost_study_file(&self) -> bool {
        let is_empty = || std::fs::metadata(self.study()).is_ok_and(|file| file.len() == 0);
        self.is_begun() && (!self.study().exists() || is_empty())
    }

    /// Whether here is a study, its plan lost perhaps.
    pub fn is_study(&self) -> bool {
        self.is_begun() || self.has_lost_plan()
    }

    /// The study that a run's folder is a part of: as a trial, a finalist's training or
    /// the refit.
    pub fn around(run: &Path) -> Option<Self> {
        let as_named = std::path::absolute(run).ok();
        let mut paths = as_named.into_iter().chain(run.canonicalize().ok());
        paths.find_map(|path| {
            let part = path.parent()?;
            let study = Self::new(part.parent()?);
            let parts = [study.trials(), study.finals(), study.refits()];
            (study.is_study() && parts.iter().any(|known| known == part)).then_some(study)
        })
    }

    /// The study file.
    pub fn study(&self) -> PathBuf {
        self.root.join("study.toml")
    }

    /// The split that all trials share.
    pub fn split(&self) -> PathBuf {
        self.root.join("split.csv")
    }

    /// Every trial.
    pub fn plan(&self) -> PathBuf {
        self.root.join("plan.json")
    }

    /// A trial that was drawn from the results of others.
    pub fn drawn(&self, number: usize) -> PathBuf {
        self.root.join("drawn").join(format!("{number:05}.json"))
    }

    /// The split that validates on one of the folds.
    pub fn fold(&self, fold: usize) -> PathBuf {
        self.root.join("folds").join(format!("{fold}.csv"))
    }

    /// The configurations that are trained again.
    pub fn finalists(&self) -> PathBuf {
        self.root.join("finalists.json")
    }

    /// What is trained once more, and with what.
    pub fn refit(&self) -> PathBuf {
        self.root.join("refit.json")
    }

    /// The split of a refit that trains on validation images, too.
    pub fn refit_split(&self) -> PathBuf {
        self.root.join("refit-split.csv")
    }

    /// The folder of refits' runs.
    pub fn refits(&self) -> PathBuf {
        self.root.join("refit")
    }

    /// The chosen model.
    pub fn selected(&self) -> PathBuf {
        self.root.join("selected.json")
    }

    /// The folder of the trials.
    pub fn trials(&self) -> PathBuf {
        self.root.join("trials")
    }

    /// The folder of the finalists' trainings.
    pub fn finals(&self) -> PathBuf {
        self.root.join("finals")
    }

    /// Everything that a study writes into its folder, what makes it a study first.
    pub fn entries(&self) -> Vec<PathBuf> {
        let others = [
            "study.toml",
            "begin",
            "split.csv",
            "folds",
            "drawn",
            "trials",
            "finalists.json",
            "finals",
            "refit.json",
            "refit-split.csv",
            "refit",
            "selected.json",
            "slurm",
        ];
        let others = others.iter().map(|name| self.root.join(name));
        std::iter::once(self.plan()).chain(others).collect()
    }

    /// Whether an entry is a folder of tasks, in which other things may lie too.
    pub fn holds_tasks(&self, entry: &Path) -> bool {
        [self.trials(), self.finals(), self.refits()]
            .iter()
            .any(|folder| folder == entry)
    }

    /// Claimed by the command that writes what the study begins with.
    pub(crate) fn beginning(&self) -> PathBuf {
        self.root.join("begin")
    }
}

/// Paths inside the folder of one trial.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrialDir {
    root: PathBuf,
}

impl TrialDir {
    pub(crate) fn new(root: PathBuf) -> Self {
        Self { root }
    }

    /// Whether a study may have written `path`, by its name: the trial's number, its seed
    /// perhaps, and an id.
    pub fn is_task(path: &Path) -> bool {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let is_id = |id: &str| id.len() == 12 && id.chars().all(|c| c.is_ascii_hexdigit());
        let number = name.split_once('-').map_or("", |(number, _)| number);
        let id = name.rsplit_once('-').map_or("", |(_, id)| id);
        number.len() >= 5 && number.parse::<usize>().is_ok() && is_id(id) && path.is_dir()
    }

    /// The folder itself.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Its path within the study's folder.
    pub fn within(&self, study: &Path) -> String {
        let path = self.root.strip_prefix(study).unwrap_or(&self.root);
        path.to_string_lossy().into_owned()
    }

    /// Its name.
    pub fn name(&self) -> String {
        let name = self.root.file_name().unwrap_or_default();
        name.to_string_lossy().into_owned()
    }

    /// The run.
    pub fn run(&self) -> RunDir {
        RunDir::new(&self.root)
    }

    /// Whether training can go on from a checkpoint and not only from its beginning.
    /// The first one, which holds the initial weights, has none before it.
    pub(crate) fn has_progress(&self) -> bool {
        self.run().previous().exists()
    }

    /// What happened, one line each.
    pub fn log(&self) -> PathBuf {
        self.root.join("log.txt")
    }

    /// How the trial ended.
    pub fn outcome(&self) -> PathBuf {
        self.root.join("outcome.json")
    }

    /// A finalist's metrics on the test split.
    pub fn test(&self) -> PathBuf {
        self.root.join("test.json")
    }

    /// Why the try with this token ended badly.
    pub fn attempt(&self, token: u64) -> PathBuf {
        self.root.join(format!("attempt.{token}.json"))
    }

    /// There while the try with this token waits before it begins.
    pub fn pause(&self, token: u64) -> PathBuf {
        self.root.join(format!("pause.{token}.json"))
    }

    /// How the trial stood after so many epochs.
    pub fn rung(&self, epochs: u64) -> PathBuf {
        self.root.join(format!("rung.{epochs}.json"))
    }

    /// How the trial had ended after so many claims, before it was taken up again.
    pub fn retried(&self, attempts: u64) -> PathBuf {
        self.root.join(format!("failed.{attempts}.json"))
    }

    /// Whether it failed, was taken up again and has not ended since.
    pub(crate) fn is_to_be_retried(&self) -> bool {
        let entries = std::fs::read_dir(&self.root).into_iter().flatten();
        let mut names = entries.flatten().map(|entry| entry.file_name());
        let was_retried = names.any(|name| {
            let name = name.to_string_lossy();
            name.starts_with("failed.") && name.ends_with(".json")
        });
        was_retried && !self.outcome().exists()
    }
}
