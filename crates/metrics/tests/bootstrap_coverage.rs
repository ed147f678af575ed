//! Whether the bootstrap's intervals hold what they promise.

use crate::support::{Row, paired, rng, settings, uniform};
use psp_metrics::{BootstrapSettings, Metric, bootstrap};

#[test]
fn nine_tenths_intervals_of_the_mse_hold_the_truth_about_nine_times_in_ten_with_seed_8() {
    let mut rng = rng(8);
    let settings = settings(1);
    let bootstrap_settings = BootstrapSettings {
        resamples: 400,
        confidence: 0.9,
        seed: 8,
    };
    let mut held = 0;
    for _ in 0..400 {
        let rows: Vec<Row> = (0..150)
            .map(|_| (vec![uniform(&mut rng) * 0.6], vec![0.0]))
            .collect();
        let mse = bootstrap(
            &paired(&settings, &rows),
            &[Metric::Mse],
            &bootstrap_settings,
        );
        let mse = mse.unwrap().overall[0];
        // The mean square of a uniform number up to 0.6.
        held += usize::from(mse.low.unwrap() <= 0.12 && 0.12 <= mse.high.unwrap());
    }
    // 360 expected; a standard deviation is 6.
    assert!((340..=380).contains(&held), "{held} of 400");
}
