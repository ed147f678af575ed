//! A run's events, told as a worker's.

use std::time::{Duration, Instant};

use psp_train::Event;

use super::log::TrialLog;
use crate::event::WorkerEvent;

/// Between two reports of a task's progress.
const REPORT: Duration = Duration::from_millis(100);

/// Turns a run's events into a worker's.
pub(super) struct Reporter<'a> {
    observe: &'a mut dyn FnMut(WorkerEvent),
    log: &'a mut TrialLog,
    reported: Option<Instant>,
    epochs: u64,
    batches: usize,
}

impl<'a> Reporter<'a> {
    pub(super) fn new(observe: &'a mut dyn FnMut(WorkerEvent), log: &'a mut TrialLog) -> Self {
        Self {
            observe,
            log,
            reported: None,
            epochs: 0,
            batches: 0,
        }
    }

    pub(super) fn report(&mut self, event: Event<'_>) {
        match event {
            Event::Checking { done, total } => self.prepare("checking", done, total),
            Event::Features { done, total } => self.prepare("features", done, total),
            Event::PixelWarning(warning) => {
                let text = warning.to_string();
                self.log.line(&text);
                (self.observe)(WorkerEvent::Warning { text });
            }
            Event::WaitingForFeatures => {
                self.log
                    .line("waiting for the features that another process computes");
            }
            Event::DamagedFeatures { path, reason } => {
                let text = format!("{}: damaged features removed: {reason}", path.display());
                self.log.line(&text);
                (self.observe)(WorkerEvent::Warning { text });
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
                epoch, batch, loss, ..
            } => {
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
                let overall = &record.valid.overall;
                self.log.line(&format!(
                    "epoch {}/{}: train MSE {:.6}, valid MSE {:.6}, {:.1} s",
                    record.epoch,
                    self.epochs,
                    record.train.overall.mse,
                    overall.mse,
                    record.seconds
                ));
                (self.observe)(WorkerEvent::Epoch {
                    epoch: record.epoch,
                    epochs: self.epochs,
                    mse: overall.mse,
                    r2: overall.r2,
                    best: record.best,
                });
            }
            // What is to be said of the data is the same for all trials.
            Event::Data(_) | Event::Stages { .. } | Event::Validation { .. } => {}
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

    /// Whether it is time for another report.
    fn is_due(&mut self) -> bool {
        let due = self.reported.is_none_or(|at| at.elapsed() >= REPORT);
        if due {
            self.reported = Some(Instant::now());
        }
        due
    }
}
