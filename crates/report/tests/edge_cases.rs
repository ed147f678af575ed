//! Reports on what is unfinished, failed, small or odd.

use crate::common::page::Report;
use crate::common::{self, Shape, study};
use psp_report::Input;
use psp_report::input::{EpochRecord, TrialState};

fn input() -> Input {
    study(Shape::default())
}

#[test]
fn a_study_that_is_still_running_says_so() {
    let mut input = input();
    let trials = &mut input.study.as_mut().unwrap().trials;
    trials.truncate(20);
    for (trial, state) in
        trials
            .iter_mut()
            .zip([TrialState::Begun, TrialState::Paused, TrialState::Waiting])
    {
        trial.state = state;
        trial.ended = None;
    }
    trials[2].epochs.clear();
    trials[2].score = None;
    trials[2].seconds = None;
    input.candidates.clear();
    input.selection = None;
    input.explanations.clear();
    let report = Report::of(&input);
    let verdict = report.text("#verdict");
    assert!(
        verdict.contains("No model has been chosen yet"),
        "{verdict}"
    );
    assert!(verdict.contains("Best validation R² so far"), "{verdict}");
    assert!(report.says("The study is still running: 23 trials have not come to an end."));
    assert!(report.says("1 being worked on, 1 paused, 1 waiting, 20 not yet drawn"));
    input.study.as_mut().unwrap().open_finals = 2;
    let both = "23 trials and 2 trainings of finalists have not come to an end.";
    assert!(Report::of(&input).says(both));
}

#[test]
fn finalists_without_a_choice_are_compared_all_the_same() {
    let mut input = input();
    input.selection = None;
    let report = Report::of(&input);
    assert!(
        report
            .text("#verdict")
            .contains("No model has been chosen yet. Shown in detail:")
    );
    assert_eq!(report.all("#models tbody tr").len(), 5);
    assert!(report.says("one is once the finalists are trained"));
}

#[test]
fn a_study_of_a_single_trial_has_its_report() {
    let mut input = study(Shape {
        trials: 1,
        runs: 1,
        ..Shape::default()
    });
    input.candidates.truncate(1);
    input.study.as_mut().unwrap().importance = None;
    let selection = input.selection.as_mut().unwrap();
    selection.candidate = 0;
    selection.ranking.retain(|rank| rank.candidate == 0);
    let report = Report::of(&input);
    assert!(report.text("#verdict").contains("is the only candidate"));
    assert!(report.says("There is only one model with test predictions, so nothing to compare."));
    assert!(report.says("There are too few trials to tell which keys matter."));
    assert!(report.says("was trained once: how much is luck of the seed is unknown."));
}

#[test]
fn a_study_whose_trials_all_failed_says_why() {
    let mut input = input();
    for trial in &mut input.study.as_mut().unwrap().trials {
        trial.state = TrialState::Failed;
        trial.score = None;
        trial.epochs.clear();
        trial.reason = Some("no memory left on the device".to_owned());
    }
    input.candidates.clear();
    input.selection = None;
    input.explanations.clear();
    let report = Report::of(&input);
    assert!(
        report
            .text("#verdict")
            .contains("All 40 trials failed: there is no model.")
    );
    assert!(
        report
            .text("#failures")
            .contains("no memory left on the device")
    );
    assert!(report.text(".caveat").contains("40 of 40 trials failed"));
}

#[test]
fn one_target_has_no_columns_for_all_targets() {
    let report = Report::of(&study(Shape {
        targets: 1,
        ..Shape::default()
    }));
    let groups: Vec<String> = report
        .all("#metrics-1 thead th[scope=colgroup]")
        .iter()
        .map(common::page::text)
        .collect();
    assert_eq!(groups, ["perspective_score_hood"]);
}

#[test]
fn ten_targets_have_all_their_numbers() {
    let report = Report::of(&study(Shape {
        targets: 10,
        ..Shape::default()
    }));
    let shown = report
        .all("[id^='metrics-'] thead th[scope=colgroup]")
        .len();
    assert_eq!(shown, 11, "all targets together, and each by itself");
    assert_eq!(report.all("#calibration tbody tr").len(), 10);
}

