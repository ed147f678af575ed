//! A run whose files or data were changed since it was trained is not taken for what it was.

use std::process::Command;

use crate::support::trained::{TARGETS, eval, export, predict, report};
use crate::support::{Folder, assert_says, json, render, resume, run};

/// Data, and a run on it in `run`.
fn trained() -> Folder {
    let folder = Folder::with_data();
    folder
        .train("run", &["model.unfreeze=[\"head\"]"])
        .assert_done();
    folder
}

/// An evaluation of the run.
fn evaluation(folder: &Folder) -> Command {
    eval(&folder.path("run"), &folder.path("out"), &["--samples=0"])
}

/// A report on the run.
fn page(folder: &Folder) -> Command {
    let (of, out) = (folder.path("run"), folder.path("report"));
    report(&of, &out, &["--explain", "0"])
}

/// Everything that makes use of the run.
fn uses(folder: &Folder) -> [Command; 4] {
    let (model, image) = (folder.path("run"), folder.image("synth-000000.jpg"));
    [
        evaluation(folder),
        page(folder),
        predict(&model, &[&image], &[]),
        export(&model, &folder.path("bundle"), &[]),
    ]
}

#[test]
fn a_run_whose_configuration_was_edited_is_refused_by_the_key_that_decides_the_result() {
    let folder = trained();
    folder.edit("run/config.toml", "size = 32", "size = 48");
    for mut command in uses(&folder) {
        run(&mut command).assert_refused(&["preprocess.size was 32", "48", "config.toml"]);
    }
    folder.edit("run/config.toml", "size = 48", "size = 32");
    for (from, to) in [
        (TARGETS[0], "swapped"),
        (TARGETS[1], TARGETS[0]),
        ("swapped", TARGETS[1]),
    ] {
        folder.edit("run/config.toml", from, to);
    }
    for mut command in uses(&folder) {
        run(&mut command).assert_refused(&["data.targets was", "config.toml"]);
    }
}

#[test]
fn what_decides_no_result_may_be_edited_and_an_older_run_holds_nothing_to_compare() {
    let folder = trained();
    folder.edit("run/config.toml", "threads = 0", "threads = 1");
    folder.edit("run/config.toml", "epochs = 1", "epochs = 2");
    for mut command in uses(&folder) {
        run(&mut command).assert_done();
    }
    let path = folder.path("run/run.json");
    let mut manifest = json(&path);
    for key in ["config", "id", "sha256"] {
        manifest.as_object_mut().unwrap().remove(key).unwrap();
    }
    std::fs::write(&path, manifest.to_string()).unwrap();
    folder.edit("run/config.toml", "seed = 0", "seed = 1");
    run(&mut evaluation(&folder)).assert_done();
}

#[test]
fn an_image_that_was_trained_on_does_not_become_a_test_image() {
    let folder = trained();
    folder.edit("run/split.csv", ",train", ",test");
    let mut on_the_same_data = evaluation(&folder);
    on_the_same_data.arg("--data").arg(folder.data());
    for mut command in [evaluation(&folder), page(&folder), on_the_same_data] {
        run(&mut command).assert_refused(&["run/split.csv: changed", "restore the file"]);
    }
    // Some of the run's own images.
    let other = folder.path("other");
    render(&other, 12);
    let ran = run(evaluation(&folder).arg("--data").arg(&other)).assert_done();
    assert_says(&ran.stderr, &["warning: ", "was trained on can't be told"]);
    // Nor where the labels were edited, too.
    let labels = folder.data().join("labels.csv");
    let text = std::fs::read_to_string(&labels).unwrap();
    let (first, rest) = text.split_once("synth-000001.jpg,").unwrap();
    let (_, rest) = rest.split_once('\n').unwrap();
    std::fs::write(&labels, format!("{first}synth-000001.jpg,0.5,0.5\n{rest}")).unwrap();
    run(&mut evaluation(&folder)).assert_refused(&["run/split.csv: changed"]);
}

