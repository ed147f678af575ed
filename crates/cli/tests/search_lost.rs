//! Studies that lost files of theirs, or begin with damaged ones.

use std::path::PathBuf;

use crate::support::study::{Bench, STUDY};
use crate::support::trained;
use crate::support::{assert_says, psp, render, resume, run};
use psp_train::RunDir;

#[test]
fn what_lost_its_checkpoints_is_trained_from_the_beginning_when_it_is_taken_up_again() {
    let bench = Bench::new(&STUDY.replace("trials = 6", "trials = 1"));
    run(&mut bench.search(&["--workers", "1"])).assert_done();
    let table = bench.table();
    let again = |named: &[&str]| {
        let retried = bench.study("retry", named).assert_done();
        let told = "1 to be tried again, from the beginning";
        assert_says(&retried.stdout, &[told]);
        run(&mut bench.search(&["--workers", "1"])).assert_done();
        assert_eq!(bench.table(), table);
    };

    // A trial that failed on its way, and whose checkpoints are damaged.
    let name = table["trials"][0]["name"].as_str().unwrap();
    let trial = RunDir::new(bench.root().join("trials").join(name));
    for path in [trial.last(), trial.previous(), trial.best()] {
        std::fs::write(path, "no weights").unwrap();
    }
    std::fs::remove_file(trial.result()).unwrap();
    let failed = r#"{"status":"failed","reason":"x","attempts":1,"worker":"w","ended":""}"#;
    std::fs::write(trial.root().join("outcome.json"), failed).unwrap();
    again(&[]);
    assert_eq!(trial.fault_of_best().unwrap(), None);
    let log = std::fs::read_to_string(trial.root().join("log.txt")).unwrap();
    assert_says(&log, &["no usable checkpoint is left: begun anew"]);

    // A finalist that ended well and has no checkpoint any more.
    let name = table["finals"][0]["name"].as_str().unwrap();
    let finalist = RunDir::new(bench.root().join("finals").join(name));
    for path in [finalist.last(), finalist.previous(), finalist.best()] {
        std::fs::remove_file(path).unwrap();
    }
    let way_out = format!("psp study retry {} {name}", bench.root().display());
    let parts = ["best.safetensors: missing", &way_out];
    run(&mut resume(finalist.root())).assert_refused(&parts);
    let mut command = psp(&["export", "--out"]);
    command.arg(bench.folder.path("model")).arg(finalist.root());
    run(&mut command).assert_refused(&parts);
    let mut command = psp(&["predict", "--model"]);
    command.arg(finalist.root()).arg(bench.folder.data());
    run(&mut command).assert_refused(&parts);
    let mut command = psp(&["predict", "--model"]);
    command.arg(bench.root()).arg(bench.folder.data());
    run(&mut command).assert_refused(&["a study, not a model", "psp export"]);
    again(&[name]);
    assert_eq!(finalist.fault_of_best().unwrap(), None);

    // The same, and then its test failed for that: both are one, and the test is done again.
    std::fs::remove_file(finalist.best()).unwrap();
    for path in [finalist.last(), finalist.previous()] {
        std::fs::write(path, "no weights").unwrap();
    }
    let test = finalist.root().join("test.json");
    std::fs::write(&test, r#"{"failure":"best.safetensors: missing"}"#).unwrap();
    again(&[]);
    assert_eq!(finalist.fault_of_best().unwrap(), None);
    let test: serde_json::Value = serde_json::from_slice(&std::fs::read(test).unwrap()).unwrap();
    assert!(test["failure"].is_null() && test["metrics"].is_object());
}

#[test]
fn a_split_that_was_edited_is_not_reported_on() {
    let bench = Bench::new(&STUDY.replace("trials = 6", "trials = 1"));
    run(&mut bench.search(&["--workers", "1"])).assert_done();
    let report = || {
        let out = bench.folder.path("report");
        run(&mut trained::report(&bench.root(), &out, &["--overwrite"]))
    };
    report().assert_done();
    let path = bench.root().join("split.csv");
    let split = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, split.replace(",test", ",train")).unwrap();
    report().assert_refused(&["the split changed since the study began"]);
    // What can't be read comes with what brings it back.
    std::fs::write(&path, &split[..split.len() / 2]).unwrap();
    let refused = run(&mut bench.search(&["--workers", "1"]));
    refused.assert_refused(&["split.csv", "its runs have copies: cp "]);
}

