//! Runs that pause after given epochs.

use std::sync::atomic::AtomicBool;

use crate::support::{Folder, HERE};
use psp_train::{Checkpoint, Control, Event, Outcome, trainer};

#[test]
fn a_run_that_paused_twice_ends_like_one_that_never_did() {
    let folder = Folder::new();
    let sets = [
        "model.backbone=resnet18",
        "model.unfreeze=[\"layer4\", \"head\"]",
    ];
    folder.train("straight", &sets);
    let never = AtomicBool::new(false);
    let run = folder.run("paused");
    for epochs in [1, 2] {
        let control = Control::new(&HERE, &never).until(Some(epochs));
        let outcome = if run.is_begun() {
            trainer::resume(&run, control, &mut |_| {})
        } else {
            trainer::start(&run, folder.config(&sets), control, &mut |_| {})
        };
        let Outcome::Paused(interim) = outcome.unwrap() else {
            unreachable!("it went on beyond epoch {epochs}")
        };
        assert_eq!(interim.epochs, epochs);
        let records = folder.records("paused");
        assert_eq!(records.len() as u64, epochs);
        let best = &records[interim.best_epoch as usize - 1];
        assert_eq!(interim.best, best.valid);
        assert!(run.read_result().is_err(), "a paused run has no result");
        // To ask again changes nothing.
        let control = Control::new(&HERE, &never).until(Some(epochs));
        let again = trainer::resume(&run, control, &mut |_| {}).unwrap();
        assert!(matches!(again, Outcome::Paused(same) if same == interim));
    }
    folder.resume("paused").unwrap();
    let (one, other) = (folder.last("straight"), folder.last("paused"));
    for (key, tensor) in &one.model {
        // Bits on Flex; LibTorch's sums depend on the threads that share them.
        let differs = tensor
            .data
            .iter()
            .zip(&other.model[key].data)
            .any(|(a, b)| {
                let tolerance = match folder.device() {
                    "flex" => 0.0,
                    _ => 1e-4,
                };
                (a - b).abs() > tolerance
            });
        assert!(!differs, "{key}");
    }
    assert_eq!(folder.records("paused").len(), 3);
}

#[test]
fn a_pause_at_or_after_the_last_epoch_is_none() {
    let folder = Folder::new();
    let never = AtomicBool::new(false);
    for epochs in [3, 9] {
        let run = folder.run(&format!("run{epochs}"));
        let control = Control::new(&HERE, &never).until(Some(epochs));
        let config = folder.config(&["model.unfreeze=[\"head\"]"]);
        let outcome = trainer::start(&run, config, control, &mut |_| {}).unwrap();
        assert!(matches!(outcome, Outcome::Ended(result) if result.epochs == 3));
    }
}

#[test]
fn a_run_goes_on_from_the_newest_checkpoint_that_is_left() {
    let folder = Folder::new();
    // Without validation images the last epoch is the best.
    let sets = [
        "model.unfreeze=[\"head\"]",
        "data.fractions=[1.0, 0.0, 0.0]",
    ];
    folder.train("run", &sets);
    let run = folder.run("run");
    let (done, best) = (folder.last("run"), Checkpoint::read(&run.best()).unwrap());
    assert_eq!(best.progress.step, done.progress.step);
    let previous = Checkpoint::read(&run.previous()).unwrap();
    assert!(previous.progress.step < best.progress.step);
    std::fs::remove_file(run.last()).unwrap();
    let mut config = run.read_config().unwrap();
    config.train.epochs = 4;
    let (mut begun, mut told) = (0, Vec::new());
    let never = AtomicBool::new(false);
    trainer::resume_with(&run, config, Control::new(&HERE, &never), &mut |event| {
        if let Event::Started { epoch, damaged, .. } = event {
            begun = epoch;
            told = damaged.iter().map(ToString::to_string).collect();
        }
    })
    .unwrap();
    assert_eq!(begun, 4);
    assert!(
        told.len() == 1 && told[0].contains("last.safetensors"),
        "{told:?}"
    );
}
