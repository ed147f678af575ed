//! Work done by several threads, delivered in order.

use std::any::Any;
use std::collections::VecDeque;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use crossbeam_channel::{Receiver, Sender, bounded, unbounded};

/// A job's result, or the message of the panic that ended it.
pub(super) type Outcome<T> = Result<T, String>;

/// How many jobs per thread may be unfinished or undelivered: enough that one
/// slow image does not idle the other threads.
const JOBS_PER_THREAD: usize = 4;

/// Threads that run `work(job)` for numbered jobs and give the results back in
/// the order of the jobs.
///
/// At most [`JOBS_PER_THREAD`] jobs per thread are begun beyond the one that
/// was delivered last. Dropping it ends the threads and waits for them, which
/// takes no longer than the jobs at hand.
pub(super) struct Ordered<T> {
    jobs: Option<Sender<(usize, usize)>>,
    done: Receiver<(usize, Outcome<T>)>,
    /// Results from the next one to deliver onwards; `None` while unfinished.
    waiting: VecDeque<Option<Outcome<T>>>,
    pending: std::vec::IntoIter<usize>,
    delivered: usize,
    window: usize,
    threads: Vec<JoinHandle<()>>,
}

impl<T: Send + 'static> Ordered<T> {
    /// Starts `threads` (at least one) threads on `jobs`.
    pub(super) fn start<F>(threads: usize, jobs: Vec<usize>, work: F) -> io::Result<Self>
    where
        F: Fn(usize) -> T + Send + Sync + 'static,
    {
        let threads = threads.max(1);
        let window = threads.saturating_mul(JOBS_PER_THREAD);
        // `window` bounds what is in either channel.
        let (job_sender, job_receiver) = unbounded();
        let (done_sender, done) = unbounded();
        let work = Arc::new(work);
        let mut ordered = Self {
            jobs: Some(job_sender),
            done,
            waiting: VecDeque::new(),
            pending: jobs.into_iter(),
            delivered: 0,
            window,
            threads: Vec::with_capacity(threads),
        };
        for number in 0..threads {
            let (jobs, done, work) = (job_receiver.clone(), done_sender.clone(), Arc::clone(&work));
            let handle = thread::Builder::new()
                .name(format!("psp-decode-{number}"))
                .spawn(move || run_jobs(&jobs, &done, &*work))?;
            ordered.threads.push(handle);
        }
        Ok(ordered)
    }

    /// The next job's result; `None` after the last.
    pub(super) fn next(&mut self) -> Option<Outcome<T>> {
        self.hand_out();
        if self.waiting.is_empty() {
            return None;
        }
        while matches!(self.waiting.front(), Some(None)) {
            let Ok((place, outcome)) = self.done.recv() else {
                // Unreachable while threads only end when told to; but an
                // error is better than waiting for ever.
                return Some(Err("all decoding threads have ended".to_owned()));
            };
            if let Some(slot) = self.waiting.get_mut(place - self.delivered) {
                *slot = Some(outcome);
            }
        }
        self.delivered += 1;
        self.waiting.pop_front().flatten()
    }

    /// Gives the threads jobs up to the window.
    fn hand_out(&mut self) {
        while self.waiting.len() < self.window {
            let (Some(job), Some(jobs)) = (self.pending.next(), &self.jobs) else {
                return;
            };
            let place = self.delivered + self.waiting.len();
            self.waiting.push_back(None);
            if jobs.send((place, job)).is_err() {
                return;
            }
        }
    }
}

impl<T> Drop for Ordered<T> {
    fn drop(&mut self) {
        // Idle threads see the closed job channel; busy ones find nobody to
        // take their result and leave without touching the jobs still queued.
        self.jobs = None;
        self.done = crossbeam_channel::never();
        for handle in self.threads.drain(..) {
            // A panic in a thread has been delivered as a result already.
            let _ = handle.join();
        }
    }
}

fn run_jobs<T>(
    jobs: &Receiver<(usize, usize)>,
    done: &Sender<(usize, Outcome<T>)>,
    work: &(dyn Fn(usize) -> T + Send + Sync),
) {
    for (place, job) in jobs {
        let outcome = catch_unwind(AssertUnwindSafe(|| work(job)));
        let outcome = outcome.map_err(|panic| panic_message(&*panic));
        // Nobody listens any more: the epoch was dropped.
        if done.send((place, outcome)).is_err() {
            return;
        }
    }
}

/// The text of a panic.
pub(super) fn panic_message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a panic without a message".to_owned())
}

/// A bounded channel for finished batches: with the one that the sender holds
/// while it waits, at most `prefetch` (at least 1) of them exist.
pub(super) fn batch_channel<T>(prefetch: usize) -> (Sender<T>, Receiver<T>) {
    bounded(prefetch.saturating_sub(1))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::{Duration, Instant};

    use super::*;

    #[test]
    fn results_come_in_order_although_jobs_finish_out_of_order() {
        for threads in [0, 1, 2, 5] {
            let work = |job: usize| {
                thread::sleep(Duration::from_micros((job as u64 * 7919) % 400));
                job * 2
            };
            let mut ordered = Ordered::start(threads, (0..100).collect(), work).unwrap();
            for job in 0..100 {
                assert_eq!(ordered.next(), Some(Ok(job * 2)));
            }
            assert_eq!(ordered.next(), None);
            assert_eq!(ordered.next(), None);
        }
    }

    #[test]
    fn a_panic_becomes_its_jobs_result_and_the_threads_live_on() {
        let work = |job: usize| {
            assert!(job % 3 != 1, "job {job} is unlucky");
            job
        };
        let mut ordered = Ordered::start(2, (0..6).collect(), work).unwrap();
        let outcomes: Vec<_> = std::iter::from_fn(|| ordered.next()).collect();
        assert_eq!(outcomes[0], Ok(0));
        assert_eq!(outcomes[1], Err("job 1 is unlucky".to_owned()));
        assert_eq!(outcomes[4], Err("job 4 is unlucky".to_owned()));
        assert_eq!(outcomes[5], Ok(5));
    }

    #[test]
    fn no_more_jobs_are_begun_than_the_window_allows_however_slow_the_consumer() {
        let begun = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&begun);
        let work = move |_| counter.fetch_add(1, Ordering::SeqCst);
        let mut ordered = Ordered::start(3, (0..500).collect(), work).unwrap();
        for delivered in 1..=20 {
            ordered.next();
            thread::sleep(Duration::from_millis(3));
            assert!(begun.load(Ordering::SeqCst) <= delivered + 3 * JOBS_PER_THREAD);
        }
    }

    #[test]
    fn dropping_waits_for_the_jobs_at_hand_and_for_no_others() {
        let begun = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&begun);
        let work = move |_| {
            counter.fetch_add(1, Ordering::SeqCst);
            thread::sleep(Duration::from_millis(30));
        };
        let mut ordered = Ordered::start(2, (0..1000).collect(), work).unwrap();
        ordered.next();
        let before = Instant::now();
        drop(ordered);
        assert!(before.elapsed() < Duration::from_secs(1));
        assert!(begun.load(Ordering::SeqCst) <= 6);
        assert_eq!(Arc::strong_count(&begun), 1);
    }
}
