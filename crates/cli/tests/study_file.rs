//! What a study file and the flags beside it may say.

use crate::support::study::{Bench, STUDY};
use crate::support::{assert_says, run};

#[test]
fn a_study_file_that_is_wrong_is_refused_with_its_line() {
    let refuse = |from: &str, to: &str, parts: &[&str]| {
        let bench = Bench::new(&STUDY.replace(from, to));
        run(&mut bench.search(&["--workers", "1"])).assert_refused(parts);
        assert!(!bench.root().exists(), "a refused study left a folder");
    };
    refuse(
        "seeds = 2",
        "seeds = 2\nfolds = 1",
        &["study.toml, line 7: study.folds = 1: expected 0"],
    );
    refuse(
        "batch_size = 4",
        "batch_size = 0",
        &["study.toml, line 14: train.batch_size = 0: expected at least 1"],
    );
    refuse(
        "train.learning_rate = { log = [1e-3, 1e-1], points = 3 }",
        "train.learning_rate = [1e-3, -1.0]",
        &[
            "study.toml, line 21: the point ",
            "train.learning_rate = -1",
        ],
    );
    refuse(
        "model.hidden =",
        "model.hiden =",
        &["study.toml, line 20", "did you mean `hidden`"],
    );
    refuse(
        "lease_seconds",
        "lease_second",
        &["line 7", "did you mean `lease_seconds`"],
    );
    refuse(
        "points = 3",
        "points = 1",
        &["study.toml, line 21", "train.learning_rate"],
    );
    refuse(
        "int = [4, 16], step = 4",
        "values = [4, 0]",
        &["model.hidden = 0", "can't be trained"],
    );
    // What all trials share is no fault of a point.
    let bench = Bench::new(&STUDY.replace("model.hidden = { int = [4, 16], step = 4 }\n", ""));
    for (set, parts) in [
        (
            "train.momentum=2",
            ["error: train.momentum = 2", "expected"],
        ),
        (
            "model.hidden=100000000",
            ["error: model.hidden = 100000000", "65536"],
        ),
    ] {
        run(&mut bench.search(&["--set", set])).assert_refused(&parts);
    }
    for more in [
        "[space]\ndata.train_images = [8, 1000]",
        "[study.refit]\ndata.train_images = 1000\n[space]",
    ] {
        let bench = Bench::new(&STUDY.replace("[space]", more));
        let parts = ["study.toml: data.train_images = 1000", "0 for all"];
        for flags in [&["--plan"][..], &[]] {
            run(&mut bench.search(flags)).assert_refused(&parts);
        }
    }
    let rungs = "[study]\npruner = \"asha\"\nrungs = [2, 7]";
    let rungs = Bench::new(&STUDY.replace("[study]", rungs));
    run(&mut rungs.search(&["--plan"])).assert_refused(&["study.rungs = [2, 7]", "train.epochs"]);
    let few = "[study.refit]\nvalid = true\n[data]\ntrain_images = 8\n[space]";
    let few = Bench::new(&STUDY.replace("[space]", few));
    run(&mut few.search(&["--plan"])).assert_refused(&["study.toml, line", "train_images = 0"]);
    for flags in [["--tasks", "3"], ["--image", "x"]] {
        let refused = run(&mut bench.search(&flags));
        assert_eq!(refused.code, Some(2), "{refused:#?}");
        assert_says(&refused.stderr, &["--launcher"]);
    }
    let refused = run(&mut bench.search(&["--max-hours", "-1"]));
    assert_eq!(refused.code, Some(2), "{refused:#?}");
    assert_says(&refused.stderr, &["'-1' for '--max-hours"]);
    let set = "train.learning_rate=0.1";
    run(&mut bench.search(&["--set", set])).assert_refused(&[set, "varies in [space]"]);
    let folds = Bench::new(&STUDY.replace("[study]", "[study]\nfolds = 500"));
    run(&mut folds.search(&["--plan"])).assert_refused(&["folds"]);
    refuse(
        "[\"mobilenet_v2\", \"googlenet\"]",
        "[\"mobilenet_v2\", \"resnet50\"]",
        &["line 19", "resnet50"],
    );
}

