//! What `export` writes, and what it and `predict` refuse.

use std::path::{Path, PathBuf};

use crate::support::trained::{Trained, eval, export, predict, trained};
use crate::support::{Folder, assert_says, json, psp, ran, run, tensors};
use burn::module::Module;
use burn::tensor::Device;
use psp_export::Bundle;
use psp_models::{Regressor, read_state_dict, state};
use serde_json::json;

#[test]
fn exported_weights_have_torchvisions_keys_and_the_checkpoints_moving_average() {
    let exported = tensors(&trained().bundle.join("model.safetensors"));
    // 60 parameters and 60 buffers of torchvision's resnet18 without `fc`.
    let backbone = exported
        .keys()
        .filter(|key| key.starts_with("backbone."))
        .count();
    assert_eq!((backbone, exported.len()), (120, 124));
    for key in [
        "backbone.conv1.weight",
        "backbone.layer4.1.bn2.running_var",
        "head.0.weight",
        "head.2.bias",
    ] {
        assert!(exported.contains_key(key), "no {key}");
    }
    let counters = exported
        .keys()
        .filter(|key| key.ends_with(".num_batches_tracked"));
    assert_eq!(counters.count(), 20);
    assert_eq!(
        exported["backbone.bn1.num_batches_tracked"],
        (vec![], vec![0; 8])
    );
    let checkpoint = tensors(&trained().run.join("checkpoints/best.safetensors"));
    // The last layer computes labels, and not what the head learned.
    let is_same = |key: &str| !key.ends_with("tracked") && !key.starts_with("head.2.");
    for (key, (_, bytes)) in exported.iter().filter(|(key, _)| is_same(key)) {
        assert_eq!(checkpoint[&format!("ema/{key}")].1, *bytes, "{key}");
    }
}

#[test]
fn the_burnpack_loads_with_burn_and_holds_the_same_weights() {
    let folder = Folder::new();
    let out = folder.path("bundle");
    run(&mut export(&trained().run, &out, &["--format", "burnpack"])).assert_done();
    assert_eq!(
        files(&out),
        ["bundle.json", "model.bpk", "model.safetensors"]
    );
    let bundle = Bundle::read(&out).unwrap();
    let model = Regressor::zeros(&bundle.model, &Device::default())
        .try_load_file(out.join("model.bpk"))
        .unwrap();
    let weights = read_state_dict(&out.join("model.safetensors")).unwrap();
    let loaded = state::collect(&model).unwrap();
    assert!(loaded.keys().eq(weights.keys()));
    for (key, tensor) in &loaded {
        assert!(tensor == &weights[key], "{key} differs");
    }
}

#[test]
fn a_flipped_byte_in_a_bundle_is_refused_by_hash() {
    let folder = Folder::with_data();
    let bundle = copied(&folder);
    let image = folder.image("synth-000000.jpg");
    run(&mut predict(&bundle, &[&image], &[])).assert_done();
    flip_a_byte(&bundle.join("model.safetensors"));
    run(&mut predict(&bundle, &[&image], &[]))
        .assert_refused(&["model.safetensors: damaged or exchanged", "SHA-256"]);
}

#[test]
fn a_damaged_bundle_is_not_trained_on() {
    let folder = Folder::with_data();
    let bundle = copied(&folder);
    let set = format!("model.weights={}", bundle.display());
    let sets = ["model.backbone=resnet18", &set];
    let refuses = |parts: &[&str]| folder.assert_refuses_to_train(&sets, parts);
    flip_a_byte(&bundle.join("model.safetensors"));
    refuses(&["model.safetensors: damaged or exchanged", "SHA-256"]);
    std::fs::write(bundle.join("bundle.json"), "{ torn").unwrap();
    refuses(&["bundle.json: "]);
    std::fs::remove_file(bundle.join("bundle.json")).unwrap();
    // Without either, these could be another program's weights.
    std::fs::write(bundle.join("model.bpk"), "").unwrap();
    refuses(&["bundle.json: could not read it: No such file"]);
}

