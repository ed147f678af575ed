//! What stands first in a report: the choice, and whether the model is of any use.

use crate::common::page::Report;
use crate::common::{self, Shape, study};
use psp_report::Input;

/// Five candidates that were trained once each.
fn once() -> Input {
    let mut input = study(Shape {
        runs: 1,
        ..Shape::default()
    });
    input.study.as_mut().unwrap().seeds = 0;
    input
}

#[test]
fn of_candidates_that_were_trained_once_no_noise_is_told() {
    let report = Report::of(&once());
    let heads = report.text("#ranking thead");
    for wrong in ["between runs", "lower bound", "ties"] {
        assert!(!heads.contains(wrong), "{heads}");
    }
    assert_eq!(report.all("#ranking tbody tr").len(), 5);
    assert!(report.says("Each model was trained once, and all are over the same 100 test images"));
    for table in ["#models thead", "#pairs thead"] {
        let heads = report.text(table);
        assert!(!heads.contains("seeds"), "{heads}");
    }

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
fn the_reason_is_told_as_it_is_and_ties_where_noise_was_measured() {
    let mut input = study(Shape::default());
    let selection = input.selection.as_mut().unwrap();
    selection.reason = "a leads; no other candidate ties with it".to_owned();
    let report = Report::of(&input);
    for section in ["#verdict", "#selection"] {
        let text = report.text(section);
        assert!(text.contains("no other candidate ties with it."), "{text}");
    }
    assert!(
        report
            .text("#ranking thead")
            .contains("ties with the first")
    );
}

/// Changes predictions: `predict` is given a target, its training mean and the image's place.
fn predicting(input: &mut Input, predict: impl Fn(usize, f64, usize) -> Option<f64>) {
    let means = input.data.training_means.clone();
    for predictions in common::predictions(input) {
        common::change(predictions, |place, row| {
            for (target, prediction) in row.predictions.iter_mut().enumerate() {
                if let Some(changed) = predict(target, means[target], place) {
                    *prediction = changed as f32;
                }
            }
        });
    }
}

#[test]
fn a_model_that_is_no_better_than_the_mean_is_said_to_be_so_first() {
    let mut input = study(Shape::default());
    let headline = Report::of(&input).text("#verdict .headline");
    assert!(!headline.contains("the mean"), "{headline}");

    let wobble = |place: usize| if place.is_multiple_of(2) { 0.3 } else { -0.3 };
    predicting(&mut input, |_, mean, place| Some(mean + wobble(place)));
    let report = Report::of(&input);
    let headline = report.text("#verdict .headline");
    let said = "On the 100 test images it is no better than predicting the mean: its R² is −";
    assert!(headline.contains(said), "{headline}");
    assert!(!headline.contains("the same"), "{headline}");
    let verdict = report.text("#verdict");
    assert!(!verdict.contains("it removes −"), "{verdict}");
    let caveat = report.text(".caveat");
    assert!(
        caveat.contains("that the model has learnt to judge images"),
        "{caveat}"
    );
}

#[test]
fn a_model_with_an_answer_that_never_changes_is_said_to_have_one() {
    let mut input = study(Shape::default());
    predicting(&mut input, |target, mean, _| (target == 0).then_some(mean));
    let headline = Report::of(&input).text("#verdict .headline");
    let said = "Its predictions of hood are the same for every image.";
    assert!(headline.contains(said), "{headline}");
    predicting(&mut input, |_, mean, _| Some(mean));
    let headline = Report::of(&input).text("#verdict .headline");
    let said = "Its predictions are the same for every image, whatever it shows.";
    assert!(headline.contains(said), "{headline}");
}
