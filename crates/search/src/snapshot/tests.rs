use std::path::PathBuf;

use psp_space::Point;
use psp_train::IntermediateResult;

use super::*;

const ASHA: Pruner = Pruner::Asha {
    rungs: Vec::new(),
    reduction: 2,
};

/// A trial of 4 epochs, with rungs at 1 and 2, and its scores there.
fn entry(number: usize, scores: &[f64]) -> Entry {
    let rungs = ASHA.rungs(4);
    assert_eq!(rungs, [1, 2]);
    let reached = rungs.iter().zip(scores).map(|(&epochs, r2)| RungRecord {
        interim: interim(epochs, *r2),
        worker: "w".to_owned(),
        ended: String::new(),
    });
    Entry {
        trial: PlannedTrial {
            number,
            id: number.to_string(),
            point: Point::new(),
        },
        dir: TrialDir::new(PathBuf::from(number.to_string())),
        reached: reached.collect(),
        rungs,
        record: None,
    }
}

fn interim(epochs: u64, r2: f64) -> IntermediateResult {
    let overall = format!(r#"{{"mse":0.1,"mae":0.1,"rmse":0.3,"r2":{r2},"r2_left_out":[]}}"#);
    let best = format!(r#"{{"count":1,"targets":[],"overall":{overall}}}"#);
    IntermediateResult {
        epochs,
        best_epoch: 1,
        best: Some(serde_json::from_str(&best).unwrap()),
        seconds: 1.0,
    }
}

fn failed(number: usize, scores: &[f64]) -> Entry {
    let record = Record {
        outcome: TrialOutcome::Failed {
            reason: "diverged".to_owned(),
        },
        attempts: 1,
        worker: "w".to_owned(),
        ended: String::new(),
    };
    Entry {
        record: Some(record),
        ..entry(number, scores)
    }
}

fn going_on(entries: Vec<Entry>, more: bool) -> Vec<usize> {
    let snapshot = Snapshot { entries };
    snapshot.going_on(&ASHA, more).into_iter().collect()
}

#[test]
fn half_of_a_rung_goes_on_and_so_does_half_of_the_next() {
    let first = || (0..4).map(|n| entry(n, &[[0.1, 0.4, 0.3, 0.2][n]]));
    assert_eq!(going_on(first().collect(), false), [1, 2]);
    // Both have come to the second rung; of these one goes on.
    let mut entries: Vec<Entry> = first().collect();
    entries[1] = entry(1, &[0.4, 0.5]);
    entries[2] = entry(2, &[0.3, 0.6]);
    assert_eq!(going_on(entries, false), [2]);
}

#[test]
fn the_best_of_a_rung_goes_on_only_when_nobody_else_can_come_there() {
    // Number 0 is on its way to the first rung.
    let entries = || vec![entry(0, &[]), entry(1, &[0.4])];
    assert_eq!(going_on(entries(), false), [0; 0]);
    // It failed: nobody is awaited any more.
    let ended = || vec![failed(0, &[]), entry(1, &[0.4])];
    assert_eq!(going_on(ended(), false), [1]);
    assert_eq!(going_on(ended(), true), [0; 0], "more trials are to come");
}

#[test]
fn whoever_stays_at_a_rung_is_not_awaited_at_the_next() {
    // Of two, number 1 was promoted and stands alone at the second rung.
    let entries = vec![entry(0, &[0.1]), entry(1, &[0.4, 0.5])];
    assert_eq!(going_on(entries, false), [1]);
    // Of four, number 2 is promoted too and awaited there.
    let entries = vec![
        entry(0, &[0.1]),
        entry(1, &[0.4, 0.5]),
        entry(2, &[0.3]),
        entry(3, &[0.2]),
    ];
    assert_eq!(going_on(entries, false), [2]);
}

#[test]
fn one_that_was_promoted_early_goes_on_by_its_score_at_the_next_rung_alone() {
    // Number 0 was the best of two; four better ones came later.
    let scores = [&[0.1, 0.2][..], &[0.05], &[0.5], &[0.4], &[0.6], &[0.7]];
    let entries = scores.iter().enumerate().map(|(n, s)| entry(n, s));
    assert_eq!(going_on(entries.collect(), false), [2, 4, 5]);
}

#[test]
fn a_failed_trial_has_no_merit_and_one_that_came_further_more_than_a_higher_score() {
    assert_eq!(failed(0, &[0.9]).merit(), None);
    assert_eq!(entry(0, &[]).merit(), None);
    assert_eq!(entry(0, &[0.9]).merit(), Some((1, 0.9)));
    assert_eq!(entry(0, &[0.9, 0.2]).merit(), Some((2, 0.2)));
}
