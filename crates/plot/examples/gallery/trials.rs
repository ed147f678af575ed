//! A search of 200 trials over five backbones.

use psp_plot::{Better, Dimension, HistoryTrial, Objective, TrialCurves, Values};
use psp_schema::TrialState;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::images::normal;

pub(crate) const BACKBONES: [&str; 5] = [
    "resnet18",
    "googlenet",
    "inception_v3",
    "efficientnet_b0",
    "vit_b_16",
];
const FLOORS: [f64; 5] = [0.014, 0.019, 0.012, 0.0105, 0.017];

/// Everything that is known of the trials.
pub(crate) struct Trials {
    pub(crate) searched: psp_plot::Trials,
    pub(crate) backbones: Vec<String>,
    pub(crate) history: Vec<HistoryTrial>,
    pub(crate) curves: Vec<TrialCurves>,
}

pub(crate) fn objective(name: &str, log: bool) -> Objective {
    Objective {
        name: name.to_owned(),
        better: Better::Lower,
        log,
    }
}

pub(crate) fn order() -> Vec<String> {
    BACKBONES.map(str::to_owned).into()
}

struct Trial {
    backbone: usize,
    rate: f64,
    decay: f64,
    optimizer: &'static str,
    momentum: Option<f64>,
    size: f64,
    dropout: f64,
    frozen: Option<f64>,
    pretrained: bool,
    valid: Vec<f64>,
    train: Vec<f64>,
    state: TrialState,
}

fn trial(rng: &mut ChaCha8Rng, number: usize) -> Trial {
    // Later trials come from a sampler that has learnt something.
    let learnt = (number as f64 / 200.0).powf(0.7);
    let spread = 1.0 - 0.7 * learnt;
    let rate = 10f64.powf(-3.3 + spread * 1.4 * rng.random_range(-1.0..1.0));
    let backbone = if rng.random_range(0.0..1.0) < learnt * 0.5 {
        3
    } else {
        rng.random_range(0..5)
    };
    let pretrained = rng.random_range(0..4) > 0;
    let optimizer = ["adamw", "sgd", "rmsprop"][rng.random_range(0..3)];
    let off = (rate.log10() + 3.3).powi(2) * 0.02;
    let scratch = if pretrained { 0.0 } else { 0.02 };
    let floor = FLOORS[backbone] + off + scratch + 0.004 * normal(rng).abs();
    let state = match rng.random_range(0..12) {
        0 => TrialState::Failed,
        1..4 if floor > 0.02 => TrialState::Pruned,
        _ => TrialState::Finished,
    };
    let epochs = match state {
        TrialState::Finished => 30,
        TrialState::Pruned => rng.random_range(4..12),
        _ => rng.random_range(0..2),
    };
    let diverged = number == 77;
    let mut at = |epoch: usize, gap: f64| {
        let value = floor * gap + 0.14 * (-(epoch as f64) / 3.0).exp();
        value * (1.0 + 0.08 * normal(rng)) * if diverged { 40.0 } else { 1.0 }
    };
    let valid: Vec<f64> = (0..epochs).map(|epoch| at(epoch, 1.0)).collect();
    let train: Vec<f64> = (0..epochs).map(|epoch| at(epoch, 0.6)).collect();
    Trial {
        backbone,
        rate,
        decay: 10f64.powf(rng.random_range(-6.0..-2.0)),
        optimizer,
        momentum: (optimizer == "sgd").then(|| rng.random_range(0.5..0.99)),
        size: [160.0, 192.0, 224.0, 256.0][rng.random_range(0..4)],
        dropout: rng.random_range(0.0..0.5),
        frozen: pretrained.then(|| f64::from(rng.random_range(0..5_u8))),
        pretrained,
        valid,
        train,
        state,
    }
}

fn numbers(name: &str, log: bool, values: impl Iterator<Item = Option<f64>>) -> Dimension {
    Dimension {
        name: name.to_owned(),
        values: Values::Numbers {
            log,
            values: values.collect(),
        },
    }
}

fn categories<'a>(name: &str, order: &[&str], values: impl Iterator<Item = &'a str>) -> Dimension {
    Dimension {
        name: name.to_owned(),
        values: Values::Categories {
            order: order.iter().map(|&name| name.to_owned()).collect(),
            values: values.map(|value| Some(value.to_owned())).collect(),
        },
    }
}

pub(crate) fn trials() -> Trials {
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    let all: Vec<Trial> = (0..200).map(|number| trial(&mut rng, number)).collect();
    let each = || all.iter();
    let best = |trial: &Trial| trial.valid.iter().copied().reduce(f64::min);
    let scores: Vec<Option<f64>> = each().map(best).collect();
    let mut ranked: Vec<usize> = (0..200).filter(|index| scores[*index].is_some()).collect();
    ranked.sort_by(|a, b| {
        scores[*a]
            .partial_cmp(&scores[*b])
            .unwrap_or(std::cmp::Ordering::Equal)
    });
    let history = each().enumerate().map(|(number, trial)| HistoryTrial {
        number: number as u64,
        score: scores[number],
        state: trial.state,
        backbone: BACKBONES[trial.backbone].to_owned(),
    });
    let curves = each().enumerate().map(|(number, trial)| TrialCurves {
        name: format!("trial {number}"),
        backbone: BACKBONES[trial.backbone].to_owned(),
        train: trial.train.clone(),
        valid: trial.valid.clone(),
        best: ranked[..3].contains(&number),
    });
    Trials {
        history: history.collect(),
        curves: curves.collect(),
        searched: psp_plot::Trials {
            objective: objective("valid MSE", false),
            dimensions: vec![
                categories(
                    "model.backbone",
                    &BACKBONES,
                    each().map(|t| BACKBONES[t.backbone]),
                ),
                categories(
                    "model.pretrained",
                    &["yes", "no"],
                    each().map(|t| if t.pretrained { "yes" } else { "no" }),
                ),
                numbers("model.frozen_stages", false, each().map(|t| t.frozen)),
                numbers("model.dropout", false, each().map(|t| Some(t.dropout))),
                numbers("data.image_size", false, each().map(|t| Some(t.size))),
                categories(
                    "optimizer.name",
                    &["adamw", "sgd", "rmsprop"],
                    each().map(|t| t.optimizer),
                ),
                numbers(
                    "optimizer.learning_rate",
                    true,
                    each().map(|t| Some(t.rate)),
                ),
                numbers(
                    "optimizer.weight_decay",
                    true,
                    each().map(|t| Some(t.decay)),
                ),
                numbers("optimizer.momentum", false, each().map(|t| t.momentum)),
            ],
            scores,
        },
        backbones: each().map(|t| BACKBONES[t.backbone].to_owned()).collect(),
    }
}
