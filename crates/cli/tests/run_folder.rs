//! What a run folder is protected from, and how a run that diverges ends.

use std::path::Path;

use crate::support::study::wait_for;
use crate::support::trained::export;
use crate::support::{Folder, assert_says, json, psp, resume, run, signal};
use psp_train::{Checkpoint, RunDir};

#[test]
fn a_second_process_on_a_run_is_refused_while_the_first_trains() {
    let folder = Folder::with_data();
    let mut first = folder
        .training("run", &["train.epochs=40"])
        .spawn()
        .unwrap();
    let out = folder.path("run");
    wait_for(|| out.join("config.toml").exists());
    let resumed = run(&mut resume(&out));
    let started = folder.train("run", &[]);
    first.kill().unwrap();
    first.wait().unwrap();
    resumed.assert_refused_for_now(&["another process is training in this folder"]);
    started.assert_refused(&["holds a run already"]);
    // The lock goes with the process that held it.
    let done = epochs(&out);
    let third = resume(&out).spawn().unwrap();
    wait_for(|| epochs(&out) > done);
    signal(&third, "TERM");
    assert_eq!(third.wait_with_output().unwrap().status.code(), Some(130));
}

/// Lines of the run's metrics.
fn epochs(run: &Path) -> usize {
    std::fs::read_to_string(run.join("metrics.jsonl"))
        .unwrap()
        .lines()
        .count()
}

#[test]
fn starting_into_an_existing_run_is_refused_with_the_way_to_continue_it() {
    let folder = Folder::with_data();
    folder.train("run", &[]).assert_done();
    let before = snapshot(&folder.path("run"));
    let hint = format!("psp train --resume {}", folder.path("run").display());
    folder
        .train("run", &["train.seed=1"])
        .assert_refused(&["holds a run already", &hint]);
    assert_eq!(snapshot(&folder.path("run")), before);
}

#[test]
fn a_folder_that_holds_something_else_is_not_trained_into() {
    let folder = Folder::with_data();
    folder.write("data/split.csv", "the user's own");
    let before = snapshot(&folder.data());
    folder
        .train("data", &[])
        .assert_refused(&["is the data folder", "--out"]);
    folder
        .train("data/imgs", &[])
        .assert_refused(&["holds synth-000000.jpg, and no run", "--out"]);
    // A folder of checkpoints need not be psp's.
    std::fs::create_dir_all(folder.path("other/checkpoints")).unwrap();
    folder
        .train("other", &[])
        .assert_refused(&["holds checkpoints, and no run"]);
    assert_eq!(snapshot(&folder.data()), before);
}

#[test]
fn checkpoints_of_an_attempt_that_never_began_are_not_taken_up() {
    let folder = Folder::with_data();
    let run = RunDir::new(folder.path("run"));
    // Killed after its first checkpoint, before its configuration.
    std::fs::create_dir_all(run.last().parent().unwrap()).unwrap();
    for path in [run.last(), run.previous(), run.best()] {
        std::fs::write(path, b"of another run").unwrap();
    }
    folder.write("run/run.lock", "");
    folder.write("run/.DS_Store", "");
    folder.train("run", &["train.epochs=1"]).assert_done();
    for path in [run.last(), run.previous(), run.best()] {
        Checkpoint::read(&path).unwrap();
    }
}

#[test]
fn resuming_a_finished_run_reports_its_result_and_changes_nothing() {
    let folder = Folder::with_data();
    folder.train("run", &[]).assert_done();
    let before = snapshot(&folder.path("run"));
    let ran = run(&mut resume(&folder.path("run"))).assert_done();
    assert!(ran.stdout.contains("finished after 1 epoch in"), "{ran:#?}");
    assert_eq!(snapshot(&folder.path("run")), before);
}

