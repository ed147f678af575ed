//! `psp weights check` and `import`: files as people have them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::files::official::{Precision, keys, saved};
use crate::files::pth::Container;
use crate::support::trained::trained;
use crate::support::{Folder, assert_says, psp, run, tensors};
use burn::tensor::Device;
use psp_models::{
    BackboneKind, HostTensor, ModelConfig, Regressor, StateDict, read_state_dict, write_state_dict,
};

/// `psp weights …` with its cache in `folder`, whatever this machine has set.
pub(crate) fn weights(folder: &Folder, args: &[&str]) -> Command {
    let mut command = psp(&["weights"]);
    command
        .args(args)
        .env("PSP_WEIGHTS_DIR", folder.path("cache"))
        .env_remove("PSP_WEIGHTS_MIRROR");
    command
}

pub(crate) fn names(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir).into_iter().flatten();
    let mut names: Vec<_> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// A file in torchvision's layout, in half precision to be small.
fn write(folder: &Folder, container: Container, kind: BackboneKind) -> PathBuf {
    write_keys(folder, container, &keys(kind))
}

fn write_keys(folder: &Folder, container: Container, keys: &[(String, Vec<usize>)]) -> PathBuf {
    let path = folder.path("model.pth");
    container.write(&path, &saved(keys, Precision::Half, true));
    path
}

fn check(folder: &Folder, file: &Path, more: &[&str]) -> Command {
    let mut command = weights(folder, &["check"]);
    command.arg(file).args(more);
    command
}

fn import(folder: &Folder, file: &Path, kind: BackboneKind, out: &Path) -> Command {
    let mut command = weights(folder, &["import", "--backbone", kind.name()]);
    command.arg(file).arg("--out").arg(out);
    command
}

#[test]
fn a_folder_that_holds_no_model_is_refused_by_its_name() {
    let folder = Folder::new();
    let other = folder.write("bundle.json", "{}");
    folder.write("model.safetensors", "");
    let refused = run(&mut check(&folder, &other, &[]));
    refused.assert_refused(&[
        "bundle.json: holds no weights",
        "the exported model's folder",
    ]);
    let empty = folder.path("empty");
    std::fs::create_dir(&empty).unwrap();
    let refused = run(&mut check(&folder, &empty, &[]));
    refused.assert_refused(&["empty: expected a .pth, .ckpt or .safetensors file"]);
    // It was not given by a key.
    assert!(!refused.stderr.contains("model.weights"), "{refused:#?}");
}

#[test]
fn a_file_is_checked_against_every_backbone() {
    let folder = Folder::new();
    for (container, kind, fit) in [
        (
            Container::Zip,
            BackboneKind::EfficientnetB0,
            "309 tensors fit efficientnet_b0, 2 are",
        ),
        (
            Container::Legacy,
            BackboneKind::ResNet18,
            "100 tensors fit resnet18, 2 are",
        ),
    ] {
        let file = write(&folder, container, kind);
        for more in [&[][..], &["--backbone", kind.name()]] {
            let said = run(&mut check(&folder, &file, more)).assert_done().stdout;
            assert_says(
                &said,
                &[fit, "left over", "not one of torchvision's own files"],
            );
        }
    }
    let file = folder.path("model.pth");
    let all = ["inception3a.branch1.conv.weight", "layer1.0.conv1.weight"];
    let named = ["--backbone", "googlenet"];
    let refused = run(&mut check(&folder, &file, &named));
    refused.assert_refused(&[
        file.to_str().unwrap(),
        "does not fit googlenet",
        "missing: ",
        "not used by the model: ",
        "-v",
    ]);
    assert!(refused.stderr.len() < 1000, "{refused:#?}");
    let verbose = [&named[..], &["-v"]].concat();
    run(&mut check(&folder, &file, &verbose)).assert_refused(&all);
}

