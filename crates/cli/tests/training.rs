//! What settings of `[train]` and `[model]` do to a run.

use std::collections::BTreeMap;
use std::process::Command;

use crate::support::trained::{self, export};
use crate::support::{
    Folder, assert_says, device, json, json_lines, psp, render, run, tensors, training,
};
use psp_train::Checkpoint;

#[test]
fn early_stopping_ends_a_run_and_says_so() {
    let folder = Folder::with_data();
    // No improvement can reach this much, so the second epoch is one too many.
    let sets = [
        "train.epochs=5",
        "train.patience=1",
        "train.min_delta=1000.0",
    ];
    let ran = folder.train("run", &sets).assert_done();
    assert!(
        ran.stdout.contains("stopped early after 2 epochs"),
        "{ran:#?}"
    );
    let result = json(&folder.path("run/result.json"));
    assert_eq!(result["ending"], "stopped-early");
    assert_eq!(result["epochs"], 2);
    // The best is the lowest MSE, whatever counts as an improvement.
    let epochs = json_lines(&folder.path("run/metrics.jsonl"));
    let mse = |epoch: &serde_json::Value| epoch["valid"]["overall"]["mse"].as_f64().unwrap();
    let best = if mse(&epochs[1]) < mse(&epochs[0]) {
        2
    } else {
        1
    };
    assert_eq!((epochs.len(), &result["best_epoch"]), (2, &best.into()));
}

#[test]
fn a_frozen_backbone_keeps_every_bit_and_its_running_statistics_while_the_head_learns() {
    let folder = Folder::with_data();
    let sets = [
        "model.unfreeze=[\"head\"]",
        "train.epochs=2",
        "train.optimizer=adamw",
        "train.weight_decay=0.5",
    ];
    folder.train("run", &sets).assert_done();
    // Never trained: the first checkpoint of the same seed and structure.
    folder
        .train("other", &["train.learning_rate=1e30"])
        .assert_refused(&["diverged"]);
    let read = |run: &str| {
        Checkpoint::read(&folder.path(run).join("checkpoints/last.safetensors")).unwrap()
    };
    let (before, after) = (read("other").model, read("run"));
    let count = |part: &str| before.keys().filter(|key| key.starts_with(part)).count();
    assert_eq!((count("backbone."), count("head.")), (260, 4));
    assert_eq!(after.model.len(), 264);
    for (key, value) in &before {
        let same = after.model[key] == *value;
        assert_eq!(
            same,
            key.starts_with("backbone."),
            "{key} changed: {}",
            !same
        );
    }
    assert_eq!(after.optimizer.slots.len(), 8);
}

#[test]
fn checkpoints_of_a_frozen_backbone_hold_the_head_alone_and_name_a_file_of_the_rest() {
    let folder = Folder::with_data();
    folder
        .train("run", &["model.unfreeze=[\"head\"]"])
        .assert_done();
    let checkpoints = folder.path("run/checkpoints");
    let stored = |name: &str| tensors(&checkpoints.join(name));
    assert_eq!(stored("last.safetensors").len(), 4);
    let frozen = stored("frozen.safetensors");
    assert!(frozen.contains_key("backbone.features.18.1.running_var"));
    assert!(!frozen.keys().any(|key| key.starts_with("head.")));
    let best = checkpoints.join("best.safetensors");
    assert_eq!(Checkpoint::read(&best).unwrap().model.len(), 264);

    // Its bytes are vouched for by the checkpoints, and it is needed.
    let path = checkpoints.join("frozen.safetensors");
    let mut bytes = std::fs::read(&path).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    let says = |part: &str| {
        let error = Checkpoint::read(&best).unwrap_err().to_string();
        assert!(
            error.contains(part) && error.contains("frozen.safetensors"),
            "{error}"
        );
    };
    says("best.safetensors names");
    std::fs::remove_file(&path).unwrap();
    says("for the weights of frozen stages");
}

/// The last checkpoint's model after two epochs of training the head alone.
fn head_trained(sets: &[&str]) -> BTreeMap<String, Vec<f32>> {
    let folder = Folder::with_data();
    let head = [
        "model.unfreeze=[\"head\"]",
        "train.epochs=2",
        "train.learning_rate=0.05",
    ];
    folder
        .train("run", &[&head[..], sets].concat())
        .assert_done();
    let stored = tensors(&folder.path("run/checkpoints/last.safetensors"));
    let model = stored
        .into_iter()
        .filter(|(key, _)| key.starts_with("model/head."));
    model
        .map(|(key, (_, bytes))| {
            let (values, _) = bytes.as_chunks::<4>();
            (key, values.iter().map(|v| f32::from_le_bytes(*v)).collect())
        })
        .collect()
}

#[track_caller]
fn assert_close(a: &BTreeMap<String, Vec<f32>>, b: &BTreeMap<String, Vec<f32>>) {
    let largest = difference(a, b);
    assert!(largest < 1e-5, "the weights differ by up to {largest}");
}