#[test]
fn a_best_checkpoint_that_is_missing_or_damaged_is_restored_from_the_last() {
    let folder = Folder::with_data();
    folder.train("run", &[]).assert_done();
    let dir = RunDir::new(folder.path("run"));
    let whole = std::fs::read(dir.best()).unwrap();
    let restored = |fault: &str| {
        let resumed = run(&mut resume(dir.root())).assert_done();
        let told = format!("best.safetensors: {fault}");
        assert_says(&resumed.stderr, &["warning: ", &told, "; restored from"]);
        assert!(std::fs::read(dir.best()).unwrap() == whole);
        // They are names of one file.
        std::fs::remove_file(dir.best()).unwrap();
    };
    std::fs::remove_file(dir.best()).unwrap();
    run(&mut export(dir.root(), &folder.path("out"), &[]))
        .assert_refused(&["best.safetensors: missing", "psp train --resume"]);
    restored("missing");
    std::fs::write(dir.best(), &whole[..whole.len() / 2]).unwrap();
    restored("damaged checkpoint");
    // One that only can't be read now may be what is missed.
    let aside = folder.path("aside");
    std::fs::rename(dir.last(), &aside).unwrap();
    std::os::unix::fs::symlink(dir.last(), dir.last()).unwrap();
    run(&mut resume(dir.root())).assert_refused_for_now(&["last.safetensors", "symbolic links"]);
    std::fs::remove_file(dir.last()).unwrap();
    // A folder in its place does not go by itself.
    std::fs::create_dir(dir.last()).unwrap();
    let longer = ["--set", "train.epochs=2"];
    run(resume(dir.root()).args(longer)).assert_refused(&["last.safetensors", "directory"]);
    std::fs::remove_dir(dir.last()).unwrap();
    std::fs::rename(aside, dir.last()).unwrap();
    std::fs::write(dir.last(), "no weights").unwrap();
    run(&mut resume(dir.root())).assert_refused(&["best.safetensors: missing", "holds epoch 1"]);
    // Nothing is left to train on from.
    std::fs::remove_file(dir.previous()).unwrap();
    let refused = run(&mut resume(dir.root()));
    refused.assert_refused(&["no usable checkpoint; begin the run anew", "--out"]);
    assert!(!refused.stderr.contains("--set"), "{refused:#?}");
}

#[test]
fn a_finished_run_without_a_file_that_it_needs_is_not_called_finished() {
    let folder = Folder::with_data();
    folder.train("run", &[]).assert_done();
    let dir = RunDir::new(folder.path("run"));
    let out = folder.path("model");
    run(&mut export(dir.root(), &out, &[])).assert_done();
    let bundle = json(&out.join("bundle.json"));
    let aside = folder.path("aside");
    for (path, name) in [(dir.manifest(), "run.json"), (dir.split(), "split.csv")] {
        std::fs::rename(&path, &aside).unwrap();
        let resumed = run(&mut resume(dir.root()));
        resumed.assert_refused(&[name, "this file is missing; bring it back"]);
        assert_eq!(resumed.stdout, "");
        let mut eval = psp(&["eval"]);
        eval.arg(dir.root()).arg("--out").arg(folder.path("e"));
        run(&mut eval).assert_refused(&[name, "missing"]);
        std::fs::rename(&aside, &path).unwrap();
    }
    // Its images would count as new ones.
    let split = std::fs::read_to_string(dir.split()).unwrap();
    std::fs::write(dir.split(), &split[..split.len() / 2]).unwrap();
    let resumed = run(&mut resume(dir.root()));
    resumed.assert_refused(&["split.csv: changed since the run began", "restore the file"]);
    assert_eq!(resumed.stdout, "");
    std::fs::write(dir.split(), split).unwrap();
    // Without its log the model and its result are whole.
    std::fs::rename(dir.metrics(), &aside).unwrap();
    let resumed = run(&mut resume(dir.root())).assert_done();
    assert_says(
        &resumed.stderr,
        &["metrics.jsonl: missing", "trained longer"],
    );
    assert!(!resumed.stdout.contains("train longer"), "{resumed:#?}");
    run(resume(dir.root()).args(["--set", "train.epochs=2"])).assert_refused(&["metrics.jsonl"]);
    run(&mut export(dir.root(), &out, &["--overwrite"])).assert_done();
    let again = json(&out.join("bundle.json"));
    assert_eq!(again["training"], bundle["training"]);
    std::fs::rename(&aside, dir.metrics()).unwrap();
    run(&mut resume(dir.root())).assert_done();
}

