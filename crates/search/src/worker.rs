//! A worker: claims tasks of a study one after the other until none is left.

mod attempt;
mod evaluate;
mod log;
mod reporter;
mod tries;

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use psp_lease::{Attempt, Claims, Lease, Settings};
use psp_train::{Machine, Session};

use crate::error::SearchError;
use crate::event::WorkerEvent;
use crate::folder::TrialDir;
use crate::pruner::Pruner;
use crate::snapshot::Snapshot;
use crate::study::Study;
use crate::task::Task;
use crate::weights::Hashes;

/// How often a worker that has nothing to do looks whether others' claims have
/// run out.
const POLL: Duration = Duration::from_millis(500);

/// What a worker is given to work with.
#[derive(Clone, Debug)]
pub struct WorkerSettings {
    /// Its name, for people.
    pub name: String,
    /// Where it computes.
    pub machine: Machine,
    /// Whether it also does the refit, once the finalists are done. That is one
    /// training, which is better left to one worker with all threads.
    pub refit: bool,
}

/// How a worker's work ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WorkEnd {
    /// Every task of the study is done.
    Done,
    /// It was told to stop; what it had begun is saved and given back.
    Interrupted,
}

/// A process that works on a study.
pub struct Worker<'a> {
    study: Study,
    settings: WorkerSettings,
    claims: Claims,
    session: Session,
    hashes: Hashes,
    cancelled: &'a AtomicBool,
    observe: &'a mut dyn FnMut(WorkerEvent),
}

impl<'a> Worker<'a> {
    /// A worker on `study`. `cancelled` set to true saves what is at hand and
    /// ends the work within a step.
    ///
    /// # Errors
    /// A lease that is out of range.
    pub fn new(
        study: Study,
        settings: WorkerSettings,
        cancelled: &'a AtomicBool,
        observe: &'a mut dyn FnMut(WorkerEvent),
    ) -> Result<Self, SearchError> {
        let claims = Claims::new(Settings {
            lease: study.lease(),
            worker: settings.name.clone(),
        })?;
        Ok(Self {
            study,
            hashes: Hashes::on(&settings.machine),
            settings,
            claims,
            session: Session::new(),
            cancelled,
            observe,
        })
    }

    /// Works until every task of the study is done, by whomever: first the
    /// trials, then the finalists, then these on the test split, then the refit if it
    /// is told to.
    ///
    /// # Errors
    /// When the study's folder is gone, or can't be read or written. A trial that
    /// fails is recorded and is no error.
    pub fn run(mut self) -> Result<WorkEnd, SearchError> {
        let end = self.run_phases();
        // Where the study is gone, that is why.
        if end.is_err()
            && let Err(gone @ SearchError::Gone { .. }) = self.study.check_is_there()
        {
            return Err(gone);
        }
        end
    }

    fn run_phases(&mut self) -> Result<WorkEnd, SearchError> {
        let study = &self.study;
        // Whether what is to be done next depends on what has been done.
        let depends = study.pruner() != Pruner::None || study.wanted() > study.plan.trials.len();
        let done = if depends {
            self.work_by_results()?
        } else {
            self.work_on(&self.study.trial_tasks())?
        };
        if !done {
            return Ok(WorkEnd::Interrupted);
        }
        let mut finalists = self.study.settle_finalists()?;
        loop {
            if !self.train_and_test(self.study.final_tasks(&finalists))? {
                return Ok(WorkEnd::Interrupted);
            }
            // A pruned trial that is a finalist itself may fail on the way to its end;
            // another takes its place.
            let settled = self.study.settle_finalists()?;
            if settled == finalists {
                break;
            }
            finalists = settled;
        }
        if self.settings.refit
            && let Some(refit) = self.study.settle_refit()?
            && !self.train_and_test(vec![self.study.refit_task(&refit)])?
        {
            return Ok(WorkEnd::Interrupted);
        }
        Ok(WorkEnd::Done)
    }

