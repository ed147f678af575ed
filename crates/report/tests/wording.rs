//! What a report says is true in the cases that are less common, too.

use crate::common::page::{Report, cells};
use crate::common::{self, Shape, quick, study};
use psp_metrics::Metric;
use psp_report::Input;
use psp_report::analysis::{Analysis, CaveatKind};
use psp_report::input::{PredictionRow, Run};

fn input() -> Input {
    study(Shape::default())
}

fn analysis(input: &Input) -> Analysis {
    psp_report::analyse(input, &quick()).unwrap()
}

fn runs(input: &mut Input) -> impl Iterator<Item = &mut Run> {
    input.candidates.iter_mut().flat_map(|one| &mut one.runs)
}

/// Changes each row of the run's test predictions, which comes with its place.
fn change(run: &mut Run, change: impl FnMut(usize, &mut PredictionRow)) {
    common::change(run.test.as_mut().unwrap(), change);
}

fn because(analysis: &Analysis, kind: CaveatKind) -> Option<&str> {
    let mut caveats = analysis.caveats.iter();
    let found = caveats.find(|caveat| caveat.kind == kind);
    found.map(|caveat| caveat.because.as_str())
}

/// As the picture of the comparison has it.
fn says_tied(report: &Report) -> bool {
    let picture = report.folder.path().join("plots/comparison.svg");
    std::fs::read_to_string(picture).unwrap().contains("tied")
}

#[test]
fn rows_are_called_tied_only_where_each_model_was_compared_with_the_best() {
    let mut input = input();
    let report = Report::of(&input);
    assert!(says_tied(&report));
    assert!(
        report
            .html
            .contains("tied: no difference in MSE shown from the best")
    );
    let more: Vec<_> = input.candidates.iter().take(3).cloned().collect();
    for mut candidate in more {
        candidate.name += " again";
        input.candidates.push(candidate);
    }
    let report = Report::of(&input);
    let comparison = report.written.analysis.comparison.as_ref().unwrap();
    assert!(comparison.pair(0, 5).is_none(), "not compared");
    assert!(!says_tied(&report));
}

#[test]
fn nothing_is_called_tied_with_the_best_by_r2_where_another_has_the_lower_mse() {
    let mut input = input();
    input.candidates.truncate(2);
    input.selection = None;
    for (index, candidate) in input.candidates.iter_mut().enumerate() {
        for run in &mut candidate.runs {
            change(run, |place, row| {
                let sign = if place % 2 == 0 { 1.0 } else { -1.0 };
                // Labels that hardly differ weigh little in the MSE, and half in R².
                let labels = [0.2 + 0.6 * (place as f64 / 100.0), 0.5 + 0.01 * sign];
                let errors = [[0.1, 0.0], [0.05, 0.05]][index];
                let of = |target: usize| (labels[target] + sign * errors[target]) as f32;
                row.predictions = vec![of(0), of(1)];
                row.labels = labels.map(|label| label as f32).to_vec();
            });
        }
    }
    let report = Report::of(&input);
    let members = &report.written.analysis.comparison.as_ref().unwrap().members;
    assert!(members[0].r2.unwrap().value > members[1].r2.unwrap().value);
    assert!(members[0].mse.value > members[1].mse.value);
    assert!(!says_tied(&report));
}

#[test]
fn a_validation_score_that_was_not_recorded_is_that_of_the_stored_predictions() {
    let mut input = input();
    input.selection = None;
    runs(&mut input).for_each(|run| run.best_epoch = None);
    let report = Report::of(&input);
    let candidate = &report.written.analysis.candidates[0];
    let predicted = candidate.runs.iter().map(|run| {
        let valid = run.valid.as_ref().unwrap();
        valid.overall(Metric::R2).unwrap().estimate.unwrap()
    });
    let values = &candidate.validation.as_ref().unwrap().values;
    assert_eq!(*values, predicted.collect::<Vec<_>>());
    assert_eq!(report.written.analysis.validated.len(), 5);
}

#[test]
fn what_predictions_are_clipped_to_is_told() {
    let report = Report::of(&input());
    assert!(
        report
            .text("#metrics")
            .contains("A prediction is clipped to [0, 1], the range of the labels")
    );
}

#[test]
fn a_ratio_of_losses_is_not_said_to_show_memorising() {
    let report = Report::of(&input());
    let text = report.text("#loss");
    assert!(
        text.contains("or only that the running values lag behind"),
        "{text}"
    );
    assert!(!text.contains("by heart"), "{text}");
}

/// The same study, whose labels are now grades from 1 to 5.
fn graded() -> Input {
    let mut input = input();
    input.data.label_range = None;
    common::scale(&mut input, |score| 1.0 + 4.0 * score);
    input
}

