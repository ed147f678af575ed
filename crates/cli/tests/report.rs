//! Reports on studies and runs, through the real `psp`.

use std::path::{Path, PathBuf};

use crate::support::study::Bench;
use crate::support::{Folder, Ran, assert_says, json, psp, run};

/// Two finalists with two seeds each, which take a second.
const STUDY: &str = r#"
[study]
trials = 4
seed = 5
seeds = 2
pruner = "asha"
rungs = [1]
reduction = 2

[preprocess]
size = 32

[model]
unfreeze = ["head"]

[train]
epochs = 2
batch_size = 4

[space]
model.backbone = ["mobilenet_v2", "googlenet"]
train.learning_rate = [1e-3, 1e-2]
"#;

fn report(sources: &[&Path], out: &Path, more: &[&str]) -> Ran {
    let mut command = psp(&["report"]);
    command.args(sources).arg("--out").arg(out).args(more);
    run(&mut command)
}

/// Every file below `dir` with its content, but for the page's date.
fn files(dir: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path))
        } else {
            found.push((path.clone(), std::fs::read(&path).unwrap()))
        }
    }
    found.sort();
    found
}

#[test]
fn a_study_becomes_a_page_that_stands_alone_and_is_the_same_each_time() {
    let bench = Bench::new(STUDY);
    run(&mut bench.search(&["--workers", "2"])).assert_done();
    let one = bench.folder.path("report");
    let written = report(&[&bench.root()], &one, &["--explain", "1"]).assert_done();
    assert!(written.stdout.contains("index.html"), "{written:#?}");
    let page = std::fs::read_to_string(one.join("index.html")).unwrap();
    for outside in ["src=\"http", "href=\"http", "url(http", "@import"] {
        assert!(!page.contains(outside), "the page asks for {outside}");
    }
    let metrics = json(&one.join("metrics.json"));
    assert!(metrics.is_object());
    let page = std::fs::read_to_string(one.join("report.md")).unwrap();
    let split = format!("data.split={}", bench.root().join("split.csv").display());
    assert!(page.contains(&split), "{page}");
    assert!(one.join("plots").read_dir().unwrap().count() > 10);
    // Speed was measured once and is stored with the runs.
    let measured = bench
        .tasks()
        .into_iter()
        .filter(|task| task.join("cost.json").exists());
    assert_eq!(measured.count(), 2);
    let before = files(&one);
    // Stored predictions that were damaged, or changed by hand, are made again.
    let of_task = |name: &str| -> Vec<PathBuf> {
        let tasks = bench.tasks().into_iter();
        let files = tasks.map(|task| task.join("predictions").join(name));
        files.filter(|path| path.exists()).collect()
    };
    let (tests, valids) = (of_task("test.csv"), of_task("valid.csv"));
    assert!(tests.len() > 1 && valids.len() > 1);
    for path in &tests {
        let text = std::fs::read_to_string(path).unwrap();
        let lines = text.lines().enumerate().map(|(number, line)| {
            let mut cells: Vec<&str> = line.split(',').collect();
            if number > 0 {
                // As if each score were its label.
                (cells[2], cells[4]) = (cells[1], cells[3]);
            }
            cells.join(",") + "\n"
        });
        std::fs::write(path, lines.collect::<String>()).unwrap();
    }
    std::fs::write(&valids[0], "filename,").unwrap();
    std::fs::write(of_task("valid.json").last().unwrap(), "{").unwrap();
    report(&[&bench.root()], &one, &["--explain", "1"]).assert_done();
    assert!(
        files(&one) == before,
        "a second report on the same study differs"
    );
    // The chosen run can be found from the page.
    let shown = bench.table();
    let folder = shown["selection"]["folder"].as_str().unwrap();
    assert!(page.contains(folder), "no link to {folder}");
    // Another training that lost what it was is told of, and the rest is reported on.
    let chosen = bench.root().join(folder);
    let mut others = tests.iter().map(|test| test.ancestors().nth(2).unwrap());
    let other = others.find(|task| **task != chosen).unwrap();
    std::fs::remove_file(other.join("run.json")).unwrap();
    let without = report(&[&bench.root()], &one, &["--no-measure"]);
    assert_eq!(without.code, Some(1), "{without:#?}");
    let told = format!("{}: missing", other.join("run.json").display());
    assert_says(
        &without.stderr,
        &["a finalist's training is left out", &told],
    );
}

