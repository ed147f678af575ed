//! Runs without validation images.

use std::sync::atomic::AtomicBool;

use crate::support::{Folder, HERE};
use psp_train::{Checkpoint, Control, Event, trainer};

const NONE: &str = "data.fractions=[0.8, 0.0, 0.2]";

#[test]
fn without_validation_images_the_last_epoch_is_the_best() {
    let folder = Folder::new();
    folder.train("run", &[NONE]);
    let run = folder.run("run");
    let records = folder.records("run");
    assert_eq!(records.len(), 3);
    assert!(
        records
            .iter()
            .all(|record| record.valid.is_none() && record.best)
    );
    let result = run.read_result().unwrap();
    assert_eq!(
        (result.epochs, result.best_epoch, result.best),
        (3, 3, None)
    );
    let best = Checkpoint::read(&run.best()).unwrap();
    assert_eq!(best.progress.epoch, 3);
    assert_eq!(best.model, folder.last("run").model);
    assert_eq!(run.read_manifest().unwrap().split_counts[1], 0);
}

#[test]
fn such_a_run_is_continued_to_the_same_end() {
    let folder = Folder::new();
    if folder.device() != "flex" {
        return;
    }
    folder.train("whole", &[NONE]);
    folder.interrupt("halved", &[NONE], |event| {
        matches!(event, Event::Step { epoch: 2, .. })
    });
    folder.resume("halved").unwrap();
    assert_eq!(folder.last("halved").model, folder.last("whole").model);
}

#[test]
fn patience_without_validation_images_is_refused() {
    let folder = Folder::new();
    let never = AtomicBool::new(false);
    let config = folder.config(&[NONE, "train.patience=2"]);
    let run = folder.run("run");
    let error = trainer::start(&run, config, Control::new(&HERE, &never), &mut |_| {}).unwrap_err();
    let error = error.to_string();
    assert!(error.contains("train.patience = 2: expected 0"), "{error}");
    assert!(!run.root().exists());
}
