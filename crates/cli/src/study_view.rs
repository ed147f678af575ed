//! A study while it runs: one line per worker on a terminal, plain lines in a
//! pipe.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use anyhow::Result;
use indicatif::{HumanDuration, MultiProgress, ProgressBar};
use psp_schema::TrialState;
use psp_search::{Overview, Study, StudyEvent, WorkerEvent};

use crate::progress;
use crate::text::{counted, number, squared};

/// Shows a study's events.
pub(crate) struct StudyView {
    bars: MultiProgress,
    workers: Vec<ProgressBar>,
    summary: ProgressBar,
    study: Study,
    known: Known,
    /// When `known` was read.
    read: Instant,
    /// Trials that had ended when this view began, for the time left.
    ended_before: usize,
    begun: Instant,
    is_terminal: bool,
    /// Warnings that were shown.
    warned: HashSet<String>,
}

/// Where the trials stand, those of other processes included.
struct Known {
    ended: usize,
    total: usize,
    pruned: usize,
    failed: usize,
    best: Option<(f64, String)>,
}

impl Known {
    fn of(study: &Study) -> Result<Self> {
        let overview = Overview::of(study)?;
        let failed = overview.count(TrialState::Failed);
        let pruned = overview.count(TrialState::Pruned);
        let best = overview.best();
        Ok(Self {
            ended: overview.count(TrialState::Finished) + pruned + failed,
            total: overview.wanted(),
            pruned,
            failed,
            best: best.and_then(|row| Some((row.score?, row.name.clone()))),
        })
    }
}

/// How often the study's folder is read for the summary.
const READ: Duration = Duration::from_secs(5);

impl StudyView {
    pub(crate) fn new(study: &Study, workers: usize) -> Result<Self> {
        let known = Known::of(study)?;
        let bars = MultiProgress::new();
        let summary = bars.add(ProgressBar::no_length());
        summary.set_style(progress::style("{wide_msg}"));
        let workers = (0..workers).map(|slot| {
            let bar = bars.insert_before(&summary, ProgressBar::new(1));
            bar.set_style(progress::style(
                "{prefix:>3} {bar:20} {percent:>3} % {wide_msg}",
            ));
            bar.set_prefix(format!("{slot}"));
            bar
        });
        let view = Self {
            workers: workers.collect(),
            study: study.clone(),
            ended_before: known.ended,
            known,
            read: Instant::now(),
            begun: Instant::now(),
            is_terminal: progress::is_terminal(),
            warned: HashSet::new(),
            summary,
            bars,
        };
        view.summarise();
        Ok(view)
    }

    pub(crate) fn show(&mut self, event: &StudyEvent<'_>) {
        match event {
            StudyEvent::Worker { slot, event } => self.worker(*slot, event),
            StudyEvent::Line { slot, line } => self.line(&format!("worker {slot}: {line}")),
            StudyEvent::Died { slot, reason } => {
                self.line(&format!("worker {slot} died and is replaced: {reason}"));
            }
            StudyEvent::GivenUp { slot, reason } => {
                self.line(&format!("worker {slot} ended: {reason}"));
            }
            StudyEvent::Tick if self.is_terminal && self.read.elapsed() > READ => self.refresh(),
            StudyEvent::Tick => {}
        }
    }

    /// Reads the study again. What can't be read now may be another time.
    fn refresh(&mut self) {
        if let Ok(known) = Known::of(&self.study) {
            self.known = known;
        }
        self.read = Instant::now();
        self.summarise();
    }

    fn worker(&mut self, slot: usize, event: &WorkerEvent) {
        let Some(bar) = self.workers.get(slot) else {
            return;
        };
        match event {
            WorkerEvent::Claimed {
                task, label, again, ..
            } => {
                bar.set_length(1);
                bar.set_position(0);
                bar.set_message(label.clone());
                let again = if *again { ", again" } else { "" };
                self.line(&format!("worker {slot}: {task}{again}: {label}"));
            }
            WorkerEvent::Preparing { what, done, total } => {
                bar.set_length(*total as u64);
                bar.set_position(*done as u64);
                bar.set_message(format!("{what} {done}/{total} images"));
            }
            WorkerEvent::Progress {
                epoch,
                epochs,
                batch,
                batches,
                loss,
            } => {
                bar.set_length(epochs * *batches as u64);
                bar.set_position((epoch - 1) * *batches as u64 + *batch as u64);
                bar.set_message(format!("epoch {epoch}/{epochs} loss {loss:.4}"));
            }
            WorkerEvent::Epoch {
                epoch, epochs, mse, ..
            } => bar.set_message(match mse {
                Some(mse) => format!("epoch {epoch}/{epochs} valid MSE {}", squared(*mse)),
                None => format!("epoch {epoch}/{epochs} done"),
            }),
            WorkerEvent::Ended { task, how, score } => {
                let text = match score {
                    Some(score) => format!("{task}: {how}, score {}", number(*score)),
                    None => format!("{task}: {how}"),
                };
                self.line(&format!("worker {slot}: {text}"));
            }
            WorkerEvent::Released { task, reason } => {
                self.line(&format!("worker {slot}: {task}: {reason}"));
            }
            WorkerEvent::Waiting { held } => {
                let tasks = counted(*held, "task");
                bar.set_message(format!("waiting for {tasks} of other workers"));
            }
            // What holds for all trials is said by the first.
            WorkerEvent::Warning { text } => {
                if self.warned.insert(text.clone()) {
                    self.line(&format!("worker {slot}: warning: {text}"));
                }
            }
        }
    }

    fn summarise(&self) {
        let known = &self.known;
        let mut text = format!(
            "trials {}/{}, {} pruned, {} failed",
            known.ended, known.total, known.pruned, known.failed
        );
        if let Some((score, name)) = &known.best {
            text = format!("{text}, best {} ({name})", number(*score));
        }
        let left = known.total.saturating_sub(known.ended);
        let ended_here = known.ended.saturating_sub(self.ended_before);
        if ended_here > 0 && left > 0 {
            let per_trial = self.begun.elapsed().as_secs_f64() / ended_here as f64;
            let left = Duration::from_secs_f64(per_trial * left as f64);
            text = format!("{text}, about {} left", HumanDuration(left));
        }
        self.summary.set_message(text);
    }

    /// Prints a line above the bars.
    fn line(&self, text: &str) {
        if self.is_terminal {
            self.bars.suspend(|| println!("{text}"))
        } else {
            println!("{text}")
        }
    }
}

impl Drop for StudyView {
    fn drop(&mut self) {
        for bar in &self.workers {
            bar.finish_and_clear();
        }
        self.summary.finish_and_clear();
    }
}
