//! Workers as processes: started, listened to, replaced when they die.

use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

use crate::error::SearchError;
use crate::event::WorkerEvent;
use crate::folder::{FailedAttempt, TrialDir, write_json};

/// Lines of a worker's standard error that are kept for the record of its death.
const KEPT_LINES: usize = 20;
/// Deaths in a row, without a task in hand, after which no more is started.
const FUTILE_STARTS: usize = 3;

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
    /// A worker can't work at all.
    Failed {
        /// What it said.
        reason: String,
        /// Whether another time may be better: a share that is gone, a full disk.
        may_pass: bool,
    },
}

/// Exit status of a worker that met with something that may pass.
const TRY_AGAIN: i32 = 75;
/// Exit status of a worker that was told to stop.
const INTERRUPTED: i32 = 130;

/// Before a worker is started in place of one that died at its start, per such
/// death.
const RESTART: Duration = Duration::from_secs(1);

enum Message {
    Out(String),
    Err(String),
    Closed,
}

struct Slot {
    child: Child,
    /// Closed, it tells the worker to stop; so does the death of this process.
    stdin: Option<ChildStdin>,
    /// What it works on, with the claim's number.
    task: Option<(TrialDir, u64)>,
    lines: Vec<String>,
    open_pipes: usize,
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
        slots: Vec::new(),
        sender,
        futile: 0,
        failed: None,
        interrupted: false,
    };
    for slot in 0..workers {
        let started = crew.start(command(slot), slot)?;
        crew.slots.push(Some(started));
    }
    crew.run(&receiver, &mut command, cancelled, observe)
}

struct Crew {
    slots: Vec<Option<Slot>>,
    sender: Sender<(usize, Message)>,
    /// Deaths in a row without a task.
    futile: usize,
    failed: Option<(String, bool)>,
    interrupted: bool,
}

impl Crew {
    fn start(&self, mut command: Command, slot: usize) -> Result<Slot, SearchError> {
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let program = std::path::PathBuf::from(command.get_program());
        let mut child = command.spawn().map_err(SearchError::io(&program))?;
        let stdin = child.stdin.take();
        let mut open_pipes = 0;
        if let Some(out) = child.stdout.take() {
            open_pipes += 1;
            self.listen(out, slot, Message::Out);
        }
        if let Some(err) = child.stderr.take() {
            open_pipes += 1;
            self.listen(err, slot, Message::Err);
        }
        Ok(Slot {
            child,
            stdin,
            task: None,
            lines: Vec::new(),
            open_pipes,
        })
    }

    /// Passes a pipe's lines on until it closes.
    fn listen(
        &self,
        pipe: impl std::io::Read + Send + 'static,
        slot: usize,
        message: fn(String) -> Message,
    ) {
        let sender = self.sender.clone();
        std::thread::spawn(move || {
            let mut reader = BufReader::new(pipe);
            let mut line = Vec::new();
            while matches!(reader.read_until(b'\n', &mut line), Ok(count) if count > 0) {
                let text = String::from_utf8_lossy(&line).trim_end().to_owned();
                line.clear();
                if sender.send((slot, message(text))).is_err() {
                    return;
                }
            }
            let _ = sender.send((slot, Message::Closed));
        });
    }

