//! A run that is continued with other settings, in another place, or after a signal.

use std::fs;
use std::path::PathBuf;

use crate::support::study::wait_for;
use crate::support::trained::report;
use crate::support::{self, Folder, Ran, assert_says, json_lines, ran, resume, run, signal};

fn continued(folder: &Folder, args: &[&str]) -> Ran {
    run(resume(&folder.path("run")).args(args))
}

fn epochs(folder: &Folder) -> Vec<u64> {
    let lines = json_lines(&folder.path("run/metrics.jsonl"));
    let epochs = lines.iter().map(|line| line["epoch"].as_u64().unwrap());
    epochs.collect()
}

fn edit_config(folder: &Folder, from: &str, to: &str) {
    folder.edit("run/config.toml", from, to);
}

#[test]
fn a_finished_run_is_trained_longer() {
    let folder = Folder::with_data();
    let first = folder.train("run", &["train.epochs=2"]).assert_done();
    assert!(first.stdout.contains("--set train.epochs=4"), "{first:#?}");
    let longer = continued(&folder, &["--set", "train.epochs=3"]).assert_done();
    assert_says(
        &longer.stdout,
        &[
            "changed: train.epochs: 2 → 3",
            "the learning rate follows train.schedule over all of these epochs",
            "continuing at epoch 3",
            "finished after 3 epochs",
        ],
    );
    assert_eq!(epochs(&folder), [1, 2, 3]);
    // The new number is the run's own.
    let again = continued(&folder, &[]).assert_done();
    assert!(
        again.stdout.contains("finished after 3 epochs"),
        "{again:#?}"
    );
    assert_eq!(epochs(&folder), [1, 2, 3]);
    continued(&folder, &["--set", "train.epochs=2"])
        .assert_refused(&["train.epochs = 2", "3 epochs are done"]);
    // One command would not make it again, which a report says.
    let (of, out) = (folder.path("run"), folder.path("report"));
    run(&mut report(&of, &out, &["--explain", "0"])).assert_done();
    let page = fs::read_to_string(folder.path("report/report.md")).unwrap();
    let parts = ["in one go its schedule is another", "so are its figures"];
    assert_says(&page, &parts);
}

#[test]
fn a_configuration_that_was_edited_by_hand_is_noticed() {
    let folder = Folder::with_data();
    folder.train("run", &["train.epochs=1"]).assert_done();
    edit_config(&folder, "learning_rate = 0.01", "learning_rate = 0.02");
    continued(&folder, &[]).assert_refused(&["train.learning_rate", "0.01", "0.02"]);
    edit_config(&folder, "learning_rate = 0.02", "learning_rate = 0.01");
    edit_config(&folder, "epochs = 1", "epochs = 2");
    let longer = continued(&folder, &[]).assert_done();
    assert!(longer.stdout.contains("train.epochs: 1 → 2"), "{longer:#?}");
    assert_eq!(epochs(&folder), [1, 2]);
}

#[test]
fn a_setting_that_decides_the_result_is_refused_by_its_key_and_others_are_not() {
    let folder = Folder::with_data();
    folder.train("run", &["train.epochs=1"]).assert_done();
    for set in [
        "train.batch_size=8",
        "model.dropout=0.5",
        "data.split_seed=9",
        "train.seed=3",
    ] {
        let (key, _) = set.split_once('=').unwrap();
        let refused = continued(&folder, &["--set", set, "--set", "train.epochs=2"]);
        refused.assert_refused(&[key, "start a new run"]);
        assert_eq!(refused.stderr.lines().count(), 1, "{refused:#?}");
    }
    assert_eq!(epochs(&folder), [1]);
    let sets = [
        "--set",
        "data.threads=1",
        "--set",
        "train.checkpoint_seconds=7",
    ];
    continued(&folder, &sets).assert_done();
    assert_eq!(epochs(&folder), [1], "nothing was left to be trained");
}

#[test]
fn a_run_that_stopped_early_goes_on_with_more_patience() {
    let folder = Folder::with_data();
    // No epoch is better than the first by so much.
    let sets = ["train.epochs=4", "train.patience=1", "train.min_delta=9.0"];
    let stopped = folder.train("run", &sets).assert_done();
    assert!(
        stopped.stdout.contains("stopped early after 2"),
        "{stopped:#?}"
    );
    continued(&folder, &["--set", "train.epochs=6"]).assert_refused(&["train.patience"]);
    assert!(folder.path("run/result.json").exists());
    let longer = continued(&folder, &["--set", "train.patience=0"]).assert_done();
    assert!(longer.stdout.contains("finished after 4"), "{longer:#?}");
    assert_eq!(epochs(&folder), [1, 2, 3, 4]);
    // Patience that ends with the last epoch has stopped nothing.
    let sets = ["train.epochs=2", "train.patience=1", "train.min_delta=9.0"];
    let ended = folder.train("whole", &sets).assert_done();
    let hint = "--set train.epochs=4 --set train.patience=0";
    assert_says(&ended.stdout, &["finished after 2", hint]);
    let mut longer = resume(&folder.path("whole"));
    run(longer.args(hint.split(' '))).assert_done();
}

