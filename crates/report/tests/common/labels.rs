//! Labels like the real ones: half are 0, a fifth lies around 0.9.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

pub(crate) fn row(rng: &mut ChaCha8Rng, targets: usize) -> Vec<f32> {
    (0..targets).map(|_| label(rng)).collect()
}

fn label(rng: &mut ChaCha8Rng) -> f32 {
    let value: f64 = match rng.random::<f64>() {
        place if place < 0.52 => 0.0,
        place if place < 0.72 => rng.random_range(0.88..0.93),
        _ => rng.random_range(0.01..0.9),
    };
    ((value * 10_000.0).round() / 10_000.0) as f32
}

/// A number with mean 0 and standard deviation 1, near enough to normal.
pub(crate) fn noise(rng: &mut ChaCha8Rng) -> f64 {
    (0..12).map(|_| rng.random::<f64>()).sum::<f64>() - 6.0
}