#[test]
fn a_bundle_with_values_that_no_export_has_is_refused_by_their_keys() {
    let folder = Folder::with_data();
    let bundle = copied(&folder);
    let image = folder.image("synth-000000.jpg");
    let path = bundle.join("bundle.json");
    let whole = json(&path);
    for (place, value, key) in [
        ("/targets", json!(["a", "a"]), "`targets`"),
        ("/targets", json!(["a", ""]), "`targets`"),
        ("/targets", json!([]), "`targets`"),
        ("/targets", json!(["a"]), "`model.targets`"),
        ("/label_range", json!([1, 0]), "`label_range`"),
        ("/label_range", json!([0, 1e300]), "out of range at line"),
        ("/label_range", json!([null, 1]), "at line"),
        ("/max_pixels", json!(0), "`max_pixels`"),
        ("/model/hidden", json!(0), "`model.hidden`"),
        ("/model/input_size", json!(0), "`model.input_size`"),
        ("/model/input_size", json!(64), "`preprocessing.resize`"),
        ("/model/output", json!({"scale": [0, 1]}), "`model.output`"),
        (
            "/preprocessing/mean/0",
            json!(1e300),
            "out of range at line",
        ),
        ("/preprocessing/std/0", json!(0), "`std`"),
        ("/preprocessing/resize/width", json!(0), "`resize`"),
        (
            "/training/train_means",
            json!([0]),
            "`training.train_means`",
        ),
    ] {
        let mut damaged = whole.clone();
        match damaged.pointer_mut(place) {
            Some(found) => *found = value,
            // The default is not written.
            None => damaged["model"]["output"] = value,
        }
        std::fs::write(&path, damaged.to_string()).unwrap();
        run(&mut predict(&bundle, &[&image], &[])).assert_refused(&["bundle.json: ", key]);
    }
}

#[test]
fn an_edited_bundle_is_refused_and_one_of_before_there_was_a_hash_is_not() {
    let folder = Folder::with_data();
    let bundle = copied(&folder);
    let image = folder.image("synth-000000.jpg");
    let path = bundle.join("bundle.json");
    let mut edited = json(&path);
    edited["label_range"] = json!([0.0, 0.1]);
    std::fs::write(&path, edited.to_string()).unwrap();
    run(&mut predict(&bundle, &[&image], &[]))
        .assert_refused(&["bundle.json: edited since it was written", "export"]);
    edited.as_object_mut().unwrap().remove("sha256").unwrap();
    std::fs::write(&path, edited.to_string()).unwrap();
    run(&mut predict(&bundle, &[&image], &[])).assert_done();
}

/// A copy of the exported model.
fn copied(folder: &Folder) -> PathBuf {
    let bundle = folder.path("bundle");
    std::fs::create_dir(&bundle).unwrap();
    for name in files(&trained().bundle) {
        std::fs::copy(trained().bundle.join(&name), bundle.join(&name)).unwrap();
    }
    bundle
}

/// Names of the files in a folder, in order.
fn files(dir: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(dir).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.collect();
    names.sort();
    names
}

#[test]
fn onnx_models_predict_what_the_checkpoint_does_and_say_how_well() {
    let folder = Folder::new();
    let out = folder.path("bundle");
    let more = ["--precision", "f16,f32", "--with-preprocessing"];
    let told = run(&mut export(&trained().run, &out, &more));
    let told = told.assert_done();
    assert!(
        told.stdout.contains("validation images its scores differ"),
        "{told:#?}"
    );
    let names = [
        "bundle.json",
        "model.onnx",
        "model.safetensors",
        "model_fp16.onnx",
    ];
    assert_eq!(files(&out), names);
    let entries = Bundle::read(&out).unwrap().files;
    assert_eq!(entries["model.safetensors"].verification, None);
    for (name, tolerance) in [("model.onnx", 1e-4), ("model_fp16.onnx", 5e-3)] {
        let found = entries[name].verification.as_ref().unwrap();
        assert!(found.images > 1 && found.of == "validation", "{found:?}");
        assert!(
            (0.0..=tolerance).contains(&found.max_difference),
            "{found:?}"
        );
    }
    let size = |name: &str| entries[name].bytes as f64;
    let share = size("model_fp16.onnx") / size("model.onnx");
    assert!((0.5..0.51).contains(&share), "{share}");
    for (name, more) in [("--precision", "f16"), ("--with-preprocessing", "")] {
        let flags = ["--format", "burnpack", name, more];
        let flags: Vec<&str> = flags.into_iter().filter(|flag| !flag.is_empty()).collect();
        run(&mut export(&trained().run, &folder.path("other"), &flags))
            .assert_refused(&[name, "add onnx to --format"]);
    }
}