#[test]
fn a_chosen_run_that_lost_its_model_is_told_of_and_trained_again() {
    let bench = Bench::new(&STUDY.replace("trials = 6", "trials = 1"));
    run(&mut bench.search(&["--workers", "1"])).assert_done();
    let table = bench.table();
    let best = bench.study("best", &[]).assert_done();
    let chosen = RunDir::new(best.stdout.lines().next().unwrap());
    let name = chosen.root().file_name().unwrap().to_str().unwrap();
    let way_out = format!("psp study retry {} {name}", bench.root().display());
    let edit = |path: PathBuf, from: &str, to: &str| {
        let text = std::fs::read_to_string(&path).unwrap();
        assert_says(&text, &[from]);
        std::fs::write(&path, text.replace(from, to)).unwrap();
    };
    let damages: [(&str, &dyn Fn()); 5] = [
        ("best.safetensors", &|| {
            for path in [chosen.last(), chosen.previous(), chosen.best()] {
                std::fs::write(path, "no weights").unwrap();
            }
        }),
        ("run.json: missing", &|| {
            std::fs::remove_file(chosen.manifest()).unwrap();
        }),
        ("config.toml: missing", &|| {
            std::fs::remove_file(chosen.config()).unwrap();
        }),
        ("preprocess.size was 32", &|| {
            edit(chosen.config(), "size = 32", "size = 48");
        }),
        ("split.csv: changed since the run began", &|| {
            edit(chosen.split(), ",test", ",train");
        }),
    ];
    for (fault, damage) in damages {
        damage();
        let searched = run(&mut bench.search(&["--workers", "1"]));
        searched.assert_refused(&[fault, "psp study retry"]);
        let told = bench.study("show", &[]).assert_done();
        assert_says(&told.stderr, &["warning: ", fault, &way_out]);
        // Whoever uses its answer would use a model that is not there.
        let best = bench.study("best", &[]);
        best.assert_refused(&[fault, &way_out]);
        assert_eq!(best.stdout, "");
        let out = bench.folder.path("report");
        let reported = run(&mut trained::report(&bench.root(), &out, &[]));
        assert_says(&reported.stderr, &[fault, &way_out]);
        assert_eq!(reported.code, Some(1), "{reported:#?}");
        // Without its checkpoint a run still has scores to report, without its data none.
        assert_eq!(
            reported.stdout.contains("wrote "),
            fault.starts_with("best")
        );
        let retried = bench.study("retry", &[]).assert_done();
        assert_says(
            &retried.stdout,
            &[fault, "1 to be tried again, from the beginning"],
        );
        // Until it is trained again there is a report, and one without a run shows no choice.
        let reported = run(&mut trained::report(&bench.root(), &out, &[]));
        assert!(reported.stdout.contains("wrote "), "{reported:#?}");
        let is_shown = !reported.stderr.contains("no model is shown as chosen");
        assert_eq!(is_shown, chosen.root().join("config.toml").exists());
        run(&mut bench.search(&["--workers", "1"])).assert_done();
        assert_eq!(bench.table(), table);
        assert_eq!(chosen.fault_of_model().unwrap(), None);
    }
    // What is gone as a whole needs no retry.
    std::fs::remove_dir_all(chosen.root()).unwrap();
    let way_out = format!("psp search --study {}", bench.root().display());
    let parts = [&*format!("{name}: missing"), &way_out];
    for command in ["show", "retry"] {
        assert_says(&bench.study(command, &[]).assert_done().stderr, &parts);
    }
    bench.study("best", &[]).assert_refused(&parts);
    let out = bench.folder.path("of-none");
    run(&mut trained::report(&bench.root(), &out, &[])).assert_refused(&parts);
    run(&mut trained::export(&bench.root(), &out, &[])).assert_refused(&parts);
    let told = [
        &*format!("{name}: gone since the model was chosen"),
        &way_out,
    ];
    assert_says(&bench.study("show", &[]).assert_done().stderr, &told);
    let again = run(&mut bench.search(&["--workers", "1"])).assert_done();
    assert_says(&again.stderr, &told);
    assert_eq!(bench.table(), table);
    // Now nothing is.
    let again = run(&mut bench.search(&["--workers", "1"])).assert_done();
    assert!(!again.stderr.contains("gone"), "{again:#?}");
}

