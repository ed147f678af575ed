//! Studies: searched, shared, killed, interrupted, refused. Seed of the kills: 3.

use std::path::Path;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use crate::support::study::{Bench, STUDY, children_of, count, ended, wait_for};
use crate::support::{assert_says, device, psp, ran, run, signal};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::Value;

#[test]
fn a_study_ends_with_a_chosen_model_that_can_be_exported() {
    let bench = Bench::new(STUDY);
    let searched = run(&mut bench.search(&["--workers", "2"])).assert_done();
    let said = [
        "6 trials of 24 grid points, 2 workers",
        "finalist, seed 1",
        "the test split",
        "chosen: finals/",
    ];
    assert_says(&searched.stdout.to_lowercase(), &said);
    let table = bench.table();
    assert_eq!(count(&table["trials"], "finished"), 6);
    let backbones: std::collections::BTreeSet<&str> = table["selection"]["finalists"]
        .as_array()
        .unwrap()
        .iter()
        .map(|finalist| finalist["backbone"].as_str().unwrap())
        .collect();
    assert_eq!(count(&table["finals"], "finished"), 2 * backbones.len());
    let runs = &table["selection"]["finalists"][0]["runs"];
    assert!(runs[0]["test"].is_number() && runs[1]["test"].is_number());
    bench.assert_each_ended_once();
    // Whether the choice is better than the mean label is said with it.
    let chosen = table["selection"]["finalists"]
        .as_array()
        .unwrap()
        .iter()
        .find(|finalist| {
            let mut runs = finalist["runs"].as_array().unwrap().iter();
            runs.any(|run| run["folder"] == table["selection"]["folder"])
        });
    let is_in_doubt = chosen.unwrap()["lower_bound"].as_f64().unwrap() <= 0.0;
    let reason = table["selection"]["reason"].as_str().unwrap();
    assert_eq!(
        reason.contains("skill beyond predicting the mean label"),
        is_in_doubt,
        "{reason}"
    );

    // The same command again finds nothing to do and says the same.
    let again = run(&mut bench.search(&["--workers", "2"])).assert_done();
    assert!(!again.stdout.contains("worker 0: 0"), "{again:#?}");
    assert_eq!(bench.table(), table);

    let chosen = table["selection"]["folder"].as_str().unwrap();
    let best = bench.study("best", &[]).assert_done();
    let folder = bench.root().join(chosen);
    assert_eq!(best.stdout, format!("{}\n", folder.display()));
    let csv = bench.study("show", &["--csv"]).assert_done();
    assert_eq!(csv.stdout.lines().count(), 1 + bench.tasks().len());
    let export = |out: &str, more: &[&str]| {
        let mut command = psp(&["export"]);
        command.arg(bench.root()).args(more).arg("--out");
        run(command.arg(bench.folder.path(out)))
    };
    let exported = export("model", &[]).assert_done();
    assert!(
        exported.stdout.contains(&format!("chosen: {chosen}")),
        "{exported:#?}"
    );
    let exported = export("mobilenet_v2", &["--backbone", "mobilenet_v2"]).assert_done();
    assert!(exported.stdout.contains("of run"), "{exported:#?}");
    assert!(exported.stdout.contains("place "), "{exported:#?}");
    export("vit", &["--backbone", "vit_b_16"]).assert_refused(&["no finalist has this backbone"]);

    // More trials continue the study with those that it has.
    let more = run(&mut bench.search(&["--workers", "2", "--trials", "8"])).assert_done();
    assert!(
        more.stdout.contains("8 trials of 24 grid points"),
        "{more:#?}"
    );
    let trials = bench.table()["trials"].clone();
    assert_eq!(
        trials.as_array().unwrap()[..6],
        table["trials"].as_array().unwrap()[..]
    );
    assert_eq!(count(&trials, "finished"), 8);
    bench.assert_each_ended_once();

    // What the study did not write stays.
    let notes = bench.root().join("notes");
    std::fs::create_dir(&notes).unwrap();
    std::fs::write(notes.join("mine.txt"), "keep").unwrap();
    let among = bench.root().join("trials/20261127-1530/mine.txt");
    std::fs::create_dir(among.parent().unwrap()).unwrap();
    std::fs::write(&among, "keep").unwrap();
    let removed = bench.study("rm", &[]).assert_done();
    assert!(
        removed.stdout.contains("still holds notes, trials"),
        "{removed:#?}"
    );
    assert_eq!(bench.root().read_dir().unwrap().count(), 2);
    assert_eq!(bench.root().join("trials").read_dir().unwrap().count(), 1);
    assert!(notes.join("mine.txt").exists() && among.exists());
    std::fs::remove_dir_all(bench.root()).unwrap();

    run(&mut bench.search(&["--launcher", "slurm", "--emit"])).assert_done();
    bench.study("rm", &[]).assert_done();
    assert!(!bench.root().exists());
}