#[test]
fn both_engines_predict_the_same_scores() {
    let Trained { data, bundle, .. } = trained();
    let imgs = data.join("imgs");
    let scores = |engine: &str| -> Vec<f64> {
        let mut command = psp(&[
            "predict",
            "--engine",
            engine,
            "--device=flex",
            "--csv",
            "--raw",
        ]);
        command.arg("--model").arg(bundle).arg(&imgs);
        let told = run(&mut command).assert_done().stdout;
        let rows = told.lines().skip(1).flat_map(|row| row.split(',').skip(1));
        rows.map(|score| score.parse().unwrap()).collect()
    };
    let [by_burn, by_cpu, by_any] = ["burn", "cpu", "auto"].map(scores);
    assert_eq!(by_burn.len(), 48);
    // They round differently.
    assert_ne!(by_burn, by_cpu);
    assert_eq!(by_any, by_cpu);
    let largest = by_burn
        .iter()
        .fold(1.0, |most: f64, score| most.max(score.abs()));
    assert_eq!(by_cpu.len(), by_burn.len());
    for (burn, found) in by_burn.iter().zip(&by_cpu) {
        assert!((burn - found).abs() <= 1e-5 * largest, "{burn} and {found}");
    }
    for flag in ["--device=cuda:0", "--precision=bf16"] {
        let mut command = psp(&["predict", "--engine", "cpu", flag, "--model"]);
        run(command.arg(bundle).arg(&imgs)).assert_refused(&["--engine cpu: computes"]);
    }
}

#[test]
fn an_export_of_a_run_whose_data_is_gone_is_compared_on_generated_images() {
    let folder = Folder::with_data();
    let run_dir = folder.path("run");
    let sets = ["model.backbone=resnet18", "train.epochs=1"];
    run(&mut folder.training("run", &sets)).assert_done();
    std::fs::rename(folder.path("data"), folder.path("moved")).unwrap();
    let told = run(&mut export(&run_dir, &folder.path("bundle"), &[]));
    let told = told.assert_done();
    assert!(told.stdout.contains("on 16 generated images"), "{told:#?}");
    assert_says(
        &told.stderr,
        &["note: model.onnx", "generated images: ", "data"],
    );
}

