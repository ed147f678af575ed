//! Workers as processes: started, listened to, replaced when they die.

use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use crate::error::SearchError;
use crate::event::WorkerEvent;
use crate::folder::TrialDir;
use crate::records::FailedAttempt;

mod death;
mod process;

use death::{Coroner, End, describe};
use process::{Message, Worker};
use psp_schema::{Access, FileError, write_json};

/// Lines of a worker's standard error that are kept for the record of its death.
const KEPT_LINES: usize = 20;
/// Deaths in a row, without a task in hand, after which no more is started; and times
/// that a worker meets with a fault of the machine, before it is given up.
const FUTILE_STARTS: u32 = 3;
/// Kills in a row after which it is believed that they will go on.
const MOST_KILLS: u32 = 20;

/// Something that happened among the workers.
#[derive(Debug)]
pub enum StudyEvent<'a> {
    /// A worker reports.
    Worker {
        /// Which of them, from 0.
        slot: usize,
        /// What.
        event: &'a WorkerEvent,
    },
    /// A worker wrote a line to its standard error.
    Line {
        /// Which of them, from 0.
        slot: usize,
        /// The line.
        line: &'a str,
    },
    /// A worker died; another takes its place.
    Died {
        /// Which of them, from 0.
        slot: usize,
        /// How.
        reason: &'a str,
    },
    /// A worker ended, and no other takes its place.
    GivenUp {
        /// Which of them, from 0.
        slot: usize,
        /// Why.
        reason: &'a str,
    },
    /// Some time has passed.
    Tick,
}

/// How the work of all workers ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SuperviseEnd {
    /// Nothing is left to do.
    Done,
    /// Told to stop; all is saved.
    Interrupted,
    /// No worker can work.
    Failed {
        /// What the last one said.
        reason: String,
        /// Whether another time may be better, since the fault is the machine's: a
        /// share that is gone, a full disk, too little memory.
        may_pass: bool,
    },
}

/// Before a worker is started in place of one that died at its start, or met with a
/// fault of the machine, per such death in a row.
const RESTART: Duration = Duration::from_secs(1);

/// A worker's place.
enum Slot {
    Works(Worker),
    /// The next one is started then.
    Starts(Instant),
    Empty,
}