    /// Trains what `tasks` say, and evaluates it on the test split when all of it is
    /// trained; false when interrupted.
    fn train_and_test(&mut self, tasks: Vec<Task>) -> Result<bool, SearchError> {
        Ok(self.work_on(&tasks)? && self.work_on(&self.study.test_tasks(tasks)?)?)
    }

    /// Works on `tasks` until all are done; false when interrupted.
    fn work_on(&mut self, tasks: &[Task]) -> Result<bool, SearchError> {
        // Those that nobody has claimed yet come nearly all after those that
        // somebody has.
        let first = psp_lease::frontier(tasks.len(), |index| tasks[index].dir.root().to_owned());
        let mut left: Vec<&Task> = tasks[..first].iter().collect();
        for task in &tasks[first..] {
            if self.is_cancelled() {
                return Ok(false);
            }
            // A claim makes the task's folder, which would bring back a part of a study
            // that was removed.
            self.study.check_is_there()?;
            if let Some(lease) = self.claims.try_first(task.dir.root(), "")? {
                self.attempt(task, lease)?;
            }
            left.push(task);
        }
        loop {
            left.retain(|task| !task.is_done());
            if left.is_empty() {
                return Ok(true);
            }
            let mut worked = false;
            for task in &left {
                if self.is_cancelled() {
                    return Ok(false);
                }
                if task.is_done() {
                    continue;
                }
                if let Some(lease) = self.claim(&task.dir)? {
                    self.attempt(task, lease)?;
                    worked = true;
                }
            }
            if !worked && !self.wait(left.len()) {
                return Ok(false);
            }
        }
    }

    /// Works on trials that are drawn or go on by the results of others, until none
    /// is left; false when interrupted.
    fn work_by_results(&mut self) -> Result<bool, SearchError> {
        let mut snapshot = Snapshot::default();
        loop {
            if self.is_cancelled() {
                return Ok(false);
            }
            self.study.check_is_there()?;
            snapshot.refresh(&self.study)?;
            if self.study.draw_next(&snapshot)? {
                continue;
            }
            let open = self.study.open_tasks(&snapshot);
            if open.is_empty() {
                return Ok(true);
            }
            if !self.work_on_one(&open)? && !self.wait(open.len()) {
                return Ok(false);
            }
        }
    }

    /// Works on the first of `tasks` that can be claimed; false where all are held.
    fn work_on_one(&mut self, tasks: &[Task]) -> Result<bool, SearchError> {
        for task in tasks {
            if let Some(lease) = self.claim(&task.dir)? {
                self.attempt(task, lease)?;
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Claims a task of a study that is still there; `None` where somebody holds it.
    fn claim(&self, dir: &TrialDir) -> Result<Option<Lease>, SearchError> {
        self.study.check_is_there()?;
        let note = tries::progress_of(dir);
        Ok(match self.claims.try_claim(dir.root(), &note)? {
            Attempt::Claimed(lease) => Some(lease),
            Attempt::Held(_) => None,
        })
    }

    /// Waits for others; false when interrupted meanwhile.
    fn wait(&mut self, held: usize) -> bool {
        (self.observe)(WorkerEvent::Waiting { held });
        self.sleep(POLL)
    }

    /// Sleeps, unless interrupted; false then.
    fn sleep(&self, duration: Duration) -> bool {
        let until = Instant::now() + duration;
        while !self.is_cancelled() {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return true;
            }
            std::thread::sleep(left.min(Duration::from_millis(50)));
        }
        false
    }

    fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }

    /// Gives a task back without a result.
    fn release(&mut self, dir: &TrialDir, lease: Lease, reason: &str) {
        if let Err(error) = lease.release() {
            self.warn(format!("{}: {error}", dir.root().display()));
        }
        (self.observe)(WorkerEvent::Released {
            task: dir.name(),
            reason: reason.to_owned(),
        });
    }

    fn warn(&mut self, text: String) {
        (self.observe)(WorkerEvent::Warning { text });
    }
}
