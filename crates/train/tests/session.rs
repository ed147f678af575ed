//! Runs of one process that share what they can.

use std::os::unix::fs::MetadataExt;
use std::sync::atomic::AtomicBool;

use crate::support::{Folder, HERE};
use psp_train::{Control, Outcome, Session, trainer};

const FROZEN: &str = "model.unfreeze=[\"head\"]";

fn train_within(folder: &Folder, session: &Session, name: &str, sets: &[&str]) {
    let never = AtomicBool::new(false);
    let control = Control::new(&HERE, &never).within(session);
    let sets = [&[FROZEN], sets].concat();
    let outcome = trainer::start(
        &folder.run(name),
        folder.config(&sets),
        control,
        &mut |_| {},
    );
    assert!(matches!(outcome.unwrap(), Outcome::Ended(_)));
}

/// The file of the frozen backbone.
fn inode(folder: &Folder, name: &str) -> u64 {
    let path = folder.path(name).join("checkpoints/frozen.safetensors");
    std::fs::metadata(path).unwrap().ino()
}

#[test]
fn runs_in_a_session_end_like_runs_on_their_own_and_store_their_backbone_once() {
    let folder = Folder::new();
    let session = Session::new();
    let heads: [&[&str]; 3] = [
        &["model.hidden=8"],
        &["model.hidden=16", "model.dropout=0.3"],
        &["model.hidden=8", "train.learning_rate=0.01"],
    ];
    for (number, sets) in heads.iter().enumerate() {
        let (shared, alone) = (format!("shared{number}"), format!("alone{number}"));
        train_within(&folder, &session, &shared, sets);
        folder.train(&alone, &[&[FROZEN], *sets].concat());
        let (shared, alone) = (folder.last(&shared), folder.last(&alone));
        assert_eq!(shared.model, alone.model);
        assert_eq!(shared.weights(), alone.weights());
    }
    let first = inode(&folder, "shared0");
    assert_eq!(
        [1, 2].map(|n| inode(&folder, &format!("shared{n}"))),
        [first; 2]
    );
    // It stays whole when the run that wrote it goes.
    let before = folder.last("shared2");
    std::fs::remove_dir_all(folder.path("shared0")).unwrap();
    assert_eq!(folder.last("shared2").model, before.model);
}

#[test]
fn another_seed_of_a_backbone_without_weights_is_another_backbone() {
    let folder = Folder::new();
    let session = Session::new();
    for seed in [0, 1] {
        let (shared, alone) = (format!("shared{seed}"), format!("alone{seed}"));
        let set = format!("train.seed={seed}");
        train_within(&folder, &session, &shared, &[&set]);
        folder.train(&alone, &[FROZEN, &set]);
        assert_eq!(folder.last(&shared).model, folder.last(&alone).model);
    }
    assert_ne!(inode(&folder, "shared0"), inode(&folder, "shared1"));
}

#[test]
fn an_image_or_label_that_changes_between_two_runs_is_noticed() {
    let folder = Folder::new();
    let session = Session::new();
    let fingerprint = |name: &str| folder.run(name).read_manifest().unwrap().data_fingerprint;
    train_within(&folder, &session, "before", &[]);
    let images = folder.path("data/imgs");
    std::fs::copy(
        images.join("synth-000001.jpg"),
        images.join("synth-000000.jpg"),
    )
    .unwrap();
    train_within(&folder, &session, "other_image", &[]);
    assert_ne!(fingerprint("before"), fingerprint("other_image"));
    let labels = folder.path("data/labels.csv");
    let mut text = std::fs::read_to_string(&labels).unwrap();
    let end = text.trim_end().rfind(',').unwrap();
    text.replace_range(end.., ",0.123\n");
    std::fs::write(&labels, text).unwrap();
    train_within(&folder, &session, "other_label", &[]);
    assert_ne!(fingerprint("other_image"), fingerprint("other_label"));
    folder.train("alone", &[FROZEN]);
    assert_eq!(fingerprint("alone"), fingerprint("other_label"));
    assert_eq!(folder.last("alone").model, folder.last("other_label").model);
}

#[test]
fn a_frozen_file_that_was_changed_is_not_taken_over() {
    let folder = Folder::new();
    let session = Session::new();
    train_within(&folder, &session, "first", &[]);
    let path = folder.path("first/checkpoints/frozen.safetensors");
    let mut bytes = std::fs::read(&path).unwrap();
    bytes.truncate(bytes.len() / 2);
    std::fs::write(&path, bytes).unwrap();
    train_within(&folder, &session, "second", &[]);
    folder.train("alone", &[FROZEN]);
    assert_eq!(folder.last("second").model, folder.last("alone").model);
}

#[test]
fn the_best_epoch_of_a_run_faster_than_its_checkpoints_is_stored_all_the_same() {
    let folder = Folder::new();
    let mut not_last = 0;
    for seed in 0..4 {
        let name = format!("run{seed}");
        let seed = format!("train.seed={seed}");
        let sets = [FROZEN, "train.epochs=12", "train.learning_rate=0.1", &seed];
        folder.train(&name, &sets);
        let run = folder.run(&name);
        let result = run.read_result().unwrap();
        let best = psp_train::Checkpoint::read(&run.best()).unwrap();
        assert_eq!(best.progress.epoch, result.best_epoch);
        not_last += usize::from(result.best_epoch < 12);
    }
    assert!(
        not_last > 0,
        "no run was best before its end: this shows nothing"
    );
}