#[test]
fn what_an_emptied_file_held_is_made_again_once_it_is_removed() {
    let bench = Bench::new(&STUDY.replace("trials = 6", "trials = 1"));
    run(&mut bench.search(&["--workers", "1"])).assert_done();
    let table = bench.table();
    let tasks = bench.tasks();
    let tested = tasks.iter().find(|task| task.join("test.json").exists());
    let files = [
        bench.root().join("selected.json"),
        bench.root().join("finalists.json"),
        tasks[0].join("outcome.json"),
        tested.unwrap().join("test.json"),
    ];
    for file in files {
        std::fs::write(&file, "").unwrap();
        let fault = format!("{}: this file is damaged (EOF", file.display());
        run(&mut bench.search(&["--workers", "1"])).assert_refused(&[&fault, "remove it"]);
        std::fs::remove_file(&file).unwrap();
        if file.ends_with("finalists.json") {
            let out = bench.folder.path("report");
            let reported = run(&mut trained::report(&bench.root(), &out, &[])).assert_done();
            assert_says(&reported.stderr, &["no model is shown as chosen"]);
        }
        run(&mut bench.search(&["--workers", "1"])).assert_done();
        assert!(file.exists(), "{} was not made again", file.display());
    }
    assert_eq!(bench.table(), table);
}

#[test]
fn a_study_does_not_begin_on_an_image_that_can_not_be_read() {
    let bench = Bench::new(&STUDY.replace("trials = 6", "trials = 1"));
    let image = bench.folder.image("synth-000003.jpg");
    let whole = std::fs::read(&image).unwrap();
    std::fs::write(&image, &whole[..whole.len() / 2]).unwrap();
    let parts = ["labels.csv: line 5", "synth-000003.jpg", "cut off"];
    run(&mut bench.search(&["--workers", "1"])).assert_refused(&parts);
    assert!(!bench.root().exists());
    std::fs::write(&image, whole).unwrap();
    run(&mut bench.search(&["--workers", "1"])).assert_done();
}

#[test]
fn a_study_does_not_begin_with_weights_that_no_trial_could_begin_with() {
    let bench = Bench::new(&STUDY.replace("trials = 6", "trials = 1"));
    let weights = bench.folder.write("cut.pth", "PK\u{3}\u{4} and no more");
    let set = format!("model.weights={}", weights.display());
    for more in [&["--plan"][..], &["--workers", "1"]] {
        let mut search = bench.search(more);
        run(search.args(["--set", &set])).assert_refused(&["cut.pth: not a readable weights file"]);
        assert!(!bench.root().exists());
    }
    bench.folder.write("cut.pth", "");
    let mut search = bench.search(&["--plan"]);
    run(search.args(["--set", &set])).assert_refused(&["cut.pth", "it is empty"]);
}

#[test]
fn a_damaged_study_file_or_plan_names_the_way_out() {
    let bench = Bench::new(&STUDY.replace("trials = 6", "trials = 1"));
    run(&mut bench.search(&["--workers", "1"])).assert_done();
    let table = bench.table();
    for (name, part) in [
        ("study.toml", "written again as the study began"),
        (
            "plan.json",
            "move it away and have it drawn again: psp search --config",
        ),
    ] {
        let file = bench.root().join(name);
        let text = std::fs::read(&file).unwrap();
        std::fs::write(&file, &text[..text.len() / 3]).unwrap();
        bench.study("show", &[]).assert_refused(&[name, part]);
        std::fs::remove_file(&file).unwrap();
        run(&mut bench.search(&["--workers", "1"])).assert_done();
        assert_eq!(bench.table(), table);
    }
}

