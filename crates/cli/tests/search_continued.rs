//! Studies that go on: with the same data or not at all, begun by one command, never
//! with one configuration twice.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Child, Stdio};

use crate::support::study::{Bench, STUDY, count};
use crate::support::{self, Ran, assert_says, psp, ran, run};
use serde_json::Value;

/// Trials of a frozen backbone on a space of four points.
const FOUR_POINTS: &str = r#"
[study]
trials = 24
lag = 2
finalists = 3
seeds = 1

[preprocess]
size = 32

[model]
unfreeze = ["head"]

[train]
epochs = 2
batch_size = 4

[space]
model.hidden = [4, 8]
train.learning_rate = [1e-3, 1e-2]
"#;

/// A worker by itself, whose standard input stays open.
fn worker(bench: &Bench) -> Ran {
    let mut command = psp(&["search-worker", "--name", "w", "--threads", "1"]);
    let mut child = command
        .arg(bench.root())
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    let _open = child.stdin.take();
    ran(child.wait_with_output().unwrap())
}

/// With the first label another one.
fn change_labels(data: &Path, to: &str) {
    let path = data.join("labels.csv");
    let text = std::fs::read_to_string(&path).unwrap();
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let mut fields: Vec<&str> = lines[1].split(',').collect();
    assert_ne!(fields[1], to);
    fields[1] = to;
    lines[1] = fields.join(",");
    std::fs::write(&path, lines.join("\n") + "\n").unwrap();
}

#[test]
fn a_study_does_not_go_on_with_other_labels_however_it_is_called() {
    let bench = Bench::new(&STUDY.replace("trials = 6", "trials = 2"));
    bench.begin();
    let labels = bench.folder.data().join("labels.csv");
    let before = std::fs::read(&labels).unwrap();
    for label in ["0.123", "unknown"] {
        change_labels(&bench.folder.data(), label);
        let parts = ["changed since the study began", "--study"];
        run(&mut bench.search(&["--workers", "1"])).assert_refused(&parts);
        bench.again(&[]).assert_refused(&parts);
        bench
            .again(&["--launcher", "slurm", "--emit"])
            .assert_refused(&parts);
        worker(&bench).assert_refused(&parts);
        std::fs::write(&labels, &before).unwrap();
    }
    // Nothing was trained on them, and nothing failed by them.
    let states: Vec<Value> = bench.table()["trials"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["state"].clone())
        .collect();
    assert!(!states.iter().any(|state| state == "failed"), "{states:?}");
    bench.again(&[]).assert_done();
    assert_eq!(count(&bench.table()["trials"], "finished"), 2);
}

#[test]
fn a_study_goes_on_where_its_data_were_moved_to() {
    let bench = Bench::new(&STUDY.replace("trials = 6", "trials = 1"));
    run(&mut bench.search(&["--workers", "1"])).assert_done();
    let table = bench.table();
    // As if the trial had been interrupted before its end.
    let name = table["trials"][0]["name"].as_str().unwrap();
    let trial = bench.root().join("trials").join(name);
    for file in ["outcome.json", "result.json"] {
        std::fs::remove_file(trial.join(file)).unwrap();
    }
    let (data, moved) = (bench.folder.data(), bench.folder.path("moved here"));
    std::fs::rename(&data, &moved).unwrap();
    bench
        .again(&[])
        .assert_refused(&["are not in", "--data DIR"]);
    bench
        .again(&["--data", moved.to_str().unwrap()])
        .assert_done();
    assert_eq!(bench.table(), table);
    // From now on the study and its runs know.
    let config = std::fs::read_to_string(trial.join("config.toml")).unwrap();
    assert!(config.contains("moved here"), "{config}");
    bench.again(&[]).assert_done();
    // A study file that names the old place does not hinder.
    let mut command = psp(&["search", "--workers", "1", "--config"]);
    command.arg(bench.folder.path("study.toml")).arg("--study");
    let old = format!("data.dir={}", data.display());
    let ran = run(command.arg(bench.root()).args(["--set", &old])).assert_done();
    assert_says(&ran.stderr, &["no such folder any more", "moved here"]);
    std::fs::rename(&moved, &data).unwrap();
    run(&mut bench.search(&["--workers", "1", "--trials", "2"])).assert_done();
    assert_eq!(count(&bench.table()["trials"], "finished"), 2);
    // Where they are not what they were, another place of the same is kept in mind.
    let copy = bench.folder.path("copy");
    let copied = std::process::Command::new("cp")
        .arg("-r")
        .args([&data, &copy])
        .status();
    assert!(copied.unwrap().success());
    change_labels(&data, "0.987");
    bench
        .again(&["--data", copy.to_str().unwrap()])
        .assert_done();
    bench.again(&[]).assert_done();
    // Other images and labels are not taken for them.
    let other = support::Folder::with_data();
    change_labels(&other.data(), "0.987");
    bench
        .again(&["--data", other.data().to_str().unwrap()])
        .assert_refused(&["holds other data than those that the study began with"]);
}

