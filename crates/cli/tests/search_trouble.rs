//! Trials, workers and machines that fail, and studies that go on.

use std::process::Command;

use crate::support::study::{Bench, STUDY, children_of, count, ended, wait_for};
use crate::support::{assert_says, device, psp, ran, run};
use serde_json::Value;

#[test]
fn a_trial_that_diverges_is_recorded_and_the_others_go_on() {
    let study = STUDY
        .replace("trials = 6", "trials = 0\nsampler = \"grid\"")
        .replace("log = [1e-3, 1e-1], points = 3", "values = [0.01, 1e30]")
        .replace("int = [4, 16], step = 4", "values = [4]");
    let bench = Bench::new(&study);
    let searched = run(&mut bench.search(&["--workers", "1"]));
    // The choice is made among the others; how many failed, and why, is said last.
    searched.assert_refused(&[
        "2 of 4 trials failed",
        "training diverged",
        "they most likely diverge again",
    ]);
    assert!(searched.stdout.contains("chosen: finals/"), "{searched:#?}");
    let table = bench.table();
    assert_eq!(count(&table["trials"], "finished"), 2);
    let failed: Vec<&Value> = table["trials"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|row| row["state"] == "failed")
        .collect();
    assert_eq!(failed.len(), 2);
    for row in failed {
        let reason = row["reason"].as_str().unwrap();
        assert!(reason.contains("training diverged"), "{reason}");
        // What can't end otherwise is not tried again.
        let folder = bench
            .root()
            .join("trials")
            .join(row["name"].as_str().unwrap());
        assert!(!folder.join("claim.2").exists());
        let log = std::fs::read_to_string(folder.join("log.txt")).unwrap();
        assert!(log.contains("failed: training diverged"), "{log}");
        // In its first epoch: nothing but the initial weights is stored.
        assert!(reason.contains("in epoch 1,"), "{reason}");
        assert!(reason.ends_with("It had no checkpoint yet"), "{reason}");
    }
    let retried = bench.study("retry", &[]).assert_done();
    assert_says(
        &retried.stdout,
        &["2 to be tried again, from the beginning"],
    );
}

