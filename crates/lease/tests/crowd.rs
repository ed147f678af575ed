//! Many workers at once.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Barrier;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::support::worker;
use psp_lease::{Attempt, Claims, Lease, frontier, history};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tempfile::{TempDir, tempdir, tempdir_in};

const LONG: Duration = Duration::from_secs(60);

/// A temporary folder, in memory where there is such a thing: what else the
/// machine writes to its disk shall not count.
fn folder() -> TempDir {
    tempdir_in("/dev/shm").or_else(|_| tempdir()).unwrap()
}

/// The claims that 64 threads get when all try at once; odd threads, or all if
/// the job is not `fresh`, read the folder first.
fn race(claims: &Claims, job: &Path, fresh: bool) -> Vec<Lease> {
    let barrier = Barrier::new(64);
    let attempt = |thread: usize| {
        barrier.wait();
        if fresh && thread.is_multiple_of(2) {
            return claims.try_first(job, "").unwrap();
        }
        match claims.try_claim(job, "").unwrap() {
            Attempt::Claimed(lease) => Some(lease),
            Attempt::Held(_) => None,
        }
    };
    thread::scope(|scope| {
        let threads: Vec<_> = (0..64)
            .map(|thread| scope.spawn(move || attempt(thread)))
            .collect();
        threads
            .into_iter()
            .filter_map(|thread| thread.join().unwrap())
            .collect()
    })
}

#[test]
fn of_64_threads_that_race_for_a_token_one_wins_200_times() {
    let root = folder();
    let claims = worker("w", LONG);
    for round in 0..200 {
        let job = root.path().join(round.to_string());
        for token in 1..=2 {
            let mut winners = race(&claims, &job, token == 1);
            assert_eq!(winners.len(), 1, "round {round}: {winners:?}");
            let winner = winners.remove(0);
            assert_eq!(winner.token(), token);
            assert!(winner.holds().unwrap());
            assert!(winner.release().unwrap());
        }
    }
}

const JOBS: usize = 10_000;

/// One of a thousand that go through a list of jobs.
struct Worker {
    note: String,
    next: Option<usize>,
    misses: usize,
}

impl Worker {
    /// Tries one job and does it if it is free; returns which, and how long the
    /// claim took.
    fn step(
        &mut self,
        claims: &Claims,
        job: &impl Fn(usize) -> PathBuf,
    ) -> Option<(usize, Duration)> {
        let i = *self.next.get_or_insert_with(|| frontier(JOBS, job));
        if i >= JOBS {
            return None;
        }
        let start = Instant::now();
        let lease = claims.try_first(&job(i), &self.note).unwrap();
        let took = start.elapsed();
        let Some(lease) = lease else {
            self.misses += 1;
            // After a few jobs that others have, they may be far ahead.
            self.next = (!self.misses.is_multiple_of(8)).then_some(i + 1);
            return None;
        };
        assert!(lease.holds().unwrap());
        assert!(lease.release().unwrap());
        self.next = Some(i + 1);
        Some((i, took))
    }

    fn is_through(&self) -> bool {
        self.next.is_some_and(|next| next >= JOBS)
    }
}