#[test]
fn how_trials_are_computed_may_change_and_what_is_trained_may_not() {
    let bench = Bench::new(&STUDY.replace("trials = 6", "trials = 1"));
    bench.begin();
    let planned = bench.table();
    let mut sets = Vec::new();
    for set in [
        "data.threads=1",
        "data.pixel_store_mib=0",
        "train.checkpoint_seconds=7",
        "train.device=flex",
    ] {
        sets.extend(["--set", set]);
    }
    let mut command = psp(&["search", "--workers", "1", "--config"]);
    command.arg(bench.folder.path("study.toml")).arg("--data");
    command.arg(bench.folder.data()).arg("--study");
    run(command.arg(bench.root()).args(&sets)).assert_done();
    let name = &planned["trials"][0]["name"];
    assert_eq!(bench.table()["trials"][0]["name"], *name);
    let config = bench.root().join("trials").join(name.as_str().unwrap());
    let config = std::fs::read_to_string(config.join("config.toml")).unwrap();
    assert!(config.contains("checkpoint_seconds = 7"), "{config}");
    run(&mut bench.search(&["--set", "train.epochs=3"])).assert_refused(&[
        "holds a study that differs in",
        "train.epochs (2 there, 3 here)",
    ]);
}

#[test]
fn of_two_commands_that_begin_one_study_at_once_one_begins_it_whole() {
    for round in 0..4 {
        let bench = Bench::new(&STUDY.replace("trials = 6", "trials = 2"));
        bench
            .folder
            .write("other.toml", STUDY.replace("epochs = 2", "epochs = 3"));
        let start = |file: &str| -> Child {
            let mut command = psp(&["search", "--launcher", "slurm", "--emit", "--config"]);
            command.arg(bench.folder.path(file)).arg("--data");
            command.arg(bench.folder.data()).arg("--study");
            command
                .arg(bench.root())
                .args(["--device", &support::device()]);
            command.spawn().unwrap()
        };
        let started = [start("study.toml"), start("other.toml")];
        let ended = started.map(|child| ran(child.wait_with_output().unwrap()));
        let won = ended.iter().position(|one| one.code == Some(0)).unwrap();
        ended[1 - won].assert_refused(&["holds a study that differs in", "train.epochs"]);
        // What is there is what one of them alone writes.
        let alone = Bench::new(STUDY);
        let file = ["study.toml", "other.toml"][won];
        let text = std::fs::read_to_string(bench.folder.path(file)).unwrap();
        alone.folder.write("study.toml", text);
        alone.begin();
        let plan = |bench: &Bench| {
            let plan = std::fs::read_to_string(bench.root().join("plan.json")).unwrap();
            plan.replace(bench.folder.path("").to_str().unwrap(), "")
        };
        assert_eq!(plan(&alone), plan(&bench), "round {round}");
    }
}