#[test]
fn no_study_begins_where_it_would_write_over_something_else() {
    let bench = Bench::new(STUDY);
    for file in ["split.csv", "study.toml"] {
        let path = bench.root().join(file);
        std::fs::create_dir_all(bench.root()).unwrap();
        std::fs::write(&path, "mine").unwrap();
        run(&mut bench.search(&[])).assert_refused(&[file, "--study"]);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "mine");
        assert_eq!(bench.root().read_dir().unwrap().count(), 1);
        std::fs::remove_file(&path).unwrap();
    }
    let data = bench.folder.data();
    let mut command = psp(&["search", "--config"]);
    command.arg(bench.folder.path("study.toml"));
    command.arg("--data").arg(&data).arg("--study").arg(&data);
    run(&mut command).assert_refused(&["is the data folder", "--study"]);
    assert!(!data.join("split.csv").exists());
}

#[test]
fn a_dot_is_this_folder_and_not_all_experiments() {
    let bench = Bench::new(STUDY);
    let here = bench.folder.path("here");
    std::fs::create_dir_all(here.join("experiments/other")).unwrap();
    let mut command = psp(&["study", "rm", "."]);
    let refused = run(command.current_dir(&here));
    refused.assert_refused(&[".: not a study folder"]);
    assert!(here.join("experiments/other").exists());
}

#[test]
fn the_plan_is_known_before_anything_runs_and_a_smaller_one_is_its_beginning() {
    let bench = Bench::new(STUDY);
    let plan = |trials: &str| {
        let planned = run(&mut bench.search(&["--plan", "--trials", trials])).assert_done();
        assert_says(&planned.stdout, &["time, finalists", "\nabout "]);
        assert!(!planned.stdout.contains("hours"), "{planned:#?}");
        let rows = planned.stdout.lines().skip(3);
        let rows = rows.take_while(|line| !line.is_empty()).map(str::to_owned);
        rows.collect::<Vec<_>>()
    };
    let (few, many) = (plan("3"), plan("9"));
    assert_eq!((few.len(), many.len()), (3, 9));
    assert_eq!(few, many[..3]);
    assert!(!bench.root().exists(), "a plan wrote something");
}

#[test]
fn trials_on_two_devices_are_those_of_one_and_end_alike() {
    let study = STUDY.replace("trials = 6", "trials = 2");
    // As many threads for both: Flex's sums are shared out among them.
    let one = ("train.replicas=[]".to_owned(), &["--workers", "1"][..]);
    let two = (format!("train.replicas=['{}']", device()), &[][..]);
    let [one, two] = [one, two].map(|(replicas, workers)| {
        let bench = Bench::new(&study);
        let sets = ["--set", "train.accumulate=2", "--set", &replicas];
        let searched = run(bench.search(&sets).args(workers)).assert_done();
        (bench, searched)
    });
    // Each trial takes both.
    assert!(two.1.stdout.contains(" 1 worker\n"), "{}", two.1.stdout);
    for task in two.0.tasks() {
        let log = std::fs::read_to_string(task.join("log.txt")).unwrap();
        assert!(log.contains("training on 2 devices"), "{log}");
    }
    let [one, two] = [one, two].map(|(bench, _)| bench.table());
    match device().as_str() {
        "flex" => assert_eq!(one, two),
        _ => assert_eq!(
            count(&one["trials"], "finished"),
            count(&two["trials"], "finished")
        ),
    }
}

