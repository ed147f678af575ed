//! The detailed metrics beside those of scikit-learn and SciPy, recorded by
//! `data/make_reference.py`; streamed, merged, and drawn with each row once.

use crate::support::{self, Row, assert_close, paired};
use psp_metrics::{
    BootstrapSettings, DetailedAccumulator, DetailedMetrics, Group, GroupErrors, GroupScores,
    LabelGroups, MeanBaseline, Metric, MetricSettings, Scores, bootstrap,
};
use serde_json::Value;

fn cases() -> Vec<Value> {
    let document: Value = serde_json::from_str(include_str!("data/detailed.json")).unwrap();
    document["cases"].as_array().unwrap().clone()
}

fn settings(case: &Value) -> MetricSettings {
    let read = |value: &Value| serde_json::from_value(value.clone()).unwrap();
    let mut settings = MetricSettings::new(MeanBaseline {
        means: read(&case["training_means"]),
    });
    settings.bin_edges = read(&case["settings"]["bin_edges"]);
    let range: Vec<f64> = read(&case["settings"]["label_range"]);
    settings.label_range = [range[0], range[1]];
    settings.clip = case["settings"]["clip"].as_bool().unwrap();
    settings
}

fn rows(case: &Value) -> Vec<Row> {
    let read = |key: &str| -> Vec<Vec<f64>> { serde_json::from_value(case[key].clone()).unwrap() };
    read("predictions")
        .into_iter()
        .zip(read("labels"))
        .collect()
}

fn accumulate(case: &Value, range: std::ops::Range<usize>) -> DetailedAccumulator {
    let mut accumulator =
        DetailedAccumulator::starting_at(settings(case), range.start as u64).unwrap();
    for (prediction, label) in &rows(case)[range] {
        accumulator.push(prediction, label).unwrap();
    }
    accumulator
}

fn assert_scores(name: &str, ours: &Scores, theirs: &Value) {
    let check =
        |key: &str, ours| assert_close(&format!("{name}, {key}"), ours, theirs[key].as_f64());
    check("mse", Some(ours.mse));
    check("mae", Some(ours.mae));
    check("rmse", Some(ours.rmse));
    check("r2", ours.r2);
    check("median_absolute_error", Some(ours.median_absolute_error));
    check("bias", Some(ours.bias));
    check("pearson", ours.pearson);
    check("spearman", ours.spearman);
    check("balanced_mse", ours.balanced_mse);
    check("outside_range", Some(ours.outside_range));
    for (index, within) in ours.within.iter().enumerate() {
        let name = format!("{name}, within {}", within.bound);
        assert_close(&name, Some(within.share), theirs["within"][index].as_f64());
    }
}

fn assert_group(name: &str, count: u64, ours: Option<GroupErrors>, theirs: &Value) {
    assert_eq!(count, theirs["count"].as_u64().unwrap(), "{name}");
    let check =
        |key: &str, ours| assert_close(&format!("{name}, {key}"), ours, theirs[key].as_f64());
    check("mse", ours.map(|errors| errors.mse));
    check("mae", ours.map(|errors| errors.mae));
    check("bias", ours.map(|errors| errors.bias));
}

fn assert_groups(name: &str, ours: &LabelGroups, theirs: &Value) {
    let check = |key: String, ours: &GroupScores, place: &dyn Fn(&Value) -> Value| {
        let name = format!("{name}, {key}");
        let side = |side: &str| place(&theirs[side]["groups"]);
        assert_group(&name, ours.count, ours.model, &side("model"));
        assert_group(&name, ours.count, ours.baseline, &side("baseline"));
    };
    check("zero".to_owned(), &ours.zero, &|groups| {
        groups["zero"].clone()
    });
    check("nonzero".to_owned(), &ours.nonzero, &|groups| {
        groups["nonzero"].clone()
    });
    for (index, bin) in ours.bins.iter().enumerate() {
        check(format!("bin {index}"), &bin.scores, &|groups| {
            groups["bins"][index].clone()
        });
    }
}