/// Runs `workers` processes until the study is done. `command` makes the command
/// of a worker by its slot; it must report [`WorkerEvent`]s as lines of JSON on
/// its standard output and stop when its standard input ends.
///
/// `cancelled` set to true stops them all within a step.
///
/// # Errors
/// When a process can't be started.
pub fn supervise(
    workers: usize,
    mut command: impl FnMut(usize) -> Command,
    cancelled: &AtomicBool,
    observe: &mut dyn FnMut(StudyEvent<'_>),
) -> Result<SuperviseEnd, SearchError> {
    let (sender, receiver) = channel();
    let mut crew = Crew {
        slots: (0..workers).map(|_| Slot::Starts(Instant::now())).collect(),
        faults: vec![0; workers],
        coroner: Coroner::new(),
        sender,
        futile: 0,
        kills: 0,
        given_up: None,
        failed: None,
        done: false,
        interrupted: false,
    };
    crew.run(&receiver, &mut command, cancelled, observe)
}

struct Crew {
    slots: Vec<Slot>,
    /// Faults of the machine that each slot's workers met with in a row.
    faults: Vec<u32>,
    coroner: Coroner,
    sender: Sender<(usize, Message)>,
    /// Deaths in a row without a task.
    futile: u32,
    /// Kills in a row.
    kills: u32,
    /// Why a slot was given up last.
    given_up: Option<String>,
    failed: Option<(String, bool)>,
    /// Whether a worker found nothing left to do.
    done: bool,
    interrupted: bool,
}

impl Crew {
    fn run(
        &mut self,
        receiver: &Receiver<(usize, Message)>,
        command: &mut impl FnMut(usize) -> Command,
        cancelled: &AtomicBool,
        observe: &mut dyn FnMut(StudyEvent<'_>),
    ) -> Result<SuperviseEnd, SearchError> {
        loop {
            if cancelled.load(Ordering::Relaxed) {
                self.stop();
                self.interrupted = true;
            }
            self.start_due(command, observe);
            if !self.slots.iter().any(|slot| !matches!(slot, Slot::Empty)) {
                break;
            }
            match receiver.recv_timeout(Duration::from_millis(200)) {
                Ok((slot, Message::Closed)) => {
                    if self.close(slot) {
                        self.end(slot, cancelled, observe)?;
                    }
                }
                Ok((slot, Message::Err(line))) => self.hear(slot, line, observe),
                Ok((slot, Message::Out(line))) => self.report(slot, &line, observe),
                Err(RecvTimeoutError::Timeout) => observe(StudyEvent::Tick),
                // This side holds a sender.
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        Ok(match (self.failed.take(), self.given_up.take()) {
            (Some((reason, may_pass)), _) => SuperviseEnd::Failed { reason, may_pass },
            (None, _) if self.done => SuperviseEnd::Done,
            (None, _) if self.interrupted => SuperviseEnd::Interrupted,
            (None, Some(reason)) => SuperviseEnd::Failed {
                reason,
                may_pass: true,
            },
            (None, None) => SuperviseEnd::Done,
        })
    }

    /// Starts the workers whose time has come. One that can't be started is a fault of
    /// the machine.
    fn start_due(
        &mut self,
        command: &mut impl FnMut(usize) -> Command,
        observe: &mut dyn FnMut(StudyEvent<'_>),
    ) {
        for slot in 0..self.slots.len() {
            if !matches!(self.slots[slot], Slot::Starts(at) if at <= Instant::now()) {
                continue;
            }
            match Worker::start(command(slot), slot, &self.sender) {
                Ok(worker) => self.slots[slot] = Slot::Works(worker),
                Err(error) => {
                    let reason = format!("a worker can't be started: {error}");
                    self.meet_fault(slot, reason, observe);
                }
            }
        }
    }

    /// Tells all workers to stop.
    fn stop(&mut self) {
        for slot in &mut self.slots {
            match slot {
                Slot::Works(worker) => worker.stdin = None,
                _ => *slot = Slot::Empty,
            }
        }
    }

    fn worker(&mut self, slot: usize) -> Option<&mut Worker> {
        match self.slots.get_mut(slot) {
            Some(Slot::Works(worker)) => Some(worker),
            _ => None,
        }
    }

    fn hear(&mut self, slot: usize, line: String, observe: &mut dyn FnMut(StudyEvent<'_>)) {
        observe(StudyEvent::Line { slot, line: &line });
        if let Some(worker) = self.worker(slot) {
            worker.lines.push(line);
            let surplus = worker.lines.len().saturating_sub(KEPT_LINES);
            worker.lines.drain(..surplus);
        }
    }

    fn report(&mut self, slot: usize, line: &str, observe: &mut dyn FnMut(StudyEvent<'_>)) {
        let Ok(event) = serde_json::from_str::<WorkerEvent>(line) else {
            return observe(StudyEvent::Line { slot, line });
        };
        if let Some(worker) = self.worker(slot) {
            match &event {
                WorkerEvent::Claimed { folder, token, .. } => {
                    worker.task = Some((TrialDir::new(folder.clone()), *token));
                    // What ended it is its last word, and its pipe may be the faster.
                    worker.lines.retain(|line| line.starts_with("error: "));
                    self.futile = 0;
                }
                WorkerEvent::Ended { .. } | WorkerEvent::Released { .. } => worker.task = None,
                _ => {}
            }
        }
        match event {
            // Its result is stored: the machine is well.
            WorkerEvent::Ended { .. } => (self.kills, self.faults[slot]) = (0, 0),
            WorkerEvent::Epoch { .. } => self.kills = 0,
            _ => {}
        }
        observe(StudyEvent::Worker {
            slot,
            event: &event,
        });
    }

    /// One of a worker's pipes is closed; true when none is left open.
    fn close(&mut self, slot: usize) -> bool {
        let Some(worker) = self.worker(slot) else {
            return false;
        };
        worker.open_pipes -= 1;
        worker.open_pipes == 0
    }

    /// A worker has ended; one that died is replaced.
    fn end(
        &mut self,
        slot: usize,
        cancelled: &AtomicBool,
        observe: &mut dyn FnMut(StudyEvent<'_>),
    ) -> Result<(), SearchError> {
        let Slot::Works(mut worker) = std::mem::replace(&mut self.slots[slot], Slot::Empty) else {
            return Ok(());
        };
        let wait = FileError::at(Path::new("worker"), Access::Read("wait for its end"));
        let status = worker.child.wait().map_err(wait)?;
        let end = self
            .coroner
            .end_of(status, worker.task.is_some(), &worker.lines);
        let reason = worker.last_words(describe(status, end));
        let is_own = matches!(end, End::Crashed);
        if let (Some((dir, token)), false) = (&worker.task, end == End::Machine) {
            let failed = FailedAttempt {
                reason: format!("{}\n{}", describe(status, end), worker.lines.join("\n"))
                    .trim_end()
                    .to_owned(),
                may_pass: true,
                of_machine: !is_own,
            };
            // Its claim is that of a dead process, which whoever claims next
            // counts, with or without this record.
            if let Err(error) = write_json(&dir.attempt(*token), &failed) {
                let line = error.to_string();
                observe(StudyEvent::Line { slot, line: &line });
            }
        }
        match end {
            End::Done => self.done = true,
            // Unless it alone was told to stop, by somebody else.
            End::Interrupted if cancelled.load(Ordering::Relaxed) => self.interrupted = true,
            // An error that is not a task's, such as a study that can't be read, would
            // come again.
            End::Error => self.fail(slot, reason, false, observe),
            End::Machine => self.meet_fault(slot, reason, observe),
            End::Memory => self.run_out_of_memory(slot, &reason, observe),
            End::Killed => {
                self.kills += 1;
                if self.kills < MOST_KILLS {
                    self.replace(slot, 0, &reason, observe);
                } else {
                    let reason = format!(
                        "{reason}, {} times in a row; if memory ran out, choose fewer --workers",
                        self.kills
                    );
                    self.fail(slot, reason, true, observe);
                }
            }
            End::Crashed | End::Interrupted => {
                self.futile += u32::from(worker.task.is_none());
                if self.futile < FUTILE_STARTS {
                    self.replace(slot, self.futile, &reason, observe);
                } else {
                    self.fail(slot, reason, false, observe);
                }
            }
        }
        Ok(())
    }

    /// Nobody can go on.
    fn fail(
        &mut self,
        slot: usize,
        reason: String,
        may_pass: bool,
        observe: &mut dyn FnMut(StudyEvent<'_>),
    ) {
        observe(StudyEvent::GivenUp {
            slot,
            reason: &reason,
        });
        self.failed.get_or_insert((reason, may_pass));
        self.stop();
    }

    /// Starts another worker after so many pauses, unless all are to stop.
    fn replace(
        &mut self,
        slot: usize,
        pauses: u32,
        reason: &str,
        observe: &mut dyn FnMut(StudyEvent<'_>),
    ) {
        if self.failed.is_none() && !self.interrupted {
            observe(StudyEvent::Died { slot, reason });
            self.slots[slot] = Slot::Starts(Instant::now() + RESTART * pauses);
        }
    }

    /// The machine lacks something; after a few times, the other workers go on without
    /// this one.
    fn meet_fault(&mut self, slot: usize, reason: String, observe: &mut dyn FnMut(StudyEvent<'_>)) {
        self.faults[slot] += 1;
        if self.faults[slot] < FUTILE_STARTS {
            self.replace(slot, self.faults[slot], &reason, observe);
        } else {
            self.give_up(slot, reason, observe);
        }
    }

    /// Fewer workers need less memory; the last one is tried again by itself.
    fn run_out_of_memory(
        &mut self,
        slot: usize,
        reason: &str,
        observe: &mut dyn FnMut(StudyEvent<'_>),
    ) {
        let reason = format!(
            "{reason}; choose fewer --workers, a machine with more memory or, in a new study, a \
             smaller train.batch_size or preprocess.size"
        );
        let has_others = self.slots.iter().any(|slot| !matches!(slot, Slot::Empty));
        if has_others {
            self.give_up(slot, reason, observe);
        } else {
            self.meet_fault(slot, reason, observe);
        }
    }

    fn give_up(&mut self, slot: usize, reason: String, observe: &mut dyn FnMut(StudyEvent<'_>)) {
        observe(StudyEvent::GivenUp {
            slot,
            reason: &reason,
        });
        self.slots[slot] = Slot::Empty;
        self.given_up = Some(reason);
    }
}