#[test]
fn a_file_that_fits_none_is_compared_with_the_nearest_and_every_fault_is_listed() {
    let folder = Folder::new();
    let mut keys = keys(BackboneKind::ResNet18);
    keys.retain(|(key, _)| key != "bn1.bias");
    keys.push(("neck.weight".to_owned(), vec![2]));
    for (key, shape) in &mut keys {
        if key == "conv1.weight" {
            *shape = vec![64, 1, 7, 7];
        }
    }
    let file = write_keys(&folder, Container::Zip, &keys);
    let parts = [
        file.to_str().unwrap(),
        "does not fit resnet18",
        "1 missing: bn1.bias",
        "1 not used by the model: neck.weight",
        "1 of another shape: conv1.weight: expected [64, 3, 7, 7], got [64, 1, 7, 7]",
    ];
    run(&mut check(&folder, &file, &[])).assert_refused(&parts);

    // Nor is it imported, and what stood there stays.
    let out = folder.write("out.safetensors", "mine");
    let mut command = import(&folder, &file, BackboneKind::ResNet18, &out);
    run(command.arg("--overwrite")).assert_refused(&parts);
    assert_eq!(fs::read(&out).unwrap(), b"mine");
    assert_eq!(names(&folder.path("")), ["model.pth", "out.safetensors"]);
}

#[test]
fn what_is_no_weights_file_is_named_once() {
    let folder = Folder::new();
    let file = folder.write("model.pth", "<html>404</html>");
    for command in [
        &mut check(&folder, &file, &[]),
        &mut import(
            &folder,
            &file,
            BackboneKind::VitB16,
            &folder.path("out.safetensors"),
        ),
    ] {
        let refused = run(command);
        refused.assert_refused(&["not a readable weights file"]);
        assert_eq!(
            refused.stderr.matches("model.pth").count(),
            1,
            "{refused:?}"
        );
    }
    let others = folder.path("others.safetensors");
    let tensor = HostTensor {
        shape: vec![1],
        data: vec![0.0],
    };
    let state = [("encoder.scale".to_owned(), tensor)].into();
    write_state_dict(&others, &state).unwrap();
    run(&mut check(&folder, &others, &[]))
        .assert_refused(&["no tensor has a name", "torchvision's names"]);
    write_state_dict(&others, &StateDict::new()).unwrap();
    run(&mut check(&folder, &others, &[])).assert_refused(&["holds no tensors"]);
    let refused = run(&mut check(&folder, &folder.path("missing.pth"), &[]));
    refused.assert_refused(&["missing.pth: could not read it: No such file"]);
    assert_eq!(
        refused.stderr.matches("No such file").count(),
        1,
        "{refused:?}"
    );
}

#[test]
fn an_imported_file_fits_and_holds_the_same_numbers() {
    let folder = Folder::new();
    let kind = BackboneKind::GoogLeNet;
    let file = write(&folder, Container::Legacy, kind);
    let out = folder.path("googlenet.safetensors");
    let said = run(&mut import(&folder, &file, kind, &out)).assert_done();
    let hint = format!("--set model.weights={}", out.display());
    assert!(said.stdout.contains(&hint), "{said:?}");
    let said = run(&mut check(&folder, &out, &[])).assert_done();
    assert!(said.stdout.contains("fit googlenet"), "{said:?}");

    let (original, imported) = (read_state_dict(&file), read_state_dict(&out));
    let (original, imported) = (original.unwrap(), imported.unwrap());
    for (key, tensor) in &imported {
        assert!(*tensor == original[key], "{key} differs");
    }
    // torchvision's classifiers are all that is gone.
    let gone = original.keys().filter(|key| !imported.contains_key(*key));
    let classifiers = ["aux1.fc2", "aux2.fc2", "fc"];
    let classifiers = classifiers.map(|name| [format!("{name}.bias"), format!("{name}.weight")]);
    assert!(gone.eq(classifiers.as_flattened()));
    // Both kinds of models load it.
    for auxiliary in [false, true] {
        let config = ModelConfig {
            auxiliary,
            ..ModelConfig::new(kind, 2)
        };
        let model = Regressor::zeros(&config, &Device::default());
        model.load_backbone(imported.clone()).unwrap();
    }
    // PyTorch wants the counters too.
    let counter = "conv1.bn.num_batches_tracked";
    assert_eq!(tensors(&out)[counter], (vec![], vec![0; 8]));
}

