//! Faults of the machine, which are no trial's: an unusable cache, a full disk, a run that
//! can only be read.

use std::process::Command;

use crate::support::study::{Bench, STUDY, count};
use crate::support::{self, Folder, Ran, assert_says, device, json, run, training};

/// Runs a shell script in `folder` on a file system of this size, `disk`; `None` where none
/// may be mounted, as is said.
fn with_disk(folder: &Folder, size: &str, script: &str) -> Option<Ran> {
    std::fs::create_dir(folder.path("disk")).unwrap();
    let mount = format!("mount -t tmpfs -o size={size} tmpfs disk 2>/dev/null || exit 99");
    let script = format!("{mount}\n{script}\nexit 0");
    let mut command = Command::new("unshare");
    command
        .args(["--mount", "sh", "-c", &script])
        .current_dir(folder.path(""))
        .env("PSP", env!("CARGO_BIN_EXE_psp"))
        .env("DATA", folder.data())
        .env("DEVICE", device())
        .env("PSP_CACHE_DIR", folder.path("cache"));
    let output = command.output().ok();
    // 1 is `unshare`'s own, 99 that of `mount`.
    let output = output.filter(|output| !matches!(output.status.code(), Some(1 | 99)));
    if output.is_none() {
        eprintln!("SKIPPED: no file system may be mounted here");
    }
    output.map(|output| support::ran(output).assert_done())
}

#[test]
fn an_unusable_cache_folder_costs_the_cache_and_no_trial() {
    let study = STUDY
        .replace("trials = 6", "trials = 2")
        .replace("[train]", "[model]\nunfreeze = [\"head\"]\n\n[train]")
        .replace("[\"mobilenet_v2\", \"googlenet\"]", "[\"mobilenet_v2\"]");
    let (with, without) = (Bench::new(&study), Bench::new(&study));
    let mut search = with.search(&["--workers", "1"]);
    run(search.env("PSP_CACHE_DIR", with.folder.path("cache"))).assert_done();
    // Nobody, root included, makes a folder within a file.
    let cache = without.folder.path("study.toml").join("cache");
    let mut search = without.search(&["--workers", "1"]);
    let searched = run(search.env("PSP_CACHE_DIR", &cache)).assert_done();
    let said = "warning: features are kept in memory, not stored";
    assert!(searched.stdout.contains(said), "{searched:#?}");
    assert_eq!(without.table()["trials"], with.table()["trials"]);

    let out = without.folder.path("run");
    let mut train = training(&without.folder.data(), &out, &["model.unfreeze=['head']"]);
    let trained = run(train.env("PSP_CACHE_DIR", &cache)).assert_done();
    assert!(trained.stderr.contains(said), "{trained:#?}");
}

#[test]
fn a_limit_of_the_size_of_files_is_the_machines_fault() {
    let folder = Folder::with_data();
    let training = training(&folder.data(), &folder.path("run"), &[]);
    let mut limited = Command::new("sh");
    limited.args(["-c", r#"ulimit -f 64; exec "$0" "$@""#]);
    limited
        .arg(training.get_program())
        .args(training.get_args());
    let cache = folder.path("cache");
    run(limited.env("PSP_CACHE_DIR", cache)).assert_refused_for_now(&["File too large"]);
}

/// Skips where no file system may be mounted.
#[test]
fn a_full_disk_fails_no_trial_and_the_study_goes_on_when_there_is_space() {
    let study = STUDY
        .replace(
            "trials = 6",
            "trials = 2\nretries = 0\nsampler = \"random-grid\"",
        )
        .replace("[\"mobilenet_v2\", \"googlenet\"]", "[\"mobilenet_v2\"]");
    let bench = Bench::new(&study);
    let script = r#"
        search() { "$PSP" search --workers 1 --device "$DEVICE" --config study.toml \
            --data "$DATA" --study disk/study --set data.pixel_store_mib=0; }
        search; echo "full: $?"
        "$PSP" study show disk/study --json > full.json
        mount -o remount,size=2g disk
        search; echo "again: $?"
        "$PSP" study show disk/study --json > again.json
    "#;
    let Some(ran) = with_disk(&bench.folder, "8m", script) else {
        return;
    };
    assert!(ran.stdout.contains("full: 75"), "{ran:#?}");
    assert!(ran.stdout.contains("again: 0"), "{ran:#?}");
    let table = |file: &str| json(&bench.folder.path(file));
    assert_eq!(count(&table("full.json")["trials"], "failed"), 0);
    assert_eq!(count(&table("again.json")["trials"], "finished"), 2);
}

/// Skips where no file system may be mounted.
#[test]
fn what_cannot_be_written_for_the_disks_sake_is_worth_another_try() {
    let folder = Folder::with_data();
    folder.train("run", &[]).assert_done();
    let script = r#"
        on_disk() {
            "$PSP" export run --out disk/model; echo "$1 export: $?"
            "$PSP" weights import run --backbone mobilenet_v2 --out disk/w.safetensors; echo "$1 import: $?"
            "$PSP" data synth --out disk/data --count 200; echo "$1 synth: $?"
        }
        on_disk full
        rm -r disk/data
        mount -o remount,ro disk
        on_disk locked
        image=data/imgs/synth-000000.jpg
        "$PSP" eval run --device "$DEVICE" --out disk/report; echo "locked eval: $?"
        "$PSP" predict --model run --device "$DEVICE" $image --out disk/scores.csv
        echo "locked predict: $?"
        "$PSP" export run --out $image/model; echo "wrong export: $?"
    "#;
    let Some(ran) = with_disk(&folder, "100k", script) else {
        return;
    };
    let codes = ran.stdout.lines().filter(|line| line.contains(": 75"));
    assert_eq!(codes.count(), 8, "{ran:#?}");
    assert!(ran.stdout.contains("wrong export: 1"), "{ran:#?}");
    // Once, by the export to the full disk.
    assert_eq!(
        ran.stderr.matches("/model.safetensors:").count(),
        1,
        "{ran:#?}"
    );
}

/// Skips where no file system may be mounted.
#[test]
fn a_report_on_a_run_that_can_only_be_read_tells_of_a_cost_that_is_not_stored() {
    let folder = Folder::with_data();
    folder
        .train("run", &["model.unfreeze=[\"head\"]"])
        .assert_done();
    let script = r#"
        report() { "$PSP" report disk/run --device "$DEVICE" --explain 0 "$@"; }
        cp -r run disk/run
        # Stores the predictions.
        report --no-measure --out before; echo "before: $?"
        mount -o remount,ro disk
        report --out report; echo "locked: $?"
    "#;
    let Some(ran) = with_disk(&folder, "1g", script) else {
        return;
    };
    assert_says(&ran.stdout, &["before: 0", "locked: 0"]);
    assert_says(&ran.stderr, &["warning: ", "cost.json: could not "]);
    let page = std::fs::read_to_string(folder.path("report/report.md")).unwrap();
    assert_says(&page, &["prediction were measured once per model"]);
}
