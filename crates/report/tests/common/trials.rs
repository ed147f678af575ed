//! Trials of a random grid search with a pruner.

use std::collections::BTreeMap;

use psp_metrics::{RegressionAccumulator, RegressionMetrics};
use psp_report::input::{Dimension, EpochRecord, Trial, TrialState};
use psp_space::Space;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::labels::noise;
use super::{Maker, SIZES, Values};

const SPACE: &str = r#"
[space]
model.backbone = ["resnet18", "googlenet", "inception_v3", "efficientnet_b0", "vit_b_16"]
model.dropout = { range = [0.0, 0.5], points = 6 }
model.hidden = { int = [64, 512], step = 64 }
model.stochastic_depth = { values = [0.0, 0.2], when = { model.backbone = "efficientnet_b0" } }
model.unfreeze = { values = ["head", "all"], when = { model.backbone = "vit_b_16" } }
train.learning_rate = { log = [0.0001, 0.01], points = 7 }
train.weight_decay = [0.0001, 0.01]
"#;

pub(crate) fn dimensions() -> Vec<Dimension> {
    let space = Space::parse(SPACE, "study.toml", &BTreeMap::new()).unwrap();
    space.dimensions().to_vec()
}

pub(crate) fn trials(maker: &mut Maker) -> Vec<Trial> {
    (0..maker.shape.trials)
        .map(|number| trial(maker, number))
        .collect()
}

/// The MSE that training comes to, by backbone.
pub(crate) fn level(backbone: &str) -> f64 {
    match backbone {
        "resnet18" => 0.0145,
        "googlenet" => 0.016,
        "inception_v3" => 0.0125,
        "efficientnet_b0" => 0.012,
        _ => 0.024,
    }
}

fn trial(maker: &mut Maker, number: usize) -> Trial {
    let epochs = maker.shape.epochs;
    let rng = &mut maker.rng;
    let backbone = SIZES[rng.random_range(0..SIZES.len())].0;
    let rate = [1e-4, 2.2e-4, 4.6e-4, 1e-3, 2.2e-3, 4.6e-3, 1e-2][rng.random_range(0..7)];
    let decay = ["0.0001", "0.01"][rng.random_range(0..2)];
    let mut values = Values::from([
        ("model.backbone".to_owned(), backbone.to_owned()),
        (
            "model.dropout".to_owned(),
            format!("{:.1}", rng.random_range(0..6) as f64 * 0.1),
        ),
        (
            "model.hidden".to_owned(),
            (64 * rng.random_range(1..9)).to_string(),
        ),
        ("train.learning_rate".to_owned(), rate.to_string()),
        ("train.weight_decay".to_owned(), decay.to_owned()),
    ]);
    if backbone == "efficientnet_b0" {
        let depth = ["0.0", "0.2"][rng.random_range(0..2)];
        values.insert("model.stochastic_depth".to_owned(), depth.to_owned());
    }
    if backbone == "vit_b_16" {
        let stages = ["head", "all"][rng.random_range(0..2)];
        values.insert("model.unfreeze".to_owned(), stages.to_owned());
    }
    let off = (rate / 6e-4_f64).log10();
    let end = level(backbone) * (1.0 + 1.5 * off * off) * (1.0 + 0.1 * noise(rng).abs());
    let fate: f64 = rng.random();
    let (state, done, reason) = match fate {
        fate if fate < 0.07 => {
            let step = rng.random_range(40..4000);
            let reason = format!("the loss is NaN at step {step}: lower train.learning_rate");
            (TrialState::Failed, epochs / 3, Some(reason))
        }
        fate if fate < 0.10 => {
            let reason = "the worker was killed by signal 9 (out of memory?)".to_owned();
            (TrialState::Failed, 0, Some(reason))
        }
        _ if end > 0.03 => (TrialState::Pruned, epochs / 3, None),
        _ => (TrialState::Finished, epochs, None),
    };
    let curve = curve(rng, end, done, epochs);
    let best = curve.iter().map(EpochRecord::valid_r2).fold(None, f64_max);
    Trial {
        number,
        folder: format!("../../experiments/cars/trials/{number:05}-a1b2c3"),
        backbone: backbone.to_owned(),
        state,
        values,
        score: best,
        seconds: Some(done as f64 * 41.0 * (1.0 + 0.2 * rng.random::<f64>())),
        ended: Some(format!(
            "2026-01-30T{:02}:{:02}:00Z",
            number / 60 % 24,
            number % 60
        )),
        reason,
        epochs: curve,
    }
}

fn f64_max(best: Option<f64>, next: Option<f64>) -> Option<f64> {
    match (best, next) {
        (Some(a), Some(b)) => Some(a.max(b)),
        (a, b) => a.or(b),
    }
}

/// From predicting the mean down to `end`.
pub(crate) fn curve(rng: &mut ChaCha8Rng, end: f64, done: u64, epochs: u64) -> Vec<EpochRecord> {
    (1..=done)
        .map(|epoch| {
            let share = (-4.0 * epoch as f64 / epochs.max(1) as f64).exp();
            let valid = (end + 0.13 * share) * (1.0 + 0.04 * noise(rng));
            let train = valid * (1.0 - 0.5 * epoch as f64 / epochs as f64);
            EpochRecord {
                epoch,
                step: 100 * epoch,
                learning_rate: 1e-3,
                train: metrics(train, 1.0 - train / 0.1425),
                valid: Some(metrics(valid, 1.0 - valid / 0.1425)),
                best: false,
                seconds: 41.0,
                images_per_second: 20.0,
            }
        })
        .collect()
}

/// Metrics with this MSE and R².
fn metrics(mse: f64, r2: f64) -> RegressionMetrics {
    let mut rows = RegressionAccumulator::new(1);
    rows.push(&[0.0], &[0.0]).unwrap();
    let mut metrics = rows.finish().unwrap();
    (metrics.overall.mse, metrics.overall.r2) = (mse, Some(r2));
    metrics
}
