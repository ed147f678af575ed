//! Configurations, weights and devices that can't be used are refused before
//! anything is written, with what to change.

use std::path::Path;

use crate::support::{Folder, Ran, device, psp, run};
use burn::tensor::Device;
use psp_models::{Backbone, BackboneKind, HostTensor, ModelConfig, StateDict, state};
use safetensors::{Dtype, tensor::TensorView};

fn train_with_config(folder: &Folder, text: &str) -> Ran {
    let config = folder.write("car.toml", text);
    let mut command = psp(&["train", "--device", &device()]);
    command.arg("--data").arg(folder.data());
    command.arg("--out").arg(folder.path("run"));
    command.arg("--config").arg(config);
    run(&mut command)
}

#[test]
fn an_unknown_key_is_refused_with_its_line_and_the_nearest_key() {
    let folder = Folder::with_data();
    let ran = train_with_config(&folder, "[train]\nepochs = 1\nlerning_rate = 0.1\n");
    ran.assert_refused(&[
        "car.toml, line 3",
        "`lerning_rate`",
        "did you mean `learning_rate`?",
    ]);
    assert!(!folder.path("run").exists());
}

#[test]
fn a_file_that_is_not_toml_is_refused_with_its_line() {
    let folder = Folder::with_data();
    let ran = train_with_config(&folder, "[train]\nepochs = = 1\n");
    ran.assert_refused(&["car.toml, line 2"]);
}

#[test]
fn a_study_file_is_told_from_a_configuration() {
    let folder = Folder::with_data();
    let ran = train_with_config(&folder, "[train]\nepochs = 1\n[study]\ntrials = 2\n");
    ran.assert_refused(&["car.toml: is a study file, for psp search --config"]);
}

#[test]
fn a_missing_configuration_is_refused_by_name() {
    let folder = Folder::with_data();
    let mut command = psp(&["train", "--config", "no-such.toml"]);
    command.arg("--data").arg(folder.data());
    run(&mut command).assert_refused(&["no-such.toml"]);
}

#[test]
fn a_bad_override_is_refused_as_it_was_given() {
    let folder = Folder::with_data();
    for (set, part) in [
        ("train.epoch=3", "did you mean `epochs`?"),
        ("train.epochs=many", "--set train.epochs=many"),
        ("train.epochs=0", "train.epochs = 0"),
        ("model.unfreeze=[\"features.99\"]", "features.18"),
    ] {
        folder.assert_refuses_to_train(&[set], &[part]);
    }
}

#[test]
fn what_the_command_line_cannot_mean_is_wrong_usage_with_status_2() {
    for (args, part) in [
        (&["train", "--epochs", "3"][..], "--epochs"),
        (&["train", "--set", "epochs=3"], "section.key=value"),
        (&["search", "--set", "train.epochs"], "section.key=value"),
        (&["eval", "run", "--split", "all"], "--data"),
    ] {
        let ran = run(&mut psp(args));
        assert_eq!(ran.code, Some(2), "{ran:#?}");
        assert!(ran.stderr.contains(part), "{ran:#?}");
    }
}

#[test]
fn training_without_a_data_folder_says_how_to_name_one() {
    run(&mut psp(&["train"])).assert_refused(&["--data"]);
}

#[test]
fn a_missing_weights_file_is_refused_by_name() {
    Folder::with_data()
        .assert_refuses_to_train(&["model.weights=no.safetensors"], &["no.safetensors"]);
}

