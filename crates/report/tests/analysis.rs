//! The numbers of a report, beside numbers computed in another way.

use crate::common::{Shape, quick, study};
use psp_metrics::Metric;
use psp_report::analysis::{Analysis, FocusPart};
use psp_report::input::{Predictions, PrunerName};

fn analysis() -> Analysis {
    psp_report::analyse(&study(Shape::default()), &quick()).unwrap()
}

#[test]
fn a_candidate_of_one_run_has_the_bootstraps_own_intervals() {
    let input = study(Shape {
        runs: 1,
        ..Shape::default()
    });
    let analysis = psp_report::analyse(&input, &quick()).unwrap();
    let comparison = analysis.comparison.unwrap();
    assert_eq!(comparison.members.len(), 5);
    for member in comparison.members {
        let test = analysis.candidates[member.candidate].runs[0]
            .test
            .as_ref()
            .unwrap();
        let near = |ours: f64, theirs: Option<f64>| {
            assert!((ours - theirs.unwrap()).abs() < 1e-9, "{ours} {theirs:?}");
        };
        for (ours, metric) in [(member.mse, Metric::Mse), (member.r2.unwrap(), Metric::R2)] {
            let theirs = test.overall(metric).unwrap();
            near(ours.value, theirs.estimate);
            let [low, high] = ours.interval.unwrap();
            near(low, theirs.low);
            near(high, theirs.high);
        }
    }
}

#[test]
fn a_mean_over_runs_is_the_mean_of_the_runs_metrics() {
    let analysis = psp_report::analyse(&study(Shape::default()), &quick()).unwrap();
    let comparison = analysis.comparison.unwrap();
    for member in comparison.members {
        assert!((member.mse.value - member.mse_by_run.mean).abs() < 1e-12);
        let r2 = member.r2_by_run.unwrap();
        assert!((member.r2.unwrap().value - r2.mean).abs() < 1e-9);
        assert_eq!(member.mse_by_run.values.len(), 2);
        assert!(member.mse_by_run.sampling_error.unwrap() > 0.0);
    }
    assert_eq!(comparison.pairs.len(), 10);
    for pair in comparison.pairs {
        assert!(pair.adjusted_p_value >= pair.p_value);
        assert_eq!(pair.differs, pair.adjusted_p_value <= 0.05);
    }
}

#[test]
fn a_seed_gives_the_same_numbers_and_another_seed_other_intervals() {
    let input = study(Shape::default());
    let with = |seed: u64| {
        let settings = psp_report::Settings { seed, ..quick() };
        psp_report::analyse(&input, &settings).unwrap()
    };
    assert_eq!(with(1), with(1));
    let interval = |analysis: &Analysis| analysis.comparison.as_ref().unwrap().members[0].mse;
    let (one, two) = (interval(&with(1)), interval(&with(2)));
    assert_eq!(one.value, two.value);
    assert_ne!(one.interval, two.interval);
}

#[test]
fn coverage_over_all_images_is_that_of_zeros_and_others_together() {
    let analysis = analysis();
    let calibration = analysis.calibration.unwrap();
    assert_eq!(
        (calibration.fitted_to, calibration.measured_on),
        (100, Some(100))
    );
    for target in &calibration.targets {
        assert_eq!(target.levels.len(), 6);
        for level in &target.levels {
            let (all, zero, other) = (
                level.all.unwrap(),
                level.zero.unwrap(),
                level.nonzero.unwrap(),
            );
            assert_eq!(all.count, zero.count + other.count);
            let inside = |one: psp_report::analysis::Measured| one.coverage * one.count as f64;
            assert!((inside(all) - inside(zero) - inside(other)).abs() < 1e-9);
            let [low, high] = all.interval.unwrap();
            assert!(low <= all.coverage && all.coverage <= high);
        }
        let radii = target.levels.iter().map(|level| level.radius.unwrap());
        assert!(radii.is_sorted(), "more coverage needs more room");
    }
}