#[test]
fn no_configuration_is_trained_twice_nor_two_finalists() {
    for sampler in ["random", "tpe"] {
        let study = FOUR_POINTS.replace("[study]", &format!("[study]\nsampler = \"{sampler}\""));
        let bench = Bench::new(&study);
        let searched = run(&mut bench.search(&["--workers", "1"])).assert_done();
        let fewer = "(all that the space has: fewer than study.trials = 24)";
        assert_says(&searched.stdout, &[": 4 trials", fewer]);
        let table = bench.table();
        let values = |rows: &str| -> BTreeSet<String> {
            let rows = table[rows].as_array().unwrap();
            rows.iter().map(|row| row["values"].to_string()).collect()
        };
        assert_eq!(count(&table["trials"], "finished"), 4, "{sampler}");
        assert_eq!(table["to_draw"], 0);
        assert_eq!(values("trials").len(), 4, "{sampler}");
        assert_eq!(values("finals").len(), 3, "{sampler}");
        let again = run(&mut bench.search(&["--workers", "1"])).assert_done();
        assert!(!again.stdout.contains("worker 0: 0"), "{again:#?}");
    }
}

#[test]
fn trials_that_differ_in_their_seed_alone_are_one_finalist() {
    let study = FOUR_POINTS
        .replace("trials = 24", "trials = 0\nsampler = \"grid\"")
        .replace("train.learning_rate = [1e-3, 1e-2]", "train.seed = [0, 5]");
    let bench = Bench::new(&study);
    run(&mut bench.search(&["--workers", "1"])).assert_done();
    let table = bench.table();
    let finals = table["finals"].as_array().unwrap();
    assert_eq!(finals.len(), 2, "{table}");
    // With a seed that no trial had.
    assert!(finals.iter().all(|row| row["seed"] == 6), "{table}");
}

#[test]
fn a_study_that_is_named_can_be_given_more_trials() {
    let bench = Bench::new(&STUDY.replace("trials = 6", "trials = 2"));
    bench.begin();
    // Fewer than it has change nothing.
    for (trials, expected) in [("3", 3), ("1", 3)] {
        let emit = ["--trials", trials, "--launcher", "slurm", "--emit"];
        let ran = bench.again(&emit).assert_done();
        let remain = "note: --trials 1: the study has 3 already";
        assert_eq!(ran.stderr.contains(remain), trials == "1", "{ran:#?}");
        let changed = "changed: study.trials: 2 → 3";
        assert_eq!(ran.stderr.contains(changed), trials == "3", "{ran:#?}");
        assert_eq!(bench.table()["trials"].as_array().unwrap().len(), expected);
    }
    let parts = ["study.trials = 0", "at least 1"];
    bench.again(&["--trials", "0"]).assert_refused(&parts);
}

#[test]
fn what_an_option_cannot_change_is_refused_with_the_place_that_can() {
    let bench = Bench::new(STUDY);
    for (set, place) in [
        ("study.trials=2", "--trials N"),
        ("study.name=x", "--study NAME"),
        ("study.seeds=1", "study.toml"),
        ("space.model.hidden=[4]", "study.toml"),
    ] {
        run(&mut bench.search(&["--set", set])).assert_refused(&[set, place]);
    }
    for (args, part) in [
        (&[][..], "`--study NAME` continues"),
        (&["--trials", "2"], "`--config FILE` begins"),
        (&["--study", "s", "--plan"], "--plan and --set go with"),
        (&["--study", "s", "--emit"], "add --launcher slurm"),
        (&["--study", "s", "--", "--time=60"], "add --launcher slurm"),
        (
            &["--study", "s", "--set", "train.epochs=2"],
            "`--config FILE`",
        ),
    ] {
        let refused = run(psp(&["search"]).args(args));
        assert_eq!(refused.code, Some(2), "{refused:#?}");
        assert!(refused.stderr.contains(part), "{refused:#?}");
    }
}