#[test]
fn a_best_checkpoint_that_is_lost_is_missed_until_a_better_epoch_comes() {
    let folder = Folder::with_data();
    folder.train("run", &["train.epochs=2"]).assert_done();
    let dir = RunDir::new(folder.path("run"));
    // No later epoch is better than the first.
    let mut last = Checkpoint::read(&dir.last()).unwrap();
    last.progress.early_stopping.best_epoch = 1;
    last.progress.early_stopping.best_mse = Some(0.0);
    last.write(&dir.last()).unwrap();
    for path in [dir.previous(), dir.best()] {
        std::fs::remove_file(path).unwrap();
    }
    run(resume(dir.root()).args(["--set", "train.epochs=3"])).assert_refused(&[
        "warning: ",
        "best.safetensors: missing; the best epoch's weights are lost",
        "holds epoch 1, the best",
    ]);
    assert_eq!(epochs(dir.root()), 3);
    assert!(!dir.result().exists());
    // To look for another checkpoint of it is no way out.
    let exported = run(&mut export(dir.root(), &folder.path("out"), &[]));
    exported.assert_refused(&[
        "best.safetensors: missing",
        "train anew into another folder",
    ]);
    assert!(!exported.stderr.contains("--resume"), "{exported:#?}");
}

#[test]
fn a_run_whose_metrics_are_cut_short_is_left_as_it_is_until_they_are_back() {
    let folder = Folder::with_data();
    folder.train("run", &["train.epochs=2"]).assert_done();
    let path = folder.path("run/metrics.jsonl");
    let longer = || run(resume(&folder.path("run")).args(["--set", "train.epochs=3"]));
    let whole = std::fs::read(&path).unwrap();
    for found in [0, whole.len() / 2] {
        std::fs::write(&path, &whole[..found]).unwrap();
        if found == 0 {
            std::fs::remove_file(&path).unwrap();
        }
        let before = snapshot(&folder.path("run"));
        // The run is finished, and how to train it longer is not advised.
        let ended = run(&mut resume(&folder.path("run")));
        assert!(ended.stderr.contains("metrics.jsonl"), "{ended:#?}");
        assert!(!ended.stdout.contains("train longer"), "{ended:#?}");
        let told = format!("({found} of {} bytes)", whole.len());
        longer().assert_refused(&["metrics.jsonl: missing or shorter", &told, "model.weights"]);
        assert_eq!(snapshot(&folder.path("run")), before);
    }
    // Long enough, but of other epochs.
    let one_line = String::from_utf8_lossy(&whole).replacen('\n', " ", 1);
    for other in [one_line.into_bytes(), [&whole[1..], &whole].concat()] {
        std::fs::write(&path, other).unwrap();
        let before = snapshot(&folder.path("run"));
        longer().assert_refused(&["metrics.jsonl: not the log of the 2 epochs"]);
        assert_eq!(snapshot(&folder.path("run")), before);
    }
    std::fs::write(&path, whole).unwrap();
    longer().assert_done();
    assert_eq!(epochs(&folder.path("run")), 3);
}

#[test]
fn resuming_a_folder_that_is_no_run_is_refused() {
    let folder = Folder::with_data();
    run(&mut resume(&folder.data())).assert_refused(&["not a run folder (it has no config.toml)"]);
    // Nor is one without its configuration; but it was a run.
    folder.train("run", &[]).assert_done();
    std::fs::remove_file(folder.path("run/config.toml")).unwrap();
    let lost = ["run/config.toml: this file is missing", "from a copy"];
    run(&mut resume(&folder.path("run"))).assert_refused(&lost);
    // An attempt that was killed before it had begun was none.
    std::fs::remove_file(folder.path("run/checkpoints/last.safetensors")).unwrap();
    run(&mut resume(&folder.path("run"))).assert_refused(&["not a run folder"]);
}

#[test]
fn a_run_whose_data_changed_is_not_continued() {
    let folder = Folder::with_data();
    folder.train("run", &[]).assert_done();
    std::fs::remove_file(folder.path("run/result.json")).unwrap();
    // Another image of the same size: only its content tells.
    std::fs::copy(
        folder.image("synth-000004.jpg"),
        folder.image("synth-000003.jpg"),
    )
    .unwrap();
    run(&mut resume(&folder.path("run")))
        .assert_refused(&["labels.csv (an image) changed since the run began"]);
    assert!(!folder.path("run/result.json").exists());
}