fn difference(a: &BTreeMap<String, Vec<f32>>, b: &BTreeMap<String, Vec<f32>>) -> f32 {
    let differences = a
        .iter()
        .flat_map(|(key, values)| values.iter().zip(&b[key]).map(|(a, b)| (a - b).abs()));
    differences.fold(0.0, f32::max)
}

/// The training part has 17 images: 16 in whole batches, and one left over.
#[test]
fn two_accumulated_batches_of_8_train_as_one_of_16() {
    let one = head_trained(&["train.batch_size=16"]);
    let two = head_trained(&["train.batch_size=8", "train.accumulate=2"]);
    assert_close(&one, &two);
    // Without accumulation there are twice the steps, which must show.
    let other = head_trained(&["train.batch_size=8"]);
    assert!(
        difference(&one, &other) > 1e-3,
        "the comparison tells nothing apart"
    );
}

#[test]
fn accumulated_batches_of_8_8_and_1_train_as_one_of_17() {
    let one = head_trained(&["train.batch_size=17", "train.drop_last=false"]);
    let sets = [
        "train.batch_size=8",
        "train.accumulate=3",
        "train.drop_last=false",
    ];
    assert_close(&one, &head_trained(&sets));
}

#[test]
fn training_learns_a_small_set_by_heart() {
    let folder = Folder::with_data();
    let sets = [
        "model.backbone=resnet18",
        "train.epochs=12",
        "train.optimizer=adamw",
        "train.learning_rate=1e-3",
        "train.batch_size=8",
    ];
    folder.train("run", &sets).assert_done();
    let records = json_lines(&folder.path("run/metrics.jsonl"));
    let mse = |epoch: usize| records[epoch]["train"]["overall"]["mse"].as_f64().unwrap();
    assert!(
        mse(11) < 0.1 * mse(0),
        "train MSE went from {} to {}",
        mse(0),
        mse(11)
    );
}

#[test]
fn several_devices_are_named_with_commas_between_them() {
    let both = [device(), device()].join(",");
    let show = |sets: &[&str]| run(psp(&["config", "show", "--device", &both]).args(sets));
    let shown = show(&["--set", "train.accumulate=2"]).assert_done();
    let replicas = format!("device = \"{0}\"\nreplicas = [\"{0}\"]\n", device());
    assert!(shown.stdout.contains(&replicas), "{}", shown.stdout);
    show(&[]).assert_refused(&["train.accumulate", "at least 2"]);

    // One device in place of what a file says is that device alone.
    let folder = Folder::with_data();
    let file = folder.write(
        "two.toml",
        "[train]\ndevice = 'cuda:0'\nreplicas = ['cuda:1']\naccumulate = 2\n",
    );
    let shown = run(psp(&["config", "show", "--device", "flex", "--config"]).arg(file));
    let shown = shown.assert_done().stdout;
    assert!(
        shown.contains("device = \"flex\"\nreplicas = []\n"),
        "{shown}"
    );

    let replicas = format!("train.replicas=['{}']", device());
    let sets = ["train.accumulate=2", &replicas];
    let ran = folder.train("run", &sets).assert_done();
    assert!(ran.stdout.contains("2 devices"), "{ran:#?}");
    let manifest = json(&folder.path("run/run.json"));
    assert_eq!(manifest["replicas"], serde_json::json!([device()]));
}

#[test]
fn two_devices_need_no_more_than_one_thread() {
    let folder = Folder::with_data();
    let replicas = format!("train.replicas=['{}']", device());
    let training = folder.training("run", &["train.accumulate=2", &replicas]);
    let mut command = Command::new("timeout");
    command.arg("120").arg(training.get_program());
    command.args(training.get_args());
    run(command.env("RAYON_NUM_THREADS", "1")).assert_done();
}

