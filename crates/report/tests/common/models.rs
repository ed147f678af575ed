//! The finalists of a study.

use psp_report::input::{
    Candidate, Cost, MeasuredCost, PredictionRow, Predictions, Ranked, Run, Selection, Study,
};
use rand::RngExt;

use super::labels::noise;
use super::trials::{curve, level};
use super::{Maker, SIZES};

/// The best finished trial of each backbone, trained again; of few trials, any trial.
pub(crate) fn candidates(maker: &mut Maker, study: &Study) -> (Vec<Candidate>, Selection) {
    let mut candidates = Vec::new();
    for (name, parameters, mib, multiply_adds, input_size) in SIZES {
        let trials = study.trials.iter().filter(|trial| trial.backbone == name);
        let best = trials.max_by(|a, b| {
            a.score
                .partial_cmp(&b.score)
                .unwrap_or(std::cmp::Ordering::Equal)
        });
        let Some(trial) = best.map_or(study.trials.first(), Some) else {
            continue;
        };
        let values = trial.values.iter();
        let values: Vec<String> = values
            .map(|(key, value)| format!("{key}={value}"))
            .collect();
        candidates.push(Candidate {
            name: format!("{name} (trial {})", trial.number),
            backbone: name.to_owned(),
            trial: Some(trial.number),
            weights: "resnet18_imagenet.safetensors".replace("resnet18", name),
            trained: if name == "vit_b_16" { "head" } else { "all" }.to_owned(),
            values: values.join(", "),
            cost: Cost {
                parameters,
                mib,
                multiply_adds,
                input_size,
                measured: Some(MeasuredCost {
                    device: "flex".to_owned(),
                    images_per_second_1: 4e10 / multiply_adds as f64,
                    images_per_second_32: 7e10 / multiply_adds as f64,
                    peak_memory: Some((mib * 3.5e6) as u64 + 200_000_000),
                }),
            },
            runs: (0..maker.shape.runs)
                .map(|seed| run(maker, name, trial.number, seed))
                .collect(),
        });
    }
    let selection = selection(&candidates);
    (candidates, selection)
}

fn order(a: Option<f64>, b: Option<f64>) -> std::cmp::Ordering {
    a.partial_cmp(&b).unwrap_or(std::cmp::Ordering::Equal)
}

fn run(maker: &mut Maker, backbone: &str, trial: usize, seed: u64) -> Run {
    let luck = 1.0 + 0.04 * noise(&mut maker.rng);
    let mse = level(backbone) * luck;
    let epochs = maker.shape.epochs;
    let epochs = curve(&mut maker.rng, mse, epochs, epochs);
    let best = epochs
        .iter()
        .min_by(|a, b| order(a.valid_mse(), b.valid_mse()));
    let best_epoch = best.map(|epoch| epoch.epoch);
    Run {
        folder: format!("../../experiments/cars/finals/{trial:05}-s{seed}-d4e5f6"),
        seed: seed + 1,
        fold: None,
        best_epoch,
        epochs,
        seconds: Some(41.0 * 12.0 * (1.0 + 0.1 * maker.rng.random::<f64>())),
        device: "flex".to_owned(),
        valid: Some(predictions(maker, 1, mse)),
        test: Some(predictions(maker, 2, mse)),
        failure: None,
        seen: None,
    }
}

/// Labels with errors of this mean square: small where the label is 0, drawn to the
/// middle elsewhere, and now and then quite wrong. The same images are hard for all.
fn predictions(maker: &mut Maker, part: usize, mse: f64) -> Predictions {
    let rows = maker.part(part).to_vec();
    let rows = rows.into_iter().map(|(filename, labels)| {
        let hash = filename
            .bytes()
            .fold(0_u32, |h, b| h.wrapping_mul(33) ^ u32::from(b));
        let hard = f64::from(hash % 1000) / 1000.0;
        let predictions = labels.iter().map(|&label| {
            let label = f64::from(label);
            let shared = (f64::from(hash / 7 % 1000) / 500.0 - 1.0) * hard.powi(3);
            let own = noise(&mut maker.rng) * (0.4 + 1.2 * hard);
            let error = mse.sqrt() * (1.25 * own + 2.6 * shared);
            let shown = if label == 0.0 {
                0.01 + 0.7 * error
            } else {
                label * 0.95 + 0.02 + error
            };
            ((shown * 1e6).round() / 1e6) as f32
        });
        PredictionRow {
            predictions: predictions.collect(),
            filename,
            labels,
        }
    });
    let rows = rows.collect();
    Predictions::new(maker.targets(), rows).unwrap()
}

fn score(run: &Run) -> Option<f64> {
    run.best()?.valid_r2()
}

fn selection(candidates: &[Candidate]) -> Selection {
    let rank = |(index, candidate): (usize, &Candidate)| {
        let scores: Vec<f64> = candidate.runs.iter().filter_map(score).collect();
        let n = scores.len() as f64;
        let mean = scores.iter().sum::<f64>() / n;
        let squares: f64 = scores.iter().map(|score| (score - mean).powi(2)).sum();
        let deviation = (scores.len() > 1).then(|| (squares / (n - 1.0)).sqrt());
        Ranked {
            candidate: index,
            mean,
            deviation,
            lower_bound: mean - deviation.map_or(0.0, |deviation| 6.31 * deviation / n.sqrt()),
            ties: false,
        }
    };
    let mut ranking: Vec<Ranked> = candidates.iter().enumerate().map(rank).collect();
    ranking.sort_by(|a, b| b.lower_bound.total_cmp(&a.lower_bound));
    if let Some(first) = ranking.first().cloned() {
        let noise = first.mean - first.lower_bound;
        for rank in &mut ranking {
            rank.ties =
                first.mean - rank.mean <= noise && first.lower_bound - rank.lower_bound <= noise;
        }
    }
    let cost = |rank: &&Ranked| candidates[rank.candidate].cost.multiply_adds;
    let chosen = ranking.iter().filter(|rank| rank.ties).min_by_key(cost);
    let candidate = chosen.map_or(0, |rank| rank.candidate);
    let runs = candidates
        .get(candidate)
        .map_or(&[][..], |chosen| &chosen.runs);
    let best = (0..runs.len()).max_by(|a, b| {
        let order = score(&runs[*a]).partial_cmp(&score(&runs[*b]));
        order.unwrap_or(std::cmp::Ordering::Equal)
    });
    let names: Vec<&str> = candidates.iter().map(|c| c.name.as_str()).collect();
    let leader = ranking.first().map_or("", |first| names[first.candidate]);
    Selection {
        candidate,
        run: best.unwrap_or_default(),
        finalist: None,
        reason: format!("{leader} leads; the cheapest of those within its noise is chosen"),
        ranking,
    }
}
