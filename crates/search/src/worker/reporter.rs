//! A run's events, told as a worker's.

use std::time::{Duration, Instant};

use psp_train::Event;

use super::log::TrialLog;
use crate::event::WorkerEvent;

/// Between two reports of a task's progress.
const REPORT: Duration = Duration::from_millis(100);

/// The longest silence of the log while a task trains.
const LOG: Duration = Duration::from_secs(30);

/// Turns a run's events into a worker's.
pub(super) struct Reporter<'a> {
    observe: &'a mut dyn FnMut(WorkerEvent),
    log: &'a mut TrialLog,
    reported: Option<Instant>,
    logged: Option<Instant>,
    epochs: u64,
    batches: usize,
}

impl<'a> Reporter<'a> {
    pub(super) fn new(observe: &'a mut dyn FnMut(WorkerEvent), log: &'a mut TrialLog) -> Self {
        Self {
            observe,
            log,
            reported: None,
            logged: Some(Instant::now()),
            epochs: 0,
            batches: 0,
        }
    }

    pub(super) fn report(&mut self, event: Event<'_>) {
        match event {
            Event::Checking { done, total } => self.prepare("checking", done, total),
            Event::Features { done, total } => self.prepare("features", done, total),
            Event::PixelWarning(warning) => {
                self.warn(warning.to_string());
            }
            Event::Warning { text } => self.warn(text.to_owned()),
            Event::WaitingForFeatures => {
                self.log
                    .line("waiting for the features that another process computes");
            }
            Event::DamagedFeatures { path, reason } => {
                self.warn(format!(
                    "{}: damaged features removed: {reason}",
                    path.display()
                ));
            }
            Event::UnstoredFeatures { reason } => {
                self.warn(format!("features are kept in memory, not stored: {reason}"));
            }
            Event::Started {
                epoch,
                batch,
                epochs,
                batches,
                devices,
                damaged,
            } => {
                (self.epochs, self.batches) = (epochs, batches);
                for fault in damaged {
                    self.log
                        .line(&format!("{fault}; continuing from the one before"));
                }
                let on = match devices {
                    1 => String::new(),
                    _ => format!(" on {devices} devices"),
                };
                let batch = batch + 1;
                self.log
                    .line(&format!("training{on} from epoch {epoch}, batch {batch}"));
            }
            Event::Step {
                epoch,
                batch,
                loss,
                images_per_second,
                ..
            } => {
                if self.is_due_in_log() {
                    self.log.line(&format!(
                        "epoch {epoch}/{}, batch {batch} of {}: loss {loss:.4}, \
                         {images_per_second:.1} images/s",
                        self.epochs, self.batches
                    ));
                }
                if self.is_due() {
                    (self.observe)(WorkerEvent::Progress {
                        epoch,
                        epochs: self.epochs,
                        batch,
                        batches: self.batches,
                        loss,
                    });
                }
            }
            Event::Epoch(record) => {
                self.logged = Some(Instant::now());
                let overall = record.valid.as_ref().map(|valid| &valid.overall);
                let mse = overall.map(|overall| overall.mse);
                let validated = mse.map_or_else(String::new, |mse| format!("valid MSE {mse:.6}, "));
                self.log.line(&format!(
                    "epoch {}/{}: train MSE {:.6}, {validated}{:.1} s",
                    record.epoch, self.epochs, record.train.overall.mse, record.seconds
                ));
                (self.observe)(WorkerEvent::Epoch {
                    epoch: record.epoch,
                    epochs: self.epochs,
                    mse,
                    r2: overall.and_then(|overall| overall.r2),
                    best: record.best,
                });
            }
            Event::Weights(notes) => {
                for note in notes {
                    self.log.line(&format!("weights: {note}"));
                }
            }
            Event::Changed(changes) => {
                for change in changes {
                    self.log.line(&format!("changed since: {change}"));
                }
            }
            // What is to be said of the data is the same for all trials.
            Event::Data(_) | Event::Prepared(_) | Event::Stages { .. } => {}
            Event::Validation { done, total } => {
                if self.is_due_in_log() {
                    self.log
                        .line(&format!("validating, {done} of {total} images"));
                }
            }
        }
    }

    fn prepare(&mut self, what: &str, done: usize, total: usize) {
        if done == total || self.is_due() {
            (self.observe)(WorkerEvent::Preparing {
                what: what.to_owned(),
                done,
                total,
            });
        }
    }

    fn warn(&mut self, text: String) {
        self.log.line(&text);
        (self.observe)(WorkerEvent::Warning { text });
    }

    /// Whether it is time for a line between those of whole epochs.
    fn is_due_in_log(&mut self) -> bool {
        is_due(&mut self.logged, LOG)
    }

    /// Whether it is time for another report.
    fn is_due(&mut self) -> bool {
        is_due(&mut self.reported, REPORT)
    }
}

/// Whether that long has passed since `last`, which then is now.
fn is_due(last: &mut Option<Instant>, pause: Duration) -> bool {
    let due = last.is_none_or(|at| at.elapsed() >= pause);
    if due {
        *last = Some(Instant::now());
    }
    due
}
