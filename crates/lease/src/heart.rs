//! The thread that keeps all claims of a process alive.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::pulse::{Pulse, lock};

/// Beats for every pulse in it once per period; the thread ends when this is
/// dropped.
#[derive(Debug)]
pub(crate) struct Heart {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    stop: Condvar,
}

#[derive(Debug, Default)]
struct State {
    stopped: bool,
    next_id: u64,
    pulses: BTreeMap<u64, Arc<Pulse>>,
}

impl Heart {
    /// Starts the thread.
    pub(crate) fn start(period: Duration) -> io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let of_thread = Arc::clone(&shared);
        thread::Builder::new()
            .name("psp-lease".to_owned())
            .spawn(move || run(&of_thread, period))?;
        Ok(Self { shared })
    }

    /// Beats for `pulse` from now on; returns the id to remove it with.
    pub(crate) fn add(&self, pulse: Arc<Pulse>) -> u64 {
        let mut state = lock(&self.shared.state);
        let id = state.next_id;
        state.next_id += 1;
        state.pulses.insert(id, pulse);
        id
    }

    /// Beats for it no longer.
    pub(crate) fn remove(&self, id: u64) {
        lock(&self.shared.state).pulses.remove(&id);
    }
}

impl Drop for Heart {
    fn drop(&mut self) {
        lock(&self.shared.state).stopped = true;
        // The thread is not waited for: it may hang on a server that is away.
        self.shared.stop.notify_all();
    }
}

fn run(shared: &Shared, period: Duration) {
    let mut due = Instant::now() + period;
    loop {
        let rest = due.saturating_duration_since(Instant::now());
        let (state, _) = shared
            .stop
            .wait_timeout_while(lock(&shared.state), rest, |state| !state.stopped)
            .unwrap_or_else(PoisonError::into_inner);
        if state.stopped {
            return;
        }
        due = Instant::now() + period;
        let pulses: Vec<Arc<Pulse>> = state.pulses.values().cloned().collect();
        // Claims are added and removed while the disk is waited for.
        drop(state);
        for pulse in pulses {
            // The pulse itself counts how long errors last.
            let _ = pulse.beat();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_thread_ends_with_the_heart() {
        let heart = Heart::start(Duration::from_secs(3600)).unwrap();
        let shared = Arc::downgrade(&heart.shared);
        drop(heart);
        let start = Instant::now();
        while shared.strong_count() > 0 {
            assert!(start.elapsed() < Duration::from_secs(10));
            thread::sleep(Duration::from_millis(1));
        }
    }
}
