//! Times 10 000 resamples of 4000 rows of two targets:
//! `cargo run --release -p psp-metrics --example bootstrap`.

use std::time::Instant;

use psp_metrics::{
    BootstrapSettings, MeanBaseline, Metric, MetricSettings, MetricsError, PairedRows, bootstrap,
};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

const ROWS: usize = 4000;

/// Half of the labels are 0, the others uniform up to 0.94; predictions are off
/// by up to 0.2.
fn model() -> Result<PairedRows, MetricsError> {
    let mut labels = ChaCha8Rng::seed_from_u64(0);
    let mut errors = ChaCha8Rng::seed_from_u64(1);
    let uniform = |rng: &mut ChaCha8Rng| f64::from(rng.next_u32()) / f64::from(u32::MAX);
    let rows: Vec<([f64; 2], [f64; 2])> = (0..ROWS)
        .map(|_| {
            let label = [(); 2].map(|()| (uniform(&mut labels) * 1.88 - 0.94).max(0.0));
            let prediction = label.map(|label| label + 0.2 * (2.0 * uniform(&mut errors) - 1.0));
            (prediction, label)
        })
        .collect();
    let means = (0..2).map(|target| rows.iter().map(|row| row.1[target]).sum::<f64>());
    let baseline = MeanBaseline {
        means: means.map(|sum| sum / ROWS as f64).collect(),
    };
    PairedRows::new(MetricSettings::new(baseline), rows)
}

fn main() -> Result<(), MetricsError> {
    let rows = model()?;
    let metrics = Metric::main(&rows.settings().within);

    let start = Instant::now();
    let intervals = bootstrap(&rows, &metrics, &BootstrapSettings::default())?;
    let seconds = start.elapsed().as_secs_f64();
    for interval in &intervals.overall {
        let of = |value: Option<f64>| value.unwrap_or(f64::NAN);
        println!(
            "{:24}{:10.5}  [{:.5}, {:.5}]",
            interval.metric.to_string(),
            of(interval.estimate),
            of(interval.low),
            of(interval.high)
        );
    }
    println!(
        "{} resamples of {ROWS} rows x 2 targets, {} metrics: {seconds:.3} s",
        intervals.settings.resamples,
        metrics.len()
    );
    Ok(())
}
