//! Files with the keys and shapes of torchvision's, in both of PyTorch's
//! containers, into the backbones.

use std::path::PathBuf;

use crate::support::official::{Precision, keys, old_name, saved, values};
use crate::support::pth::Container;
use burn::tensor::Device;
use half::f16;
use psp_models::{
    BackboneKind, ModelConfig, Regressor, StateDict, StateError, read_state_dict, state,
};
use tempfile::TempDir;

/// A file of these keys.
struct Written {
    path: PathBuf,
    _folder: TempDir,
}

fn write(
    container: Container,
    keys: &[(String, Vec<usize>)],
    precision: Precision,
    counters: bool,
) -> Written {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.pth");
    container.write(&path, &saved(keys, precision, counters));
    Written {
        path,
        _folder: folder,
    }
}

/// The model into which a file is loaded; its own values are those of seed 1.
fn model(kind: BackboneKind, auxiliary: bool) -> Regressor {
    let config = ModelConfig {
        auxiliary,
        ..ModelConfig::new(kind, 2)
    };
    Regressor::new(&config, 1, &Device::default())
}

fn backbone(model: &Regressor) -> StateDict {
    state::collect(&model.backbone).unwrap()
}

fn is_kept(kind: BackboneKind, key: &str) -> bool {
    let mut kept = kind.auxiliary_classifiers().iter();
    kept.any(|module| key.starts_with(&format!("{module}.")))
}

/// Loads a file and compares every bit of the backbone.
fn assert_loads(file: &Written, kind: BackboneKind, auxiliary: bool, precision: Precision) {
    let model = model(kind, auxiliary);
    let before = backbone(&model);
    let loaded = model.load_backbone(read_state_dict(&file.path).unwrap());
    let loaded = backbone(&loaded.unwrap());
    assert!(loaded.keys().eq(before.keys()));
    for (key, tensor) in &loaded {
        assert_eq!(tensor.shape, before[key].shape, "{key}");
        let mut expected = if is_kept(kind, key) {
            before[key].data.clone()
        } else {
            values(&old_name(key), tensor.data.len())
        };
        if precision == Precision::Half && !is_kept(kind, key) {
            for value in &mut expected {
                *value = f16::from_f32(*value).to_f32();
            }
        }
        let bits = |values: &[f32]| values.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
        assert!(
            bits(&tensor.data) == bits(&expected),
            "{kind}: {key} is not what the file holds"
        );
    }
}

/// The backbone's file, read from `container`.
fn assert_official_loads(kind: BackboneKind, container: Container) {
    let file = write(container, &keys(kind), Precision::Float, true);
    assert_loads(&file, kind, false, Precision::Float);
    if !kind.auxiliary().is_empty() {
        assert_loads(&file, kind, true, Precision::Float);
    }
}

/// `len(model.state_dict())` in torchvision 0.24, auxiliary classifiers and
/// counters of batch norms included.
const KEYS: [(BackboneKind, usize); 6] = [
    (BackboneKind::ResNet18, 122),
    (BackboneKind::GoogLeNet, 364),
    (BackboneKind::InceptionV3, 580),
    (BackboneKind::EfficientnetB0, 360),
    (BackboneKind::MobilenetV2, 314),
    (BackboneKind::VitB16, 152),
];

#[test]
fn there_are_as_many_keys_as_in_torchvisions_state_dicts() {
    for (kind, count) in KEYS {
        let keys = keys(kind);
        let is_norm = |(key, _): &&(String, Vec<usize>)| key.ends_with(".running_var");
        let counters = keys.iter().filter(is_norm).count();
        assert_eq!(keys.len() + counters, count, "{kind}");
    }
}

#[test]
fn a_resnet18_loads_from_a_zip_file() {
    assert_official_loads(BackboneKind::ResNet18, Container::Zip);
}

#[test]
fn a_resnet18_loads_from_a_legacy_file() {
    assert_official_loads(BackboneKind::ResNet18, Container::Legacy);
}

#[test]
fn a_googlenet_loads_from_a_zip_file_with_and_without_auxiliary_classifiers() {
    assert_official_loads(BackboneKind::GoogLeNet, Container::Zip);
}

#[test]
fn a_googlenet_loads_from_a_legacy_file_with_and_without_auxiliary_classifiers() {
    assert_official_loads(BackboneKind::GoogLeNet, Container::Legacy);
}

#[test]
fn an_inception_v3_loads_from_a_zip_file_with_and_without_auxiliary_classifiers() {
    assert_official_loads(BackboneKind::InceptionV3, Container::Zip);
}