#[test]
fn a_job_for_a_cluster_names_the_study_and_this_program() {
    let bench = Bench::new(STUDY);
    run(&mut bench.search(&["--launcher", "slurm", "--emit", "--tasks", "3"])).assert_done();
    let script = std::fs::read_to_string(bench.root().join("slurm/job.sh")).unwrap();
    let study = format!("search --study '{}' &", bench.root().display());
    assert_says(&script, &["--array=0-2", &study, env!("CARGO_BIN_EXE_psp")]);
    let pods = |mount: &Path| {
        let mut command = bench.search(&["--launcher", "k8s", "--emit", "--image", "psp:1"]);
        run(command.args(["--claim", "shared", "--mount"]).arg(mount))
    };
    let manifest = pods(bench.root().parent().unwrap()).assert_done();
    let manifest: Value = serde_json::from_str(&manifest.stdout).unwrap();
    let container = &manifest["spec"]["template"]["spec"]["containers"][0];
    assert_eq!(container["args"][2], bench.root().to_str().unwrap());
    pods(Path::new("/elsewhere")).assert_refused(&["not within --mount /elsewhere"]);
}

#[test]
fn a_job_that_cannot_be_launched_leaves_no_study() {
    let bench = Bench::new(STUDY);
    let mut command = bench.search(&["--launcher", "slurm"]);
    run(command.env("PATH", "/nonexistent")).assert_refused(&["sbatch", "--emit"]);
    let pods = ["--launcher", "k8s", "--image", "psp:1", "--claim", "shared"];
    let pods = || bench.search(&[&pods[..], &["--mount", "/elsewhere"]].concat());
    let printed = run(&mut pods());
    assert_eq!(printed.code, Some(2), "{printed:#?}");
    assert_says(&printed.stderr, &["pass --emit"]);
    run(pods().arg("--emit")).assert_refused(&["not within --mount /elsewhere"]);
    assert!(!bench.root().exists(), "a refused study left a folder");
}

#[test]
fn four_processes_started_at_once_share_a_study() {
    let bench = Bench::new(STUDY);
    let start = || bench.search(&["--workers", "1"]).spawn().unwrap();
    let children: Vec<Child> = (0..4).map(|_| start()).collect();
    for child in children {
        ran(child.wait_with_output().unwrap()).assert_done();
    }
    assert_eq!(count(&bench.table()["trials"], "finished"), 6);
    bench.assert_each_ended_once();
}

#[test]
fn an_interrupted_study_exits_with_130_and_continues_to_the_same_table() {
    if device() != "flex" {
        return;
    }
    let (undisturbed, bench) = (Bench::new(STUDY), Bench::new(STUDY));
    run(&mut undisturbed.search(&["--workers", "2"])).assert_done();
    let child = bench.search(&["--workers", "2"]).spawn().unwrap();
    wait_for(|| bench.root().join("trials").is_dir() && ended(&bench) > 1);
    signal(&child, "INT");
    let stopped = ran(child.wait_with_output().unwrap());
    assert_eq!(stopped.code, Some(130), "{stopped:#?}");
    assert!(stopped.stderr.contains("the same command continues"));
    run(&mut bench.search(&["--workers", "2"])).assert_done();
    assert_eq!(bench.table(), undisturbed.table());
    bench.assert_each_ended_once();
}

