//! The chosen configuration, trained again.

use crate::support::study::{Bench, STUDY};
use crate::support::trained::predict;
use crate::support::{Ran, assert_says, device, json, psp, resume, run};
use psp_train::RunDir;
use serde_json::Value;

/// The search is on 12 images of 32 pixels, two epochs.
const REFIT: &str =
    "[study.refit]\ntrain.epochs = 3\npreprocess.size = 40\ndata.train_images = 0\n";

fn bench(refit: &str) -> Bench {
    let study = STUDY.replace("trials = 6", "trials = 2\nnote = \"Only two trials.\"");
    Bench::new(&format!("{study}{refit}[data]\ntrain_images = 12\n"))
}

fn export(bench: &Bench, out: &str, more: &[&str]) -> (String, Value) {
    let mut command = psp(&["export"]);
    command.arg(bench.root()).args(more).arg("--out");
    let out = bench.folder.path(out);
    let exported = run(command.arg(&out)).assert_done();
    (exported.stdout, json(&out.join("bundle.json")))
}

/// Writes a report on the study to `report`, with so many explained images.
fn report(bench: &Bench, explained: &str) -> Ran {
    let mut command = psp(&["report", "--no-measure", "--explain", explained, "--device"]);
    command.arg(device()).arg(bench.root()).arg("--out");
    run(command.arg(bench.folder.path("report")))
}

#[test]
fn the_chosen_configuration_is_trained_again_tested_and_exported() {
    let bench = bench(REFIT);
    let planned = run(&mut bench.search(&["--plan"])).assert_done();
    assert!(planned.stdout.contains("time, if refitted"), "{planned:#?}");
    assert!(planned.stdout.contains("for the refit"), "{planned:#?}");

    let searched = run(&mut bench.search(&["--workers", "2"])).assert_done();
    let values = "data.train_images=0 preprocess.size=40 train.epochs=3";
    assert_says(
        &searched.stdout,
        &[
            &format!("refit with {values}: "),
            "chosen: refit/",
            &format!("refitted with {values}: validation score "),
            "the refit's score on the test split: ",
            "Only two trials.",
        ],
    );

    let table = bench.table();
    assert_eq!(table["refit"]["state"], "finished");
    assert_eq!(table["refit"]["epochs"], 3);
    let selection = &table["selection"];
    let folder = selection["folder"].as_str().unwrap();
    assert_eq!(selection["refit"]["folder"], folder);
    assert_eq!(selection["refit"]["valid"], table["refit"]["score"]);
    assert!(selection["refit"]["test"].is_number(), "{selection}");
    // It keeps the finalist that was chosen, which had the search's own budget.
    let finalist = selection["refit"]["finalist"].as_str().unwrap();
    for (folder, epochs, size, images) in [(folder, 3, 40, None), (finalist, 2, 32, Some(12))] {
        let config = RunDir::new(bench.root().join(folder))
            .read_config()
            .unwrap();
        assert_eq!(config.train.epochs, epochs);
        assert_eq!(config.preprocess.size, Some(size));
        assert_eq!(config.data.train_images, images);
    }

    // The same command again finds nothing to do and says the same.
    let again = run(&mut bench.search(&["--workers", "2"])).assert_done();
    assert!(!again.stdout.contains("worker 0: 0"), "{again:#?}");
    assert_eq!(bench.table(), table);

    // Nor is it trained on behind the study's back.
    for part in [folder, finalist] {
        let longer = ["--set", "train.epochs=9"];
        run(resume(&bench.root().join(part)).args(longer)).assert_refused(&[
            "is part of a study",
            "psp search --study ",
            "model.weights=",
        ]);
    }
    assert_eq!(bench.table(), table);

    let best = bench.study("best", &[]).assert_done();
    assert!(best.stdout.contains(folder), "{best:#?}");
    let csv = bench.study("show", &["--csv"]).assert_done();
    assert_eq!(csv.stdout.lines().count(), 1 + bench.tasks().len() + 1);
    let (said, bundle) = export(&bench, "model", &[]);
    assert!(said.contains(&format!("chosen: {folder}")), "{said}");
    assert_eq!(bundle["model"]["input_size"], 40);
    let backbone = selection["backbone"].as_str().unwrap();
    let (said, bundle) = export(&bench, "finalist", &["--backbone", backbone]);
    assert!(said.contains(finalist), "{said}");
    assert_eq!(bundle["model"]["input_size"], 32);

    let outcome = format!("study/{folder}/outcome.json");
    let scored = json(&bench.folder.path(&outcome))["result"]["best_epoch"].clone();
    let (scored, other) = (format!("\"best_epoch\": {scored}"), "\"best_epoch\": 99");
    bench.folder.edit(&outcome, &scored, other);
    let mut command = psp(&["export"]);
    command.arg(bench.root()).arg("--out");
    run(command.arg(bench.folder.path("other"))).assert_refused(&["the study scored epoch 99"]);
    bench.folder.edit(&outcome, other, &scored);

    report(&bench, "0").assert_done();
    let text = std::fs::read_to_string(bench.folder.path("report/report.md")).unwrap();
    assert_says(
        &text,
        &[
            "trained again with the settings of the study's refit",
            ", refit",
            "before the refit",
            "Only two trials.",
        ],
    );
    let numbers = json(&bench.folder.path("report/metrics.json"));
    let finalists = selection["finalists"].as_array().unwrap().len();
    let focus = &numbers["focus"];
    assert_eq!(focus["candidate"], finalists, "the refit comes last");
    assert_eq!(focus["exported"], true);
    // The baseline is of all training images, which the finalists saw some of.
    let means = &RunDir::new(bench.root().join(folder))
        .read_manifest()
        .unwrap()
        .train_means;
    let shown = &numbers["candidates"][finalists]["runs"][0]["test"]["metrics"]["targets"];
    for (target, mean) in means.iter().enumerate() {
        let shown = shown[target]["training_mean"].as_f64().unwrap();
        assert!((shown - mean).abs() < 1e-6, "{shown} and {mean}");
    }
    let compared = numbers["comparison"]["members"].as_array().unwrap();
    assert_eq!(
        compared.len(),
        finalists,
        "finalists are compared, the refit is not"
    );
}