#[test]
fn a_searched_key_that_decides_nothing_is_refused_and_a_shared_one_told_of() {
    let idle = STUDY.replace("[space]", "[space]\nmodel.stochastic_depth = [0.1, 0.6]");
    for flags in [&["--plan"][..], &[]] {
        run(&mut Bench::new(&idle).search(flags)).assert_refused(&[
            "study.toml, line 19",
            "model.stochastic_depth is searched",
            "no effect with model.backbone = \"",
            "`when`",
        ]);
    }
    let adamw = ["--set", "train.optimizer=adamw"];
    let momentum = STUDY.replace("[space]", "[space]\ntrain.momentum = [0.5, 0.9]");
    let refused = ["train.momentum", "train.optimizer = \"adamw\""];
    run(&mut Bench::new(&momentum).search(&adamw)).assert_refused(&refused);
    run(&mut Bench::new(&momentum).search(&["--plan"])).assert_done();
    let frozen = STUDY.replace("[space]", "[space]\nmodel.unfreeze = [['head'], ['all']]");
    let frozen = Bench::new(&frozen.replace("trials = 6", "trials = 48"));
    let told = "in 24 of 48 trials the whole backbone is frozen and its weights are random";
    let planned = run(&mut frozen.search(&["--plan"])).assert_done();
    assert_says(&planned.stderr, &[told]);

    let study = STUDY.replace("trials = 6", "trials = 1");
    let shared = ["--set", "train.betas=[0.8, 0.99]", "--workers", "1"];
    let ran = run(&mut Bench::new(&study).search(&shared)).assert_done();
    assert_says(&ran.stderr, &["note: train.betas has no effect with"]);
}

#[test]
fn a_value_that_no_trial_can_have_is_refused_before_one_draws_it() {
    // Many more than the one trial that is planned.
    let values: Vec<String> = (1..60)
        .map(|value| (f64::from(value) / 100.0).to_string())
        .collect();
    for (sampler, wrong, told) in [
        ("random-grid", "3.0", "model.dropout = 3"),
        ("tpe", "3.0", "model.dropout = 3"),
        ("random", "\"a\"", "expected a number"),
    ] {
        let space = format!("[space]\nmodel.dropout = [{}, {wrong}]", values.join(", "));
        let study = STUDY.replace("[space]", &space);
        let study = study.replace(
            "trials = 6",
            &format!("trials = 1\nsampler = \"{sampler}\""),
        );
        for flags in [&["--plan"][..], &["--workers", "1"]] {
            let bench = Bench::new(&study);
            run(&mut bench.search(flags)).assert_refused(&["study.toml, line 20: ", told]);
            assert!(!bench.root().exists());
        }
    }
}

#[test]
fn trials_that_would_train_the_same_are_refused() {
    for (space, keys) in [
        ("train.patience = [2, 3]", "train.patience"),
        ("train.accumulate = [20, 30]", "train.accumulate"),
        ("preprocess.size = [0, 224]", "preprocess.size"),
        (
            "train.backbone_learning_rate = [-1.0, 3e-4]",
            "train.backbone_learning_rate",
        ),
        (
            "model.unfreeze = [['head'], ['head', 'head']]",
            "model.unfreeze",
        ),
    ] {
        let study = STUDY.split("[space]").next().unwrap();
        let study = study.replace("trials = 6", "sampler = \"grid\"");
        let bench = Bench::new(&format!("{study}[space]\n{space}\n"));
        run(&mut bench.search(&["--plan"])).assert_refused(&[
            "study.toml: trial 0 and trial 1 would be one and the same",
            keys,
            "come to the same",
        ]);
    }
    let some = STUDY.replace("[space]", "[space]\ntrain.patience = [1, 2]");
    run(&mut Bench::new(&some).search(&["--plan", "--trials", "2"])).assert_done();
}
