//! The report on a study whose chosen configuration was trained again.

use crate::common::page::{Report, cells};
use crate::common::{self, Shape, study};
use psp_report::Input;

/// The finalists of five backbones, and behind them the refit, with half the errors.
fn refitted() -> (Input, usize) {
    let mut input = study(Shape::default());
    let selection = input.selection.as_mut().unwrap();
    let finalist = selection.candidate;
    (selection.finalist, selection.candidate, selection.run) =
        (Some(finalist), input.candidates.len(), 0);
    let mut refit = input.candidates[finalist].clone();
    refit.name += ", refit";
    refit.cost.input_size = 320;
    refit.runs.truncate(1);
    refit.runs[0].folder = "../../experiments/cars/refit/00005-a1b2c3".to_owned();
    common::change(refit.runs[0].test.as_mut().unwrap(), |_, row| {
        for (prediction, label) in row.predictions.iter_mut().zip(&row.labels) {
            *prediction = (*prediction + *label) / 2.0;
        }
    });
    input.candidates.push(refit);
    (input, finalist)
}

#[test]
fn the_refit_is_shown_in_detail_and_finalists_are_compared() {
    let (input, finalist) = refitted();
    let report = Report::of(&input);
    let analysis = &report.written.analysis;
    let focus = analysis.focus.unwrap();
    assert_eq!((focus.candidate, focus.run), (5, 0));
    assert!(focus.chosen && focus.exported);
    assert_eq!(focus.compared(), finalist);
    let comparison = analysis.comparison.as_ref().unwrap();
    assert_eq!(comparison.members.len(), 5);
    assert!(comparison.left_out.is_empty());
    assert_eq!(analysis.validated.len(), 5);
    // Differences in the comparison are from the finalist that was chosen.
    assert_eq!(comparison.member(finalist).unwrap().mse_to_focus, None);
    let members = comparison.members.iter();
    let without = members.filter(|member| member.mse_to_focus.is_none());
    assert_eq!(without.count(), 1);
}

#[test]
fn the_page_says_what_was_trained_again_and_what_was_compared() {
    let (input, finalist) = refitted();
    let report = Report::of(&input);
    let name = &input.candidates[finalist].name;
    let verdict = report.text("#verdict");
    for part in [
        &*format!("{name}, refit"),
        "is the model of choice among 5 candidates, trained again with the settings of the study's refit",
        "before the refit",
        "Before its refit, on the same",
    ] {
        assert!(verdict.contains(part), "no `{part}` in {verdict}");
    }
    assert!(report.says("Rankings and comparisons are between the finalists"));
    assert!(report.says(&format!("{name}, refit was trained once")));
    let costs: Vec<String> = report.all("#cost tbody tr").iter().map(cells).collect();
    assert_eq!(costs.len(), 6, "{costs:?}");
    assert!(
        costs[5].contains("refit") && costs[5].contains("320"),
        "{costs:?}"
    );
    let ranking = report.all("#ranking tbody tr");
    assert_eq!(ranking.len(), 5);
}

#[test]
fn trials_that_are_finalists_themselves_are_not_said_to_be_trained_again() {
    let mut input = study(Shape {
        runs: 1,
        ..Shape::default()
    });
    input.study.as_mut().unwrap().seeds = 0;
    let report = Report::of(&input);
    for wrong in [
        "Trained again with",
        ", trained again with",
        "were trained again and tested",
        "ranked by the lower",
    ] {
        assert!(!report.says(wrong), "{wrong}");
    }
    for part in [
        "the best configuration of each backbone, not trained again",
        "The finalists are the best trials themselves",
        "the scores that they are ranked by are too good in the same way",
        "Only the 5 configurations that validation picked out of 40 trials were tested.",
    ] {
        assert!(report.says(part), "no `{part}`");
    }
}
