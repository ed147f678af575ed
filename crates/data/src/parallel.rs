//! A parallel loop over indices on threads of its own.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

/// `threads`, or one thread per core when it is 0.
pub(crate) fn resolve_threads(threads: usize) -> usize {
    match threads {
        0 => thread::available_parallelism().map_or(1, NonZeroUsize::get),
        given => given,
    }
}

/// Runs `work(i)` for every `i` in `0..count` on `threads` threads (0 = one per
/// core) and returns the results in index order.
///
/// # Errors
/// The error of the lowest failing index, whatever the thread count; work at
/// higher indices then stops.
pub(crate) fn map_indices<T, E, F>(threads: usize, count: usize, work: F) -> Result<Vec<T>, E>
where
    T: Send,
    E: Send,
    F: Fn(usize) -> Result<T, E> + Sync,
{
    let threads = resolve_threads(threads).min(count).max(1);
    let next = AtomicUsize::new(0);
    let failed = AtomicBool::new(false);
    // Indices are handed out in rising order, so once one has failed every
    // lower one is already in some thread's hands and will be finished.
    let worker = || {
        let mut done = Vec::new();
        while !failed.load(Ordering::Acquire) {
            let index = next.fetch_add(1, Ordering::Relaxed);
            if index >= count {
                break;
            }
            let result = work(index);
            let stop = result.is_err();
            done.push((index, result));
            if stop {
                failed.store(true, Ordering::Release);
            }
        }
        done
    };
    let mut results: Vec<(usize, Result<T, E>)> = Vec::with_capacity(count);
    thread::scope(|scope| {
        let handles: Vec<_> = (0..threads).map(|_| scope.spawn(worker)).collect();
        for handle in handles {
            match handle.join() {
                Ok(done) => results.extend(done),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
    });
    results.sort_unstable_by_key(|&(index, _)| index);
    results.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::map_indices;

    #[test]
    fn results_come_in_index_order_for_any_thread_count() {
        for threads in [0, 1, 2, 5] {
            let squares = map_indices(threads, 100, |i| Ok::<_, ()>(i * i)).unwrap();
            assert_eq!(squares, (0..100).map(|i| i * i).collect::<Vec<_>>());
        }
    }

    #[test]
    fn the_lowest_failing_index_is_reported_for_any_thread_count() {
        for threads in [1, 2, 5] {
            let result: Result<Vec<()>, usize> = map_indices(threads, 200, |i| match i {
                37 | 38 | 150 => Err(i),
                _ => Ok(()),
            });
            assert_eq!(result, Err(37));
        }
    }

    #[test]
    fn no_work_gives_no_results() {
        assert_eq!(map_indices(3, 0, |_| Ok::<u8, ()>(0)), Ok(vec![]));
    }
}
