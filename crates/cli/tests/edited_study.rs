//! Studies whose files or settings were changed since they were begun.

use crate::support::study::{Bench, STUDY};
use crate::support::trained::{export, report};
use crate::support::{Ran, assert_says, run};

/// A report on the study, in `page`.
fn page(bench: &Bench) -> Ran {
    let (root, out) = (bench.root(), bench.folder.path("page"));
    run(&mut report(&root, &out, &["--explain", "0", "--overwrite"]))
}

#[test]
fn an_edit_of_what_decides_the_results_is_refused_wherever_the_study_is_used() {
    let bench = Bench::new(&STUDY.replace("trials = 6", "trials = 2"));
    run(&mut bench.search(&["--workers", "1"])).assert_done();
    for (from, to, what) in [
        (
            "points = 3",
            "points = 5",
            "the space (train.learning_rate)",
        ),
        ("\"random-grid\"", "\"random\"", "the sampler"),
    ] {
        bench.folder.edit("study/study.toml", from, to);
        for ran in [bench.again(&[]), page(&bench), bench.study("show", &[])] {
            ran.assert_refused(&["study.toml: differs from plan.json", what]);
        }
        bench.folder.edit("study/study.toml", to, from);
    }
}

#[test]
fn a_choice_from_before_a_change_is_told_of() {
    let bench = Bench::new(&STUDY.replace("trials = 6", "trials = 1"));
    run(&mut bench.search(&["--workers", "1"])).assert_done();
    // What may change while a study runs is told of, however it was changed.
    bench
        .folder
        .edit("study/study.toml", "seeds = 2", "seeds = 3");
    let budget = ["--max-hours", "0.0000001"];
    let ran = bench.again(&budget);
    assert_eq!(ran.code, Some(75), "{ran:#?}");
    assert_says(&ran.stderr, &["changed: study.seeds: 2 → 3"]);
    let text = || std::fs::read_to_string(bench.folder.path("page/report.md")).unwrap();
    let before = ["chosen before these settings changed: study.seeds: 2 → 3"];
    for command in ["show", "best"] {
        assert_says(&bench.study(command, &[]).assert_done().stderr, &before);
    }
    let exported = run(&mut export(&bench.root(), &bench.folder.path("model"), &[]));
    assert_says(&exported.assert_done().stderr, &before);
    assert_says(&page(&bench).assert_done().stderr, &before);
    assert_says(&text(), &["trained again with 2 seeds each", before[0]]);
    let chosen = bench.root().join("selected.json");
    let earlier = std::fs::read(&chosen).unwrap();
    bench.again(&[]).assert_done();
    assert!(
        !bench
            .study("best", &[])
            .assert_done()
            .stderr
            .contains("before")
    );
    // Of trainings that the choice does not know, a report on it tells nothing.
    let tasks = bench.tasks().into_iter();
    let names = tasks.map(|task| task.file_name().unwrap().to_string_lossy().into_owned());
    let third = names
        .into_iter()
        .find(|name| name.contains("-s3-"))
        .unwrap();
    page(&bench).assert_done();
    assert!(text().contains(&third));
    std::fs::write(&chosen, earlier).unwrap();
    page(&bench).assert_done();
    assert!(!text().contains(&third));
}

#[test]
fn a_study_whose_own_files_were_edited_or_damaged_does_not_go_on() {
    let bench = Bench::new(&STUDY.replace("trials = 6", "trials = 2"));
    bench.begin();
    let edit = |name: &str, change: &dyn Fn(&str) -> String| {
        let path = bench.root().join(name);
        let before = std::fs::read_to_string(&path).unwrap();
        let after = change(&before);
        assert_ne!(after, before);
        std::fs::write(&path, after).unwrap();
        (path, before)
    };
    let (path, before) = edit("study.toml", &|text| {
        text.replace("momentum = 0.0", "momentum = 0.5")
    });
    let parts = [
        "study.toml: ",
        "train.momentum",
        "differs from plan.json",
        "--study",
    ];
    bench.again(&[]).assert_refused(&parts);
    std::fs::write(path, before).unwrap();
    let (path, before) = edit("plan.json", &|text| text[..text.len() / 2].to_owned());
    let parts = ["plan.json: this file is damaged", "EOF", "from a copy"];
    bench.again(&[]).assert_refused(&parts);
    std::fs::write(path, before).unwrap();
    let (path, before) = edit("plan.json", &|text| {
        text.replace("\"train.learning_rate\"", "\"train.rate\"")
    });
    let parts = ["differs from plan.json", "`train.rate`", "undo that"];
    bench.again(&[]).assert_refused(&parts);
    std::fs::write(path, before).unwrap();
    bench.again(&[]).assert_done();
}