#[test]
fn an_inception_v3_loads_from_a_legacy_file_with_and_without_auxiliary_classifiers() {
    assert_official_loads(BackboneKind::InceptionV3, Container::Legacy);
}

#[test]
fn an_efficientnet_b0_loads_from_a_zip_file() {
    assert_official_loads(BackboneKind::EfficientnetB0, Container::Zip);
}

#[test]
fn an_efficientnet_b0_loads_from_a_legacy_file() {
    assert_official_loads(BackboneKind::EfficientnetB0, Container::Legacy);
}

#[test]
fn a_mobilenet_v2_loads_from_a_zip_file() {
    assert_official_loads(BackboneKind::MobilenetV2, Container::Zip);
}

/// Of 346 MB, so in one container only.
#[test]
fn a_vit_b_16_with_the_old_names_of_its_mlps_loads_from_a_zip_file() {
    assert_official_loads(BackboneKind::VitB16, Container::Zip);
}

/// PyTorch had no counters before 0.4.1.
#[test]
fn files_without_counters_of_batch_norms_load() {
    let kind = BackboneKind::EfficientnetB0;
    for container in Container::BOTH {
        let file = write(container, &keys(kind), Precision::Float, false);
        assert_loads(&file, kind, false, Precision::Float);
    }
}

#[test]
fn half_precision_loads_as_the_same_numbers() {
    for container in Container::BOTH {
        for kind in [BackboneKind::ResNet18, BackboneKind::EfficientnetB0] {
            let file = write(container, &keys(kind), Precision::Half, true);
            assert_loads(&file, kind, false, Precision::Half);
        }
    }
}

#[test]
fn a_file_without_auxiliary_classifiers_is_refused_only_by_a_model_that_has_them() {
    let kind = BackboneKind::GoogLeNet;
    let mut keys = keys(kind);
    keys.retain(|(key, _)| !key.starts_with("aux"));
    let file = write(Container::Zip, &keys, Precision::Float, true);
    assert_loads(&file, kind, false, Precision::Float);

    let read = read_state_dict(&file.path).unwrap();
    let error = model(kind, true).load_backbone(read).unwrap_err();
    let StateError::Mismatch {
        missing,
        unused,
        misshapen,
    } = error
    else {
        panic!("{error}");
    };
    // All of both but their last layers, which are the model's own.
    let mut expected = Vec::new();
    for aux in ["aux1", "aux2"] {
        for norm in ["bias", "running_mean", "running_var", "weight"] {
            expected.push(format!("{aux}.conv.bn.{norm}"));
        }
        for layer in ["conv.conv.weight", "fc1.bias", "fc1.weight"] {
            expected.push(format!("{aux}.{layer}"));
        }
    }
    assert_eq!(missing, expected);
    assert!(unused.is_empty() && misshapen.is_empty());
}

/// Every backbone but the ViT, whose keys are compared by the same code.
#[test]
fn an_error_lists_every_key_that_is_missing_or_left_over_or_of_another_shape() {
    let kinds = BackboneKind::ALL.iter().copied();
    for kind in kinds.filter(|kind| *kind != BackboneKind::VitB16) {
        let mut keys = keys(kind);
        // The first tensor is a convolution's kernel; the next are of its norm.
        let (kernel, shape) = keys[0].clone();
        let (weight, _) = keys[1].clone();
        let (bias, _) = keys[2].clone();
        keys[0].1.insert(0, 1);
        let expected = format!("{kernel}: expected {shape:?}, got {:?}", keys[0].1);
        keys.retain(|(key, _)| *key != weight && *key != bias);
        keys.push(("neck.weight".to_owned(), vec![3]));
        keys.push(("module.conv1.weight".to_owned(), vec![2, 2]));
        let file = write(Container::Zip, &keys, Precision::Half, true);
        let read = read_state_dict(&file.path).unwrap();
        let error = model(kind, false).load_backbone(read).unwrap_err();
        let text = error.to_string();
        let StateError::Mismatch {
            missing,
            unused,
            misshapen,
        } = error
        else {
            panic!("{text}");
        };
        assert_eq!(missing, [bias.clone(), weight.clone()]);
        assert_eq!(unused, ["module.conv1.weight", "neck.weight"]);
        assert_eq!(misshapen, std::slice::from_ref(&expected));
        for part in [
            &bias,
            &weight,
            "module.conv1.weight",
            "neck.weight",
            &expected,
        ] {
            assert!(text.contains(part), "no {part} in {text}");
        }
    }
}