#[test]
fn a_study_that_has_only_begun_and_one_that_only_failed_are_reported_on() {
    let bench = Bench::new(STUDY);
    run(&mut bench.search(&["--launcher", "slurm", "--emit"])).assert_done();
    let out = bench.folder.path("report");
    report(&[&bench.root()], &out, &["--no-measure"]).assert_done();
    assert!(out.join("index.html").is_file());

    let study = STUDY
        .replace("[1e-3, 1e-2]", "[1e30]")
        .replace("trials = 4", "trials = 2");
    let failing = Bench::new(&study);
    run(&mut failing.search(&["--workers", "1"]));
    let out = failing.folder.path("report");
    report(&[&failing.root()], &out, &["--no-measure"]).assert_done();
    let text = std::fs::read_to_string(out.join("report.md")).unwrap();
    assert!(text.contains("training diverged"), "{text}");
}

#[test]
fn data_of_a_study_that_moved_is_told_of_with_the_way_out() {
    let bench = Bench::new(STUDY);
    run(&mut bench.search(&["--launcher", "slurm", "--emit"])).assert_done();
    std::fs::rename(bench.folder.data(), bench.folder.path("moved")).unwrap();
    let out = bench.folder.path("report");
    report(&[&bench.root()], &out, &["--no-measure"]).assert_refused(&[
        "the study's data is not there any more",
        "psp search --study ",
        " --data DIR",
    ]);
}

#[test]
fn a_report_is_not_written_into_what_it_is_made_from() {
    let folder = Folder::with_data();
    folder.train("run", &[]).assert_done();
    let run = folder.path("run");
    for (out, what) in [(&run, "a run's folder"), (&folder.data(), "data folder")] {
        report(&[&run], out, &[]).assert_refused(&[what, "--out"]);
        assert!(!out.join("index.html").exists());
    }
    std::fs::create_dir(folder.path("mine")).unwrap();
    let mine = folder.write("mine/index.html", "mine");
    let out = mine.parent().unwrap();
    report(&[&run], out, &[]).assert_refused(&["index.html", "another folder"]);
    assert_eq!(std::fs::read_dir(out).unwrap().count(), 1);
}

#[test]
fn a_folder_that_is_not_there_is_said_not_to_be() {
    let folder = Folder::new();
    let out = folder.path("report");
    report(&[&folder.path("none")], &out, &[]).assert_refused(&["none: no such folder\n"]);
    // A bare name may be a study's.
    let told = "none: no such folder, and no study of this name in experiments/";
    report(&[Path::new("none")], &out, &[]).assert_refused(&[told]);
}

#[test]
fn runs_on_the_same_data_are_compared_and_others_refused() {
    let folder = Folder::with_data();
    for (name, seed) in [("a0", 0), ("a1", 1)] {
        let seed = format!("train.seed={seed}");
        folder
            .train(name, &["model.unfreeze=[\"head\"]", &seed])
            .assert_done();
    }
    folder
        .train("b", &["model.unfreeze=[\"head\"]", "model.hidden=8"])
        .assert_done();
    let out = folder.path("report");
    let runs = ["a0", "a1", "b"].map(|name| folder.path(name));
    let paths: Vec<&Path> = runs.iter().map(PathBuf::as_path).collect();
    report(&paths, &out, &["--no-measure", "--explain", "0"]).assert_done();
    let page = std::fs::read_to_string(out.join("report.md")).unwrap();
    assert!(
        page.contains("a0, a1"),
        "runs of one configuration are one model: {page}"
    );
    // Predictions were made for it, and stored.
    assert!(folder.path("b/predictions/test.csv").is_file());

    let other = Folder::with_data();
    other.edit_labels("synth-000000.jpg,0.93", "synth-000000.jpg,0.83");
    other
        .train("c", &["model.unfreeze=[\"head\"]"])
        .assert_done();
    let foreign = other.path("c");
    let before = files(&out);
    report(&[&runs[0], &foreign], &out, &["--overwrite"]).assert_refused(&["their data differ"]);
    report(&[&folder.data()], &out, &[]).assert_refused(&["neither a study", "nor a run"]);
    assert_eq!(
        files(&out),
        before,
        "a refused report changed the one before"
    );
}

