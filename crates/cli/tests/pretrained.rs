//! `psp weights list` and `fetch`: torchvision's own files, from a folder.

use std::fs;
use std::path::PathBuf;

use crate::support::{Folder, assert_says, run};
use crate::weights::{names, weights};
use psp_models::BackboneKind;
use psp_schema::hash_of;

/// A file in `dir` that is called as torchvision's weights of a backbone.
fn placed(folder: &Folder, dir: &str, kind: BackboneKind, content: &str) -> PathBuf {
    fs::create_dir(folder.path(dir)).unwrap();
    let file = kind.pretrained().file;
    folder.write(&format!("{dir}/{file}"), content)
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
    let stored = placed(&folder, "cache", BackboneKind::EfficientnetB0, "");
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
    let file = placed(
        &folder,
        "mirror",
        BackboneKind::ResNet18,
        "not what it says",
    );
    let mirror = folder.path("mirror");
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
    let stored = placed(&folder, "cache", BackboneKind::ResNet18, "someone's own");
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
    let sets = ["model.backbone=resnet18", "model.weights=imagenet"];
    let mut command = data.training("run", &sets);
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
