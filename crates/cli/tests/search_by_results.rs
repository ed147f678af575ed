//! Studies in which what is done next depends on results: pruners, TPE; and folds.

use std::collections::BTreeSet;

use crate::support::study::{Bench, count};
use crate::support::{self, assert_says, json, run};
use serde_json::Value;

/// Trials of a frozen backbone, which take a fraction of a second.
const STUDY: &str = r#"
[study]
trials = 9
seed = 5
seeds = 2

[preprocess]
size = 32

[model]
unfreeze = ["head"]

[train]
epochs = 4
batch_size = 4

[space]
model.hidden = { int = [4, 16], step = 4 }
train.learning_rate = { log = [1e-3, 1e-1], points = 5 }
"#;

fn with(settings: &str) -> Bench {
    Bench::new(&STUDY.replace("seeds = 2", &format!("seeds = 2\n{settings}")))
}

fn rows<'a>(table: &'a Value, state: &str) -> Vec<&'a Value> {
    let rows = table["trials"].as_array().unwrap();
    rows.iter().filter(|row| row["state"] == state).collect()
}

#[test]
fn asha_trains_a_third_of_each_rung_further_and_chooses_among_these() {
    let bench = with("pruner = \"asha\"\nrungs = [1, 2]");
    let searched = run(&mut bench.search(&["--workers", "1"])).assert_done();
    assert!(
        searched.stdout.contains("promoted to epoch 2"),
        "{searched:#?}"
    );
    assert!(
        searched.stdout.contains("promoted to the end"),
        "{searched:#?}"
    );
    let table = bench.table();
    // One worker promotes at once: after trials 3, 6 and 9 the best third so far.
    let epochs = |row: &&Value| row["epochs"].as_u64().unwrap();
    let pruned: Vec<u64> = rows(&table, "pruned").iter().map(epochs).collect();
    let finished = rows(&table, "finished");
    assert_eq!(pruned.len() + finished.len(), 9, "{table}");
    assert!(
        pruned.iter().all(|epochs| [1, 2].contains(epochs)),
        "{pruned:?}"
    );
    assert!(!finished.is_empty() && finished.iter().all(|row| epochs(row) == 4));
    // The three best of the first rung went on, and perhaps an early one.
    let mut scores: Vec<(f64, bool)> = Vec::new();
    for row in table["trials"].as_array().unwrap() {
        let name = row["name"].as_str().unwrap();
        let rung = bench.root().join("trials").join(name).join("rung.1.json");
        let rung = json(&rung);
        let went_on = row["epochs"].as_u64().unwrap() > 1;
        scores.push((rung["best"]["overall"]["r2"].as_f64().unwrap(), went_on));
    }
    scores.sort_by(|a, b| b.0.total_cmp(&a.0));
    assert!(
        scores[..3].iter().all(|(_, went_on)| *went_on),
        "{scores:?}"
    );
    assert!(scores[3..].iter().filter(|(_, on)| *on).count() <= 3);
    // The finalist is one of those that were trained to their end.
    let numbers: BTreeSet<u64> = finished
        .iter()
        .map(|r| r["number"].as_u64().unwrap())
        .collect();
    let finalist = table["finals"][0]["number"].as_u64().unwrap();
    assert!(numbers.contains(&finalist));

    let shown = bench.study("show", &[]).assert_done();
    assert!(shown.stdout.contains(" pruned"), "{shown:#?}");
    let listed = format!("{} finished, {} pruned", finished.len(), pruned.len());
    assert!(
        shown.stdout.contains(&listed),
        "no `{listed}` in {shown:#?}"
    );
}

