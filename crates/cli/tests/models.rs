//! `psp models` and `psp models verify`.

use std::path::Path;
use std::process::Command;

use crate::support::{Folder, Ran, assert_says, device, json, psp, run};
use serde_json::Value;

/// Sizes in MiB: the four of the perspective-score project's table, and what Inception v3
/// has in PyTorch.
const SIZES: [(&str, &str); 6] = [
    ("resnet18", "43.175"),
    ("googlenet", "22.421"),
    ("inception_v3", "85.240"),
    ("efficientnet_b0", "16.701"),
    ("mobilenet_v2", "9.867"),
    ("vit_b_16", "328.049"),
];

/// What the perspective-score project has no size of.
const NOT_STATED: [&str; 2] = ["inception_v3", "mobilenet_v2"];

fn verify(args: &[&str]) -> Command {
    let mut command = psp(&["models", "verify", "--device", &device()]);
    command.args(args);
    command
}

/// Exports ResNet18's numbers at 64 pixels to `path`.
fn export(path: &Path) -> Ran {
    let mut command = verify(&["--backbone", "resnet18", "--size", "64", "--export"]);
    run(command.arg(path)).assert_done()
}

#[test]
fn the_table_shows_all_backbones_with_the_sizes_that_are_stated() {
    let ran = run(&mut psp(&["models"])).assert_done();
    let rows: Vec<Vec<&str>> = ran
        .stdout
        .lines()
        .skip(1)
        .take(SIZES.len())
        .map(|line| line.split_whitespace().collect())
        .collect();
    for (row, (name, mib)) in rows.iter().zip(SIZES) {
        let stated = if NOT_STATED.contains(&name) { "-" } else { mib };
        assert_eq!((row[0], row[2], row[3]), (name, mib, stated));
    }
    assert_says(
        &ran.stdout,
        &["those of\nGoogLeNet", "perspective-score\nproject"],
    );
}

#[test]
fn the_json_has_the_same_sizes() {
    let ran = run(&mut psp(&["models", "--json"])).assert_done();
    let models: Vec<Value> = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(models.len(), SIZES.len());
    for (model, (name, mib)) in models.iter().zip(SIZES) {
        assert_eq!(model["name"], name);
        assert_eq!(format!("{:.3}", model["mib"].as_f64().unwrap()), mib);
        let stated = model["study_mib"].as_f64().map(|mib| format!("{mib:.3}"));
        let expected = (!NOT_STATED.contains(&name)).then(|| mib.to_owned());
        assert_eq!(stated, expected);
    }
}

#[test]
fn an_export_is_a_reference_that_its_writer_meets_and_that_says_who_wrote_it() {
    let folder = Folder::new();
    let (first, second) = (folder.path("first.json"), folder.path("second.json"));
    let ran = export(&first);
    assert!(ran.stdout.contains("first.json"), "{}", ran.stdout);
    let numbers = json(&first);
    assert_eq!(numbers["model"], "resnet18");
    assert_eq!(numbers["size"], 64);
    assert_eq!(numbers["batch"], 2);
    assert_eq!(numbers["recorded_by"]["program"], "psp");
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(numbers["recorded_by"]["version"], version);
    assert_eq!(numbers["recorded_by"]["device"], device());
    assert_eq!(numbers["recorded_by"]["precision"], "f32");
    assert_eq!(numbers.get("torch_f32_error"), None);

    let mut command = verify(&["--reference"]);
    command.arg(&first).arg("--export").arg(&second);
    let ran = run(&mut command).assert_done();
    assert!(ran.stdout.contains("gradient norms"), "{}", ran.stdout);
    assert!(ran.stdout.ends_with("passed\n"), "{}", ran.stdout);
    // Flex gives the same bits every time.
    if device() == "flex" {
        assert_eq!(json(&second), numbers);
    }
}

#[test]
fn a_damaged_number_fails_and_the_numbers_are_exported_all_the_same() {
    let folder = Folder::new();
    let (path, other) = (folder.path("numbers.json"), folder.path("other.json"));
    export(&path);
    let sound = json(&path);
    let mut numbers = sound.clone();
    let number = &mut numbers["train"]["grad_norm"]["backbone.conv1.weight"];
    *number = (number.as_f64().unwrap() * 1.1).into();
    folder.write("numbers.json", numbers.to_string());
    let mut command = verify(&["--reference"]);
    let ran = run(command.arg(&path).arg("--export").arg(&other));
    assert_eq!(ran.code, Some(1), "{ran:#?}");
    assert!(
        ran.stdout.contains("FAILS at backbone.conv1.weight"),
        "{ran:#?}"
    );
    assert!(ran.stdout.ends_with("FAILED\n"), "{ran:#?}");
    assert_eq!(json(&other)["size"], sound["size"]);
}

#[test]
fn the_reference_itself_and_what_is_none_are_never_replaced() {
    let folder = Folder::new();
    let path = folder.write("reference.json", "not read");
    let mut command = verify(&["--reference"]);
    let ran = run(command.arg(&path).arg("--export").arg(&path));
    ran.assert_refused(&["reference.json", "another file"]);
    assert_eq!(std::fs::read(&path).unwrap(), b"not read");
    let mut command = verify(&["--backbone", "resnet18", "--export"]);
    run(command.arg(&path)).assert_refused(&["reference.json", "something other", "another file"]);
    assert_eq!(std::fs::read(&path).unwrap(), b"not read");
}

#[test]
fn a_size_that_the_backbone_cannot_take_is_refused_and_nothing_is_written() {
    let folder = Folder::new();
    let path = folder.path("numbers.json");
    for (backbone, size, expected) in [
        ("inception_v3", "64", "at least 75"),
        ("vit_b_16", "40", "a multiple of 16"),
    ] {
        let mut command = verify(&["--backbone", backbone, "--size", size, "--export"]);
        run(command.arg(&path)).assert_refused(&[backbone, size, expected]);
        assert!(!path.exists());
    }
}

#[test]
fn flags_that_do_not_go_together_are_wrong_usage() {
    for (args, part) in [
        (&[] as &[&str], "--reference <FILE>|--backbone"),
        (&["--export", "x"], "--reference <FILE>|--backbone"),
        (&["--backbone", "resnet18"], "--export"),
        (
            &[
                "--backbone",
                "resnet18",
                "--export",
                "x",
                "--reference",
                "y",
            ],
            "cannot be used with",
        ),
        (
            &["--reference", "x", "--reference", "y", "--export", "z"],
            "one --reference",
        ),
        (&["--reference", "x", "--size", "64"], "--backbone"),
        (&["--reference", "x", "--batch", "2"], "--backbone"),
        (
            &["--backbone", "resnet18", "--export", "x", "--batch", "0"],
            "--batch",
        ),
    ] {
        let ran = run(&mut verify(args));
        assert_eq!(ran.code, Some(2), "{args:?}: {ran:#?}");
        assert_says(&ran.stderr, &[part]);
    }
}
