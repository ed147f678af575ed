//! What stands first in a report: the choice, and whether the model is of any use.
#![allow(clippy::unwrap_used)]

mod common;

use common::page::Report;
use common::{Shape, study};
use psp_report::Input;

/// Five candidates that were trained once each.
fn once() -> Input {
    let mut input = study(Shape {
        runs: 1,
        ..Shape::default()
    });
    input.study.as_mut().unwrap().seeds = 0;
    let selection = input.selection.as_mut().unwrap();
    let leads = "resnet18 (trial 1) leads with a mean of 0.8 (one seed only, so without a bound)";
    selection.reason = format!("{leads}; no other candidate ties with it; refitted with x=1");
    input
}

#[test]
fn of_candidates_that_were_trained_once_none_is_said_not_to_tie() {
    let report = Report::of(&once());
    for section in ["#verdict", "#selection"] {
        let text = report.text(section);
        assert!(!text.contains("no other candidate ties"), "{text}");
        let said = "without a bound); refitted with x=1. Each candidate was trained once: how \
                    much such scores vary from one training to the next was not measured";
        assert!(text.contains(said), "{text}");
    }
    let heads = report.text("#ranking thead");
    for wrong in ["between runs", "lower bound", "ties"] {
        assert!(!heads.contains(wrong), "{heads}");
    }
    assert_eq!(report.all("#ranking tbody tr").len(), 5);

    // Runs by themselves, without a study, are not the best of many trials.
    let mut runs = once();
    runs.study = None;
    let text = Report::of(&runs).text("#selection");
    assert!(
        text.contains("Each candidate was trained once, so that"),
        "{text}"
    );
    assert!(!text.contains("confidence bound (Student"), "{text}");
}

#[test]
fn a_reason_that_noise_was_measured_for_stays_as_it_is() {
    let mut input = study(Shape::default());
    let selection = input.selection.as_mut().unwrap();
    selection.reason = "a leads; no other candidate ties with it".to_owned();
    let report = Report::of(&input);
    let text = report.text("#selection");
    assert!(
        text.contains("a leads; no other candidate ties with it."),
        "{text}"
    );
    assert!(
        report
            .text("#ranking thead")
            .contains("ties with the first")
    );
}