#[test]
fn an_interval_that_the_validation_images_cannot_give_is_not_made_up() {
    let mut input = study(Shape::default());
    for run in input.candidates.iter_mut().flat_map(|c| &mut c.runs) {
        let valid = run.valid.as_mut().unwrap();
        let (targets, few) = (valid.targets().to_vec(), valid.rows()[..8].to_vec());
        *valid = Predictions::new(targets, few).unwrap();
    }
    let analysis = psp_report::analyse(&input, &quick()).unwrap();
    let levels = &analysis.calibration.unwrap().targets[0].levels;
    let at = |nominal: f64| {
        levels
            .iter()
            .find(|level| level.nominal == nominal)
            .unwrap()
    };
    // Of eight residuals the largest is the quantile of 8 / 9.
    assert!(at(0.8).radius.is_some());
    assert_eq!(at(0.9).radius, None);
}

#[test]
fn galleries_show_the_largest_and_the_smallest_errors_and_a_lot() {
    let analysis = analysis();
    let images = analysis.images.unwrap();
    assert_eq!(
        [&images.random, &images.best, &images.worst].map(Vec::len),
        [12; 3]
    );
    let errors = |shown: &[psp_report::analysis::Shown]| -> Vec<f64> {
        shown.iter().map(|shown| shown.squared_error).collect()
    };
    assert!(errors(&images.best).is_sorted());
    assert!(errors(&images.worst).is_sorted_by(|a, b| a >= b));
    assert!(images.zeros_left_out > 0);
    let rows: std::collections::BTreeSet<usize> = images.random.iter().map(|s| s.row).collect();
    assert_eq!(rows.len(), 12, "no image comes twice");
}

#[test]
fn every_label_is_in_one_bin() {
    let analysis = analysis();
    for part in &analysis.labels.parts {
        for bins in &part.bins {
            let count: u64 = bins.iter().map(|bin| bin.count).sum();
            assert_eq!(count, part.images as u64);
        }
    }
    let test = &analysis.labels.parts[2];
    let zeros = test.statistics.as_ref().unwrap().targets[0].zero_share;
    assert_eq!(test.bins[0][0].count as f64, zeros * test.images as f64);
}

#[test]
fn the_chosen_run_is_shown_and_another_of_its_candidate_where_that_has_no_predictions() {
    let mut input = study(Shape::default());
    let selection = input.selection.clone().unwrap();
    let focus = psp_report::analyse(&input, &quick())
        .unwrap()
        .focus
        .unwrap();
    assert_eq!(
        (focus.candidate, focus.run),
        (selection.candidate, selection.run)
    );
    assert!(focus.chosen && focus.exported);
    assert_eq!(focus.part, FocusPart::Test);
    input.candidates[selection.candidate].runs[selection.run].test = None;
    let focus = psp_report::analyse(&input, &quick())
        .unwrap()
        .focus
        .unwrap();
    assert_eq!(focus.candidate, selection.candidate);
    assert_ne!(focus.run, selection.run);
    assert!(focus.chosen && !focus.exported);
}

#[test]
fn the_best_score_so_far_never_falls_and_ends_with_the_best() {
    let mut input = study(Shape::default());
    input.study.as_mut().unwrap().pruner = PrunerName::None;
    let analysis = psp_report::analyse(&input, &quick()).unwrap();
    let search = analysis.search.unwrap();
    let best: Vec<f64> = search.progress.iter().map(|row| row.best).collect();
    assert!(best.is_sorted());
    let last = search.progress.last().unwrap();
    assert_eq!(last.trials, search.states.finished);
    assert_eq!(last.best, search.best.unwrap().score);
    assert!((last.expected.unwrap() - last.best).abs() < 1e-9);
    assert!(
        search
            .progress
            .iter()
            .all(|row| row.expected.unwrap() <= last.best + 1e-9)
    );
}

#[test]
fn the_pareto_front_holds_what_nothing_beats_in_cost_and_accuracy() {
    let input = study(Shape::default());
    let comparison = psp_report::analyse(&input, &quick())
        .unwrap()
        .comparison
        .unwrap();
    let point = |candidate: usize| {
        let cost = input.candidates[candidate].cost.multiply_adds;
        (
            cost,
            comparison.member(candidate).unwrap().r2.unwrap().value,
        )
    };
    for member in &comparison.members {
        let (cost, r2) = point(member.candidate);
        let beaten = comparison.members.iter().any(|other| {
            let (other_cost, other_r2) = point(other.candidate);
            other_cost < cost && other_r2 > r2
        });
        assert_eq!(comparison.pareto.contains(&member.candidate), !beaten);
    }
}