#[test]
fn weights_that_do_not_fit_are_refused_with_every_tensor_at_fault() {
    let folder = Folder::with_data();
    let mut weights = resnet18();
    for key in ["layer1.0.conv1.weight", "layer4.1.bn2.running_var"] {
        weights.remove(key).unwrap();
    }
    for key in ["layer5.0.conv1.weight", "extra.bias"] {
        weights.insert(key.to_owned(), tensor(&[2]));
    }
    weights.insert("bn1.weight".to_owned(), tensor(&[65]));
    weights.insert("conv1.weight".to_owned(), tensor(&[64, 3, 3, 3]));
    // The classifier is no part of a backbone, so this one is no fault.
    weights.insert("fc.weight".to_owned(), tensor(&[1000, 512]));
    write(&folder.path("w.safetensors"), &weights);
    let set = format!("model.weights={}", folder.path("w.safetensors").display());
    folder.assert_refuses_to_train(
        &[RESNET18, &set],
        &[
            "w.safetensors",
            "2 missing: layer1.0.conv1.weight, layer4.1.bn2.running_var",
            "2 not used by the model: extra.bias, layer5.0.conv1.weight",
            "2 of another shape",
            "bn1.weight: expected [64], got [65]",
            "conv1.weight: expected [64, 3, 7, 7], got [64, 3, 3, 3]",
        ],
    );
}

#[test]
fn weights_with_a_nan_are_refused_and_whole_ones_then_train_into_the_same_folder() {
    let folder = Folder::with_data();
    let path = folder.path("w.safetensors");
    let set = format!("model.weights={}", path.display());
    let mut weights = resnet18();
    weights.get_mut("layer2.0.bn1.bias").unwrap().data[5] = f32::NAN;
    write(&path, &weights);
    folder.assert_refuses_to_train(
        &[RESNET18, &set],
        &[
            "w.safetensors",
            "`layer2.0.bn1.bias`",
            "non-finite value at element 5",
        ],
    );
    write(&path, &resnet18());
    folder.train("run", &[RESNET18, &set]).assert_done();
}

#[test]
fn truncated_weights_are_refused() {
    let folder = Folder::with_data();
    let path = folder.path("w.safetensors");
    write(&path, &resnet18());
    let whole = std::fs::read(&path).unwrap();
    let set = format!("model.weights={}", path.display());
    for length in [0, 4, 9, 1000, whole.len() / 2, whole.len() - 1] {
        std::fs::write(&path, &whole[..length]).unwrap();
        folder.assert_refuses_to_train(
            &[RESNET18, &set],
            &["w.safetensors: not a readable weights file"],
        );
    }
}

#[cfg(not(feature = "cuda"))]
#[test]
fn a_device_that_is_not_in_this_build_is_refused_with_its_feature() {
    let folder = Folder::with_data();
    let mut command = psp(&["train", "--device", "cuda:0"]);
    command
        .arg("--data")
        .arg(folder.data())
        .arg("--out")
        .arg(folder.path("run"));
    run(&mut command).assert_refused(&["`cuda:0`", "--features cuda"]);
    assert!(!folder.path("run").exists());
}

#[test]
fn an_unknown_device_is_wrong_usage_that_lists_the_known_ones() {
    let ran = run(&mut psp(&["train", "--device", "gpu"]));
    assert_eq!(ran.code, Some(2), "{ran:#?}");
    assert!(ran.stderr.contains("libtorch:cuda:N"), "{}", ran.stderr);
}

const RESNET18: &str = "model.backbone=resnet18";

/// Weights of torchvision's names and shapes, all 0.
fn resnet18() -> StateDict {
    let backbone = Backbone::new(
        &ModelConfig::new(BackboneKind::ResNet18, 2),
        &Device::default(),
    );
    let shapes = state::shapes(&backbone);
    shapes
        .into_iter()
        .map(|(key, shape)| (key, tensor(&shape)))
        .collect()
}

fn tensor(shape: &[usize]) -> HostTensor {
    HostTensor {
        shape: shape.to_vec(),
        data: vec![0.0; shape.iter().product()],
    }
}

fn write(path: &Path, weights: &StateDict) {
    let bytes: Vec<_> = weights
        .iter()
        .map(|(key, tensor)| {
            let data: Vec<u8> = tensor.data.iter().flat_map(|v| v.to_le_bytes()).collect();
            (key, tensor.shape.clone(), data)
        })
        .collect();
    let views = bytes.iter().map(|(key, shape, data)| {
        (
            key,
            TensorView::new(Dtype::F32, shape.clone(), data).unwrap(),
        )
    });
    std::fs::write(path, safetensors::serialize(views, None).unwrap()).unwrap();
}
