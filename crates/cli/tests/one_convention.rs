//! Every command gives the same figures of the same predictions.

use crate::support::trained::{eval, export, predict, trained};
use crate::support::{self, Folder, assert_says, device, json, json_lines, run};
use psp_export::{Bundle, ExportError, Predictor};
use psp_models::predict::to_host;
use psp_models::{DeviceSpec, Input, Precision, Regressor, read_state_dict};
use psp_schema::read_metrics;
use psp_train::RunDir;

/// The validation metrics of the best epoch are those that `psp eval` computes, and
/// the bundle's.
#[test]
fn training_evaluation_and_bundle_agree_on_the_validation_figures() {
    let folder = Folder::new();
    let out = folder.path("out");
    run(&mut eval(
        &trained().run,
        &out,
        &["--split", "valid", "--samples", "0"],
    ))
    .assert_done();
    let evaluated = json(&out.join("metrics.json"));
    let best = RunDir::new(&trained().run).read_result().unwrap().best;
    let bundle = Bundle::read(&trained().bundle).unwrap();
    for metrics in [&best, &bundle.training.valid] {
        let evaluated = evaluated["overall"]["model"]["mse"].as_f64().unwrap();
        let trained = metrics.as_ref().unwrap().overall.mse;
        let difference = (trained - evaluated).abs();
        assert!(difference < 1e-5 * evaluated, "{evaluated} and {trained}");
    }
    let records = read_metrics(&RunDir::new(&trained().run).metrics()).unwrap();
    assert!(records.iter().any(|record| record.valid == best));
}

/// As the README does in PyTorch.
#[test]
fn the_exported_weights_alone_compute_the_scores_before_they_are_clipped() {
    let bundle = Bundle::read(&trained().bundle).unwrap();
    assert_eq!(bundle.label_range, Some([0.0, 1.0]));
    assert!(
        bundle.model.output.is_default(),
        "{:?}",
        bundle.model.output
    );
    let device = device().parse::<DeviceSpec>().unwrap().open().unwrap();
    let weights = read_state_dict(&trained().bundle.join("model.safetensors")).unwrap();
    let model = Regressor::from_state(&bundle.model, &weights, &device).unwrap();
    let predictor = Predictor::open(&trained().bundle, &device, Precision::Fp32).unwrap();
    let path = trained().data.join("imgs/synth-000003.jpg");
    let image = psp_data::decode_file(&path, &predictor.limits).unwrap();
    let mut batch = psp_data::Batch {
        values: bundle.preprocessing.apply(&image).unwrap(),
        shape: vec![3, 32, 32],
        targets: vec![0.0, 0.0],
        indices: vec![0],
        number: 0,
        epoch: 0,
        target_count: 2,
    };
    let input: Input = psp_models::predict::input(&mut batch, &device);
    let scores = model.forward(input, &mut psp_models::nn::Noise::off());
    let scores = to_host(scores).unwrap();
    predictor
        .predict_files(&[path], 1, 1, |prediction| {
            let predicted = prediction.scores?;
            assert_eq!(scores.len(), predicted.raw.len());
            for (score, raw) in scores.iter().zip(&predicted.raw) {
                assert!((score - raw).abs() < 1e-5, "{score} and {raw}");
            }
            let clipped: Vec<f32> = predicted.raw.iter().map(|s| s.clamp(0.0, 1.0)).collect();
            assert_eq!(predicted.predictions, clipped);
            Ok::<(), ExportError>(())
        })
        .unwrap();
}

/// The data with labels made from an image's number.
fn labelled(label: impl Fn(i32) -> String) -> Folder {
    let folder = Folder::with_data();
    let mut text = "filename,perspective_score_hood,perspective_score_backdoor_left\n".to_owned();
    for index in 0..24 {
        text += &format!("synth-{index:06}.jpg,{}\n", label(index));
    }
    folder.write("data/labels.csv", text);
    folder
}

#[test]
fn labels_stand_in_the_predictions_as_they_stand_in_the_labels_file() {
    let folder = labelled(|index| format!("0.93,0.{:02}", index + 1));
    let out = folder.path("out");
    let data = folder.data();
    let all = ["--data", data.to_str().unwrap(), "--samples", "0"];
    run(&mut eval(&trained().bundle, &out, &all)).assert_done();
    let written = std::fs::read_to_string(out.join("predictions.csv")).unwrap();
    let rows = written.lines().skip(1);
    assert_eq!(
        rows.filter(|line| line.contains(",0.93,")).count(),
        24,
        "{written}"
    );
}

