//! Rows to test with, and metrics the slow way.

pub(crate) mod slow;

use psp_metrics::{MeanBaseline, MetricSettings, PairedRows};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// A prediction and a label for each target.
pub(crate) type Row = (Vec<f64>, Vec<f64>);

pub(crate) fn rng(seed: u64) -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(seed)
}

/// Uniform in [0, 1).
pub(crate) fn uniform(rng: &mut ChaCha8Rng) -> f64 {
    f64::from(rng.next_u32()) / 4_294_967_296.0
}

/// About half of the labels are 0, as in the task. Predictions are off by up to
/// `noise`, and rounded to `digits`, so that few digits make many ties.
pub(crate) fn rows(seed: u64, count: usize, targets: usize, noise: f64, digits: i32) -> Vec<Row> {
    // Labels depend on the number of rows alone, so that models can be paired.
    let (mut labels, mut errors) = (rng(1000 + count as u64), rng(seed));
    let scale = 10f64.powi(digits);
    (0..count)
        .map(|_| {
            let label: Vec<f64> = (0..targets)
                .map(|_| {
                    let label = (uniform(&mut labels) * 1.88 - 0.94).max(0.0);
                    (label * scale).round() / scale
                })
                .collect();
            let prediction = label.iter().map(|label| {
                let error = noise * (2.0 * uniform(&mut errors) - 1.0);
                ((label + error) * scale).round() / scale
            });
            (prediction.collect(), label)
        })
        .collect()
}

pub(crate) fn settings(targets: usize) -> MetricSettings {
    MetricSettings::new(MeanBaseline {
        means: (0..targets).map(|t| 0.25 + 0.01 * t as f64).collect(),
    })
}

pub(crate) fn paired(settings: &MetricSettings, rows: &[Row]) -> PairedRows {
    let rows = rows.iter().map(|(prediction, label)| (prediction, label));
    PairedRows::new(settings.clone(), rows).unwrap()
}

/// Runs in a pool of so many threads.
pub(crate) fn on_threads<T: Send>(threads: usize, run: impl FnOnce() -> T + Send) -> T {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
    pool.build().unwrap().install(run)
}

/// Agreement to nine digits, or to 1e-9 near 0.
pub(crate) fn assert_close(name: &str, ours: Option<f64>, theirs: Option<f64>) {
    let close = match (ours, theirs) {
        (None, None) => true,
        (Some(ours), Some(theirs)) => (ours - theirs).abs() <= 1e-9 * theirs.abs().max(1.0),
        _ => false,
    };
    assert!(close, "{name}: {ours:?} is not {theirs:?}");
}