#[test]
fn without_test_predictions_nothing_is_called_tested() {
    let mut input = input();
    for run in input.candidates.iter_mut().flat_map(|c| &mut c.runs) {
        run.test = None;
    }
    let report = Report::of(&input);
    assert!(
        report
            .text("#verdict")
            .contains("Validation R² (not tested)")
    );
    assert!(report.says("There are no test predictions: nothing can be compared"));
    assert!(report.says("The chosen model on its validation images"));
    assert!(report.all("#figure-comparison").is_empty());
    assert!(report.says("no test predictions on which to measure"));
}

#[test]
fn single_runs_without_a_study_are_reported() {
    let mut input = input();
    input.study = None;
    input.title = "one, two".to_owned();
    input.candidates.truncate(2);
    for candidate in &mut input.candidates {
        candidate.trial = None;
        candidate.values.clear();
        candidate.cost.measured = None;
        candidate.runs.truncate(1);
    }
    let selection = input.selection.as_mut().unwrap();
    (selection.candidate, selection.run) = (0, 0);
    selection.ranking.retain(|rank| rank.candidate < 2);
    let report = Report::of(&input);
    assert!(report.says("There was no search: this report is on single runs."));
    assert_eq!(report.all("#figure-learning_curves").len(), 1);
    assert!(report.all("#trials").is_empty());
    assert!(report.says("the speed of prediction was not measured"));
    assert!(report.says("one run"));
}

#[test]
fn a_report_on_nothing_is_a_report() {
    let mut input = input();
    input.study = None;
    input.candidates.clear();
    input.selection = None;
    input.explanations.clear();
    input.backbones.clear();
    input.environment.commands.clear();
    for part in &mut input.data.parts {
        part.labels.clear();
    }
    let report = Report::of(&input);
    assert!(
        report
            .text("#verdict")
            .contains("There are no predictions of any model.")
    );
    assert!(report.says("There are no labels."));
}

#[test]
fn predictions_of_other_targets_are_left_out_with_a_warning() {
    let mut input = input();
    let other = study(Shape {
        targets: 1,
        ..Shape::default()
    });
    let other = &other.candidates[0].runs[0];
    input.candidates[0].runs[0].test = other.test.clone();
    input.candidates[1].runs[1].valid = other.valid.clone();
    let report = Report::of(&input);
    let warnings = &report.written.warnings;
    assert_eq!(warnings.len(), 2, "{warnings:?}");
    assert!(
        warnings[0].contains("its test predictions cannot be used"),
        "{warnings:?}"
    );
    assert!(report.says("its test predictions cannot be used"));
    let comparison = report.written.analysis.comparison.as_ref().unwrap();
    assert_eq!(comparison.members[0].mse_by_run.values.len(), 1);
}

#[test]
fn a_model_that_was_tested_on_other_images_is_not_compared() {
    let mut input = input();
    let chosen = input.selection.as_ref().unwrap().candidate;
    let other = (chosen + 1) % 5;
    for run in &mut input.candidates[other].runs {
        common::change(run.test.as_mut().unwrap(), |place, row| {
            if place == 0 {
                row.filename = "other.jpg".to_owned();
            }
        });
    }
    let report = Report::of(&input);
    assert!(report.says("has no part in it: it was tested on other images or labels."));
    assert_eq!(report.all("#models tbody tr").len(), 4);
}

#[test]
fn labels_that_are_all_alike_have_no_r2_and_a_report() {
    let mut input = input();
    let without_r2 = |epoch: &mut EpochRecord| epoch.valid.as_mut().unwrap().overall.r2 = None;
    for part in &mut input.data.parts {
        part.labels.iter_mut().for_each(|labels| labels.fill(0.5));
    }
    for predictions in common::predictions(&mut input) {
        common::change(predictions, |_, row| row.labels.fill(0.5));
    }
    for run in input.candidates.iter_mut().flat_map(|c| &mut c.runs) {
        run.epochs.iter_mut().for_each(without_r2);
    }
    for trial in &mut input.study.as_mut().unwrap().trials {
        trial.epochs.iter_mut().for_each(without_r2);
    }
    let report = Report::of(&input);
    assert!(report.says("negative MSE"));
    assert!(report.text("#verdict").contains("Test MSE"));
    assert!(!report.text("#verdict").contains("Test R²"));
}

#[test]
fn labels_in_degrees_are_binned_over_their_own_range() {
    let mut input = input();
    input.data.label_range = Some([-180.0, 180.0]);
    common::scale(&mut input, |score| score * 360.0 - 180.0);
    let report = Report::of(&input);
    assert!(report.text("#groups").contains("(−90, 0]"));
    assert!(report.text("#metrics-1").contains("within 18"));
}

