//! Numbers that are recorded here, in the form of torchvision's files.

use crate::shared::shared;
use crate::torchvision;
use burn::tensor::Device;
use psp_bench::verify::{RecordedBy, Reference, Report, Settings, compare, record, verify};
use psp_models::{BackboneKind, DeviceSpec, ModelConfig, Regressor, state};

/// Flex gives the same bits every time.
fn flex() -> Device {
    DeviceSpec::Flex.open().unwrap()
}

/// ResNet18 at 64 pixels, seed 1.
fn recorded() -> Reference {
    let settings = Settings {
        size: 64,
        ..Settings::standard(BackboneKind::ResNet18)
    };
    Reference {
        recorded_by: Some(RecordedBy::psp(DeviceSpec::Flex)),
        ..record(&settings, &flex()).unwrap()
    }
}

fn torchvisions(name: &str) -> Reference {
    Reference::read(&torchvision::recorded(name)).unwrap()
}

/// A change that must be found.
type Damage = fn(&mut Reference);

fn failing(report: &Report) -> Vec<&'static str> {
    let failing = report.parts.iter().filter(|part| !part.passes());
    failing.map(|part| part.name).collect()
}

#[test]
fn what_is_written_reads_back_the_same_and_verifies_without_any_error() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("resnet18_64.json");
    std::fs::write(&path, "an older file").unwrap();
    let written = recorded();
    written.write(&path).unwrap();
    let read = Reference::read(&path).unwrap();
    assert_eq!(read, written);
    let report = verify(&read, &flex()).unwrap();
    assert_eq!(report.parts.len(), 13);
    for part in &report.parts {
        assert_eq!(part.error, 0.0, "{part:?}");
        assert!(part.count > 0, "{part:?}");
    }
    // Nothing beside it.
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn a_file_without_an_f32_error_of_its_own_widens_no_tolerance() {
    let recorded = recorded();
    assert_eq!(recorded.torch_f32_error, None);
    let tolerances: Vec<f64> = compare(&recorded, &recorded)
        .parts
        .iter()
        .map(|part| part.tolerance)
        .collect();
    let expected = [
        0.0, 0.0, 5e-4, // structure
        1e-4, 1e-4, 1e-4, 1e-4, // evaluation
        1e-3, 1e-3, 1e-2, 1e-3, 1e-3, // training
        1e-2, // AdamW
    ];
    assert_eq!(tolerances, expected);
}

#[test]
fn an_export_made_from_a_reference_has_its_form_and_passes_against_it() {
    for name in ["resnet18_64.json", "googlenet_64.json"] {
        let reference = torchvisions(name);
        let settings = Settings::of(&reference).unwrap();
        let recorded = record(&settings, &flex()).unwrap();
        let report = compare(&reference, &recorded);
        assert_eq!(failing(&report), [""; 0], "{name}: {report:?}");
        assert_eq!(Settings::of(&recorded).unwrap(), settings);
        assert_eq!(recorded.feature_dim, reference.feature_dim);
        assert_eq!(recorded.backbone_state, reference.backbone_state);
        assert_eq!(recorded.head_state, reference.head_state);
    }
}

#[test]
fn the_standard_settings_are_those_of_torchvisions_files() {
    for &kind in BackboneKind::ALL {
        let standard = Settings::standard(kind);
        let name = format!("reference/{kind}_{}.json", standard.size);
        let Some(path) = shared(&name) else { return };
        let reference = Reference::read(&path).unwrap();
        assert_eq!(Settings::of(&reference).unwrap(), standard);
        // Files of before `recorded_by` still read.
        assert_eq!(reference.recorded_by, None);
    }
}

#[test]
fn every_backbone_names_its_tensors_in_torchvisions_order() {
    let mut files = 0;
    for file in std::fs::read_dir(torchvision::RECORDED).unwrap() {
        let reference = Reference::read(&file.unwrap().path()).unwrap();
        let kind: BackboneKind = reference.model.parse().unwrap();
        files += 1;
        let config = ModelConfig {
            input_size: reference.size,
            ..ModelConfig::new(kind, 2)
        };
        let model = Regressor::zeros(&config, &flex());
        assert_eq!(state::shapes(&model.backbone), reference.backbone_state);
        assert_eq!(state::shapes(&model.head), reference.head_state);
    }
    assert_eq!(files, BackboneKind::ALL.len());
}

#[test]
fn every_damaged_number_is_found_in_its_part() {
    let recorded = recorded();
    let damages: [(&str, Damage); 10] = [
        ("parameters", |r| r.params += 1),
        ("MiB", |r| r.mib += 1e-3),
        ("eval features", |r| r.eval.features_head[1][3] *= 2.0),
        ("eval feature norms", |r| r.eval.features_norm[1] *= 1.001),
        ("eval predictions", |r| r.eval.prediction[0][1] += 0.1),
        ("train predictions", |r| r.train.prediction[1][0] += 0.1),
        ("gradient norms", |r| {
            *r.train.grad_norm.get_mut("head.2.bias").unwrap() *= 1.1;
        }),
        ("running means", |r| {
            r.train.running_mean_norm.pop_last();
        }),
        ("running variances", |r| {
            let norms = &mut r.train.running_var_norm;
            norms.values_mut().for_each(|norm| *norm *= 1.01);
        }),
        ("AdamW MSE per step", |r| r.adamw.mse_per_step[3] += 0.1),
    ];
    for (part, damage) in damages {
        let mut damaged = recorded.clone();
        damage(&mut damaged);
        assert_eq!(failing(&compare(&damaged, &recorded)), [part]);
    }
}

#[test]
fn numbers_that_are_not_finite_leave_the_old_file_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("old.json");
    std::fs::write(&path, "old").unwrap();
    let mut recorded = recorded();
    recorded.train.prediction[0][0] = f64::NAN;
    let message = recorded.write(&path).unwrap_err().to_string();
    assert!(
        message.contains("old.json") && message.contains("train.prediction"),
        "{message}"
    );
    assert_eq!(std::fs::read(&path).unwrap(), b"old");
}

#[test]
fn an_input_that_the_backbone_cannot_take_is_refused_with_what_it_takes() {
    for (kind, size, expected) in [
        (BackboneKind::ResNet18, 31, "at least 32"),
        (BackboneKind::InceptionV3, 74, "at least 75"),
        (BackboneKind::VitB16, 72, "at least 32, a multiple of 16"),
    ] {
        let settings = Settings {
            size,
            ..Settings::standard(kind)
        };
        let message = record(&settings, &flex()).unwrap_err().to_string();
        for part in [kind.name(), &size.to_string(), expected] {
            assert!(message.contains(part), "no `{part}` in {message}");
        }
    }
    let settings = Settings {
        batch: 0,
        ..Settings::standard(BackboneKind::ResNet18)
    };
    assert!(record(&settings, &flex()).is_err());
}