#[test]
fn a_refit_whose_model_is_damaged_is_left_out_of_the_report() {
    let bench = bench(REFIT);
    run(&mut bench.search(&["--workers", "1"])).assert_done();
    let table = bench.table();
    let refit = bench
        .root()
        .join(table["selection"]["folder"].as_str().unwrap());
    std::fs::remove_dir_all(refit.join("predictions")).unwrap();
    let best = std::fs::OpenOptions::new()
        .write(true)
        .open(RunDir::new(refit).best())
        .unwrap();
    best.set_len(best.metadata().unwrap().len() / 2).unwrap();
    let ran = report(&bench, "1");
    assert_eq!(ran.code, Some(1), "{ran:#?}");
    let said = ran.stderr;
    assert_says(&said, &["the refit is left out", "stands in its place"]);
    // What is explained is the finalist.
    assert!(!said.contains("nothing is explained"), "{said}");
    let numbers = json(&bench.folder.path("report/metrics.json"));
    let finalists = table["selection"]["finalists"].as_array().unwrap().len();
    assert_eq!(numbers["candidates"].as_array().unwrap().len(), finalists);
}

#[test]
fn a_refit_that_fails_leaves_its_finalist_to_export() {
    // Its loss is infinite after the first step.
    let bench = bench(&format!("{REFIT}train.learning_rate = 1e30\n"));
    let searched = run(&mut bench.search(&["--workers", "1"]));
    let table = bench.table();
    assert_eq!(table["refit"]["state"], "failed", "{searched:#?}");
    let selection = &table["selection"];
    assert_eq!(selection["folder"], selection["refit"]["finalist"]);
    let reason = selection["reason"].as_str().unwrap();
    assert!(reason.contains("its refit with"), "{reason}");
    assert!(
        reason.contains("failed, so that the finalist is exported"),
        "{reason}"
    );
    let (said, bundle) = export(&bench, "model", &[]);
    assert!(said.contains("chosen: finals/"), "{said}");
    assert_eq!(bundle["model"]["input_size"], 32);
}