#[test]
fn a_pruned_trial_goes_on_when_more_trials_show_that_it_was_good() {
    let bench = with("pruner = \"asha\"\nrungs = [1]");
    let named = |table: &Value, state: &str| -> BTreeSet<String> {
        let rows = rows(table, state);
        rows.iter().map(|row| row["name"].to_string()).collect()
    };
    // Which of them turn out well depends on the numbers: of several steps one shows it.
    let (mut was_pruned, mut was_finished) = (BTreeSet::new(), BTreeSet::new());
    let mut earlier = Vec::new();
    for trials in [5, 8, 11, 14, 18, 20] {
        let (count, workers) = (trials.to_string(), (1 + trials / 18).to_string());
        run(&mut bench.search(&["--workers", &workers, "--trials", &count])).assert_done();
        let table = bench.table();
        let names: Vec<Value> = table["trials"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| row["name"].clone())
            .collect();
        assert_eq!(names.len(), trials);
        // More trials leave the first ones what they are.
        assert_eq!(names[..earlier.len()], earlier[..]);
        earlier = names;
        let finished = named(&table, "finished");
        assert!(finished.len() >= trials / 3);
        assert!(was_finished.is_subset(&finished));
        was_finished = finished;
        was_pruned.extend(named(&table, "pruned"));
    }
    assert!(
        !was_pruned.is_disjoint(&was_finished),
        "{was_pruned:?} were pruned, {was_finished:?} finished"
    );
}

#[test]
fn a_trial_that_fails_after_its_rung_gives_its_place_to_the_next() {
    let bench = with("pruner = \"asha\"\nrungs = [1]\nreduction = 9");
    run(&mut bench.search(&["--workers", "1"])).assert_done();
    let before = bench.table();
    let promoted = |table: &Value| -> BTreeSet<String> {
        let names = rows(table, "finished").into_iter();
        names
            .map(|row| row["name"].as_str().unwrap().to_owned())
            .collect()
    };
    let first = promoted(&before);
    for name in &first {
        let path = bench.root().join("trials").join(name).join("outcome.json");
        let mut outcome = json(&path);
        let fields = outcome.as_object_mut().unwrap();
        fields.remove("result");
        fields.insert("status".into(), "failed".into());
        fields.insert("reason".into(), "training diverged".into());
        std::fs::write(&path, outcome.to_string()).unwrap();
    }
    for name in ["finalists.json", "selected.json"] {
        std::fs::remove_file(bench.root().join(name)).unwrap();
    }
    std::fs::remove_dir_all(bench.root().join("finals")).unwrap();
    run(&mut bench.search(&["--workers", "1"])).assert_refused(&["1 of 9 trials failed"]);
    let table = bench.table();
    let next = promoted(&table);
    assert!(!next.is_empty() && next.is_disjoint(&first), "{table}");
}

#[test]
fn the_median_pruner_stops_about_half_and_all_workers_agree_on_the_end() {
    let bench = with("pruner = \"median\"\nrungs = [1]\nstartup = 3");
    let start = || bench.search(&["--workers", "1"]).spawn().unwrap();
    for child in [start(), start(), start()] {
        support::ran(child.wait_with_output().unwrap()).assert_done();
    }
    let table = bench.table();
    let (finished, pruned) = (
        count(&table["trials"], "finished"),
        count(&table["trials"], "pruned"),
    );
    assert_eq!(finished + pruned, 9);
    assert!((4..=8).contains(&finished), "{finished} of 9");
    bench.assert_each_ended_once();
}

#[test]
fn where_every_trial_of_a_backbone_is_pruned_the_best_of_them_is_its_finalist() {
    let study = STUDY
        .replace(
            "trials = 9",
            "trials = 6\npruner = \"asha\"\nrungs = [1]\nsampler = \"grid\"",
        )
        .replace(
            "[space]",
            "[space]\nmodel.backbone = [\"mobilenet_v2\", \"googlenet\"]",
        )
        .replace("points = 5", "points = 3")
        .replace("int = [4, 16], step = 4", "values = [8]");
    let bench = Bench::new(&study);
    run(&mut bench.search(&["--workers", "2"])).assert_done();
    let table = bench.table();
    let backbones: BTreeSet<&str> = table["selection"]["finalists"]
        .as_array()
        .unwrap()
        .iter()
        .map(|finalist| finalist["backbone"].as_str().unwrap())
        .collect();
    assert_eq!(backbones, BTreeSet::from(["googlenet", "mobilenet_v2"]));
    for row in table["finals"].as_array().unwrap() {
        assert_eq!(
            row["epochs"], 4,
            "finalists are trained to their end: {row}"
        );
    }
}