/// The order is part of both fingerprints, and of no image's part.
#[test]
fn rows_in_another_order_are_other_data_with_the_same_split() {
    let folder = trained();
    let labels = folder.data().join("labels.csv");
    let text = std::fs::read_to_string(&labels).unwrap();
    let (header, rows) = text.split_once('\n').unwrap();
    let mut rows: Vec<&str> = rows.lines().collect();
    rows.reverse();
    std::fs::write(&labels, format!("{header}\n{}\n", rows.join("\n"))).unwrap();
    let ran = run(&mut evaluation(&folder)).assert_done();
    assert_says(&ran.stderr, &["warning: ", "the data changed"]);
    // Which stored predictions are of which row can't be told.
    let ran = run(&mut page(&folder));
    assert_eq!(ran.code, Some(1), "{ran:#?}");
    assert_says(&ran.stderr, &["predictions are left out"]);
}

#[test]
fn rows_that_were_added_are_left_out_of_what_a_run_is_used_for() {
    let folder = Folder::with_data();
    folder.train("run", &[]).assert_done();
    let flags = ["--samples=0", "--overwrite"];
    let evaluate = |more: &[&str]| {
        let flags = [&flags, more].concat();
        run(&mut eval(&folder.path("run"), &folder.path("out"), &flags)).assert_done()
    };
    evaluate(&[]);
    let metrics = || json(&folder.path("out/metrics.json"));
    let before = metrics();
    let labels = std::fs::read_to_string(folder.data().join("labels.csv")).unwrap();
    let (header, rows) = labels.split_once('\n').unwrap();
    let image = folder.image("synth-000000.jpg");
    std::fs::copy(image, folder.image("added.jpg")).unwrap();
    folder.write(
        "data/labels.csv",
        format!("{header}\nadded.jpg,0.5,0.5\n{rows}"),
    );
    let data = folder.data();
    let own = ["--data", data.to_str().unwrap()];
    let added = "labels.csv: 1 row was added since the run began; it is left out";
    for more in [&[][..], &own] {
        let ran = evaluate(more);
        assert_says(&ran.stderr, &[added]);
        assert!(!ran.stderr.contains("in no row"), "{ran:#?}");
        assert_eq!(metrics(), before);
    }
    // All of what lies there now is, on request, told from what the run knows.
    let all = evaluate(&[&own[..], &["--split", "all"]].concat());
    assert_says(&all.stderr, &["was trained on", "of the 25 images"]);
    let longer = run(resume(&folder.path("run")).args(["--set", "train.epochs=2"]));
    assert_says(&longer.assert_done().stderr, &[added]);
    let page = run(&mut report(
        &folder.path("run"),
        &folder.path("page"),
        &["--explain", "0"],
    ));
    assert_says(&page.assert_done().stderr, &[added]);
}

#[test]
fn another_runs_checkpoint_is_not_taken_for_the_best() {
    let folder = Folder::with_data();
    for (name, seed) in [("run", "train.seed=1"), ("other", "train.seed=2")] {
        folder.train(name, &[seed, "train.epochs=1"]).assert_done();
    }
    let [best, others] =
        ["run", "other"].map(|name| folder.path(name).join("checkpoints/best.safetensors"));
    // It may be one file with the last.
    std::fs::remove_file(&best).unwrap();
    std::fs::copy(&others, &best).unwrap();
    let [eval, _, predict, export] = uses(&folder);
    for mut command in [eval, predict, export] {
        let parts = [
            "best.safetensors: ",
            "or bring back the run's own; then look for another",
        ];
        run(&mut command).assert_refused(&parts);
    }
    let again = || run(&mut resume(&folder.path("run")));
    again().assert_refused(&["best.safetensors: ", "move it away"]);
    std::fs::remove_file(&best).unwrap();
    assert_says(
        &again().assert_done().stderr,
        &["restored from another checkpoint"],
    );
    run(&mut evaluation(&folder)).assert_done();
}