#[test]
fn a_refit_that_is_added_later_is_all_that_is_still_trained() {
    let bench = bench("");
    run(&mut bench.search(&["--workers", "1"])).assert_done();
    let before = bench.table();
    let study = std::fs::read_to_string(bench.folder.path("study.toml")).unwrap();
    bench.folder.write("study.toml", format!("{study}{REFIT}"));
    run(&mut bench.search(&["--workers", "1"])).assert_done();
    let after = bench.table();
    assert_eq!(after["trials"], before["trials"]);
    assert_eq!(after["finals"], before["finals"]);
    assert_eq!(after["refit"]["state"], "finished");
    bench.assert_each_ended_once();

    // A second one is a second look at the test split.
    let said = bench.study("show", &[]).assert_done().stdout;
    assert_says(&said, &["The test split had no say:"]);
    bench
        .folder
        .edit("study.toml", "train.epochs = 3", "train.epochs = 4");
    let searched = run(&mut bench.search(&["--workers", "1"])).assert_done();
    assert_says(
        &searched.stdout,
        &["had no say (it was also read for 1 training of"],
    );
}

#[test]
fn a_refit_on_training_and_validation_images_together_exports_its_last_epoch() {
    let bench = bench(&format!("{REFIT}valid = true\n"));
    let searched = run(&mut bench.search(&["--workers", "1"])).assert_done();
    assert!(
        searched.stdout.contains("on validation images too"),
        "{searched:#?}"
    );
    let table = bench.table();
    assert_eq!(table["refit"]["score"], Value::Null);
    let refit = &table["selection"]["refit"];
    assert_eq!(refit["valid"], Value::Null);
    assert!(refit["test"].is_number(), "{refit}");
    let split = |path: &str| {
        let text = std::fs::read_to_string(bench.root().join(path)).unwrap();
        text.matches(",valid").count()
    };
    let folder = refit["folder"].as_str().unwrap();
    assert_eq!(
        (
            split("refit-split.csv"),
            split(&format!("{folder}/split.csv"))
        ),
        (0, 0)
    );
    assert!(split("split.csv") > 0);
    let (_, bundle) = export(&bench, "model", &[]);
    assert_eq!(bundle["training"]["epoch"], 3);
    // No image is left that says how far its scores are from labels.
    assert_eq!(bundle["residuals"], Value::Null);
    let image = bench.folder.image("synth-000000.jpg");
    for model in [bench.folder.path("model"), bench.root().join(folder)] {
        let mut command = predict(&model, &[&image], &["--interval", "0.5"]);
        run(&mut command).assert_refused(&["trained without validation images", "--interval"]);
    }
    report(&bench, "0").assert_done();
}

#[test]
fn without_further_seeds_the_trials_are_compared_and_nothing_but_the_chosen_is_trained_again() {
    let study = STUDY
        .replace("trials = 6", "trials = 3")
        .replace("seeds = 2", "seeds = 0");
    let bench = Bench::new(&format!("{study}[study.refit]\ntrain.epochs = 3\n"));
    let searched = run(&mut bench.search(&["--workers", "2"])).assert_done();
    let said = &searched.stdout;
    assert!(said.contains("chosen: refit/"), "{said}");
    let table = bench.table();
    assert_eq!(table["finals"], Value::Array(Vec::new()));
    assert!(!bench.root().join("finals").exists());
    let finalists = table["selection"]["finalists"].as_array().unwrap();
    for finalist in finalists {
        let run = &finalist["runs"][0];
        let folder = run["folder"].as_str().unwrap();
        assert!(folder.starts_with("trials/"), "{folder}");
        assert!(run["test"].is_number(), "{run}");
        assert!(bench.root().join(folder).join("test.json").is_file());
    }
    let refitted = table["selection"]["refit"]["finalist"].as_str().unwrap();
    assert!(
        finalists
            .iter()
            .any(|one| one["runs"][0]["folder"] == refitted)
    );
}