#[test]
fn tpe_draws_later_trials_from_results_and_the_same_ones_whoever_draws() {
    let settings = "sampler = \"tpe\"\nlag = 2\nfinalists = 1";
    let bench = with(settings);
    let plan = run(&mut bench.search(&["--plan", "--trials", "16"])).assert_done();
    assert!(
        plan.stdout
            .contains("and 5 more, each drawn from the results"),
        "{plan:#?}"
    );
    run(&mut bench.search(&["--workers", "1", "--trials", "16"])).assert_done();
    let table = bench.table();
    assert_eq!(count(&table["trials"], "finished"), 16);
    assert_eq!(table["to_draw"], 0);
    let drawn = std::fs::read_dir(bench.root().join("drawn"))
        .unwrap()
        .count();
    assert_eq!(drawn, 5);
    // Three processes at once draw the same ones.
    let shared = with(settings);
    let start = || {
        let mut command = shared.search(&["--workers", "1", "--trials", "16"]);
        command.spawn().unwrap()
    };
    for child in [start(), start(), start()] {
        support::ran(child.wait_with_output().unwrap()).assert_done();
    }
    shared.assert_each_ended_once();
    if support::device() == "flex" {
        assert_eq!(shared.table()["trials"], table["trials"]);
    }
    // Another seed of the draw draws others.
    assert_ne!(table["trials"][15]["values"], table["trials"][0]["values"]);
}

#[test]
fn finalists_are_trained_on_every_fold_and_the_middle_one_is_chosen() {
    let bench = with("folds = 3");
    run(&mut bench.search(&["--workers", "2", "--trials", "2"])).assert_done();
    let table = bench.table();
    // One finalist, two seeds, three folds.
    assert_eq!(count(&table["finals"], "finished"), 6);
    let runs = table["selection"]["finalists"][0]["runs"]
        .as_array()
        .unwrap();
    let folds: Vec<u64> = runs
        .iter()
        .map(|run| run["fold"].as_u64().unwrap())
        .collect();
    for fold in 0..3 {
        assert_eq!(folds.iter().filter(|&&one| one == fold).count(), 2);
    }
    assert_eq!(table["selection"]["folder"], runs[3]["folder"]);
    // Each fold validates on images of its own, and none on test images.
    let validated: Vec<BTreeSet<String>> =
        (0..3).map(|fold| images(&bench, fold, ",valid")).collect();
    let tested: Vec<BTreeSet<String>> = (0..3).map(|fold| images(&bench, fold, ",test")).collect();
    assert!(validated.iter().all(|part| !part.is_empty()));
    for (a, b) in [(0, 1), (0, 2), (1, 2)] {
        assert!(validated[a].is_disjoint(&validated[b]));
        assert_eq!(tested[a], tested[b]);
    }
    // A run on a fold uses it.
    let folder = bench.root().join(runs[0]["folder"].as_str().unwrap());
    let used = std::fs::read_to_string(folder.join("split.csv")).unwrap();
    let fold = bench.root().join(format!("folds/{}.csv", folds[0]));
    assert_eq!(used, std::fs::read_to_string(fold).unwrap());
}

#[test]
fn with_folds_a_refit_is_compared_with_the_trial_on_the_same_images() {
    let study = STUDY.replace("seeds = 2", "seeds = 1\nfolds = 2");
    let bench = Bench::new(&format!("{study}[study.refit]\ntrain.batch_size = 4\n"));
    run(&mut bench.search(&["--workers", "1", "--trials", "1"])).assert_done();
    let table = bench.table();
    let selection = &table["selection"];
    // The trial and its refit are the same training.
    let score = format!("{:.4}", table["trials"][0]["score"].as_f64().unwrap());
    let told = format!("score {score}, the trial's on the same images {score}");
    assert_says(selection["reason"].as_str().unwrap(), &[&told]);
    let mean = selection["finalists"][0]["mean"].as_f64().unwrap();
    assert_ne!(format!("{mean:.4}"), score);
}

