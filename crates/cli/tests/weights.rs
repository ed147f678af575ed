//! `psp weights`: listing, fetching from a folder, checking and importing.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::files::official::{Precision, keys, saved};
use crate::files::pth::Container;
use crate::support::{Folder, assert_says, psp, run, tensors};
use burn::tensor::Device;
use psp_models::{
    BackboneKind, HostTensor, ModelConfig, Regressor, StateDict, read_state_dict, write_state_dict,
};
use psp_schema::hash_of;

/// `psp weights …` with its cache in `folder`, whatever this machine has set.
fn weights(folder: &Folder, args: &[&str]) -> Command {
    let mut command = psp(&["weights"]);
    command
        .args(args)
        .env("PSP_WEIGHTS_DIR", folder.path("cache"))
        .env_remove("PSP_WEIGHTS_MIRROR");
    command
}

fn names(dir: &Path) -> Vec<String> {
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
fn the_list_names_all_and_its_json_their_hashes() {
    let folder = Folder::new();
    let table = run(&mut weights(&folder, &["list"])).assert_done().stdout;
    let json = run(&mut weights(&folder, &["list", "--json"])).assert_done();
    let json: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(json.as_array().unwrap().len(), BackboneKind::ALL.len());
    for (entry, kind) in json.as_array().unwrap().iter().zip(BackboneKind::ALL) {
        assert_eq!(entry["backbone"], kind.name());
        let hash = entry["sha256"].as_str().unwrap();
        let file = entry["file"].as_str().unwrap();
        assert_eq!(hash.len(), 64);
        assert!(file.ends_with(&format!("-{}.pth", &hash[..8])), "{file}");
        let line = table.lines().find(|line| line.starts_with(kind.name()));
        assert!(line.unwrap().contains(file), "{table}");
    }
}

#[test]
fn the_list_shows_where_a_stored_file_is() {
    let folder = Folder::new();
    fs::create_dir(folder.path("cache")).unwrap();
    let stored = folder
        .path("cache")
        .join(BackboneKind::EfficientnetB0.pretrained().file);
    fs::write(&stored, "").unwrap();
    let table = run(&mut weights(&folder, &["list"])).assert_done().stdout;
    assert!(table.contains(stored.to_str().unwrap()), "{table}");
    assert!(
        table.contains(&BackboneKind::ResNet18.pretrained().url()),
        "{table}"
    );
}

#[test]
fn a_file_with_another_hash_is_refused_and_not_stored() {
    let folder = Folder::new();
    let mirror = folder.path("mirror");
    fs::create_dir(&mirror).unwrap();
    let file = mirror.join(BackboneKind::ResNet18.pretrained().file);
    fs::write(&file, "not what it says").unwrap();
    let hash = hash_of(&file).unwrap();
    let other = folder.path("other");
    let dirs: [(&[&str], PathBuf); 2] = [
        (&[], folder.path("cache")),
        (&["--dir", other.to_str().unwrap()], other.clone()),
    ];
    for (more, dir) in dirs {
        let mut command = weights(&folder, &["fetch", "resnet18", "--from"]);
        let refused = run(command.arg(&mirror).args(more));
        refused.assert_refused(&[
            file.to_str().unwrap(),
            &hash,
            BackboneKind::ResNet18.pretrained().sha256,
            "not stored",
        ]);
        assert_eq!(refused.stdout, "");
        assert!(names(&dir).is_empty(), "{:?}", names(&dir));
    }
    assert!(file.exists());
}

#[test]
fn a_stored_file_with_another_hash_is_neither_trusted_nor_replaced() {
    let folder = Folder::new();
    fs::create_dir(folder.path("cache")).unwrap();
    let stored = folder
        .path("cache")
        .join(BackboneKind::ResNet18.pretrained().file);
    fs::write(&stored, "someone's own").unwrap();
    let mut command = weights(&folder, &["fetch", "resnet18", "--from"]);
    run(command.arg(folder.path("mirror"))).assert_refused(&[
        stored.to_str().unwrap(),
        &hash_of(&stored).unwrap(),
        "remove it to fetch it again",
    ]);
    assert_eq!(fs::read(&stored).unwrap(), b"someone's own");
    let listed = run(&mut weights(&folder, &["list"])).assert_done().stdout;
    assert_says(&listed, &["damaged, or another file"]);
    let data = Folder::with_data();
    let mut command = data.training("run", &["model.weights=imagenet"]);
    run(command.env("PSP_WEIGHTS_DIR", folder.path("cache"))).assert_refused(&[
        stored.to_str().unwrap(),
        &hash_of(&stored).unwrap(),
        "psp weights fetch resnet18",
    ]);
    assert!(!data.path("run").exists());
}

#[test]
fn a_folder_without_the_file_is_answered_with_how_to_do_it_by_hand() {
    let folder = Folder::new();
    let mirror = folder.path("mirror");
    for _ in 0..2 {
        let mut command = weights(&folder, &["fetch", "vit_b_16", "--from"]);
        run(command.arg(&mirror)).assert_refused(&[
            mirror
                .join(BackboneKind::VitB16.pretrained().file)
                .to_str()
                .unwrap(),
            &BackboneKind::VitB16.pretrained().url(),
            folder.path("cache").to_str().unwrap(),
            "its name must stay",
        ]);
        assert!(!folder.path("cache").exists());
        // The same with an empty folder.
        fs::create_dir_all(&mirror).unwrap();
    }
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
    let out = folder.path("out.safetensors");
    let said = run(&mut import(&folder, &file, BackboneKind::ResNet18, &out)).assert_done();
    assert!(said.stdout.contains(note), "{said:?}");
    let said = run(&mut check(&folder, &out, &[])).assert_done();
    assert!(!said.stdout.contains("prefix"), "{said:?}");
}