#[test]
fn labels_without_zeros_are_not_said_to_have_any() {
    let report = Report::of(&graded());
    for section in ["#loss", "#quantitative", "#caveats"] {
        let text = report.text(section);
        assert!(text.contains("% are exactly 1"), "{text}");
    }
    for section in ["#labels", "#label-pairs", "#groups", "#calibration"] {
        let text = report.text(section);
        for wrong in ["exactly 0", "= 0", "≠ 0", "label is 0", "both 0"] {
            assert!(!text.contains(wrong), "{section}: {text}");
        }
    }
    // The picture has all of them, the lowest too.
    let picture = report.folder.path().join("plots/error_by_bin.svg");
    let picture = std::fs::read_to_string(picture).unwrap();
    assert!(picture.contains("100 images"));
    // The many are not at an end of the range any more.
    let mut input = graded();
    input.data.label_range = Some([0.0, 6.0]);
    let report = Report::of(&input);
    assert!(!report.says("% are exactly"));
    assert_eq!(
        because(&report.written.analysis, CaveatKind::ManyAlike),
        None
    );
}

#[test]
fn the_head_of_the_perspective_score_project_is_that_of_the_table_of_sizes_only() {
    let mut input = input();
    let report = Report::of(&input);
    let text = report.text("#backbones");
    assert!(
        text.contains("followed by a head: Linear, ReLU, Linear. Sizes below"),
        "{text}"
    );
    input.backbones.clear();
    assert!(!Report::of(&input).text("#backbones").contains("256"));
}

#[test]
fn finalists_that_all_failed_are_not_awaited() {
    let mut input = input();
    input.selection = None;
    input.explanations.clear();
    for run in runs(&mut input) {
        (run.valid, run.test, run.best_epoch) = (None, None, None);
        run.failure = Some("the loss is NaN".to_owned());
    }
    let report = Report::of(&input);
    let text = report.text("#selection");
    assert!(text.contains("once the finalists are trained, if any of them comes to its end"));
    assert!(text.contains("Of the 10 trainings that began, 10 failed or left no predictions."));
}

#[test]
fn heat_maps_are_those_of_the_chosen_run_on_images_of_its_part() {
    let mut input = input();
    let chosen = input.selection.clone().unwrap();
    let name = |input: &Input| {
        let candidate = &input.candidates[chosen.candidate];
        let seed = candidate.runs[chosen.run].seed;
        format!("Run: {}, seed {seed}; ", candidate.name)
    };
    let caption = |input: &Input| Report::of(input).text("#figure-explanations figcaption");
    let test = caption(&input);
    assert!(
        test.starts_with(&format!("{}4 test images.", name(&input))),
        "{test}"
    );

    // Without test predictions its validation images are explained, and another run
    // is shown in detail.
    let run = &mut input.candidates[chosen.candidate].runs[chosen.run];
    run.test = None;
    let rows = run.valid.as_ref().unwrap().rows();
    for (explanation, row) in input.explanations.iter_mut().zip(rows) {
        explanation.row.filename = row.filename.clone();
    }
    let report = Report::of(&input);
    assert_ne!(report.written.analysis.focus.unwrap().run, chosen.run);
    assert!(report.says("The chosen run itself has no test predictions that can be used."));
    let valid = report.text("#figure-explanations figcaption");
    assert!(
        valid.starts_with(&format!("{}4 validation images.", name(&input))),
        "{valid}"
    );

    // Nobody knows of these images.
    input.explanations[0].row.filename = "elsewhere.jpg".to_owned();
    assert!(caption(&input).starts_with(&format!("{}4 images.", name(&input))));
    input.selection = None;
    assert!(caption(&input).starts_with("4 images."));
}

#[test]
fn a_model_is_the_best_by_validation_only_if_it_is() {
    let mut input = input();
    input.selection = None;
    let best = analysis(&input).validated[0];
    assert!(Report::of(&input).says("The best model by validation on the test images"));
    for run in &mut input.candidates[best].runs {
        (run.valid, run.test) = (None, None);
    }
    let report = Report::of(&input);
    assert!(report.says("A model that has predictions on the test images"));
    assert!(!report.says("The best model by validation on"));
}

