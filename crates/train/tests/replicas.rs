//! Training on several devices: here the CPU, as many times as there are devices.
//! On Flex the comparisons are of bits; LibTorch's sums depend on the threads that
//! share them.

use std::sync::atomic::AtomicBool;

use crate::support::Folder;
use psp_models::StateDict;
use psp_schema::EpochRecord;
use psp_train::{Checkpoint, Control, Event, Machine, trainer};

/// The settings of a run on so many devices.
fn on(folder: &Folder, devices: usize, sets: &[&str]) -> Vec<String> {
    let replicas = vec![format!("'{}'", folder.device()); devices - 1].join(", ");
    let mut all: Vec<String> = sets.iter().map(|&set| set.to_owned()).collect();
    all.push(format!("train.replicas=[{replicas}]"));
    all
}

/// What a run leaves behind that another must equal.
struct Left {
    last: Checkpoint,
    records: Vec<EpochRecord>,
}

fn train(folder: &Folder, devices: usize, sets: &[&str]) -> Left {
    let all = on(folder, devices, sets);
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    let told = folder.train("run", &all);
    assert_eq!(told.devices, devices);
    left(folder, "run")
}

/// Reads a run and removes it, for its gigabyte.
fn left(folder: &Folder, name: &str) -> Left {
    let left = Left {
        last: folder.last(name),
        records: folder.records(name),
    };
    std::fs::remove_dir_all(folder.path(name)).unwrap();
    left
}

fn assert_same(folder: &Folder, one: &Left, other: &Left, what: &str) {
    let exact = folder.device() == "flex";
    let same = |a: &StateDict, b: &StateDict, kind: &str| {
        assert_eq!(a.len(), b.len(), "{what}: {kind}");
        for (key, tensor) in a {
            let pairs = tensor.data.iter().zip(&b[key].data);
            let apart = pairs.map(|(a, b)| (a - b).abs()).fold(0.0f32, f32::max);
            let tolerance = if exact { 0.0 } else { 1e-4 };
            assert!(apart <= tolerance, "{what}: {kind} {key} by {apart}");
        }
    };
    let (a, b) = (&one.last, &other.last);
    same(&a.model, &b.model, "model");
    same(&a.optimizer.slots, &b.optimizer.slots, "optimizer");
    assert_eq!(a.optimizer.step, b.optimizer.step, "{what}");
    assert_eq!(a.ema.is_some(), b.ema.is_some(), "{what}");
    if let (Some(a), Some(b)) = (&a.ema, &b.ema) {
        same(a, b, "average");
    }
    assert_eq!(one.records.len(), other.records.len(), "{what}");
    for (a, b) in one.records.iter().zip(&other.records) {
        assert_eq!((a.epoch, a.step), (b.epoch, b.step), "{what}");
        if exact {
            assert_eq!((&a.train, &a.valid), (&b.train, &b.valid), "{what}");
        }
    }
}

#[test]
fn several_devices_train_what_one_does() {
    let folder = Folder::new();
    // Norms that learn, dropout, averages, clipping: all that has a state or an
    // order. Six batches of two: 4 and 2 of them make a step.
    let common = [
        "train.batch_size=2",
        "train.accumulate=4",
        "train.epochs=2",
        "train.ema_decay=0.8",
        "train.clip_norm=1.0",
        "model.dropout=0.2",
    ];
    for backbone in ["resnet18", "efficientnet_b0"] {
        let set = format!("model.backbone={backbone}");
        let sets = [&common[..], &[&set]].concat();
        let one = train(&folder, 1, &sets);
        for devices in [2, 3, 4] {
            let several = train(&folder, devices, &sets);
            assert_same(&folder, &one, &several, &format!("{backbone} on {devices}"));
        }
        // Else the order of the batches would be of no account.
        let other = train(&folder, 2, &[&sets[..], &["train.seed=1"]].concat());
        assert_ne!(one.records[1].train, other.records[1].train);
    }
}

#[test]
fn auxiliary_classifiers_and_checkpointed_blocks_come_together_too() {
    let folder = Folder::new();
    let common = ["train.batch_size=3", "train.accumulate=2", "train.epochs=1"];
    for sets in [
        &[
            "model.backbone=googlenet",
            "model.auxiliary=true",
            "preprocess.size=96",
        ][..],
        // SGD, whose state takes less than half as long to store.
        &[
            "model.backbone=vit_b_16",
            "train.gradient_checkpointing=true",
            "train.optimizer=sgd",
            "model.unfreeze=['encoder.layers.encoder_layer_10', 'encoder.ln', 'head']",
        ],
    ] {
        let sets = [&common[..], sets].concat();
        let [one, two] = [1, 2].map(|devices| train(&folder, devices, &sets));
        assert_same(&folder, &one, &two, sets[3]);
    }
}

#[test]
fn layers_that_are_unfrozen_on_the_way_are_so_on_every_device() {
    let folder = Folder::new();
    let sets = [
        "model.backbone=resnet18",
        "train.batch_size=2",
        "train.accumulate=3",
        "train.unfreeze_every=1",
        "train.ema_decay=0.8",
    ];
    let [one, two] = [1, 2].map(|devices| train(&folder, devices, &sets));
    assert_same(&folder, &one, &two, "unfreezing");
    let trained = |key: &str| one.last.optimizer.slots.contains_key(key);
    assert!(trained("first/backbone.layer3.0.conv1.weight"));
    assert!(!trained("first/backbone.layer2.0.conv1.weight"));
}

#[test]
fn a_head_on_a_frozen_backbone_is_trained_on_several_devices_unless_features_are_stored() {
    let folder = Folder::new();
    let sets = [
        "train.batch_size=2",
        "train.accumulate=2",
        "model.unfreeze=['head']",
        "train.cache_features=false",
    ];
    let [one, two] = [1, 2].map(|devices| train(&folder, devices, &sets));
    assert_same(&folder, &one, &two, "head");

    let sets = on(
        &folder,
        2,
        &["train.accumulate=2", "model.unfreeze=['head']"],
    );
    let sets: Vec<&str> = sets.iter().map(String::as_str).collect();
    assert_eq!(folder.train("stored", &sets).devices, 1);
}

#[test]
fn a_run_may_be_continued_on_another_number_of_devices() {
    let folder = Folder::new();
    let sets = [
        "train.batch_size=2",
        "train.accumulate=2",
        "model.dropout=0.1",
    ];
    let one = train(&folder, 1, &sets);
    let two = on(&folder, 2, &sets);
    let two: Vec<&str> = two.iter().map(String::as_str).collect();
    for (epoch, batch) in [(1, 3), (2, 2)] {
        let stop = |event: &Event<'_>| matches!(event, Event::Step { epoch: e, batch: b, .. } if (*e, *b) == (epoch, batch));
        folder.interrupt("on", &two, stop);
        assert_eq!(folder.resume("on").unwrap().devices, 2);
        let what = format!("interrupted after {epoch}/{batch}");
        assert_same(&folder, &one, &left(&folder, "on"), &what);

        // As a study's worker continues a trial where there is one device.
        folder.interrupt("off", &two, stop);
        let never = AtomicBool::new(false);
        let machine = Machine {
            devices: vec![folder.device().parse().unwrap()],
            ..Machine::default()
        };
        let control = Control::new(&machine, &never);
        let mut devices = 0;
        trainer::resume(&folder.run("off"), control, &mut |event| {
            if let Event::Started { devices: some, .. } = event {
                devices = some;
            }
        })
        .unwrap();
        assert_eq!(devices, 1);
        assert_same(&folder, &one, &left(&folder, "off"), &what);
    }
}