#[test]
fn a_row_that_was_removed_is_not_blamed_on_the_runs_split() {
    let folder = Folder::with_data();
    folder.train("run", &[]).assert_done();
    let labels = std::fs::read_to_string(folder.data().join("labels.csv")).unwrap();
    let rows = labels
        .lines()
        .filter(|row| !row.starts_with("synth-000003"));
    folder.write("data/labels.csv", rows.collect::<Vec<_>>().join("\n"));
    let told = "labels.csv (labels, rows or their order) changed since the run began";
    let out = folder.path("out");
    for command in ["eval", "report"] {
        let mut command = psp(&[command, "--out"]);
        run(command.arg(&out).arg(folder.path("run"))).assert_refused(&[told]);
    }
    run(resume(&folder.path("run")).args(["--set", "train.epochs=9"])).assert_refused(&[told]);
}

#[test]
fn a_run_whose_split_changed_is_not_continued() {
    let folder = Folder::with_data();
    folder.train("run", &[]).assert_done();
    std::fs::remove_file(folder.path("run/result.json")).unwrap();
    let path = folder.path("run/split.csv");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replacen("train", "test", 1)).unwrap();
    run(&mut resume(&folder.path("run")))
        .assert_refused(&["run/split.csv: changed since", "restore the file"]);
}

/// SGD's weights overflow in the first step, so the second loss is no number.
#[test]
fn a_loss_that_is_no_number_ends_the_run_with_its_place_and_cause() {
    let folder = Folder::with_data();
    let ran = folder.train("run", &["train.learning_rate=1e30"]);
    ran.assert_refused(&[
        "epoch 1, batch 2: the loss is ",
        "learning rate",
        "clip_norm",
    ]);
    assert_whole(&folder);
}

/// One step per epoch: no further batch notices the weights, validation does.
#[test]
fn a_prediction_that_is_no_number_ends_the_run_with_its_place_and_cause() {
    let folder = Folder::with_data();
    let sets = [
        "train.optimizer=adamw",
        "train.learning_rate=1e20",
        "train.batch_size=20",
    ];
    let ran = folder.train("run", &sets);
    ran.assert_refused(&[
        "epoch 1, batch 1: a validation prediction is not finite",
        "learning rate",
    ]);
    assert_whole(&folder);
}

/// After a step at this rate gradients are so large that their squares overflow, while
/// weights and predictions stay finite: only the epoch's checkpoint notices.
#[test]
fn an_optimiser_state_that_overflows_ends_the_run_with_the_epoch_it_happened_in() {
    let folder = Folder::with_data();
    let sets = [
        "train.optimizer=adamw",
        "train.batch_size=8",
        "train.schedule=constant",
        "train.learning_rate=1e4",
    ];
    let ran = folder.train("run", &sets);
    ran.assert_refused(&["epoch 1, batch 2: `optimizer/second/", "non-finite"]);
    assert_whole(&folder);
}

/// What is stored after a divergence is whole, finite, and continues to the
/// same divergence rather than to something worse.
#[track_caller]
fn assert_whole(folder: &Folder) {
    let run_dir = RunDir::new(folder.path("run"));
    let checkpoint = Checkpoint::read(&run_dir.last()).unwrap();
    let values = checkpoint
        .model
        .values()
        .chain(checkpoint.optimizer.slots.values());
    assert!(
        values
            .flat_map(|tensor| &tensor.data)
            .all(|value| value.is_finite())
    );
    assert!(!run_dir.result().exists());
    run(&mut resume(run_dir.root())).assert_refused(&["training diverged in epoch 1"]);
}

/// Names and lengths of all files in a folder, and the bytes of small ones.
fn snapshot(dir: &Path) -> Vec<(String, u64, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(snapshot(&path));
        } else {
            let length = path.metadata().unwrap().len();
            let bytes = if length < 100_000 {
                std::fs::read(&path).unwrap()
            } else {
                Vec::new()
            };
            found.push((path.display().to_string(), length, bytes));
        }
    }
    found.sort();
    found
}