#[test]
fn data_that_changed_since_a_run_is_told_of() {
    let folder = Folder::with_data();
    folder
        .train("run", &["model.unfreeze=[\"head\"]"])
        .assert_done();
    folder.edit_labels("synth-000001.jpg,0.52", "synth-000001.jpg,0.42");
    let out = folder.path("report");
    let ran = report(&[&folder.path("run")], &out, &["--no-measure"]);
    let told = "labels.csv (labels, rows or their order) changed since the run began";
    assert_says(&ran.stderr, &[told]);
    // A report without what a trained model predicts is not what was asked for.
    assert_eq!(ran.code, Some(1), "{ran:#?}");
    assert!(out.join("index.html").exists());
}

#[test]
fn predictions_that_are_older_than_the_labels_are_told_of_in_the_page() {
    let folder = Folder::with_data();
    folder
        .train("run", &["model.unfreeze=[\"head\"]"])
        .assert_done();
    let out = folder.path("report");
    let runs = [folder.path("run")];
    let more = ["--no-measure", "--explain", "0"];
    report(&[&runs[0]], &out, &more).assert_done();
    let page = || std::fs::read_to_string(out.join("report.md")).unwrap();
    assert!(!page().contains("has changed"), "{}", page());
    // The predictions are stored by now.
    folder.edit_labels("synth-000001.jpg,0.52", "synth-000001.jpg,0.42");
    let ran = report(&[&runs[0]], &out, &more).assert_done();
    assert!(ran.stderr.contains("The data has changed"), "{ran:#?}");
    assert!(page().contains("The data has changed"), "{}", page());
}

#[test]
fn a_run_counts_once_as_itself_and_one_that_is_not_done_is_not_tested() {
    let folder = Folder::with_data();
    let head = "model.unfreeze=[\"head\"]";
    std::fs::create_dir(folder.path("again")).unwrap();
    for name in ["run", "again/run"] {
        folder.train(name, &[head]).assert_done();
    }
    // As if it were still in training.
    folder
        .train("half", &[head, "model.hidden=8"])
        .assert_done();
    std::fs::remove_file(folder.path("half/result.json")).unwrap();
    let out = folder.path("report");
    let runs = ["run", "again/run", "half"].map(|name| folder.path(name));
    let paths: Vec<&Path> = runs.iter().map(PathBuf::as_path).collect();
    let more = ["--no-measure", "--explain", "0"];
    let ran = report(&paths, &out, &more).assert_done();
    assert!(ran.stderr.contains("again/run: left out"), "{ran:#?}");
    assert!(!folder.path("half/predictions").exists());
    let page = std::fs::read_to_string(out.join("report.md")).unwrap();
    let told = "half), seed 0: not trained to its end";
    assert!(ran.stderr.contains(told), "{ran:#?}");
    assert!(page.contains("mobilenet\\_v2 (run)"), "{page}");
    assert!(!page.contains("(run, again/run)"), "{page}");
}

#[test]
fn runs_of_one_name_are_told_apart_by_their_folders() {
    let folder = Folder::with_data();
    for (parent, hidden) in [("one", 8), ("two", 16)] {
        std::fs::create_dir(folder.path(parent)).unwrap();
        let hidden = format!("model.hidden={hidden}");
        folder
            .train(
                &format!("{parent}/run"),
                &["model.unfreeze=[\"head\"]", &hidden],
            )
            .assert_done();
    }
    let out = folder.path("report");
    let runs = ["one/run", "two/run"].map(|name| folder.path(name));
    let more = ["--no-measure", "--explain", "0"];
    report(&[&runs[0], &runs[1]], &out, &more).assert_done();
    let page = std::fs::read_to_string(out.join("report.md")).unwrap();
    for name in ["mobilenet\\_v2 (one/run)", "mobilenet\\_v2 (two/run)"] {
        assert!(page.contains(name), "no {name}: {page}");
    }
}

#[test]
fn a_cost_that_was_measured_elsewhere_is_measured_again() {
    let folder = Folder::with_data();
    folder
        .train("run", &["model.unfreeze=[\"head\"]"])
        .assert_done();
    let path = folder.path("run/cost.json");
    let stored = || json(&path);
    let report = || {
        let out = folder.path("report");
        report(&[&folder.path("run")], &out, &["--explain", "0"]).assert_done();
    };
    report();
    let mut elsewhere = stored();
    elsewhere["hardware"] = "another processor".into();
    elsewhere["images_per_second_1"] = 1e9.into();
    std::fs::write(&path, elsewhere.to_string()).unwrap();
    report();
    let again = stored();
    assert_ne!(again["hardware"], "another processor");
    assert!(again["images_per_second_1"].as_f64().unwrap() < 1e9);
    // What was measured here stays.
    report();
    assert_eq!(stored(), again);
}