#[test]
fn labels_without_a_range_are_binned_over_what_they_lie_in() {
    let mut input = input();
    input.data.label_range = None;
    common::scale(&mut input, |score| score * 1000.0 - 300.0);
    let [low, high] = input.data.span();
    assert!(
        low >= -300.0 && high <= 700.0 && high - low > 500.0,
        "[{low}, {high}]"
    );
    let report = Report::of(&input);
    assert!(!report.text("#metrics").contains("clipped"));
    for part in &report.written.analysis.labels.parts {
        for bins in &part.bins {
            assert_eq!(bins[0].low, low);
            assert_eq!(bins[bins.len() - 1].high, high);
            let binned: u64 = bins.iter().map(|bin| bin.count).sum();
            assert_eq!(binned, part.images as u64, "{bins:?}");
        }
    }
}

#[test]
fn folds_are_named_and_cautioned_about() {
    let mut input = input();
    input.study.as_mut().unwrap().folds = 2;
    for candidate in &mut input.candidates {
        for (fold, run) in candidate.runs.iter_mut().enumerate() {
            run.fold = Some(fold);
        }
    }
    let report = Report::of(&input);
    assert!(report.says("seed 1, fold 0"));
    assert!(report.says("The 2 folds share most of their training images"));
}

#[test]
fn of_many_candidates_the_best_of_each_backbone_are_compared() {
    let mut input = input();
    let more: Vec<_> = input.candidates.iter().take(3).cloned().collect();
    for mut candidate in more {
        candidate.name += " again";
        input.candidates.push(candidate);
    }
    let report = Report::of(&input);
    let comparison = report.written.analysis.comparison.as_ref().unwrap();
    assert_eq!(comparison.members.len(), 8);
    assert!(comparison.best_of_each_backbone);
    assert_eq!(comparison.pairs.len(), 10, "five backbones");
    assert!(report.says("compared pair by pair are only"));
}

#[test]
fn a_suggestion_that_nothing_here_speaks_of_is_said_not_to_be_tried() {
    assert!(Report::of(&input()).says("Not tried here: the sizes in this report"));
}

#[test]
fn what_too_few_trials_can_say_nothing_of_is_not_said_to_be_untried() {
    let few = "Too few trials are finished here to say anything of more search.";
    let alike = "No two values of weight decay, dropout or stochastic depth can be compared here.";
    let mut input = input();
    let report = Report::of(&input);
    assert!(!report.says(few) && !report.says(alike));
    for trial in &mut input.study.as_mut().unwrap().trials[1..] {
        trial.state = TrialState::Waiting;
    }
    let report = Report::of(&input);
    assert!(report.says(few) && report.says(alike));
    input.study = None;
    let report = Report::of(&input);
    assert!(report.says(few) && report.says(alike));
}

#[test]
fn data_of_other_targets_is_not_held_against_the_perspective_score_project() {
    let mut input = input();
    input.data.targets = ["wear", "rust"].map(str::to_owned).to_vec();
    let report = Report::of(&input);
    assert!(!report.html.contains("perspective-score"));
    assert!(!report.text("#sizes").contains("stated"));
    let section = report.text("#suggestions");
    assert!(section.contains("Ways to better results"), "{section}");
    assert!(section.contains("Acceleration"), "{section}");
    assert!(!section.contains("Not tried here"), "{section}");
    // Nothing was measured.
    input.study = None;
    for candidate in &mut input.candidates {
        candidate.cost.measured = None;
    }
    assert!(Report::of(&input).all("#suggestions").is_empty());
}

#[test]
fn an_input_that_contradicts_itself_is_refused_with_what_is_wrong() {
    let refused = |change: &dyn Fn(&mut Input)| {
        let mut input = input();
        change(&mut input);
        psp_report::analyse(&input, &common::quick())
            .unwrap_err()
            .to_string()
    };
    let error = refused(&|input| input.data.targets.clear());
    assert!(error.contains("there are no targets"), "{error}");
    let error = refused(&|input| input.selection.as_mut().unwrap().run = 9);
    assert!(error.contains("run 9 was chosen"), "{error}");
    let error = refused(&|input| input.data.label_range = Some([1.0, 0.0]));
    assert!(error.contains("the label range is [1, 0]"), "{error}");
    let error = refused(&|input| input.explanations[0].maps[0].width = 3);
    assert!(error.contains("Grad-CAM is malformed"), "{error}");
}
