//! One try of one task.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, UNIX_EPOCH};

use psp_lease::{ClaimRecord, Lease};
use psp_train::{Control, Event, Outcome, RunConfig, Standing, trainer};

use super::Worker;
use super::log::TrialLog;
use super::reporter::Reporter;
use crate::choose::{score, score_of};
use crate::error::SearchError;
use crate::event::WorkerEvent;
use crate::folder::{
    FailedAttempt, Record, RungRecord, TrialDir, TrialOutcome, read_json, write_json,
};
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
        let ended = match ended {
            // Every other task would fail here, and none of them elsewhere.
            Ok(Err(error)) if error.is_of_this_machine() => {
                log.line(&format!("given back: {error}"));
                self.release(dir, lease, &error.to_string());
                return Err(error);
            }
            Ok(ended) => ended.map_err(|error| FailedAttempt {
                may_pass: error.is_passing(),
                reason: error.to_string(),
            }),
            Err(panic) => Err(FailedAttempt {
                may_pass: true,
                reason: format!("panicked: {}", message(&*panic)),
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
            Ok(Ended::Trained(Outcome::Paused(standing))) => {
                log.line(&format!("stands at the rung of epoch {}", standing.epochs));
                self.stand(dir, lease, standing)?;
            }
            Ok(Ended::Trained(Outcome::Interrupted) | Ended::Interrupted) => {
                log.line("interrupted, saved and given back");
                self.release(dir, lease, "interrupted");
            }
            Err(_) if !holds(&lease) => {
                let reason = "taken over by another worker".to_owned();
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
                ("finished".to_owned(), score_of(result.best.as_ref()))
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

    /// Writes how a trial stands at a rung, while it is this worker's.
    fn stand(
        &mut self,
        dir: &TrialDir,
        lease: Lease,
        standing: Standing,
    ) -> Result<(), SearchError> {
        if !holds(&lease) {
            return Ok(());
        }
        let how = format!("at epoch {}", standing.epochs);
        let score = score_of(standing.best.as_ref());
        let path = dir.rung(standing.epochs);
        let record = RungRecord {
            standing,
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
                let outcome = self.train(&task.dir, run, *until, lease, log)?;
                Ok(Ended::Trained(outcome))
            }
            Work::Test => {
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

    fn train(
        &mut self,
        dir: &TrialDir,
        config: RunConfig,
        until: Option<u64>,
        lease: &Lease,
        log: &mut TrialLog,
    ) -> Result<Outcome, SearchError> {
        let run = dir.run();
        let fence = || holds(lease);
        let control = Control::new(self.cancelled)
            .fenced(&fence)
            .until(until)
            .within(&self.session)
            .placed(self.settings.device.as_slice(), self.settings.threads);
        let mut reporter = Reporter::new(&mut *self.observe, log);
        let observe = &mut |event: Event<'_>| reporter.report(event);
        // A run that was trained to its end before its outcome was written has
        // its result already.
        let outcome = match run.is_begun() {
            true => trainer::resume(&run, control, observe)?,
            false => trainer::start(&run, config, control, observe)?,
        };
        Ok(outcome)
    }
}

/// What tells whether a task came further between two claims: its newest
/// checkpoint's time, or the empty text before there is any.
pub(super) fn progress_of(dir: &TrialDir) -> String {
    let modified = |metadata: std::fs::Metadata| metadata.modified().ok();
    let time = std::fs::metadata(dir.run().last()).ok().and_then(modified);
    let since = time.and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    since.map_or_else(String::new, |since| since.as_nanos().to_string())
}

/// Reasons of the tries before `token` that ended badly, the last ones in a row
/// that came no further.
fn fruitless(dir: &TrialDir, token: u64) -> Result<Vec<String>, SearchError> {
    let history = psp_lease::history(dir.root())?;
    let note = |record: &ClaimRecord| record.holder.as_ref().map(|holder| holder.note.clone());
    let now = history.iter().find(|record| record.token == token);
    let Some(now) = now.and_then(note) else {
        return Ok(Vec::new());
    };
    let mut reasons = Vec::new();
    for record in history.iter().rev().filter(|record| record.token < token) {
        // A claim that was never written out died as it was made.
        if note(record).is_some_and(|then| then != now) {
            break;
        }
        if dir.pause(record.token).exists() {
            continue;
        }
        let failed: Option<FailedAttempt> = read_json(&dir.attempt(record.token))?;
        match failed {
            Some(failed) => reasons.push(failed.reason),
            // Given back in good order, by an interruption.
            None if record.released => {}
            None => reasons.push(match &record.holder {
                Some(holder) => format!("worker {} vanished", holder.worker),
                None => "a worker vanished".to_owned(),
            }),
        }
    }
    reasons.reverse();
    Ok(reasons)
}

/// The time in UTC.
fn now() -> String {
    jiff::Timestamp::now().strftime("%FT%TZ").to_string()
}

/// Whether the task is certainly still this worker's.
fn holds(lease: &Lease) -> bool {
    lease.holds().unwrap_or(false)
}

fn given_up(reasons: &[String]) -> String {
    let last = reasons.last().map_or("", String::as_str);
    format!("{} tries came no further; the last: {last}", reasons.len())
}

/// The text of a panic.
fn message(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "without a message".to_owned())
}
