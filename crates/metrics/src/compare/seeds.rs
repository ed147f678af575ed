//! What another seed would have given.

use serde::{Deserialize, Serialize};
use statrs::distribution::{ContinuousCDF, StudentsT};

use crate::error::{MetricsError, check_share};
use crate::moments::Moments;

/// A metric of the same configuration trained with several seeds, over the same
/// rows.
///
/// Two kinds of noise are told apart: `std` and `interval` say how much training
/// varies, `sampling_error` how much the choice of the test images does. The
/// second does not shrink with more seeds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SeedSummary {
    /// The metric of each seed's model.
    pub values: Vec<f64>,
    /// Their mean.
    pub mean: f64,
    /// Their standard deviation, divided by their number less one; `None` of one
    /// seed.
    pub std: Option<f64>,
    /// The share of such intervals that hold the mean over all seeds, if values
    /// are normal.
    pub confidence: f64,
    /// mean ∓ t · std / √seeds, t being the (1 + confidence) / 2 quantile of
    /// Student's distribution with one degree of freedom less than there are
    /// seeds; `None` of one seed.
    pub interval: Option<[f64; 2]>,
    /// Root of the mean square of the models' bootstrap standard errors; `None`
    /// without them.
    pub sampling_error: Option<f64>,
}

impl SeedSummary {
    /// Of one value per seed, with the bootstrap's standard error of each (or
    /// none at all).
    ///
    /// # Errors
    /// [`MetricsError::Empty`] without values, [`MetricsError::Argument`] for a
    /// value that is not finite, a standard error that is negative or missing
    /// for some, or a confidence that is not between 0 and 1.
    pub fn new(
        values: &[f64],
        standard_errors: &[f64],
        confidence: f64,
    ) -> Result<Self, MetricsError> {
        check_share("confidence", confidence)?;
        if values.is_empty() {
            return Err(MetricsError::Empty);
        }
        let argument = |name, value, needed| MetricsError::Argument {
            name,
            value,
            needed,
        };
        if let Some(&value) = values.iter().find(|value| !value.is_finite()) {
            return Err(argument("a seed's value", value, "a finite number"));
        }
        let bad = |error: &&f64| !(error.is_finite() && **error >= 0.0);
        if let Some(&error) = standard_errors.iter().find(bad) {
            let needed = "a finite number of at least 0";
            return Err(argument("a standard error", error, needed));
        }
        let errors = standard_errors.len();
        if errors != 0 && errors != values.len() {
            let needed = "one for each value, or none,";
            return Err(argument(
                "the number of standard errors",
                errors as f64,
                needed,
            ));
        }
        let mut moments = Moments::default();
        values.iter().for_each(|&value| moments.push(value));
        let (count, mean) = (values.len() as f64, moments.mean());
        let std = (count > 1.0).then(|| (moments.squared_deviations() / (count - 1.0)).sqrt());
        let squares: f64 = standard_errors.iter().map(|error| error * error).sum();
        Ok(Self {
            values: values.to_vec(),
            mean,
            std,
            confidence,
            interval: std.and_then(|std| {
                let margin =
                    t_quantile(f64::midpoint(1.0, confidence), count - 1.0)? * std / count.sqrt();
                Some([mean - margin, mean + margin])
            }),
            sampling_error: (errors > 0).then(|| (squares / count).sqrt()),
        })
    }
}

/// What a value of Student's t distribution stays below with this probability. `None`
/// unless there is a positive number of degrees of freedom.
#[must_use]
pub fn t_quantile(probability: f64, freedom: f64) -> Option<f64> {
    let distribution = StudentsT::new(0.0, 1.0, freedom).ok()?;
    Some(distribution.inverse_cdf(probability))
}