/// `PSP_TEST_KILLS` sets the number of kills; 10 unless told.
#[test]
fn a_study_whose_processes_are_killed_at_random_moments_ends_with_the_same_table() {
    if device() != "flex" {
        return;
    }
    let study = STUDY.replace("trials = 6", "trials = 20");
    let (undisturbed, bench) = (Bench::new(&study), Bench::new(&study));
    run(&mut undisturbed.search(&["--workers", "2"])).assert_done();
    let wanted = std::env::var("PSP_TEST_KILLS").map_or(10, |n| n.parse::<u32>().unwrap());
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    let mut kills = 0;
    while kills < wanted {
        let mut child = bench.search(&["--workers", "2"]).spawn().unwrap();
        loop {
            let delay = Duration::from_secs_f64(0.2 + 1.3 * rng.random::<f64>());
            if ends_within(&mut child, delay) {
                // Too fast for the kills that are left: begin again.
                assert_eq!(bench.table(), undisturbed.table());
                bench.assert_each_ended_once();
                std::fs::remove_dir_all(bench.root()).unwrap();
                break;
            }
            kills += 1;
            // The supervisor and with it everything, or one of its workers.
            let workers = children_of(child.id());
            match workers.get(rng.random_range(0..=2)) {
                Some(worker) => kill(*worker),
                None => {
                    child.kill().unwrap();
                    child.wait().unwrap();
                    break;
                }
            }
            if kills >= wanted {
                child.kill().unwrap();
                child.wait().unwrap();
                break;
            }
        }
    }
    run(&mut bench.search(&["--workers", "2"])).assert_done();
    assert_eq!(bench.table(), undisturbed.table());
    bench.assert_each_ended_once();
}

fn ends_within(child: &mut Child, time: Duration) -> bool {
    let deadline = Instant::now() + time;
    while Instant::now() < deadline {
        if let Some(status) = child.try_wait().unwrap() {
            assert!(status.success(), "the study failed by itself: {status}");
            return true;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    false
}

fn kill(id: u32) {
    let killed = Command::new("sh")
        .args(["-c", &format!("kill -KILL {id}")])
        .status();
    // It may have ended by itself.
    killed.unwrap();
}

#[test]
fn a_folder_that_holds_another_study_is_left_alone() {
    let bench = Bench::new(&STUDY.replace("trials = 6", "trials = 1"));
    run(&mut bench.search(&["--workers", "1"])).assert_done();
    let table = bench.table();
    let other = STUDY.replace("epochs = 2", "epochs = 3");
    bench.folder.write("study.toml", other);
    run(&mut bench.search(&["--workers", "1"])).assert_refused(&[
        "holds a study that differs in the configuration that trials share",
        "--study",
    ]);
    assert_eq!(bench.table(), table);
    let nothing: &Path = Path::new("/nonexistent/study");
    run(psp(&["study", "show"]).arg(nothing)).assert_refused(&["no such folder"]);
}

#[test]
fn a_plan_that_is_gone_is_said_to_be_and_drawn_again() {
    let bench = Bench::new(&STUDY.replace("trials = 6", "trials = 1"));
    run(&mut bench.search(&["--workers", "1"])).assert_done();
    let table = bench.table();
    std::fs::remove_file(bench.root().join("plan.json")).unwrap();
    let (root, file) = (bench.root(), bench.root().join("study.toml"));
    let way_out = format!(
        "psp search --config {} --study {}",
        file.display(),
        root.display()
    );
    let parts = ["plan.json: missing", &way_out];
    bench.study("show", &[]).assert_refused(&parts);
    let listed = run(psp(&["study", "list"]).arg(root.parent().unwrap())).assert_done();
    assert_says(&listed.stderr, &parts);
    run(psp(&["report"]).arg(&root)).assert_refused(&parts);
    let redraw = || {
        let mut command = psp(&["search", "--config"]);
        run(command.arg(&file).arg("--study").arg(&root))
    };
    // A split that came beside the data since is not the study's.
    let split = bench.folder.data().join("split.csv");
    run(psp(&["data", "split", "--seed", "9", "--data"]).arg(bench.folder.data())).assert_done();
    assert!(split.exists());
    redraw().assert_done();
    assert_eq!(bench.table(), table);
    // With other data they would be other trials.
    std::fs::remove_file(bench.root().join("plan.json")).unwrap();
    std::fs::copy(
        bench.folder.image("synth-000004.jpg"),
        bench.folder.image("synth-000003.jpg"),
    )
    .unwrap();
    redraw().assert_refused(&["plan.json: missing", "none of the trials"]);
    assert!(!bench.root().join("plan.json").exists());
    bench.study("rm", &["--force"]).assert_done();
    assert!(!bench.root().exists());
}