#[test]
fn folds_are_called_folds_and_do_not_count_as_seeds() {
    let mut input = study(Shape {
        runs: 6,
        ..Shape::default()
    });
    let mut of_fold = |seeds: u64| {
        for candidate in &mut input.candidates {
            for (place, run) in candidate.runs.iter_mut().enumerate() {
                run.seed = 1 + place as u64 % seeds;
                run.fold = Some(place / seeds as usize);
            }
        }
        Report::of(&input)
    };
    let report = of_fold(1);
    for said in ["Between folds", "between folds", "beyond the folds"] {
        assert!(report.says(said), "{said}");
    }
    let page = &report.html;
    for wrong in ["etween seeds", "beyond the seeds", "luck of the seeds"] {
        assert!(!page.contains(wrong), "{wrong}");
    }
    let few = because(&report.written.analysis, CaveatKind::FewSeeds).unwrap();
    assert!(
        few.contains("was trained on 6 folds with one seed each"),
        "{few}"
    );

    let report = of_fold(2);
    assert!(report.says("beyond the seeds and folds"));
    let few = because(&report.written.analysis, CaveatKind::FewSeeds).unwrap();
    assert!(few.contains("was trained with 2 seeds per fold"), "{few}");

    let report = of_fold(3);
    assert_eq!(
        because(&report.written.analysis, CaveatKind::FewSeeds),
        None
    );
}

#[test]
fn runs_that_differ_in_neither_seed_nor_fold_are_called_runs() {
    let mut input = input();
    runs(&mut input).for_each(|run| run.seed = 1);
    let report = Report::of(&input);
    assert!(report.says("beyond the runs") && !report.says("beyond the seeds"));
    let few = because(&report.written.analysis, CaveatKind::FewSeeds).unwrap();
    assert!(
        few.contains("was trained 2 times with the same seed"),
        "{few}"
    );
}

#[test]
fn an_interval_of_what_many_resamples_do_not_define_is_left_out_everywhere() {
    let mut input = input();
    // Of 100 images three: one resample in twenty has none of them.
    for run in runs(&mut input) {
        change(run, |place, row| {
            row.labels[0] = if place < 3 { 0.8 } else { 0.0 }
        });
    }
    let report = Report::of(&input);
    let analysis = &report.written.analysis;
    let focus = analysis.focus.unwrap();
    let evaluated = focus.evaluated(&analysis.candidates).unwrap();
    let r2 = evaluated.target(0, Metric::R2).unwrap();
    assert!(r2.undefined > 2 && r2.estimate.is_some());
    assert_eq!((r2.low, r2.high, r2.standard_error), (None, None, None));
    assert!(evaluated.target(0, Metric::Mse).unwrap().low.is_some());
    assert!(evaluated.target(1, Metric::R2).unwrap().low.is_some());
    let member = analysis
        .comparison
        .as_ref()
        .unwrap()
        .member(focus.candidate)
        .unwrap();
    assert!(member.r2.is_some_and(|r2| r2.interval.is_none()));
    assert!(member.mse.interval.is_some());

    let row = |name: &str| {
        let rows = report.all("#metrics-1 tbody tr");
        let rows: Vec<String> = rows.iter().map(cells).collect();
        let found = rows.iter().find(|row| row.starts_with(name)).unwrap();
        found.matches('[').count()
    };
    assert_eq!((row("R²"), row("MSE")), (1, 3));
    let in_markdown = report
        .markdown
        .lines()
        .find(|line| line.starts_with("| R² |"));
    assert_eq!(in_markdown.unwrap().matches("\\[").count(), 1);
    assert!(report.says("Where more than 1 % of the resamples have no value"));
}

#[test]
fn speeds_are_compared_only_on_one_device() {
    let mut input = input();
    let report = Report::of(&input);
    let speed = because(&report.written.analysis, CaveatKind::Speed).unwrap();
    assert_eq!(
        speed,
        "Speed and memory of each model were measured once, on flex."
    );
    assert!(report.text("#suggestions").contains("a factor of 43.8"));
    assert!(!report.text("#cost").contains("measured on"));

    for candidate in &mut input.candidates[..2] {
        let measured = candidate.cost.measured.as_mut().unwrap();
        measured.device = "cuda".to_owned();
        measured.images_per_second_32 *= 1000.0;
    }
    let report = Report::of(&input);
    let speed = because(&report.written.analysis, CaveatKind::Speed).unwrap();
    assert!(
        speed.contains("of some on cuda, of others on flex"),
        "{speed}"
    );
    assert!(!speed.contains("one machine"), "{speed}");
    let told = report.text("#suggestions");
    assert!(
        told.contains("measured for 5 models, on cuda and flex."),
        "{told}"
    );
    // googlenet beside resnet18, and efficientnet_b0 beside vit_b_16.
    assert!(
        told.contains("a factor of 1.2.") && told.contains("a factor of 43.8."),
        "{told}"
    );
    assert_eq!(told.matches("a factor of").count(), 2);
    assert!(report.says("Those of different devices cannot be compared."));
    let rows: Vec<String> = report.all("#cost tbody tr").iter().map(cells).collect();
    assert!(
        rows[0].contains("cuda") && rows[4].contains("flex"),
        "{rows:?}"
    );
}