#[test]
fn weights_that_were_trained_on_images_that_are_measured_are_told_of() {
    let folder = Folder::with_data();
    let head = "model.unfreeze=[\"head\"]";
    let all = ["data.fractions=[1.0, 0.0, 0.0]", head];
    folder.train("all", &all).assert_done();
    run(&mut export(
        &folder.path("all"),
        &folder.path("bundle"),
        &[],
    ))
    .assert_done();
    let from = |name: &str| format!("model.weights={}", folder.path(name).display());
    let said = folder.train("seen", &[head, &from("all")]).assert_done();
    let told = [
        "warning: ",
        "all/checkpoints/best.safetensors: it was trained on",
    ];
    assert_says(&said.stderr, &told);
    assert_says(
        &said.stderr,
        &["so their scores say little about new images"],
    );
    let report = folder.path("report");
    let flags = ["--explain", "0"];
    run(&mut trained::report(&folder.path("seen"), &report, &flags)).assert_done();
    let page = std::fs::read_to_string(report.join("report.md")).unwrap();
    let claim = "that the scores on validation and test images hold for new ones";
    assert_says(&page, &[claim, "say little about new images."]);
    // An exported model has no split of its own to look into.
    let said = folder
        .train("may be", &[head, &from("bundle")])
        .assert_done();
    assert_says(&said.stderr, &["with another split", "may be among those"]);
    // Its own validation and test images are new ones to a model.
    folder.train("own", &[head]).assert_done();
    let said = folder.train("same", &[head, &from("own")]).assert_done();
    assert!(!said.stderr.contains("trained on"), "{said:#?}");
    // What its weights had seen, a model has.
    let said = folder.train("heir", &[head, &from("seen")]).assert_done();
    assert_says(
        &said.stderr,
        &["seen/checkpoints/best.safetensors: it began with such weights itself"],
    );
    // So has one whose weights saw them before they were trained on other images.
    let between = folder.path("between");
    let mut synth = psp(&[
        "data", "synth", "--count", "12", "--seed", "9", "--size", "64x48",
    ]);
    run(synth.arg("--out").arg(&between)).assert_done();
    let sets = [head, &from("all")];
    run(&mut training(&between, &folder.path("child"), &sets)).assert_done();
    let said = folder
        .train("grandchild", &[head, &from("child")])
        .assert_done();
    let told = [
        "child/checkpoints/best.safetensors: it began with such weights itself",
        "all/checkpoints/best.safetensors: it was trained on",
    ];
    assert_says(&said.stderr, &told);
    let data = folder.data();
    let flags = ["--samples=0", "--data", data.to_str().unwrap()];
    let mut evaluated = trained::eval(&folder.path("child"), &folder.path("evaluated"), &flags);
    let told = [
        "began with trained weights",
        "it was trained on 24 of the 24 images",
    ];
    assert_says(&run(&mut evaluated).assert_done().stderr, &told);
    std::fs::rename(folder.path("all"), folder.path("renamed")).unwrap();
    let said = folder
        .train("orphan", &[head, &from("child")])
        .assert_done();
    assert_says(
        &said.stderr,
        &["all/checkpoints/best.safetensors: gone or changed"],
    );
    for name in ["best.safetensors", "frozen.safetensors"] {
        let own = folder.path("renamed/checkpoints").join(name);
        std::fs::copy(own, folder.path(name)).unwrap();
    }
    let said = folder
        .train("of a copy", &[head, &from("best.safetensors")])
        .assert_done();
    assert_says(
        &said.stderr,
        &["a checkpoint without its run does not tell"],
    );
    // Of other data it is known by the images' content.
    let other = folder.path("other");
    render(&other, 12);
    let mut command = training(&other, &folder.path("elsewhere"), &[head]);
    run(&mut command).assert_done();
    let said = folder
        .train("again", &[head, &from("elsewhere")])
        .assert_done();
    assert_says(&said.stderr, &["it was trained on"]);
}

#[test]
fn training_begins_with_the_weights_of_a_model_of_its_own() {
    let folder = Folder::with_data();
    folder.train("run", &[]).assert_done();
    let bundle = folder.path("bundle");
    run(&mut export(&folder.path("run"), &bundle, &[])).assert_done();
    let best = tensors(&folder.path("run/checkpoints/best.safetensors"));
    for (name, from) in [
        ("file", bundle.join("model.safetensors")),
        ("bundle", bundle.clone()),
        ("run", folder.path("run")),
    ] {
        let said = run(psp(&["weights", "check"]).arg(&from)).assert_done();
        let told = [
            "260 tensors fit mobilenet_v2",
            "its head (of perspective_score_hood, ",
        ];
        assert_says(&said.stdout, &told);
        let set = format!("model.weights={}", from.display());
        let out = format!("from {name}");
        let head = ["model.unfreeze=[\"head\"]", &set];
        let said = folder.train(&out, &head).assert_done();
        assert_says(
            &said.stdout,
            &[
                "weights of ",
                "prefix `backbone.` removed",
                "its head is taken over",
            ],
        );
        // A frozen backbone stays what it was.
        let frozen = folder.path(&out).join("checkpoints/frozen.safetensors");
        let frozen = tensors(&frozen);
        let key = "backbone.features.1.conv.1.weight";
        assert_eq!(frozen[key].1, best[&format!("model/{key}")].1, "{name}");
    }
    let set = format!("model.weights={}", bundle.display());
    // Where the head stays frozen, it has to be a trained one.
    let last = "model.unfreeze=[\"features.18\"]";
    let frozen = "warning: the head is frozen and its weights are random";
    let said = folder
        .train("narrow", &["model.hidden=8", last, &set])
        .assert_done();
    assert_says(&said.stdout, &["its head is left out: model.hidden was"]);
    assert_says(&said.stderr, &[frozen]);
    let said = folder.train("kept", &[last, &set]).assert_done();
    assert!(!said.stderr.contains(frozen), "{said:#?}");
    folder
        .train("other", &["model.backbone=googlenet", &set])
        .assert_refused(&["model.backbone", "set model.backbone=mobilenet_v2"]);
    let set = format!("model.weights={}", folder.data().display());
    folder
        .train("other", &[&set])
        .assert_refused(&["model.weights", "exported model"]);
}
