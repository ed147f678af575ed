//! The tasks of a study's phases.

use psp_train::RunConfig;

use crate::error::SearchError;
use crate::finalists::Finalists;
use crate::folder::TrialDir;
use crate::plan::PlannedTrial;
use crate::study::Study;

/// One piece of work that a worker claims.
#[derive(Clone, Debug)]
pub(crate) struct Task {
    pub(crate) dir: TrialDir,
    /// For people.
    pub(crate) label: String,
    pub(crate) work: Work,
}

/// What is to be done in a task's folder.
#[derive(Clone, Debug)]
pub(crate) enum Work {
    /// Train this trial, with another seed where one is given.
    Train {
        trial: PlannedTrial,
        seed: Option<u64>,
    },
    /// Evaluate what was trained there on the test split.
    Test,
}

impl Task {
    /// Whether nothing is left to do.
    pub(crate) fn is_done(&self) -> bool {
        match self.work {
            Work::Train { .. } => self.dir.outcome().exists(),
            Work::Test => self.dir.test().exists(),
        }
    }
}

impl Study {
    /// The trials.
    pub(crate) fn trial_tasks(&self) -> Vec<Task> {
        let task = |trial: &PlannedTrial| Task {
            dir: self.folder(trial),
            label: psp_space::point_text(&trial.point),
            work: Work::Train {
                trial: trial.clone(),
                seed: None,
            },
        };
        self.plan.trials.iter().map(task).collect()
    }

    /// The finalists, each with every seed.
    pub(crate) fn final_tasks(&self, finalists: &Finalists) -> Vec<Task> {
        let tasks = finalists.entries.iter().flat_map(|finalist| {
            finalist.seeds.iter().map(|seed| Task {
                dir: self
                    .dir
                    .finalist(finalist.trial.number, seed.seed, &seed.id),
                label: format!(
                    "finalist, seed {}: {}",
                    seed.seed,
                    psp_space::point_text(&finalist.trial.point)
                ),
                work: Work::Train {
                    trial: finalist.trial.clone(),
                    seed: Some(seed.seed),
                },
            })
        });
        tasks.collect()
    }

    /// The test split for every finalist that was trained to its end.
    pub(crate) fn test_tasks(&self, finalists: &Finalists) -> Result<Vec<Task>, SearchError> {
        let mut tasks = Vec::new();
        for task in self.final_tasks(finalists) {
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
        seed: Option<u64>,
    ) -> Result<RunConfig, SearchError> {
        let mut config = self.trial_config(trial)?;
        if let Some(seed) = seed {
            config.train.seed = seed;
        }
        Ok(config)
    }
}
