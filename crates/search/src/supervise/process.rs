//! A worker's process and what it says.

use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::Sender;

use psp_schema::{Access, FileError};

use crate::error::SearchError;
use crate::folder::TrialDir;

/// What comes from a slot.
pub(super) enum Message {
    Out(String),
    Err(String),
    Closed,
}

pub(super) struct Worker {
    pub(super) child: Child,
    /// Closed, it tells the worker to stop; so does the death of this process.
    pub(super) stdin: Option<ChildStdin>,
    /// What it works on, with the claim's number.
    pub(super) task: Option<(TrialDir, u64)>,
    pub(super) lines: Vec<String>,
    pub(super) open_pipes: usize,
}

impl Worker {
    /// Starts it in a slot; what it says is sent to `sender`.
    pub(super) fn start(
        mut command: Command,
        slot: usize,
        sender: &Sender<(usize, Message)>,
    ) -> Result<Self, SearchError> {
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let program = std::path::PathBuf::from(command.get_program());
        let unheard = FileError::at(
            &program,
            Access::Read("start a thread that reads its output"),
        );
        let mut child = command
            .spawn()
            .map_err(FileError::at(&program, Access::Read("start it")))?;
        let stdin = child.stdin.take();
        let mut open_pipes = 0;
        if let Some(out) = child.stdout.take() {
            open_pipes += 1;
            listen(out, slot, Message::Out, sender).map_err(&unheard)?;
        }
        if let Some(err) = child.stderr.take() {
            open_pipes += 1;
            listen(err, slot, Message::Err, sender).map_err(&unheard)?;
        }
        Ok(Self {
            child,
            stdin,
            task: None,
            lines: Vec::new(),
            open_pipes,
        })
    }

    /// Why a worker ended: what it said for itself, or else how it did.
    pub(super) fn last_words(&self, how: String) -> String {
        let Some(last) = self.lines.last() else {
            return how;
        };
        match last.strip_prefix("error: ") {
            Some(error) if self.task.is_none() => error.to_owned(),
            _ => format!("{how}: {last}"),
        }
    }
}

/// Passes a pipe's lines on until it closes.
fn listen(
    pipe: impl std::io::Read + Send + 'static,
    slot: usize,
    message: fn(String) -> Message,
    sender: &Sender<(usize, Message)>,
) -> std::io::Result<()> {
    let sender = sender.clone();
    let thread = std::thread::Builder::new().spawn(move || {
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
    thread.map(|_| ())
}
