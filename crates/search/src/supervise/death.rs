//! Why a worker's process ended before its work was done, and whose fault it was.

use std::process::ExitStatus;

use crate::memory::oom_kills;

/// Exit status of a worker that met with a fault of its machine.
const TRY_AGAIN: i32 = 75;
/// Exit status of a worker that was told to stop.
const INTERRUPTED: i32 = 130;

const SIGABRT: i32 = 6;
const SIGKILL: i32 = 9;

/// How a worker's process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// Nothing is left to do.
    Done,
    /// It was told to stop.
    Interrupted,
    /// Its machine lacks something: space, a device, the data. It gave its task back.
    Machine,
    /// Memory ran out.
    Memory,
    /// Somebody killed it.
    Killed,
    /// An error that is not a task's.
    Error,
    /// It died of what it did.
    Crashed,
}

/// Tells ends from each other.
pub(super) struct Coroner {
    /// Processes that had been killed for their memory.
    kills: Option<u64>,
    /// Of these, since the beginning, such as are not known to be workers.
    unexplained: u64,
}

impl Coroner {
    pub(super) fn new() -> Self {
        Self {
            kills: oom_kills(),
            unexplained: 0,
        }
    }

    /// How a worker ended that had a task or none; `lines` are the last of its standard
    /// error.
    pub(super) fn end_of(&mut self, status: ExitStatus, has_task: bool, lines: &[String]) -> End {
        let kills = oom_kills();
        let before = std::mem::replace(&mut self.kills, kills);
        if let (Some(before), Some(now)) = (before, kills) {
            self.unexplained += now.saturating_sub(before);
        }
        match (status.code(), signal_of(status)) {
            (Some(0), _) => End::Done,
            (Some(INTERRUPTED), _) => End::Interrupted,
            (Some(TRY_AGAIN), _) => End::Machine,
            (Some(1), _) if !has_task => End::Error,
            (_, Some(SIGKILL)) if self.unexplained > 0 => {
                self.unexplained -= 1;
                End::Memory
            }
            (_, Some(SIGKILL)) => End::Killed,
            // What Rust says when an allocation is refused.
            (_, Some(SIGABRT)) if lines.iter().any(|line| is_refused_memory(line)) => End::Memory,
            _ => End::Crashed,
        }
    }
}

fn is_refused_memory(line: &str) -> bool {
    line.starts_with("memory allocation of ") && line.ends_with(" failed")
}

fn signal_of(status: ExitStatus) -> Option<i32> {
    #[cfg(unix)]
    return std::os::unix::process::ExitStatusExt::signal(&status);
    #[cfg(not(unix))]
    None
}

/// How a process ended, in words.
pub(super) fn describe(status: ExitStatus, end: End) -> String {
    if let Some(signal) = signal_of(status) {
        let name = match (signal, end) {
            (_, End::Memory) => " (memory ran out)",
            (4, _) => " (illegal instruction)",
            (SIGABRT, _) => " (aborted)",
            (SIGKILL, _) => " (killed)",
            (11, _) => " (segmentation fault)",
            (15, _) => " (terminated)",
            _ => "",
        };
        return format!("the worker was ended by signal {signal}{name}");
    }
    match status.code() {
        Some(code) => format!("the worker ended with exit status {code}"),
        None => "the worker ended".to_owned(),
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::process::ExitStatusExt;

    use super::*;

    fn end(status: i32, has_task: bool, line: &str) -> End {
        let lines = [line.to_owned()];
        Coroner::new().end_of(ExitStatus::from_raw(status), has_task, &lines)
    }

    #[test]
    fn a_fault_of_the_machine_is_told_from_a_trials_own_death() {
        let code = |code: i32| code << 8;
        assert_eq!(end(code(0), false, ""), End::Done);
        assert_eq!(end(code(75), false, "error: no space left"), End::Machine);
        assert_eq!(end(code(130), true, ""), End::Interrupted);
        assert_eq!(end(code(1), false, "error: the data changed"), End::Error);
        assert_eq!(end(code(101), true, "thread 'main' panicked"), End::Crashed);
        assert_eq!(end(11, true, ""), End::Crashed);
        assert_eq!(end(6, true, "terminate called"), End::Crashed);
        let refused = "memory allocation of 4096 bytes failed";
        assert_eq!(end(6, true, refused), End::Memory);
    }
}