#[test]
fn an_import_replaces_what_stood_there_in_one_step() {
    let folder = Folder::new();
    let kind = BackboneKind::EfficientnetB0;
    let file = write(&folder, Container::Zip, kind);
    let out = folder.write("weights.safetensors", "old");
    // Another name for the old file shows that it was replaced, not written to.
    let old = folder.path("old");
    fs::hard_link(&out, &old).unwrap();
    run(&mut import(&folder, &file, kind, &out)).assert_refused(&["exists already", "--overwrite"]);
    assert_eq!(fs::read(&out).unwrap(), b"old");
    run(import(&folder, &file, kind, &out).arg("--overwrite")).assert_done();
    assert_eq!(fs::read(&old).unwrap(), b"old");
    run(&mut check(&folder, &out, &[])).assert_done();
    let left = ["model.pth", "old", "weights.safetensors"];
    assert_eq!(names(&folder.path("")), left);

    let nowhere = folder.path("nowhere").join("weights.safetensors");
    let refused = run(&mut import(&folder, &file, kind, &nowhere));
    refused.assert_refused(&["there is no folder"]);
    let place = nowhere.to_str().unwrap();
    assert_eq!(refused.stderr.matches(place).count(), 1, "{refused:?}");
}

#[test]
fn an_import_writes_over_neither_its_own_file_nor_a_models() {
    let folder = Folder::new();
    let kind = BackboneKind::EfficientnetB0;
    let file = write(&folder, Container::Zip, kind);
    for name in ["model", "run/checkpoints"] {
        fs::create_dir_all(folder.path(name)).unwrap();
    }
    folder.write("model/bundle.json", "{}");
    folder.write("run/config.toml", "");
    let of_models = [
        "model/model.safetensors",
        "run/checkpoints/best.safetensors",
    ];
    let of_models = of_models.map(|name| (folder.write(name, "a model's"), "belongs to a model"));
    let own = (file.clone(), "is the file that is imported");
    for (out, reason) in of_models.into_iter().chain([own]) {
        let before = fs::read(&out).unwrap();
        let mut command = import(&folder, &file, kind, &out);
        run(command.arg("--overwrite")).assert_refused(&[reason]);
        assert!(fs::read(&out).unwrap() == before);
    }
}

#[test]
fn weights_are_found_behind_a_prefix_which_is_said() {
    let folder = Folder::new();
    let keys = keys(BackboneKind::ResNet18).into_iter();
    let keys: Vec<_> = keys
        .map(|(key, shape)| (format!("module._orig_mod.{key}"), shape))
        .collect();
    let file = write_keys(&folder, Container::Zip, &keys);
    let note = "prefix `module._orig_mod.` removed";
    let said = run(&mut check(&folder, &file, &[])).assert_done();
    assert!(said.stdout.contains(note), "{said:?}");
    let wrong = run(&mut check(&folder, &file, &["--prefix", "module."]));
    wrong.assert_refused(&[
        "no tensor of resnet18 has the prefix `module.`",
        "`module._orig_mod.`",
    ]);
    let out = folder.path("out.safetensors");
    let said = run(&mut import(&folder, &file, BackboneKind::ResNet18, &out)).assert_done();
    assert!(said.stdout.contains(note), "{said:?}");
    let said = run(&mut check(&folder, &out, &[])).assert_done();
    assert!(!said.stdout.contains("prefix"), "{said:?}");
}

#[test]
fn weights_taken_from_a_model_do_not_tell_what_they_have_seen_which_is_said() {
    let folder = Folder::new();
    let out = folder.path("w.safetensors");
    let imported = run(&mut import(
        &folder,
        &trained().bundle,
        BackboneKind::ResNet18,
        &out,
    ));
    let imported = imported.assert_done();
    assert_says(&imported.stdout, &["which images the model was trained on"]);
}
