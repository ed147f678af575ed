//! One try of one task.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use psp_lease::Lease;
use psp_schema::{Access, Class, Classify, FileError, write_json};
use psp_train::{
    Control, Event, IntermediateResult, Outcome, RunConfig, RunDir, TrainError, trainer,
};

use super::Worker;
use super::log::TrialLog;
use super::reporter::Reporter;
use super::tries::{fruitless, given_up, message, os_error};
use crate::choose::score;
use crate::error::SearchError;
use crate::event::WorkerEvent;
use crate::folder::TrialDir;
use crate::moved::relocate;
use crate::records::{FailedAttempt, Record, RungRecord, TrialOutcome};
use crate::select::TestRecord;
use crate::task::{Task, Work};

/// The longest pause before a failed task is tried again.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// What came of a try.
enum Ended {
    Trained(Outcome),
    Tested(Option<f64>),
    Interrupted,
}

impl Worker<'_> {
    /// Works on a claimed task until it is done, fails, is lost to another
    /// worker or interrupted.
    pub(super) fn attempt(&mut self, task: &Task, lease: Lease) -> Result<(), SearchError> {
        let dir = &task.dir;
        if task.is_done() {
            self.release(dir, lease, "done by another worker");
            return Ok(());
        }
        (self.observe)(WorkerEvent::Claimed {
            task: dir.name(),
            label: task.label.clone(),
            folder: dir.root().to_owned(),
            token: lease.token(),
            again: lease.token() > 1 && !task.promoted && matches!(task.work, Work::Train { .. }),
        });
        let failed = match lease.token() {
            1 => Vec::new(),
            token => fruitless(dir, token)?,
        };
        let retries = self.study.config.study.retries as usize;
        if failed.len() > retries {
            return match (&task.work, dir.run().read_result()) {
                // Trained to its end; only to say so failed.
                (Work::Train { .. }, Ok(result)) => {
                    self.record(dir, lease, TrialOutcome::Finished { result })
                }
                _ => self.give_up(task, lease, given_up(&failed)),
            };
        }
        if !failed.is_empty() {
            let pause = Duration::from_secs(1 << (failed.len() - 1).min(5));
            // Who dies while it only waits has not tried.
            let mark = dir.pause(lease.token());
            // On a full disk the wait goes on without its mark.
            let _ = write_json(&mark, &pause.as_secs());
            let is_over = self.sleep(pause.min(LONGEST_PAUSE));
            let _ = std::fs::remove_file(&mark);
            if !is_over {
                self.release(dir, lease, "interrupted");
                return Ok(());
            }
        }
        let mut log = TrialLog::open(&dir.log());
        log.line(&format!(
            "claim {} by {}: {}",
            lease.token(),
            self.settings.name,
            task.label
        ));
        let ended = catch_unwind(AssertUnwindSafe(|| self.work(task, &lease, &mut log)));
        let ended = ended.or_else(|panic| {
            let text = message(&*panic);
            match os_error(&text) {
                Some(source) => Ok(Err(FileError::at(dir.root(), Access::Read("work on it"))(
                    source,
                )
                .into())),
                None => Err(text),
            }
        });
        let ended = match ended {
            // Every other task would fail here, and none of them elsewhere.
            Ok(Err(error)) if error.is_of_this_machine() && !is_lost(&lease) => {
                log.line(&format!("given back: {error}"));
                self.release(dir, lease, &format!("given back: {error}"));
                return Err(SearchError::GivenBack(Box::new(error)));
            }
            Ok(ended) => ended.map_err(|error| FailedAttempt {
                may_pass: error.class() == Class::Passing,
                reason: failure(&error, dir),
                of_machine: false,
            }),
            Err(text) => Err(FailedAttempt {
                may_pass: true,
                reason: format!("panicked: {text}"),
                of_machine: false,
            }),
        };
        match ended {
            Ok(Ended::Trained(Outcome::Ended(result))) => {
                self.record(dir, lease, TrialOutcome::Finished { result })?;
                log.line("finished");
            }
            Ok(Ended::Tested(score)) => {
                let how = match score {
                    Some(score) => format!("test score {score:.4}"),
                    None => "there is no test split".to_owned(),
                };
                self.end(dir, lease, how, None);
            }
            Ok(Ended::Trained(Outcome::Paused(interim))) => {
                log.line(&format!("paused at the rung of epoch {}", interim.epochs));
                self.pause(dir, lease, interim)?;
            }
            Ok(Ended::Trained(Outcome::Interrupted) | Ended::Interrupted) => {
                log.line("interrupted, saved and given back");
                self.release(dir, lease, "interrupted");
            }
            Err(_) if !holds(&lease) => {
                let reason = match self.study.check_is_there() {
                    Ok(()) => "taken over by another worker".to_owned(),
                    Err(error) => error.to_string(),
                };
                log.line(&reason);
                let task = dir.name();
                (self.observe)(WorkerEvent::Released { task, reason });
            }
            Err(failed) => {
                log.line(&format!("failed: {}", failed.reason));
                self.fail(task, lease, failed)?;
            }
        }
        Ok(())
    }

    /// Keeps a failed try; one that can't end better ends the task.
    fn fail(
        &mut self,
        task: &Task,
        lease: Lease,
        failed: FailedAttempt,
    ) -> Result<(), SearchError> {
        let dir = &task.dir;
        if let Err(error) = write_json(&dir.attempt(lease.token()), &failed) {
            // The same trouble that made it fail, perhaps: a full disk.
            self.warn(error.to_string());
        }
        if failed.may_pass {
            let reason = format!("{}; to be tried again", failed.reason);
            self.release(dir, lease, &reason);
            return Ok(());
        }
        self.give_up(task, lease, failed.reason)
    }

    /// Ends a task that can't be done. A finalist that can't be tested stays
    /// trained.
    fn give_up(&mut self, task: &Task, lease: Lease, reason: String) -> Result<(), SearchError> {
        let dir = &task.dir;
        if matches!(task.work, Work::Train { .. }) {
            return self.record(dir, lease, TrialOutcome::Failed { reason });
        }
        if holds(&lease) {
            let record = TestRecord {
                metrics: None,
                failure: Some(reason.clone()),
            };
            write_json(&dir.test(), &record)?;
            self.end(dir, lease, format!("failed: {reason}"), None);
        }
        Ok(())
    }

    /// Writes how a task ended, while it is this worker's.
    fn record(
        &mut self,
        dir: &TrialDir,
        lease: Lease,
        outcome: TrialOutcome,
    ) -> Result<(), SearchError> {
        if !holds(&lease) {
            return Ok(());
        }
        let (how, score) = match &outcome {
            TrialOutcome::Finished { result } => {
                ("finished".to_owned(), result.best.as_ref().map(score))
            }
            TrialOutcome::Failed { reason } => (format!("failed: {reason}"), None),
        };
        let record = Record {
            outcome,
            attempts: lease.token(),
            worker: self.settings.name.clone(),
            ended: now(),
        };
        write_json(&dir.outcome(), &record)?;
        self.end(dir, lease, how, score);
        Ok(())
    }

    /// Writes a trial's result at a rung, while it is this worker's.
    fn pause(
        &mut self,
        dir: &TrialDir,
        lease: Lease,
        interim: IntermediateResult,
    ) -> Result<(), SearchError> {
        if !holds(&lease) {
            return Ok(());
        }
        let how = format!("at epoch {}", interim.epochs);
        let score = interim.best.as_ref().map(score);
        let path = dir.rung(interim.epochs);
        let record = RungRecord {
            interim,
            worker: self.settings.name.clone(),
            ended: now(),
        };
        write_json(&path, &record)?;
        self.end(dir, lease, how, score);
        Ok(())
    }

    /// Gives a task back with its result.
    fn end(&mut self, dir: &TrialDir, lease: Lease, how: String, score: Option<f64>) {
        (self.observe)(WorkerEvent::Ended {
            task: dir.name(),
            how,
            score,
        });
        if let Err(error) = lease.release() {
            self.warn(format!("{}: {error}", dir.root().display()));
        }
    }

    fn work(
        &mut self,
        task: &Task,
        lease: &Lease,
        log: &mut TrialLog,
    ) -> Result<Ended, SearchError> {
        match &task.work {
            Work::Train { trial, role, until } => {
                let run = self.study.task_config(trial, role)?;
                self.check_data(&task.dir)?;
                // One that was begun has them in its checkpoint.
                if !task.dir.run().is_begun() {
                    self.study.check_weights(&run, &mut self.hashes)?;
                }
                let mut trained = self.train(&task.dir, run.clone(), *until, lease, log);
                // On Flex the same comes of it from the beginning.
                if let Err(SearchError::Train(error)) = &trained
                    && let Some(lost) = lost(&task.dir.run(), error)
                    && holds(lease)
                {
                    log.line(&format!("{lost}: begun anew"));
                    task.dir.run().discard()?;
                    self.study.check_weights(&run, &mut self.hashes)?;
                    trained = self.train(&task.dir, run, *until, lease, log);
                }
                Ok(Ended::Trained(trained?))
            }
            Work::Test => {
                self.check_data(&task.dir)?;
                let (settings, cancelled) = (&self.settings, self.cancelled);
                let record =
                    super::evaluate::on_test(&task.dir, settings, cancelled, self.observe)?;
                let Some(record) = record else {
                    return Ok(Ended::Interrupted);
                };
                if holds(lease) {
                    write_json(&task.dir.test(), &record)?;
                }
                Ok(Ended::Tested(record.metrics.as_ref().map(score)))
            }
        }
    }

    /// Nothing is computed on other images and labels than the study began with. A run
    /// that was begun is told where they lie now.
    fn check_data(&self, dir: &TrialDir) -> Result<(), SearchError> {
        let base = self.study.base()?;
        let now = self.session.data_fingerprint(&base);
        self.study.check_data(&base, now)?;
        if dir.run().is_begun() {
            relocate(&dir.run(), &base)
        } else {
            Ok(())
        }
    }

    fn train(
        &mut self,
        dir: &TrialDir,
        config: RunConfig,
        until: Option<u64>,
        lease: &Lease,
        log: &mut TrialLog,
    ) -> Result<Outcome, SearchError> {
        // To begin makes the run's folder.
        self.study.check_is_there()?;
        let run = dir.run();
        let fence = || holds(lease);
        let mut machine = self.settings.machine.clone();
        if machine.devices.is_empty() {
            // A run that goes on may have begun on another worker's.
            machine.devices = [&[config.train.device], &*config.train.replicas].concat();
        }
        let control = Control::new(&machine, self.cancelled)
            .fenced(&fence)
            .until(until)
            .within(&self.session);
        let mut reporter = Reporter::new(&mut *self.observe, log);
        let observe = &mut |event: Event<'_>| reporter.report(event);
        // A run that was trained to its end before its outcome was written has
        // its result already.
        let outcome = if run.is_begun() {
            trainer::resume(&run, control, observe)?
        } else {
            trainer::start(&run, config, control, observe)?
        };
        Ok(outcome)
    }
}

/// Why a try failed. A training that diverged says that its last checkpoint is kept, which
/// one that never wrote any but the initial weights' should not.
fn failure(error: &SearchError, dir: &TrialDir) -> String {
    match error {
        SearchError::Train(TrainError::Diverged {
            epoch,
            batch,
            what,
            cause,
            ..
        }) if !dir.has_progress() => format!(
            "training diverged in epoch {epoch}, batch {batch}: {what}. Likely cause: {cause}. \
             It had no checkpoint yet"
        ),
        other => other.to_string(),
    }
}

/// The time in UTC.
fn now() -> String {
    jiff::Timestamp::now().strftime("%FT%TZ").to_string()
}

/// Whether the task is certainly still this worker's.
fn holds(lease: &Lease) -> bool {
    lease.holds().unwrap_or(false)
}

/// Whether the task is certainly another worker's.
fn is_lost(lease: &Lease) -> bool {
    matches!(lease.holds(), Ok(false))
}

/// What a run that failed has lost without which it can't be continued.
fn lost(run: &RunDir, error: &TrainError) -> Option<String> {
    if error.is_lost_run() {
        return Some("no usable checkpoint is left".to_owned());
    }
    run.fault_of_records().ok()?.filter(|_| run.is_begun())
}