fn images(bench: &Bench, fold: usize, part: &str) -> BTreeSet<String> {
    let text = std::fs::read_to_string(bench.root().join(format!("folds/{fold}.csv"))).unwrap();
    let lines = text.lines().filter_map(|line| line.strip_suffix(part));
    lines.map(str::to_owned).collect()
}

/// As of folds in the studies of earlier versions.
#[test]
fn trainings_of_which_one_has_no_r2_are_compared_by_their_mse() {
    let bench = Bench::new(&STUDY.replace("trials = 9", "trials = 1"));
    run(&mut bench.search(&["--workers", "1"])).assert_done();
    let finals = std::fs::read_dir(bench.root().join("finals")).unwrap();
    let outcomes: Vec<_> = finals
        .map(|entry| entry.unwrap().path().join("outcome.json"))
        .collect();
    let mut errors = Vec::new();
    for (number, path) in outcomes.iter().enumerate() {
        let mut outcome = json(path);
        let overall = &mut outcome["result"]["best"]["overall"];
        errors.push(overall["mse"].as_f64().unwrap());
        assert!(overall["r2"].is_f64());
        if number == 0 {
            overall["r2"] = Value::Null;
            std::fs::write(path, outcome.to_string()).unwrap();
        }
    }
    assert_eq!(errors.len(), 2);
    run(&mut bench.search(&["--workers", "1"])).assert_done();
    let selected = json(&bench.root().join("selected.json"));
    let mean = selected["finalists"][0]["mean"].as_f64().unwrap();
    let expected = -(errors[0] + errors[1]) / 2.0;
    assert!((mean - expected).abs() < 1e-9, "{mean} and {expected}");
}

#[test]
fn folds_without_an_r2_are_refused() {
    let study = STUDY.replace("seeds = 2", "seeds = 2\nfolds = 5");
    let data = "[data]\ntargets = [\"defect\"]\n[preprocess]";
    let bench = Bench::new(&study.replace("[preprocess]", data));
    // 4 of 24 images, which the 5 folds can't share.
    let rows = (0..24).map(|index| {
        let defect = u8::from(index % 6 == 0);
        format!("synth-{index:06}.jpg,{defect}\n")
    });
    let rows: String = rows.collect();
    let labels = format!("filename,defect\n{rows}");
    bench.folder.write("data/labels.csv", labels);
    for flags in [&["--plan"][..], &["--workers", "1"]] {
        run(&mut bench.search(flags)).assert_refused(&[
            "study.toml, line ",
            "study.folds = 5: column `defect` is 0 on all ",
            "fewer folds",
        ]);
        assert!(!bench.root().exists());
    }
}

#[test]
fn settings_of_pruners_and_folds_out_of_range_are_refused_and_a_changed_pruner_too() {
    for (setting, part) in [
        ("rungs = [2, 1]", "study.rungs"),
        ("rungs = [0]", "study.rungs"),
        ("reduction = 1", "study.reduction"),
        ("startup = 0", "study.startup"),
        ("lag = 0", "study.lag"),
        ("folds = 1", "study.folds"),
        ("pruner = \"hyperband\"", "hyperband"),
    ] {
        let bench = with(setting);
        run(&mut bench.search(&["--workers", "1"])).assert_refused(&["study.toml", part]);
        assert!(!bench.root().exists());
    }
    let bench = with("folds = 23");
    run(&mut bench.search(&["--workers", "1"])).assert_refused(&["folds"]);
    let bench = with("pruner = \"asha\"");
    run(&mut bench.search(&["--workers", "1", "--trials", "1"])).assert_done();
    let other = STUDY.replace("seeds = 2", "seeds = 2\npruner = \"median\"");
    bench.folder.write("study.toml", other);
    run(&mut bench.search(&["--workers", "1"])).assert_refused(&["the pruner or its rungs"]);
}