#[test]
fn a_model_of_unbounded_labels_predicts_in_their_unit_and_says_that_nothing_is_clipped() {
    let folder = labelled(|index| format!("{},{}", 1 + index % 5, 40 * index - 300));
    let ran = folder.train("run", &[]).assert_done();
    assert!(
        ran.stdout.contains("  scores  not clipped"),
        "{}",
        ran.stdout
    );
    let bundle = folder.path("bundle");
    run(&mut export(&folder.path("run"), &bundle, &[])).assert_done();
    assert_eq!(Bundle::read(&bundle).unwrap().label_range, None);
    let images = folder.data().join("imgs");
    let printed = |more: &[&str]| {
        let ran = run(&mut predict(&bundle, &[&images], more)).assert_done();
        ran.stdout
    };
    let scores = printed(&["--csv"]);
    assert_eq!(scores, printed(&["--csv", "--raw"]));
    // A fresh head predicts about the mean of the labels.
    let grades: Vec<f64> = scores
        .lines()
        .skip(1)
        .map(|line| line.split(',').nth(1).unwrap().parse().unwrap())
        .collect();
    let mean = grades.iter().sum::<f64>() / grades.len() as f64;
    assert!((1.0..5.0).contains(&mean), "{mean}");
}

#[test]
fn labels_on_another_scale_than_the_models_are_told_of() {
    let folder = Folder::with_data();
    let other = folder.path("other");
    support::render(&other, 12);
    let labels = folder.data().join("labels.csv");
    let text = std::fs::read_to_string(&labels).unwrap();
    let mut lines = text.lines();
    let mut percent = format!("{}\n", lines.next().unwrap());
    for line in lines {
        let cells = line.split(',').map(|cell| match cell.parse::<f64>() {
            Ok(label) => (100.0 * label).to_string(),
            Err(_) => cell.to_owned(),
        });
        let cells: Vec<String> = cells.collect();
        percent += &format!("{}\n", cells.join(","));
    }
    std::fs::write(&labels, percent).unwrap();
    let percent = folder.data();
    let sets = ["train.epochs=1", "data.label_range=none"];
    folder.train("percent", &sets).assert_done();
    run(&mut support::training(
        &other,
        &folder.path("shares"),
        &sets,
    ))
    .assert_done();
    let bundle = folder.path("bundle");
    run(&mut export(&folder.path("shares"), &bundle, &[])).assert_done();
    for (model, data) in [
        (folder.path("percent"), &other),
        (folder.path("shares"), &percent),
        (bundle, &percent),
    ] {
        let flags = [
            "--data",
            data.to_str().unwrap(),
            "--samples=0",
            "--overwrite",
        ];
        let ran = run(&mut eval(&model, &folder.path("out"), &flags)).assert_done();
        assert_says(&ran.stderr, &["warning: ", "on the model's scale?"]);
    }
    // A head that is taken over begins on the new labels' scale.
    for (from, data, spread) in [("percent", &other, 1.0), ("bundle", &percent, 100.0)] {
        let weights = format!("model.weights={}", folder.path(from).display());
        let out = folder.path(&format!("of-{from}"));
        let sets = [sets[0], sets[1], &weights];
        let ran = run(&mut support::training(data, &out, &sets)).assert_done();
        assert_says(
            &ran.stdout,
            &["its head is taken over, rescaled from its own labels"],
        );
        let epoch = &json_lines(&out.join("metrics.jsonl"))[0];
        let mse = epoch["valid"]["overall"]["mse"].as_f64().unwrap();
        assert!(mse < spread * spread, "{epoch:#}");
    }
    // A code for a missing label is told of where it is evaluated on.
    let text = std::fs::read_to_string(&labels).unwrap();
    let first = text.lines().nth(1).unwrap();
    let (name, _) = first.split_once(',').unwrap();
    std::fs::write(&labels, text.replace(first, &format!("{name},-999,0"))).unwrap();
    let data = percent.to_str().unwrap();
    for (model, flags) in [
        ("percent", &[][..]),
        ("percent", &["--data", data, "--split=all"]),
        ("bundle", &["--data", data]),
    ] {
        let flags = [flags, &["--samples=0", "--overwrite"]].concat();
        let ran = run(&mut eval(&folder.path(model), &folder.path("out"), &flags)).assert_done();
        assert_says(
            &ran.stderr,
            &["line 2: ", "`-999` lies apart from the other labels"],
        );
    }
}