#[test]
fn a_study_may_have_blanks_and_letters_of_any_language_in_its_name() {
    let bench = Bench::new(&STUDY.replace("trials = 6", "trials = 1"));
    let root = bench.folder.path("meine große Studie");
    let mut command = psp(&["search", "--workers", "1", "--config"]);
    command.arg(bench.folder.path("study.toml")).arg("--data");
    command.arg(bench.folder.data()).arg("--study").arg(&root);
    let searched = run(&mut command).assert_done();
    assert!(
        searched.stdout.contains("große Studie' --out MODEL"),
        "{searched:#?}"
    );
    for (command, more) in [
        ("show", &[][..]),
        ("best", &["--json"]),
        ("rm", &["--force"]),
    ] {
        run(psp(&["study", command]).arg(&root).args(more)).assert_done();
    }
    assert!(!root.exists());
    // What can't name a folder is refused before anything is written.
    let bench = Bench::new(&STUDY.replace("[study]", "[study]\nname = \"a/b\""));
    run(&mut bench.search(&[])).assert_refused(&["study.name", "without slashes"]);
    assert!(!bench.root().exists());
}

#[test]
fn one_damaged_study_does_not_hide_the_others() {
    let bench = Bench::new(&STUDY.replace("trials = 6", "trials = 1"));
    bench.begin();
    let folder = bench.folder.path("studies");
    for name in ["whole", "damaged"] {
        std::fs::create_dir_all(folder.join(name)).unwrap();
        for file in ["study.toml", "plan.json"] {
            std::fs::copy(bench.root().join(file), folder.join(name).join(file)).unwrap();
        }
    }
    std::fs::write(folder.join("damaged/plan.json"), "").unwrap();
    let listed = run(psp(&["study", "list"]).arg(&folder)).assert_done();
    assert!(listed.stdout.contains("whole"), "{listed:#?}");
    assert!(listed.stderr.contains("warning: "), "{listed:#?}");
    assert!(listed.stderr.contains("damaged"), "{listed:#?}");
    let mut nowhere = psp(&["study", "list", "absent"]);
    run(nowhere.current_dir(&folder)).assert_refused(&["absent: could not list this folder"]);
    let mut none_yet = psp(&["study", "list"]);
    let none_yet = run(none_yet.current_dir(&folder)).assert_done();
    assert_eq!(none_yet.stdout, "no studies in experiments\n");
    let damaged = folder.join("damaged");
    run(psp(&["study", "rm"]).arg(&damaged)).assert_refused(&["plan.json", "--force"]);
    run(psp(&["study", "rm", "--force"]).arg(&damaged)).assert_done();
    assert!(!damaged.exists());
}

#[test]
fn a_study_behind_a_symbolic_link_is_removed_whole() {
    let bench = Bench::new(&STUDY.replace("trials = 6", "trials = 1"));
    bench.begin();
    let (link, further) = (bench.folder.path("link"), bench.folder.path("further"));
    std::os::unix::fs::symlink(bench.root(), &further).unwrap();
    std::os::unix::fs::symlink("further", &link).unwrap();
    // A part of it elsewhere would stay.
    let (trials, away) = (bench.root().join("trials"), bench.folder.path("away"));
    std::fs::rename(&trials, &away).unwrap();
    std::os::unix::fs::symlink(&away, &trials).unwrap();
    run(psp(&["study", "rm"]).arg(&link)).assert_refused(&["trials", "symbolic link"]);
    assert!(bench.root().join("plan.json").exists());
    std::fs::remove_file(&trials).unwrap();
    std::fs::rename(&away, &trials).unwrap();
    let removed = run(psp(&["study", "rm"]).arg(&link)).assert_done();
    assert!(removed.stdout.contains("which it led to"), "{removed:#?}");
    for path in [&link, &further, &bench.root()] {
        assert!(
            path.symlink_metadata().is_err(),
            "{} is left",
            path.display()
        );
    }
}
