//! Many tests at once.

use crate::error::MetricsError;

/// Holm's step-down correction (S. Holm, 1979): adjusted p-values, in the order
/// of `p_values`. If those at most α are called differences, the chance of
/// calling any where there is none is at most α, whatever the tests have in
/// common.
///
/// The k-th smallest of m, from 0, is multiplied by m − k; none may fall below
/// one before it or rise above 1.
///
/// # Errors
/// [`MetricsError::Argument`] for a value outside [0, 1].
pub fn holm(p_values: &[f64]) -> Result<Vec<f64>, MetricsError> {
    if let Some(&value) = p_values.iter().find(|p| !(0.0..=1.0).contains(*p)) {
        return Err(MetricsError::Argument {
            name: "a p-value",
            value,
            needed: "a number from 0 to 1",
        });
    }
    let mut order: Vec<usize> = (0..p_values.len()).collect();
    order.sort_by(|&a, &b| p_values[a].total_cmp(&p_values[b]));
    let mut adjusted = vec![0.0; p_values.len()];
    let mut highest: f64 = 0.0;
    for (place, index) in order.into_iter().enumerate() {
        let factor = (p_values.len() - place) as f64;
        highest = highest.max(p_values[index] * factor).min(1.0);
        adjusted[index] = highest;
    }
    Ok(adjusted)
}