fn flip_a_byte(path: &Path) {
    let mut bytes = std::fs::read(path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(path, bytes).unwrap();
}

#[test]
fn an_existing_folder_is_replaced_only_when_asked_and_only_if_it_is_a_bundle() {
    let folder = Folder::new();
    let out = folder.path("bundle");
    let run_dir = &trained().run;
    run(&mut export(run_dir, &out, &[])).assert_done();
    std::fs::write(out.join("note.txt"), "mine").unwrap();
    run(&mut export(run_dir, &out, &[])).assert_refused(&["exists already", "--overwrite"]);
    run(&mut export(run_dir, &out, &["--overwrite"])).assert_refused(&["holds note.txt"]);
    std::fs::remove_file(out.join("note.txt")).unwrap();
    run(&mut export(run_dir, &out, &["--overwrite"])).assert_done();
    assert_eq!(
        files(&out),
        ["bundle.json", "model.onnx", "model.safetensors"]
    );
    // Nothing half-written stays beside it.
    assert_eq!(std::fs::read_dir(folder.path("")).unwrap().count(), 1);

    let other = folder.path("thesis");
    std::fs::create_dir(&other).unwrap();
    std::fs::write(other.join("chapter1.tex"), "In the beginning").unwrap();
    for more in [&[][..], &["--overwrite"]] {
        let ran = run(&mut export(run_dir, &other, more));
        ran.assert_refused(&["is not a bundle", "choose another folder"]);
        assert!(!ran.stderr.contains("--overwrite"), "{}", ran.stderr);
    }
    assert!(other.join("chapter1.tex").exists());
    for inside in ["chapter1.tex/x", "chapter1.tex/x/y"] {
        run(&mut export(run_dir, &other.join(inside), &[]))
            .assert_refused(&["chapter1.tex: could not create a folder in it: it is not a folder"]);
    }
}

#[test]
fn files_of_other_programs_are_not_replaced_whatever_they_are_called() {
    let folder = Folder::new();
    let run_dir = &trained().run;
    // Somebody's, and one that psp did not write.
    let web = folder.path("web");
    std::fs::create_dir(&web).unwrap();
    std::fs::write(web.join("bundle.json"), r#"{"name": "web"}"#).unwrap();
    let ran = run(&mut export(run_dir, &web, &["--overwrite"]));
    ran.assert_refused(&["no bundle.json of psp's", "choose another folder"]);
    let out = folder.path("out");
    std::fs::create_dir(&out).unwrap();
    run(&mut export(run_dir, &out, &["--format", "safetensors"])).assert_done();
    for name in ["model.bpk", "model.onnx"] {
        std::fs::write(out.join(name), "mine").unwrap();
        let ran = run(&mut export(run_dir, &out, &["--overwrite"]));
        ran.assert_refused(&[&format!("holds {name}, which is no part")]);
        std::fs::remove_file(out.join(name)).unwrap();
    }
    let link = folder.path("link");
    std::os::unix::fs::symlink("nothing", &link).unwrap();
    run(&mut export(run_dir, &link, &[])).assert_refused(&["link", "a link to nothing"]);
}

#[test]
fn what_a_link_leads_to_is_replaced_and_the_link_stays() {
    let folder = Folder::new();
    let (inner, out) = (folder.path("disk/bundle"), folder.path("link"));
    run(&mut export(&trained().run, &inner, &[])).assert_done();
    std::fs::write(inner.join("model.onnx"), "old").unwrap();
    std::os::unix::fs::symlink("disk/bundle", &out).unwrap();
    run(&mut export(&trained().run, &out, &["--overwrite"])).assert_done();
    assert!(out.is_symlink());
    assert_ne!(std::fs::read(inner.join("model.onnx")).unwrap(), b"old");
    // Nothing half-written stays beside either.
    for (dir, count) in [("", 2), ("disk", 1)] {
        let entries = std::fs::read_dir(folder.path(dir)).unwrap();
        assert_eq!(entries.count(), count);
    }
}

#[test]
fn of_two_exports_to_one_place_at_once_one_is_refused() {
    let folder = Folder::new();
    let out = folder.path("bundle");
    let begin = || export(&trained().run, &out, &[]).spawn().unwrap();
    let both = [begin(), begin()].map(|child| ran(child.wait_with_output().unwrap()));
    let refused = both.iter().find(|ran| ran.code != Some(0)).unwrap();
    refused.assert_refused(&["exists already", "--overwrite"]);
    assert!(both.iter().any(|ran| ran.code == Some(0)), "{both:#?}");
    // Nothing half-written stays beside it.
    assert_eq!(std::fs::read_dir(folder.path("")).unwrap().count(), 1);
}

#[test]
fn what_a_killed_export_left_is_removed_by_the_next_one() {
    let folder = Folder::new();
    let begin = |name: &str| {
        std::fs::create_dir(folder.path(name)).unwrap();
        std::fs::write(folder.path(name).join("model.safetensors"), "half").unwrap();
        std::fs::File::open(folder.path(name)).unwrap()
    };
    let hours_ago = std::time::SystemTime::now() - std::time::Duration::from_secs(7200);
    begin(".export-killed").set_modified(hours_ago).unwrap();
    begin(".export-at-work");
    // A model that somebody has called so is none of it.
    let named = begin(".export-whole");
    std::fs::write(folder.path(".export-whole/bundle.json"), "{}").unwrap();
    named.set_modified(hours_ago).unwrap();
    run(&mut export(&trained().run, &folder.path("bundle"), &[])).assert_done();
    assert!(!folder.path(".export-killed").exists());
    for left in [".export-at-work", ".export-whole"] {
        assert!(folder.path(left).join("model.safetensors").exists());
    }
}

#[test]
fn a_file_of_a_model_is_told_its_folder_and_an_exported_model_that_it_is_one() {
    let Trained {
        run: dir, bundle, ..
    } = trained();
    let folder = Folder::new();
    for (file, model) in [
        (dir.join("checkpoints/best.safetensors"), dir),
        (bundle.join("model.safetensors"), bundle),
    ] {
        let told = format!("is a file of the model in {}; name", model.display());
        let refused = run(&mut eval(&file, &folder.path("out"), &[]));
        refused.assert_refused(&[&told]);
    }
    let refused = run(&mut export(bundle, &folder.path("out"), &[]));
    refused.assert_refused(&["is an exported model already"]);
}

#[test]
fn a_run_without_a_finished_epoch_is_neither_exported_nor_used() {
    let folder = Folder::with_data();
    let ran = folder.train("run", &["train.learning_rate=1e30"]);
    ran.assert_refused(&["diverged in epoch 1"]);
    let run_dir = folder.path("run");
    run(&mut export(&run_dir, &folder.path("out"), &[]))
        .assert_refused(&["no epoch of this run is finished"]);
    assert!(!folder.path("out").exists());
    let image = folder.image("synth-000000.jpg");
    run(&mut predict(&run_dir, &[&image], &[]))
        .assert_refused(&["no epoch of this run is finished"]);
}

#[test]
fn a_folder_that_is_no_model_is_refused() {
    let folder = Folder::with_data();
    let image = folder.image("synth-000000.jpg");
    run(&mut predict(&folder.data(), &[&image], &[]))
        .assert_refused(&["neither an exported model"]);
}

#[test]
fn a_model_in_eight_bits_says_what_it_loses_and_is_refused_where_that_is_too_much() {
    let folder = Folder::new();
    let Trained { run: run_dir, .. } = trained();
    let out = folder.path("model");
    let flags = [
        "--precision",
        "f32,int8",
        "--calibrate",
        "16",
        "--budget",
        "1e9",
    ];
    let told = run(&mut export(run_dir, &out, &flags));
    let told = told.assert_done();
    assert_says(
        &told.stderr,
        &[
            "int8: calibrating on 16 training images",
            "layers in 8 bits: R²",
        ],
    );
    assert_says(&told.stdout, &["model_int8.onnx", "less (95 %)"]);
    let [float, int8] = ["model.onnx", "model_int8.onnx"].map(|name| {
        let file = std::fs::metadata(out.join(name)).unwrap();
        file.len() as f64
    });
    assert!(
        (0.24..0.3).contains(&(int8 / float)),
        "{int8} of {float} bytes"
    );
    let bundle = Bundle::read(&out).unwrap();
    let quantization = bundle.files["model_int8.onnx"]
        .quantization
        .clone()
        .unwrap();
    assert_eq!((quantization.calibrated, quantization.budget), (16, 1e9));
    assert!(quantization.images > 0 && quantization.float_layers.is_empty());
    let loss = quantization.r2_f32 - quantization.r2;
    assert!((loss - quantization.loss).abs() < 1e-9);
    let [low, high] = quantization.loss_interval;
    assert!(low <= high, "{quantization:?}");
    let pixels = folder.path("pixels");
    let flags = ["--precision=int8", "--with-preprocessing", "--budget=1e9"];
    run(&mut export(run_dir, &pixels, &flags)).assert_done();
    run(&mut export(
        run_dir,
        &folder.path("other"),
        &["--precision=int8", "--budget=-1"],
    ))
    .assert_refused(&["--budget -1: expected a number that is at least 0"]);
    run(&mut export(run_dir, &folder.path("other"), &["--budget=1"]))
        .assert_refused(&["--budget is about int8"]);
}
