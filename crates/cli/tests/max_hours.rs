//! `--max-hours`: a time budget.

use crate::support::study::{Bench, STUDY, count};
use crate::support::{Folder, assert_says, resume, run};

#[test]
fn a_run_whose_time_is_up_is_saved_and_continued() {
    let folder = Folder::with_data();
    let mut command = folder.training("my run", &["train.epochs=100000"]);
    // Two seconds.
    let stopped = run(command.args(["--max-hours", "0.00056"]));
    assert_eq!(stopped.code, Some(75), "{stopped:#?}");
    let root = folder.path("my run");
    let quoted = format!("'{}'", root.display());
    let said = format!("time is up and all is saved; continue with: psp train --resume {quoted}");
    assert!(stopped.stderr.contains(&said), "{stopped:#?}");
    let again = run(resume(&root).args(["--max-hours", "0.00056"]));
    assert_eq!(again.code, Some(75), "{again:#?}");
    assert!(again.stdout.contains("continuing at epoch"), "{again:#?}");
}

#[test]
fn time_that_suffices_changes_nothing() {
    let folder = Folder::with_data();
    run(folder.training("run", &[]).args(["--max-hours", "10"])).assert_done();
}

#[test]
fn a_study_whose_time_is_up_says_how_far_it_has_come_and_goes_on() {
    let bench = Bench::new(&STUDY.replace("trials = 6", "trials = 24"));
    let stopped = run(&mut bench.search(&["--workers", "1", "--max-hours", "0.0006"]));
    assert_eq!(stopped.code, Some(75), "{stopped:#?}");
    assert_says(
        &stopped.stderr,
        &[
            "time is up and all is saved",
            " of 24 trials ha",
            "the same command continues",
            "psp report",
        ],
    );
    let before = bench.table();
    assert!(count(&before["trials"], "finished") < 24);
    run(&mut bench.search(&["--workers", "2", "--max-hours", "1"])).assert_done();
    assert_eq!(count(&bench.table()["trials"], "finished"), 24);
    bench.assert_each_ended_once();
}

#[test]
fn a_limit_that_makes_no_sense_is_wrong_usage() {
    let folder = Folder::with_data();
    for limit in ["0", "-1", "soon", "1e300", "nan"] {
        let refused = run(folder
            .training("run", &[])
            .arg(format!("--max-hours={limit}")));
        assert_eq!(refused.code, Some(2), "{limit}: {refused:#?}");
        assert!(refused.stderr.contains("hours above 0"), "{refused:#?}");
    }
    let bench = Bench::new(STUDY);
    let args = ["--launcher", "slurm", "--emit", "--max-hours", "1"];
    let refused = run(&mut bench.search(&args));
    assert_eq!(refused.code, Some(2), "{refused:#?}");
    assert!(refused.stderr.contains("--time=60"), "{refused:#?}");
    assert!(!bench.root().exists(), "a refused study left a folder");
}