fn assert_matches(case: &Value, metrics: &DetailedMetrics) {
    let name = case["name"].as_str().unwrap();
    assert_eq!(metrics.count as usize, rows(case).len());
    assert_eq!(metrics.sampled, None);
    for (index, ours) in metrics.targets.iter().enumerate() {
        let (name, theirs) = (format!("{name}, target {index}"), &case["targets"][index]);
        assert_scores(&format!("{name}, model"), &ours.model, &theirs["model"]);
        assert_scores(
            &format!("{name}, baseline"),
            &ours.baseline,
            &theirs["baseline"],
        );
        assert_close(
            &format!("{name}, skill"),
            ours.skill,
            theirs["skill"].as_f64(),
        );
        assert_groups(&name, &ours.groups, theirs);
    }
}

#[test]
fn every_recorded_case_agrees_with_scikit_learn_and_scipy_to_nine_digits() {
    for case in cases() {
        let count = rows(&case).len();
        assert_matches(&case, &accumulate(&case, 0..count).finish().unwrap());
    }
}

#[test]
fn merging_any_two_parts_agrees_as_well() {
    for case in cases() {
        let count = rows(&case).len();
        for cut in [0, count / 7, count / 2, count] {
            let mut merged = accumulate(&case, 0..cut);
            merged.merge(&accumulate(&case, cut..count)).unwrap();
            assert_matches(&case, &merged.finish().unwrap());
        }
    }
}

#[test]
fn a_bootstraps_estimates_are_the_recorded_metrics() {
    let settings_of = BootstrapSettings {
        resamples: 1,
        ..BootstrapSettings::default()
    };
    for case in cases() {
        let settings = settings(&case);
        let mut metrics = Metric::main(&settings.within);
        metrics.push(Metric::GroupMse(Group::Zero));
        let intervals =
            bootstrap(&paired(&settings, &rows(&case)), &metrics, &settings_of).unwrap();
        for (target, ours) in intervals.targets.iter().enumerate() {
            let theirs = &case["targets"][target];
            let model = &theirs["model"];
            for (index, interval) in ours.iter().enumerate() {
                let expected = match interval.metric {
                    Metric::Skill => &theirs["skill"],
                    Metric::Within(0.05) => &model["within"][0],
                    Metric::Within(_) => &model["within"][1],
                    Metric::GroupMse(_) => &model["groups"]["zero"]["mse"],
                    metric => &model[key(metric)],
                };
                assert_eq!(interval.metric, metrics[index]);
                let name = format!("{}, target {target}, {}", case["name"], interval.metric);
                assert_close(&name, interval.estimate, expected.as_f64());
            }
        }
    }
}

fn key(metric: Metric) -> String {
    serde_json::from_value(serde_json::to_value(metric).unwrap()).unwrap()
}

#[test]
fn overall_metrics_are_the_means_over_the_targets_save_for_rmse_skill_and_groups() {
    for case in cases() {
        let count = rows(&case).len();
        let metrics = accumulate(&case, 0..count).finish().unwrap();
        let targets = case["targets"].as_array().unwrap();
        let mean = |side: &str, key: &str| {
            let values: Option<Vec<f64>> = targets.iter().map(|t| t[side][key].as_f64()).collect();
            values.map(|values| support::slow::mean(&values))
        };
        for (side, ours) in [
            ("model", &metrics.overall.model),
            ("baseline", &metrics.overall.baseline),
        ] {
            let check = |key, ours| {
                assert_close(&format!("{}, {key}", case["name"]), ours, mean(side, key))
            };
            check("mse", Some(ours.mse));
            check("mae", Some(ours.mae));
            check("median_absolute_error", Some(ours.median_absolute_error));
            check("bias", Some(ours.bias));
            check("balanced_mse", ours.balanced_mse);
            check("outside_range", Some(ours.outside_range));
            assert_eq!(ours.rmse, ours.mse.sqrt());
            if metrics.overall.r2_left_out.is_empty() {
                check("r2", ours.r2);
                check("pearson", ours.pearson);
                check("spearman", ours.spearman);
            }
        }
    }
}