#[test]
fn a_run_whose_data_has_moved_goes_on_where_that_is_now() {
    let folder = Folder::with_data();
    folder.train("run", &["train.epochs=1"]).assert_done();
    let moved = folder.path("moved data");
    fs::rename(folder.data(), &moved).unwrap();
    let longer = ["--set", "train.epochs=2"];
    continued(&folder, &longer).assert_refused(&[folder.data().to_str().unwrap(), "--data DIR"]);
    let data = ["--data", moved.to_str().unwrap()];
    continued(&folder, &[longer, data].concat()).assert_done();
    // It is known from now on.
    continued(&folder, &["--set", "train.epochs=3"]).assert_done();
    assert_eq!(epochs(&folder), [1, 2, 3]);
    let config = fs::read_to_string(folder.path("run/config.toml")).unwrap();
    assert!(config.contains(moved.to_str().unwrap()), "{config}");
}

#[test]
fn other_data_is_no_moved_data() {
    let folder = Folder::with_data();
    folder.train("run", &["train.epochs=1"]).assert_done();
    let other = folder.path("other");
    support::render(&other, 23);
    let before = fs::read(folder.path("run/config.toml")).unwrap();
    let data = ["--data", other.to_str().unwrap(), "--set", "train.epochs=2"];
    let own = format!("which were in {}", folder.data().display());
    continued(&folder, &data).assert_refused(&["other are not those that the run began", &own]);
    assert_eq!(fs::read(folder.path("run/config.toml")).unwrap(), before);
}

#[test]
fn a_closed_terminal_saves_and_the_hint_can_be_pasted() {
    let folder = Folder::with_data();
    let child = folder
        .training("my run", &["train.epochs=400"])
        .spawn()
        .unwrap();
    wait_for(|| folder.path("my run/config.toml").exists());
    signal(&child, "HUP");
    let ended = ran(child.wait_with_output().unwrap());
    assert_eq!(ended.code, Some(130), "{ended:#?}");
    let hint = ended.stderr.split("continue with: psp ").nth(1).unwrap();
    assert_eq!(
        hint.trim(),
        format!("train --resume '{}'", folder.path("my run").display())
    );
}

#[test]
fn a_run_under_nohup_is_not_ended_by_a_closed_terminal() {
    let folder = Folder::with_data();
    let training = folder.training("run", &["train.epochs=3"]);
    let mut command = std::process::Command::new("sh");
    command.args(["-c", "trap '' HUP; exec \"$@\"", "sh"]);
    command
        .arg(training.get_program())
        .args(training.get_args());
    for (key, value) in training.get_envs() {
        command.env(key, value.unwrap());
    }
    let child = command
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    wait_for(|| folder.path("run/config.toml").exists());
    signal(&child, "HUP");
    let ended = ran(child.wait_with_output().unwrap());
    assert_eq!(ended.code, Some(0), "{ended:#?}");
}

#[test]
fn what_others_put_into_the_run_stays_and_each_call_adds_an_event_file() {
    let folder = Folder::with_data();
    folder.train("run", &["train.epochs=1"]).assert_done();
    let events = folder.path("run/tensorboard");
    let files = || -> Vec<PathBuf> {
        let entries = fs::read_dir(&events)
            .unwrap()
            .map(|entry| entry.unwrap().path());
        let mut files: Vec<PathBuf> = entries.filter(|path| path.is_file()).collect();
        files.sort();
        files
    };
    let first = files();
    let before = fs::read(&first[0]).unwrap();
    for dir in [&events, &folder.path("run")] {
        fs::create_dir(dir.join(".ipynb_checkpoints")).unwrap();
        fs::write(dir.join("notes.txt"), "mine").unwrap();
    }
    continued(&folder, &["--set", "train.epochs=2"]).assert_done();
    assert_eq!(fs::read(&first[0]).unwrap(), before);
    assert_eq!(files().len(), 3, "two event files and the notes");
    for dir in [&events, &folder.path("run")] {
        assert!(dir.join(".ipynb_checkpoints").is_dir());
        assert_eq!(fs::read_to_string(dir.join("notes.txt")).unwrap(), "mine");
    }
}