#[test]
fn a_thousand_workers_on_8_threads_do_10_000_jobs_once_each() {
    const THREADS: usize = 8;
    let root = folder();
    let job = |i: usize| root.path().join(format!("job-{i:05}"));
    let done: Vec<AtomicUsize> = (0..JOBS).map(|_| AtomicUsize::new(0)).collect();
    let misses = AtomicUsize::new(0);
    let work = |thread: usize| {
        let claims = worker(&format!("thread {thread}"), LONG);
        let new = |id: usize| Worker {
            note: format!("worker {id}"),
            next: None,
            misses: 0,
        };
        let mut workers: Vec<Worker> = (thread..1000).step_by(THREADS).map(new).collect();
        let mut times = Vec::new();
        while !workers.is_empty() {
            for worker in &mut workers {
                if let Some((i, took)) = worker.step(&claims, &job) {
                    done[i].fetch_add(1, Ordering::Relaxed);
                    times.push(took);
                }
                if worker.is_through() {
                    misses.fetch_add(worker.misses, Ordering::Relaxed);
                }
            }
            workers.retain(|worker| !worker.is_through());
        }
        // The second pass, over what the frontier skipped.
        for (i, done) in done.iter().enumerate() {
            if let Some(lease) = claims.try_first(&job(i), "second pass").unwrap() {
                done.fetch_add(1, Ordering::Relaxed);
                assert!(lease.release().unwrap());
            }
        }
        times
    };
    let start = Instant::now();
    let mut times: Vec<Duration> = thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS)
            .map(|thread| scope.spawn(move || work(thread)))
            .collect();
        threads
            .into_iter()
            .flat_map(|thread| thread.join().unwrap())
            .collect()
    });
    let total = start.elapsed();

    for (i, done) in done.iter().enumerate() {
        assert_eq!(done.load(Ordering::Relaxed), 1, "job {i}");
        let records = history(&job(i)).unwrap();
        assert_eq!(records.len(), 1, "job {i}: {records:?}");
        assert!(records[0].released);
    }
    assert_eq!(frontier(JOBS, job), JOBS);
    times.sort_unstable();
    let median = times[times.len() / 2];
    let last = times[times.len() * 99 / 100];
    println!("{JOBS} jobs in {total:?}; a claim takes {median:?}, 99 % less than {last:?}");
    println!("{} jobs tried in vain", misses.into_inner());
    assert!(median < Duration::from_millis(5), "{median:?}");
    assert!(total < Duration::from_secs(30), "{total:?}");
}

/// Goes round the jobs until all are done; crashes on every fifth, so to speak.
/// Returns how often.
fn do_all(root: &Path, seed: u64, done: &[AtomicUsize]) -> usize {
    let claims = worker(&format!("worker {seed}"), Duration::from_millis(300));
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut crashes = 0;
    let start = Instant::now();
    loop {
        let is_late = start.elapsed() > Duration::from_secs(20);
        assert!(!is_late, "some jobs are never free again");
        let mut is_done = true;
        for (i, done) in done.iter().enumerate() {
            let job = root.join(i.to_string());
            let result = job.join("result");
            if result.exists() {
                continue;
            }
            is_done = false;
            let Attempt::Claimed(lease) = claims.try_claim(&job, "").unwrap() else {
                continue;
            };
            if result.exists() {
                // Somebody finished it since we looked.
            } else if rng.random_bool(0.2) {
                crashes += 1;
                continue;
            } else if lease.holds().unwrap() {
                fs::write(&result, "").unwrap();
                done.fetch_add(1, Ordering::Relaxed);
            }
            assert!(lease.release().unwrap());
        }
        if is_done {
            return crashes;
        }
        thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn jobs_that_8_workers_of_seeds_0_to_7_abandon_are_all_done_once_in_the_end() {
    let root = folder();
    let done: Vec<AtomicUsize> = (0..200).map(|_| AtomicUsize::new(0)).collect();
    let crashes: usize = thread::scope(|scope| {
        let workers: Vec<_> = (0..8)
            .map(|seed| {
                let (root, done) = (root.path(), &done);
                scope.spawn(move || do_all(root, seed, done))
            })
            .collect();
        workers
            .into_iter()
            .map(|worker| worker.join().unwrap())
            .sum()
    });
    let mut unreleased = 0;
    for (i, done) in done.iter().enumerate() {
        assert_eq!(done.load(Ordering::Relaxed), 1, "job {i}");
        let records = history(&root.path().join(i.to_string())).unwrap();
        let tokens: Vec<u64> = records.iter().map(|record| record.token).collect();
        assert_eq!(tokens, (1..=tokens.len() as u64).collect::<Vec<_>>());
        unreleased += records.iter().filter(|record| !record.released).count();
    }
    assert!(crashes > 0);
    assert_eq!(unreleased, crashes);
}