    fn run(
        mut self,
        receiver: &Receiver<(usize, Message)>,
        command: &mut impl FnMut(usize) -> Command,
        cancelled: &AtomicBool,
        observe: &mut dyn FnMut(StudyEvent<'_>),
    ) -> Result<SuperviseEnd, SearchError> {
        while self.slots.iter().any(Option::is_some) {
            if cancelled.load(Ordering::Relaxed) {
                self.stop();
                self.interrupted = true;
            }
            match receiver.recv_timeout(Duration::from_millis(200)) {
                Ok((slot, Message::Closed)) => {
                    if self.close(slot) {
                        self.end(slot, command, cancelled, observe)?;
                    }
                }
                Ok((slot, Message::Err(line))) => self.hear(slot, line, observe),
                Ok((slot, Message::Out(line))) => self.report(slot, &line, observe),
                Err(RecvTimeoutError::Timeout) => observe(StudyEvent::Tick),
                // This side holds a sender.
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        Ok(match (self.failed, self.interrupted) {
            (Some((reason, may_pass)), _) => SuperviseEnd::Failed { reason, may_pass },
            (None, true) => SuperviseEnd::Interrupted,
            (None, false) => SuperviseEnd::Done,
        })
    }

    /// Tells all workers to stop.
    fn stop(&mut self) {
        for slot in self.slots.iter_mut().flatten() {
            slot.stdin = None;
        }
    }

    fn hear(&mut self, slot: usize, line: String, observe: &mut dyn FnMut(StudyEvent<'_>)) {
        observe(StudyEvent::Line { slot, line: &line });
        if let Some(Some(worker)) = self.slots.get_mut(slot) {
            worker.lines.push(line);
            let surplus = worker.lines.len().saturating_sub(KEPT_LINES);
            worker.lines.drain(..surplus);
        }
    }

    fn report(&mut self, slot: usize, line: &str, observe: &mut dyn FnMut(StudyEvent<'_>)) {
        let Ok(event) = serde_json::from_str::<WorkerEvent>(line) else {
            return observe(StudyEvent::Line { slot, line });
        };
        if let Some(Some(worker)) = self.slots.get_mut(slot) {
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
        observe(StudyEvent::Worker {
            slot,
            event: &event,
        });
    }

    /// One of a worker's pipes is closed; true when none is left open.
    fn close(&mut self, slot: usize) -> bool {
        match self.slots.get_mut(slot) {
            Some(Some(worker)) => {
                worker.open_pipes -= 1;
                worker.open_pipes == 0
            }
            _ => false,
        }
    }

    /// A worker has ended; one that died is replaced.
    fn end(
        &mut self,
        slot: usize,
        command: &mut impl FnMut(usize) -> Command,
        cancelled: &AtomicBool,
        observe: &mut dyn FnMut(StudyEvent<'_>),
    ) -> Result<(), SearchError> {
        let Some(mut worker) = self.slots[slot].take() else {
            return Ok(());
        };
        let program = std::path::Path::new("worker");
        let status = worker.child.wait().map_err(SearchError::io(program))?;
        match status.code() {
            Some(0) => return Ok(()),
            // Unless it alone was told to stop, by somebody else.
            Some(INTERRUPTED) if cancelled.load(Ordering::Relaxed) => {
                self.interrupted = true;
                return Ok(());
            }
            _ => {}
        }
        let is_error = status.code().is_some() && worker.task.is_none();
        let last = worker.lines.last().map(String::as_str);
        let reason = match (last.and_then(|line| line.strip_prefix("error: ")), last) {
            // What it said for itself.
            (Some(error), _) if is_error => error.to_owned(),
            (_, Some(last)) => format!("{}: {last}", describe(status)),
            (_, None) => describe(status),
        };
        match &worker.task {
            Some((dir, token)) => {
                let failed = FailedAttempt {
                    reason: format!("{}\n{}", describe(status), worker.lines.join("\n"))
                        .trim_end()
                        .to_owned(),
                    may_pass: true,
                };
                // Its claim is that of a dead process, which whoever claims next
                // counts, with or without this record.
                if let Err(error) = write_json(&dir.attempt(*token), &failed) {
                    let line = error.to_string();
                    observe(StudyEvent::Line { slot, line: &line });
                }
            }
            None => self.futile += 1,
        }
        observe(StudyEvent::Died {
            slot,
            reason: &reason,
        });
        // An error that is not a task's, such as a study that can't be read, would
        // come again; so would a death at every start.
        if status.code() == Some(1) && is_error || self.futile >= FUTILE_STARTS {
            let may_pass = status.code() == Some(TRY_AGAIN);
            self.failed.get_or_insert((reason, may_pass));
            self.stop();
        } else if self.failed.is_none() && !self.interrupted {
            std::thread::sleep(RESTART * self.futile as u32);
            let started = self.start(command(slot), slot)?;
            self.slots[slot] = Some(started);
        }
        Ok(())
    }
}

/// How a process ended, in words.
fn describe(status: ExitStatus) -> String {
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        let name = match signal {
            4 => " (illegal instruction)",
            6 => " (aborted; out of memory, perhaps)",
            9 => " (killed; by the system when memory ran out, perhaps)",
            11 => " (segmentation fault)",
            15 => " (terminated)",
            _ => "",
        };
        return format!("the worker was ended by signal {signal}{name}");
    }
    match status.code() {
        Some(code) => format!("the worker ended with exit status {code}"),
        None => "the worker ended".to_owned(),
    }
}
