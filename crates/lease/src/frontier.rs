//! Where the claimed jobs of a long list end.

use std::path::Path;

use crate::folder::claim_path;

/// About the first of `n` jobs that nobody ever claimed, `n` if there is none;
/// `path(i)` is the folder of job `i`.
///
/// Jobs are claimed nearly in order, so this gallops and then halves: some
/// `2 log2 n` looks. Where a job was left out, the answer may lie behind it, so
/// callers scan from here to the end, and then once over the rest. A folder
/// that can't be read counts as unclaimed; to claim it says what is wrong.
pub fn frontier<P: AsRef<Path>>(n: usize, path: impl Fn(usize) -> P) -> usize {
    let is_claimed = |i| claim_path(path(i).as_ref(), 1).exists();
    // The job before `low` is claimed; job `high` is not, or does not exist.
    let (mut low, mut high, mut step) = (0, 0, 1_usize);
    while high < n && is_claimed(high) {
        low = high + 1;
        high = low.saturating_add(step);
        step = step.saturating_mul(2);
    }
    high = high.min(n);
    while low < high {
        let middle = low + (high - low) / 2;
        if is_claimed(middle) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    low
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use tempfile::TempDir;

    use super::*;
    use crate::folder::create_new;

    /// A claimed job and a fresh one.
    fn jobs() -> (TempDir, TempDir) {
        let (claimed, fresh) = (TempDir::new().unwrap(), TempDir::new().unwrap());
        create_new(&claim_path(claimed.path(), 1)).unwrap();
        (claimed, fresh)
    }

    #[test]
    fn it_is_the_first_fresh_job_wherever_that_lies() {
        let (claimed, fresh) = jobs();
        for n in [0, 1, 2, 3, 40] {
            for first in 0..=n {
                let pick = |i| if i < first { &claimed } else { &fresh };
                assert_eq!(frontier(n, |i| pick(i).path()), first, "of {n}");
            }
        }
    }

    #[test]
    fn ten_thousand_jobs_take_at_most_thirty_looks() {
        let (claimed, fresh) = jobs();
        for first in (0..=10_000).step_by(101) {
            let looks = Cell::new(0);
            let path = |i| {
                looks.set(looks.get() + 1);
                if i < first { &claimed } else { &fresh }.path()
            };
            assert_eq!(frontier(10_000, path), first);
            assert!(looks.get() <= 30, "{} looks for {first}", looks.get());
        }
    }

    #[test]
    fn where_a_job_was_left_out_it_is_a_fresh_one_all_the_same() {
        let (claimed, fresh) = jobs();
        for hole in 0..50 {
            let is_claimed = |i| i < 50 && i != hole;
            let pick = |i| if is_claimed(i) { &claimed } else { &fresh };
            let found = frontier(80, |i| pick(i).path());
            assert!(!is_claimed(found), "{found} for a hole at {hole}");
        }
    }
}
