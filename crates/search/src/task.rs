//! The tasks of a study's phases.

use psp_train::RunConfig;

use crate::error::SearchError;
use crate::finalists::{FinalSeed, Finalists};
use crate::folder::TrialDir;
use crate::plan::PlannedTrial;
use crate::refit::Refit;
use crate::snapshot::{Entry, Snapshot, Status};
use crate::study::Study;

/// One piece of work that a worker claims.
#[derive(Clone, Debug)]
pub(crate) struct Task {
    pub(crate) dir: TrialDir,
    /// For people.
    pub(crate) label: String,
    /// Whether it goes on from a rung, so that an earlier claim says nothing.
    pub(crate) promoted: bool,
    pub(crate) work: Work,
}

/// What is to be done in a task's folder.
#[derive(Clone, Debug)]
pub(crate) enum Work {
    /// Train this trial.
    Train {
        trial: PlannedTrial,
        /// With what in place of its own values.
        role: Role,
        /// Up to this rung; `None`: to its end.
        until: Option<u64>,
    },
    /// Evaluate what was trained there on the test split.
    Test,
}

/// What a configuration is trained as.
#[derive(Clone, Debug)]
pub(crate) enum Role {
    /// A trial, with its own values.
    Trial,
    /// A finalist, with another seed and perhaps on a fold.
    Finalist(FinalSeed),
    /// The chosen one, with the values of `[study.refit]`.
    Refit,
}

impl Task {
    /// Whether nothing is left to do.
    pub(crate) fn is_done(&self) -> bool {
        match self.work {
            Work::Train { until, .. } => {
                self.dir.outcome().exists()
                    || until.is_some_and(|rung| self.dir.rung(rung).exists())
            }
            Work::Test => self.dir.test().exists(),
        }
    }
}

impl Study {
    /// The trials of the plan, each to its end.
    pub(crate) fn trial_tasks(&self) -> Vec<Task> {
        let task = |trial: &PlannedTrial| Task {
            dir: self.folder(trial),
            label: psp_space::point_text(&trial.point),
            promoted: false,
            work: Work::Train {
                trial: trial.clone(),
                role: Role::Trial,
                until: None,
            },
        };
        self.plan.trials.iter().map(task).collect()
    }

    /// The trials that are to go on, each to its next rung: those furthest on come
    /// first, and of these the best, since what they show counts most.
    pub(crate) fn open_tasks(&self, snapshot: &Snapshot) -> Vec<Task> {
        let mut open: Vec<&Entry> = snapshot
            .entries()
            .iter()
            .zip(snapshot.statuses(self))
            .filter(|(_, status)| *status == Status::Active)
            .map(|(entry, _)| entry)
            .collect();
        let merit = |entry: &Entry| entry.merit().unwrap_or((0, 0.0));
        // Those without a score keep the order of the draw.
        open.sort_by(|a, b| {
            let (a, b) = (merit(a), merit(b));
            b.0.cmp(&a.0).then(b.1.total_cmp(&a.1))
        });
        open.into_iter().map(open_task).collect()
    }

    /// The finalists, each with every seed.
    pub(crate) fn final_tasks(&self, finalists: &Finalists) -> Vec<Task> {
        let tasks = finalists.entries.iter().flat_map(|finalist| {
            finalist.seeds.iter().map(|seed| Task {
                dir: self.dir.finalist(&finalist.trial, seed),
                label: format!(
                    "finalist, {seed}: {}",
                    psp_space::point_text(&finalist.trial.point)
                ),
                promoted: seed.is_of(&finalist.trial),
                work: Work::Train {
                    trial: finalist.trial.clone(),
                    role: Role::Finalist(seed.clone()),
                    until: None,
                },
            })
        });
        tasks.collect()
    }

    /// The refit.
    pub(crate) fn refit_task(&self, refit: &Refit) -> Task {
        Task {
            dir: self.dir.refit_run(refit),
            label: format!(
                "refit with {}: {}",
                refit.values,
                psp_space::point_text(&refit.trial.point)
            ),
            promoted: false,
            work: Work::Train {
                trial: refit.trial.clone(),
                role: Role::Refit,
                until: None,
            },
        }
    }

    /// The test split for those of `trained` that were trained to their end.
    pub(crate) fn test_tasks(&self, trained: Vec<Task>) -> Result<Vec<Task>, SearchError> {
        let mut tasks = Vec::new();
        for task in trained {
            let record = task.dir.read_outcome()?;
            if record.is_some_and(|record| record.outcome.result().is_some()) {
                tasks.push(Task {
                    label: "test split".to_owned(),
                    work: Work::Test,
                    ..task
                });
            }
        }
        Ok(tasks)
    }

    /// The configuration that a training task is run with.
    pub(crate) fn task_config(
        &self,
        trial: &PlannedTrial,
        role: &Role,
    ) -> Result<RunConfig, SearchError> {
        let split = match role {
            Role::Finalist(FinalSeed {
                fold: Some(fold), ..
            }) => self.dir.fold(*fold),
            Role::Refit if self.plan.refit_fingerprint.is_some() => self.dir.refit_split(),
            _ => self.dir.split(),
        };
        let mut config = self.trial_config(trial, &split)?;
        match role {
            Role::Trial => Ok(config),
            Role::Finalist(seed) => {
                config.train.seed = seed.seed;
                Ok(config)
            }
            Role::Refit => self.config.with_refit(config, &trial.point),
        }
    }
}

fn open_task(entry: &Entry) -> Task {
    let until = entry.next_rung();
    let point = psp_space::point_text(&entry.trial.point);
    let label = match (entry.interim(), until) {
        (None, _) => point,
        (Some(_), Some(rung)) => format!("promoted to epoch {rung}: {point}"),
        (Some(_), None) => format!("promoted to the end: {point}"),
    };
    Task {
        dir: entry.dir.clone(),
        label,
        promoted: entry.interim().is_some(),
        work: Work::Train {
            trial: entry.trial.clone(),
            role: Role::Trial,
            until,
        },
    }
}
