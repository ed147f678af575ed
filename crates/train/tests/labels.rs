//! Labels of any scale, and which epoch is the best. Seed of the weights and of the
//! batch order: 0.

use crate::support::Folder;
use psp_data::LabelRange;
use psp_models::Output;
use psp_train::RunConfig;

const RESNET18: &str = "model.backbone=resnet18";
const UNBOUNDED: &str = "data.label_range=none";

/// Rewrites both labels of every image as `low + (high - low) · label`.
fn rescale(folder: &Folder, ranges: [[f64; 2]; 2]) {
    let path = folder.path("data/labels.csv");
    let text = std::fs::read_to_string(&path).unwrap();
    let mut lines = text.lines();
    let header = lines.next().unwrap();
    assert_eq!(
        header.split(',').collect::<Vec<_>>(),
        [
            "filename",
            "perspective_score_hood",
            "perspective_score_backdoor_left"
        ]
    );
    let mut scaled = format!("{header}\n");
    for line in lines {
        let cells: Vec<&str> = line.split(',').collect();
        scaled += cells[0];
        for (cell, [low, high]) in cells[1..].iter().zip(ranges) {
            let label: f64 = cell.parse().unwrap();
            scaled += &format!(",{}", low + (high - low) * label);
        }
        scaled += "\n";
    }
    std::fs::write(path, scaled).unwrap();
}

/// Training and validation R² of each target, epoch by epoch.
fn r2(folder: &Folder, run: &str) -> Vec<f64> {
    let records = folder.records(run);
    let targets = records.iter().flat_map(|record| {
        record
            .train
            .targets
            .iter()
            .chain(&record.valid.as_ref().unwrap().targets)
    });
    targets.filter_map(|target| target.r2).collect()
}

#[test]
fn labels_of_any_scale_are_learned_as_those_from_0_to_1_are() {
    let folder = Folder::new();
    // What rounding labels to 32 bits does grows from step to step: these are two.
    let steps = [RESNET18, "train.epochs=1", "train.batch_size=8"];
    folder.train("scores", &[UNBOUNDED, steps[0], steps[1], steps[2]]);
    let scores = r2(&folder, "scores");
    // Two parts, two targets.
    assert_eq!(scores.len(), 4);
    let (is_flex, offset) = match folder.device() {
        "flex" => (true, 1e-5),
        // Its sums depend on the threads: 1.5e-5 has been seen.
        _ => (false, 1e-4),
    };
    for (name, ranges, tolerance) in [
        // Powers of two round nothing.
        (
            "powers",
            [[0.0, 1024.0], [0.0, 1.0 / 64.0]],
            if is_flex { 0.0 } else { offset },
        ),
        ("grades", [[1.0, 5.0], [1.0, 5.0]], offset),
        ("degrees", [[-300.0, 700.0], [-50.0, 50.0]], offset),
    ] {
        let folder = Folder::new();
        rescale(&folder, ranges);
        // Labels from 0 to 1 alone would be taken for scores.
        let unbounded = [UNBOUNDED].into_iter().filter(|_| name == "powers");
        let sets: Vec<&str> = unbounded.chain(steps).collect();
        folder.train(name, &sets);
        let scaled = r2(&folder, name);
        assert_eq!(scaled.len(), scores.len());
        for (index, (scaled, score)) in scaled.iter().zip(&scores).enumerate() {
            let difference = (scaled - score).abs();
            assert!(
                difference <= tolerance * (1.0 + score.abs()),
                "{name}, {index}: {scaled} {score}"
            );
        }
        let output = folder.last(name).model_config.output;
        assert_eq!(output.range, None, "{name}");
        assert_eq!(output.mean.len(), 2);
    }
}

#[test]
fn a_head_on_stored_features_learns_labels_of_any_scale_too() {
    let head_only = [
        RESNET18,
        "model.unfreeze=['head']",
        "train.epochs=8",
        "train.learning_rate=0.01",
    ];
    let folder = Folder::new();
    rescale(&folder, [[-300.0, 700.0], [1.0, 5.0]]);
    folder.train("run", &head_only);
    let records = folder.records("run");
    let last = &records.last().unwrap().train;
    for target in &last.targets {
        assert!(target.r2.unwrap() > 0.0, "{last:?}");
    }
}

#[test]
fn the_range_of_the_labels_is_stored_with_the_model() {
    let folder = Folder::new();
    folder.train("auto", &["train.epochs=1"]);
    assert_eq!(
        folder.last("auto").model_config.output.range,
        Some([0.0, 1.0])
    );
    folder.train("wide", &["train.epochs=1", "data.label_range=[-1, 2]"]);
    assert_eq!(
        folder.last("wide").model_config.output.range,
        Some([-1.0, 2.0])
    );
    folder.train("none", &["train.epochs=1", UNBOUNDED]);
    assert_eq!(folder.last("none").model_config.output.range, None);
}

#[test]
fn an_older_checkpoint_leaves_the_range_to_the_configuration() {
    let mut config = RunConfig::default();
    let older = Output::default();
    assert_eq!(config.range_of(&older), None);
    config.data.label_range = LabelRange::Given([0.0, 1.0]);
    assert_eq!(config.range_of(&older), Some([0.0, 1.0]));
    let newer = Output {
        range: Some([-1.0, 1.0]),
        ..older
    };
    assert_eq!(config.range_of(&newer), Some([-1.0, 1.0]));
}

#[test]
fn the_best_epoch_has_the_lowest_validation_mse_whatever_min_delta_is() {
    let folder = Folder::new();
    let sets = [
        RESNET18,
        "train.min_delta=100",
        "train.learning_rate=0.001",
        "train.epochs=8",
    ];
    folder.train("run", &sets);
    let records = folder.records("run");
    let output = folder.last("run").model_config.output;
    let mse = |epoch: &psp_schema::EpochRecord| {
        output.standardised_mse(
            epoch
                .valid
                .as_ref()
                .unwrap()
                .targets
                .iter()
                .map(|target| target.mse),
        )
    };
    let lowest = records
        .iter()
        .min_by(|a, b| mse(a).total_cmp(&mse(b)))
        .unwrap();
    let result = folder.run("run").read_result().unwrap();
    assert_eq!(result.best_epoch, lowest.epoch);
    assert!(
        lowest.epoch > 1,
        "the first epoch is the best: the test shows nothing"
    );
}