#[test]
fn a_trial_that_comes_no_further_is_given_up_after_its_retries() {
    let bench = Bench::new(&STUDY.replace("trials = 6", "trials = 2\nretries = 1"));
    // Begins the study without working on it.
    run(&mut bench.search(&["--launcher", "slurm", "--emit"])).assert_done();
    let table = bench.table();
    // One trial died twice without a checkpoint, the other once.
    for (trial, deaths) in [(0, 2), (1, 1)] {
        let name = table["trials"][trial]["name"].as_str().unwrap();
        let folder = bench.root().join("trials").join(name);
        std::fs::create_dir_all(&folder).unwrap();
        for token in 1..=deaths {
            let write = |name: &str, text: &str| {
                std::fs::write(folder.join(format!("{name}.{token}")), text).unwrap();
            };
            write("claim", "");
            write("release", "");
            let attempt = folder.join(format!("attempt.{token}.json"));
            std::fs::write(attempt, r#"{"reason":"no memory left","may_pass":true}"#).unwrap();
        }
    }
    let searched = run(&mut bench.search(&["--workers", "1"]));
    searched.assert_refused(&["1 of 2 trials failed", "no memory left"]);
    let table = bench.table();
    let (first, second) = (&table["trials"][0], &table["trials"][1]);
    assert_eq!(first["state"], "failed");
    let reason = first["reason"].as_str().unwrap();
    assert!(
        reason.contains("2 tries came no further; the last: no memory left"),
        "{reason}"
    );
    assert_eq!(second["state"], "finished");

    // Taken up again, it has all of its tries, and how it had failed is kept.
    bench
        .study("retry", &["1"])
        .assert_refused(&["trial `1` has not failed", first["name"].as_str().unwrap()]);
    let retried = bench.study("retry", &["0"]).assert_done();
    assert!(
        retried.stdout.contains("psp search --study"),
        "{retried:#?}"
    );
    assert_eq!(count(&bench.table()["trials"], "paused"), 1);
    run(&mut bench.search(&["--workers", "1"])).assert_done();
    assert_eq!(count(&bench.table()["trials"], "finished"), 2);
    let name = first["name"].as_str().unwrap();
    let kept = bench.root().join("trials").join(name).join("failed.3.json");
    assert!(
        std::fs::read_to_string(kept)
            .unwrap()
            .contains("no memory left")
    );
    let retried = bench.study("retry", &[]).assert_done();
    assert!(
        retried.stdout.contains("no trial has failed"),
        "{retried:#?}"
    );
    let parts = ["study: there is no trial `7`; no trial has failed"];
    bench.study("retry", &["7"]).assert_refused(&parts);
}

#[test]
fn tries_that_ended_by_the_machines_fault_are_no_tries_of_the_trial() {
    let bench = Bench::new(&STUDY.replace("trials = 6", "trials = 1\nretries = 0"));
    run(&mut bench.search(&["--launcher", "slurm", "--emit"])).assert_done();
    let table = bench.table();
    let name = table["trials"][0]["name"].as_str().unwrap();
    let folder = bench.root().join("trials").join(name);
    std::fs::create_dir_all(&folder).unwrap();
    for token in 1..=3 {
        for file in ["claim", "release"] {
            std::fs::write(folder.join(format!("{file}.{token}")), "").unwrap();
        }
        let attempt = r#"{"reason":"killed","may_pass":true,"of_machine":true}"#;
        std::fs::write(folder.join(format!("attempt.{token}.json")), attempt).unwrap();
    }
    run(&mut bench.search(&["--workers", "1"])).assert_done();
    assert_eq!(count(&bench.table()["trials"], "finished"), 1);
}

#[test]
fn a_trial_that_was_trained_to_its_end_is_finished_whatever_became_of_its_workers() {
    let bench = Bench::new(&STUDY.replace("trials = 6", "trials = 2\nretries = 0"));
    run(&mut bench.search(&["--workers", "1"])).assert_done();
    let table = bench.table();
    let name = table["trials"][0]["name"].as_str().unwrap();
    let folder = bench.root().join("trials").join(name);
    // As if the worker had died before it said so, and had failed before that.
    std::fs::remove_file(folder.join("outcome.json")).unwrap();
    let attempt = r#"{"reason":"no memory left","may_pass":true}"#;
    std::fs::write(folder.join("attempt.1.json"), attempt).unwrap();
    run(&mut bench.search(&["--workers", "1"])).assert_done();
    assert_eq!(bench.table(), table);
}

#[test]
fn a_worker_that_alone_is_told_to_stop_is_replaced_and_the_study_ends() {
    let bench = Bench::new(&STUDY.replace("epochs = 2", "epochs = 4"));
    let child = bench.search(&["--workers", "2"]).spawn().unwrap();
    wait_for(|| bench.root().join("trials").is_dir() && ended(&bench) > 0);
    let workers = children_of(child.id());
    let told = Command::new("kill")
        .args(["-TERM", &workers[0].to_string()])
        .status();
    assert!(told.unwrap().success());
    let ran = ran(child.wait_with_output().unwrap()).assert_done();
    assert!(ran.stdout.contains("chosen: "), "{ran:#?}");
    assert_eq!(count(&bench.table()["trials"], "finished"), 6);
}

#[test]
fn what_a_machine_lacks_ends_its_work_and_no_trial() {
    let bench = Bench::new(&STUDY.replace("trials = 6", "trials = 2"));
    // Begins the study without working on it.
    run(&mut bench.search(&["--launcher", "slurm", "--emit"])).assert_done();
    let search = |more: &[&str]| {
        let mut command = psp(&["search", "--workers", "1", "--study"]);
        run(command.arg(bench.root()).args(more))
    };
    let parts = ["cuda:0", "--features cuda", "no trial failed"];
    search(&["--device", "cuda:0"]).assert_refused_for_now(&parts);
    let (data, away) = (bench.folder.data(), bench.folder.path("away"));
    std::fs::rename(&data, &away).unwrap();
    search(&[]).assert_refused(&["are not in", "--data DIR"]);
    std::fs::rename(&away, &data).unwrap();
    // A worker on a device that is missing leaves the work to the other.
    let devices = format!("{},cuda:7", device());
    let mut command = psp(&["search", "--workers", "2", "--device", &devices, "--study"]);
    let searched = run(command.arg(bench.root())).assert_done();
    assert!(
        searched.stdout.contains("given back: device `cuda:7`"),
        "{searched:#?}"
    );
    assert_eq!(count(&bench.table()["trials"], "finished"), 2);
}

#[test]
fn a_study_with_any_task_under_way_is_removed_only_by_force() {
    let bench = Bench::new(&STUDY.replace("trials = 6", "trials = 2"));
    // Begins the study without working on it.
    run(&mut bench.search(&["--launcher", "slurm", "--emit"])).assert_done();
    let tasks = [
        "trials/00000-0123456789ab",
        "finals/00000-s1-0123456789ab",
        "refit/00000-0123456789ab",
    ];
    for task in tasks {
        let folder = bench.root().join(task);
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("claim.1"), "").unwrap();
        let parts = ["1 task has begun and not ended", task, "--force"];
        bench.study("rm", &[]).assert_refused(&parts);
        std::fs::write(folder.join("release.1"), "").unwrap();
    }
    for task in tasks {
        std::fs::remove_file(bench.root().join(task).join("release.1")).unwrap();
    }
    bench
        .study("rm", &[])
        .assert_refused(&["3 tasks have begun", tasks[2]]);
    // Nobody tests what failed.
    let failed = r#"{"status":"failed","reason":"x","attempts":1,"worker":"w","ended":""}"#;
    for task in tasks {
        std::fs::write(bench.root().join(task).join("outcome.json"), failed).unwrap();
    }
    bench.study("rm", &[]).assert_done();
    assert!(!bench.root().exists());
}

#[test]
fn a_search_whose_study_is_removed_says_so_and_brings_nothing_of_it_back() {
    let bench = Bench::new(&STUDY.replace("epochs = 2", "epochs = 100000"));
    let child = bench.search(&["--workers", "1"]).spawn().unwrap();
    let trials = bench.root().join("trials");
    wait_for(|| {
        let mut logs = std::fs::read_dir(&trials).into_iter().flatten();
        logs.any(|entry| {
            let log = std::fs::read_to_string(entry.unwrap().path().join("log.txt"));
            log.unwrap_or_default().contains("epoch 1/")
        })
    });
    bench
        .study("rm", &[])
        .assert_refused(&["1 task has begun and not ended (trials/0"]);
    bench.study("rm", &["--force"]).assert_done();
    let ended = ran(child.wait_with_output().unwrap());
    assert_eq!(ended.code, Some(1), "{ended:#?}");
    assert_says(&ended.stderr, &["the study is gone"]);
    assert!(!ended.stderr.contains("saved"), "{ended:#?}");
    assert!(!bench.root().exists(), "{ended:#?}");
}