#[test]
fn another_runs_checkpoints_are_refused_wherever_they_are_used() {
    let folder = Folder::with_data();
    for (name, seed) in [("run", "train.seed=1"), ("other", "train.seed=2")] {
        folder.train(name, &[seed, "train.epochs=2"]).assert_done();
    }
    let kept = || {
        ["metrics.jsonl", "config.toml"].map(|name| std::fs::read(folder.path("run").join(name)))
    };
    let before = kept().map(Result::unwrap);
    for name in ["last", "previous", "best"] {
        let [own, others] = ["run", "other"]
            .map(|run| folder.path(&format!("{run}/checkpoints/{name}.safetensors")));
        std::fs::remove_file(&own).unwrap();
        std::fs::copy(others, own).unwrap();
    }
    let [eval, _, predict, export] = uses(&folder);
    let mut longer = resume(&folder.path("run"));
    longer.args(["--set", "train.epochs=3"]);
    for mut command in [eval, predict, export, longer] {
        run(&mut command).assert_refused(&["safetensors", "it is of another run"]);
    }
    assert_eq!(kept().map(Result::unwrap), before);
    // One alone is not taken for damaged, and replaced.
    folder
        .train("third", &["train.seed=3", "train.epochs=2"])
        .assert_done();
    let [last, foreign] =
        ["other", "third"].map(|run| folder.path(run).join("checkpoints/last.safetensors"));
    std::fs::remove_file(&foreign).unwrap();
    std::fs::copy(&last, &foreign).unwrap();
    let mut longer = resume(&folder.path("third"));
    run(longer.args(["--set", "train.epochs=3"]))
        .assert_refused(&["last.safetensors", "move it away"]);
    assert_eq!(
        std::fs::read(&foreign).unwrap(),
        std::fs::read(&last).unwrap()
    );
}

#[test]
fn what_identifies_a_run_is_refused_once_it_was_edited() {
    let folder = trained();
    let path = folder.path("run/run.json");
    let mut manifest = json(&path);
    manifest["train_means"][0] = 0.9.into();
    std::fs::write(&path, manifest.to_string()).unwrap();
    let [eval, _, _, export] = uses(&folder);
    for mut command in [eval, export, resume(&folder.path("run"))] {
        run(&mut command).assert_refused(&["run.json: ", "edited"]);
    }
}

#[test]
fn a_report_tells_of_predictions_that_it_cannot_store() {
    let folder = trained();
    // Nobody, root included, replaces a folder by a file.
    std::fs::create_dir_all(folder.path("run/predictions/test.csv")).unwrap();
    let ran = run(&mut page(&folder)).assert_done();
    assert_says(
        &ran.stderr,
        &["warning: predictions are not stored", "test.csv"],
    );
    let metrics = json(&folder.path("report/metrics.json"));
    let test = &metrics["candidates"][0]["runs"][0]["test"];
    assert!(test.is_object(), "{metrics:#}");
}

#[test]
fn whose_best_is_lost_is_advised_to_a_checkpoint_that_is_whole() {
    let folder = Folder::with_data();
    let sets = ["train.epochs=2", "train.learning_rate=0.0001"];
    folder.train("run", &sets).assert_done();
    let out = folder.path("run");
    assert_eq!(json(&out.join("result.json"))["best_epoch"], 2);
    for name in ["best", "last"] {
        let path = out.join(format!("checkpoints/{name}.safetensors"));
        // The two may be one file.
        std::fs::remove_file(&path).unwrap();
        std::fs::write(&path, "no weights").unwrap();
    }
    let refused = run(&mut resume(&out));
    refused.assert_refused(&["best.safetensors: ", "--set model.weights="]);
    let (_, advised) = refused.stderr.rsplit_once("--set ").unwrap();
    assert!(advised.contains("previous.safetensors"), "{advised}");
    folder.train("next", &[advised.trim()]).assert_done();
}
