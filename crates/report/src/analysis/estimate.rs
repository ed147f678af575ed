//! A number with what is known of its uncertainty.

use psp_metrics::quantile;
use serde::{Deserialize, Serialize};

/// A value with its percentile interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// Over the images as they are.
    pub value: f64,
    /// The ends of its interval; `None` where more than 1 % of the resamples have no
    /// value.
    pub interval: Option<[f64; 2]>,
}

/// Whether there is an interval at all: where many resamples have no value, the
/// others are no longer what another draw of images would give.
pub(crate) fn has_interval(undefined: u64, resamples: u64) -> bool {
    undefined * 100 <= resamples
}

impl Estimate {
    /// `drawn` are the resampled values, NaN where undefined; a few of these are left
    /// out.
    pub(crate) fn new(value: f64, drawn: impl Iterator<Item = f64>, confidence: f64) -> Self {
        let mut drawn: Vec<f64> = drawn.collect();
        let resamples = drawn.len();
        drawn.retain(|value| !value.is_nan());
        if !has_interval((resamples - drawn.len()) as u64, resamples as u64) {
            drawn.clear();
        }
        drawn.sort_unstable_by(f64::total_cmp);
        let low = quantile(&drawn, (1.0 - confidence) / 2.0);
        let high = quantile(&drawn, f64::midpoint(1.0, confidence));
        Self {
            value,
            interval: low.zip(high).map(|(low, high)| [low, high]),
        }
    }
}

/// Wilson's score interval of a share (E. B. Wilson, 1927), which stays within
/// [0, 1] and means something of a few dozen images too.
pub(crate) fn wilson(share: f64, count: u64, confidence: f64) -> Option<[f64; 2]> {
    use statrs::distribution::{ContinuousCDF, Normal};
    if count == 0 {
        return None;
    }
    let z = Normal::standard().inverse_cdf(f64::midpoint(1.0, confidence));
    let (n, z2) = (count as f64, z * z);
    let centre = (share + z2 / (2.0 * n)) / (1.0 + z2 / n);
    let margin = z / (1.0 + z2 / n) * (share * (1.0 - share) / n + z2 / (4.0 * n * n)).sqrt();
    Some([(centre - margin).max(0.0), (centre + margin).min(1.0)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_resamples_without_a_value_are_left_out_and_more_leave_no_interval() {
        let interval = |undefined: usize| {
            let defined = (undefined..200).map(|place| place as f64);
            let drawn = std::iter::repeat_n(f64::NAN, undefined).chain(defined);
            Estimate::new(2.0, drawn, 0.5).interval
        };
        assert_eq!(interval(0), Some([49.75, 149.25]));
        assert_eq!(interval(2), Some([51.25, 149.75]));
        assert_eq!(interval(3), None);
        assert_eq!(interval(200), None);
        assert_eq!(Estimate::new(2.0, [].into_iter(), 0.5).interval, None);
    }

    /// statsmodels 0.15, `proportion_confint(90, 100, method="wilson")`.
    #[test]
    fn wilsons_interval_of_90_of_100_is_that_of_statsmodels() {
        let [low, high] = wilson(0.9, 100, 0.95).unwrap();
        assert!((low - 0.825_634).abs() < 1e-5, "{low}");
        assert!((high - 0.944_771).abs() < 1e-5, "{high}");
        assert_eq!(wilson(0.5, 0, 0.95), None);
        assert_eq!(wilson(1.0, 10, 0.95).unwrap()[1], 1.0);
    }
}
