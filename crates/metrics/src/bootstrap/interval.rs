//! From resampled values to an interval.

use serde::{Deserialize, Serialize};

use crate::metric::Metric;
use crate::moments::Moments;

/// A metric, or a difference of one between two models, with its percentile
/// interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct MetricInterval {
    /// The metric.
    pub metric: Metric,
    /// Its value over the rows as they are; `None` if undefined, and with it
    /// the interval.
    pub estimate: Option<f64>,
    /// The lower end: the (1 − confidence) / 2 quantile of the resampled values,
    /// linear between two of them as NumPy's default.
    pub low: Option<f64>,
    /// The upper end: the (1 + confidence) / 2 quantile.
    pub high: Option<f64>,
    /// Standard deviation of the resampled values, divided by their number less
    /// one; `None` of fewer than two.
    pub standard_error: Option<f64>,
    /// The number of resamples in which the metric was undefined (all labels
    /// that were drawn are equal, no row of a group was drawn). They are left
    /// out; with more than a few the interval means little.
    pub undefined: u64,
}

impl MetricInterval {
    /// `drawn` are the resampled values, NaN where undefined.
    pub(crate) fn new(
        metric: Metric,
        estimate: Option<f64>,
        drawn: impl ExactSizeIterator<Item = f64>,
        confidence: f64,
    ) -> Self {
        let resamples = drawn.len();
        let mut values: Vec<f64> = drawn.filter(|value| !value.is_nan()).collect();
        let undefined = (resamples - values.len()) as u64;
        if estimate.is_none() {
            values.clear();
        }
        values.sort_unstable_by(f64::total_cmp);
        let mut moments = Moments::default();
        values.iter().for_each(|&value| moments.push(value));
        let freedom = values.len().saturating_sub(1);
        Self {
            metric,
            estimate,
            low: quantile(&values, (1.0 - confidence) / 2.0),
            high: quantile(&values, f64::midpoint(1.0, confidence)),
            standard_error: (freedom > 0)
                .then(|| (moments.squared_deviations() / freedom as f64).sqrt()),
            undefined,
        }
    }
}

/// The quantile of ascending values: between those at the places around
/// `share` · (n − 1), linearly (type 7 of Hyndman and Fan, 1996). `None` of no values.
#[must_use]
pub fn quantile(ascending: &[f64], share: f64) -> Option<f64> {
    let place = share * ascending.len().checked_sub(1)? as f64;
    let lower = *ascending.get(place.floor() as usize)?;
    let upper = *ascending.get(place.ceil() as usize)?;
    Some(lower + (upper - lower) * place.fract())
}

#[cfg(test)]
mod tests {
    use super::{MetricInterval, quantile};
    use crate::Metric;

    #[test]
    fn quantiles_between_two_values_are_linear_as_numpys() {
        let values = [1.0, 2.0, 4.0, 8.0];
        assert_eq!(quantile(&values, 0.5), Some(3.0));
        assert_eq!(quantile(&values, 0.1), Some(1.3));
        assert_eq!(quantile(&values, 1.0), Some(8.0));
        assert_eq!(quantile(&[], 0.5), None);
    }

    #[test]
    fn undefined_resamples_are_counted_and_left_out() {
        let drawn = [f64::NAN, 2.0, 1.0].into_iter();
        let interval = MetricInterval::new(Metric::R2, Some(1.5), drawn.clone(), 0.5);
        assert_eq!(interval.undefined, 1);
        assert_eq!((interval.low, interval.high), (Some(1.25), Some(1.75)));
        let interval = MetricInterval::new(Metric::R2, None, drawn, 0.5);
        assert_eq!((interval.low, interval.high), (None, None));
    }
}
