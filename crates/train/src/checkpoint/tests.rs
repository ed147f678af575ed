use std::collections::BTreeMap;

use super::*;
use psp_models::BackboneKind;

fn tensor(values: &[f32]) -> HostTensor {
    HostTensor {
        shape: vec![values.len()],
        data: values.to_vec(),
    }
}

fn sample() -> Checkpoint {
    let mut train_metrics = RegressionAccumulator::new(1);
    train_metrics.push(&[0.1 + 0.2], &[1.0 / 3.0]).unwrap();
    Checkpoint {
        model_config: ModelConfig {
            hidden: 4,
            dropout: 0.1,
            ..ModelConfig::new(BackboneKind::ResNet18, 1)
        },
        targets: vec!["a".to_owned()],
        progress: Progress {
            epoch: 3,
            batch: 2,
            batches_done: 17,
            step: 16,
            seed: 9,
            train_metrics,
            epoch_seconds: 1.1,
            run_seconds: 2.2,
            early_stopping: EarlyStopping::default(),
            metrics_bytes: 12,
            run: Some("ab".to_owned()),
        },
        model: StateDict::from([
            ("b.weight".to_owned(), tensor(&[1.0, -0.0, 1e-40])),
            ("a.weight".to_owned(), tensor(&[f32::MIN_POSITIVE])),
        ]),
        ema: Some(StateDict::from([(
            "b.weight".to_owned(),
            tensor(&[3.0, 4.0, 5.0]),
        )])),
        frozen: None,
        optimizer: OptimizerState {
            step: 16,
            skipped: BTreeMap::from([("b.weight".to_owned(), 5)]),
            slots: StateDict::from([("first/b.weight".to_owned(), tensor(&[2.0]))]),
        },
    }
}

#[test]
fn a_checkpoint_reads_back_bit_for_bit() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("c.safetensors");
    sample().write(&path).unwrap();
    let back = Checkpoint::read(&path).unwrap();
    assert_eq!(back, sample());
    assert!(back.model["b.weight"].data[1].is_sign_negative());
}

#[test]
fn the_same_checkpoint_gives_the_same_bytes() {
    let dir = tempfile::tempdir().unwrap();
    let [a, b] = ["a", "b"].map(|name| dir.path().join(name));
    sample().write(&a).unwrap();
    sample().write(&b).unwrap();
    assert_eq!(std::fs::read(a).unwrap(), std::fs::read(b).unwrap());
}

#[test]
fn the_moving_average_is_what_is_exported() {
    let weights = sample().weights();
    assert_eq!(weights["b.weight"].data, [3.0, 4.0, 5.0]);
    assert_eq!(weights["a.weight"], sample().model["a.weight"]);
}

/// Every single damaged byte of the file is noticed.
#[test]
fn any_flipped_byte_is_detected() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("c.safetensors");
    sample().write(&path).unwrap();
    let good = std::fs::read(&path).unwrap();
    for place in 0..good.len() {
        let mut bad = good.clone();
        bad[place] ^= 0x10;
        std::fs::write(&path, &bad).unwrap();
        // A flip inside padding spaces of the header changes nothing that is
        // read; every other one must be refused.
        if let Ok(read) = Checkpoint::read(&path) {
            assert_eq!(read, sample(), "byte {place} was damaged unnoticed");
        }
    }
}

#[test]
fn a_truncated_file_is_detected_at_every_length() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("c.safetensors");
    sample().write(&path).unwrap();
    let good = std::fs::read(&path).unwrap();
    for length in 0..good.len() {
        std::fs::write(&path, &good[..length]).unwrap();
        let error = Checkpoint::read(&path).unwrap_err();
        assert!(matches!(error, CheckpointError::Damaged { .. }), "{length}");
    }
}

#[test]
fn a_non_finite_weight_is_named_and_the_stored_checkpoint_stays() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("c.safetensors");
    sample().write(&path).unwrap();
    let mut bad = sample();
    bad.model
        .insert("b.weight".to_owned(), tensor(&[1.0, f32::NAN, 0.0]));
    let message = bad.write(&path).unwrap_err().to_string();
    assert!(message.contains("model/b.weight"), "{message}");
    assert_eq!(Checkpoint::read(&path).unwrap(), sample());
}

#[test]
fn a_file_that_cannot_be_written_is_named_once() {
    let dir = tempfile::tempdir().unwrap();
    let absent = dir.path().join("absent");
    let checkpoint = sample().write(&absent.join("c.safetensors"));
    let frozen = Frozen::write(&absent, &sample().model);
    for error in [checkpoint.unwrap_err(), frozen.unwrap_err()] {
        let message = error.to_string();
        assert_eq!(message.matches(".safetensors").count(), 1, "{message}");
        assert!(message.contains("could not"), "{message}");
    }
}

#[test]
fn a_newer_version_is_refused_by_number() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("c.safetensors");
    sample().write(&path).unwrap();
    let text = std::fs::read(&path).unwrap();
    let from = br#"\"version\":3"#;
    let place = text.windows(from.len()).position(|w| w == from).unwrap();
    let mut newer = text.clone();
    newer[place + from.len() - 1] = b'7';
    std::fs::write(&path, newer).unwrap();
    let message = Checkpoint::read(&path).unwrap_err().to_string();
    assert!(message.contains("version 7"), "{message}");
}