#[test]
fn a_chosen_model_without_its_frozen_weights_is_missed_and_trained_again() {
    let study = STUDY.replace("[train]", "[model]\nunfreeze = [\"head\"]\n[train]");
    let study = study
        .replace("trials = 6", "trials = 1")
        .replace("seeds = 2", "seeds = 0");
    let bench = Bench::new(&study);
    run(&mut bench.search(&["--workers", "1"])).assert_done();
    let table = bench.table();
    let name = table["trials"][0]["name"].as_str().unwrap();
    let trial = RunDir::new(bench.root().join("trials").join(name));
    let frozen = trial.root().join("checkpoints/frozen.safetensors");
    let config = trial.root().join("config.toml");
    let lose: [(&str, &dyn Fn()); 3] = [
        ("frozen.safetensors", &|| {
            std::fs::remove_file(&frozen).unwrap()
        }),
        ("frozen.safetensors", &|| {
            std::fs::remove_file(&frozen).unwrap();
            std::fs::create_dir(&frozen).unwrap();
        }),
        ("config.toml", &|| std::fs::write(&config, "[data").unwrap()),
    ];
    for (file, lose) in lose {
        lose();
        let retry = format!("psp study retry {} {name}", bench.root().display());
        run(&mut bench.search(&["--workers", "1"])).assert_refused(&[file, &retry]);
        let mut command = psp(&["export", "--out"]);
        command.arg(bench.folder.path("model")).arg(bench.root());
        run(&mut command).assert_refused(&[file]);
        bench.study("retry", &[name]).assert_done();
        if frozen.is_dir() {
            // What stands in the way is named, and not removed.
            let parts = ["frozen.safetensors", "directory"];
            run(&mut bench.search(&["--workers", "1"])).assert_refused_for_now(&parts);
            std::fs::remove_dir(&frozen).unwrap();
        }
        run(&mut bench.search(&["--workers", "1"])).assert_done();
        assert_eq!(bench.table(), table);
    }
}

#[test]
fn a_lost_study_file_is_written_again_and_a_lost_split_copied_from_a_run() {
    let bench = Bench::new(&STUDY.replace("trials = 6", "trials = 1"));
    run(&mut bench.search(&["--workers", "1"])).assert_done();
    let table = bench.table();
    let file = bench.root().join("study.toml");
    let text = std::fs::read(&file).unwrap();
    for empty in [false, true] {
        std::fs::remove_file(&file).unwrap();
        if empty {
            std::fs::write(&file, "").unwrap();
        }
        let parts = ["study.toml: missing or empty", "psp search --config FILE"];
        bench.study("show", &[]).assert_refused(&parts);
        // Other trials than the plan's are another study's.
        let other = ["--workers", "1", "--set", "train.batch_size=5"];
        run(&mut bench.search(&other)).assert_refused(&["differs in", "train.batch_size"]);
        run(&mut bench.search(&["--workers", "1"])).assert_done();
        assert_eq!(std::fs::read(&file).unwrap(), text);
        assert_eq!(bench.table(), table);
    }
    let split = bench.root().join("split.csv");
    let whole = std::fs::read(&split).unwrap();
    std::fs::remove_file(&split).unwrap();
    let refused = run(&mut bench.search(&["--workers", "1"]));
    refused.assert_refused(&["split.csv: missing; bring the study's split back", "cp "]);
    let (_, command) = refused.stderr.split_once("copies: ").unwrap();
    let copied = std::process::Command::new("sh")
        .args(["-c", command])
        .status();
    assert!(copied.unwrap().success(), "{command}");
    assert_eq!(std::fs::read(&split).unwrap(), whole);
    run(&mut bench.search(&["--workers", "1"])).assert_done();
}

#[test]
fn a_wrong_data_folder_is_not_called_changed_data() {
    let bench = Bench::new(&STUDY.replace("trials = 6", "trials = 1"));
    run(&mut bench.search(&["--workers", "1"])).assert_done();
    render(&bench.folder.data().join("others"), 12);
    for (data, part) in [
        ("others", "other data than those that the study began with"),
        ("labels.csv", "is a file"),
        ("imgs", "no labels file"),
        ("nowhere", "No such file"),
    ] {
        let mut command = psp(&["search", "--study"]);
        command
            .arg(bench.root())
            .arg("--data")
            .arg(bench.folder.data().join(data));
        let refused = run(&mut command);
        refused.assert_refused(&[part]);
        assert!(!refused.stderr.contains("changed"), "{refused:#?}");
    }
}
