//! Candidates two by two.

use psp_metrics::{SeedSummary, holm, sign_flip_test, t_quantile};

use super::{Member, Pair};
use crate::ReportError;
use crate::analysis::averaged::{Averaged, Draws, Errors};
use crate::analysis::prepared::Prepared;

/// Who is compared pair by pair: all, or, of too many, the best of each backbone
/// (first in `validated`, the candidates from best to worst by validation) and the
/// model in focus. Indices of members.
pub(super) fn pick(
    prepared: &Prepared,
    members: &[Member],
    focus: Option<usize>,
    validated: &[usize],
) -> (Vec<usize>, bool) {
    let most = prepared.settings.compared;
    if members.len() <= most {
        return ((0..members.len()).collect(), false);
    }
    let place = |of: usize| members.iter().position(|member| member.candidate == of);
    let backbone = |member: usize| {
        let candidate = members[member].candidate;
        prepared.input.candidates[candidate].backbone.as_str()
    };
    let ordered = || validated.iter().filter_map(|of| place(*of));
    let mut picked: Vec<usize> = focus.and_then(place).into_iter().collect();
    for member in ordered() {
        let seen = |other: &usize| backbone(*other) == backbone(member);
        if picked.len() < most.max(1) && !picked.iter().any(seen) {
            picked.push(member);
        }
    }
    // Fewer backbones than places: the next best, whatever their backbone.
    for member in ordered() {
        if picked.len() < most && !picked.contains(&member) {
            picked.push(member);
        }
    }
    picked.sort_unstable();
    (picked, true)
}

/// All pairs of the `paired` members.
pub(super) fn pairs(
    members: &[Member],
    averaged: &Averaged,
    draws: &Draws,
    paired: &[usize],
    prepared: &Prepared,
) -> Result<Vec<Pair>, ReportError> {
    let settings = prepared.settings;
    let squared = paired.iter().map(|&model| averaged.squared_errors(model));
    let squared: Vec<(usize, Vec<f64>)> = paired.iter().copied().zip(squared).collect();
    let mut pairs = Vec::new();
    for (place, (first, a)) in squared.iter().enumerate() {
        for (second, b) in &squared[place + 1..] {
            let differences: Vec<f64> = a.iter().zip(b).map(|(a, b)| a - b).collect();
            let p_value = sign_flip_test(&differences, settings.permutations, settings.seed)?;
            let [one, other] = [*first, *second].map(|model| &members[model]);
            let Errors {
                mse,
                r2,
                target_mse,
            } = draws.difference(*first, *second);
            pairs.push(Pair {
                first: one.candidate,
                second: other.candidate,
                mse,
                r2,
                target_mse,
                p_value,
                adjusted_p_value: p_value,
                differs: false,
                beyond_seeds: welch(&one.mse_by_run, &other.mse_by_run, settings.level),
            });
        }
    }
    let p_values: Vec<f64> = pairs.iter().map(|pair| pair.p_value).collect();
    for (pair, adjusted) in pairs.iter_mut().zip(holm(&p_values)?) {
        pair.adjusted_p_value = adjusted;
        pair.differs = adjusted <= settings.level;
    }
    Ok(pairs)
}

/// Whether two means differ by more than the spread of their values explains
/// (B. L. Welch, 1947).
fn welch(a: &SeedSummary, b: &SeedSummary, level: f64) -> Option<bool> {
    let part = |summary: &SeedSummary| {
        let count = summary.values.len() as f64;
        Some((summary.std?.powi(2) / count, count - 1.0))
    };
    let ((a_part, a_free), (b_part, b_free)) = (part(a)?, part(b)?);
    let variance = a_part + b_part;
    let difference = (a.mean - b.mean).abs();
    if variance == 0.0 {
        return Some(difference > 0.0);
    }
    let freedom = variance.powi(2) / (a_part.powi(2) / a_free + b_part.powi(2) / b_free);
    let bound = t_quantile(1.0 - level / 2.0, freedom)?;
    Some(difference / variance.sqrt() > bound)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn runs(values: &[f64]) -> SeedSummary {
        SeedSummary::new(values, &[], 0.95).unwrap()
    }

    /// SciPy 1.17, `ttest_ind(a, b, equal_var=False)`: p = 0.0196 and 0.3162.
    #[test]
    fn welchs_test_tells_a_difference_from_the_spread_of_seeds() {
        let a = runs(&[0.010, 0.011, 0.012]);
        assert_eq!(welch(&a, &runs(&[0.014, 0.0145, 0.0135]), 0.05), Some(true));
        assert_eq!(welch(&a, &runs(&[0.010, 0.016, 0.014]), 0.05), Some(false));
    }

    #[test]
    fn a_single_run_has_no_spread_to_compare_with() {
        assert_eq!(welch(&runs(&[0.1]), &runs(&[0.2, 0.3]), 0.05), None);
        assert_eq!(
            welch(&runs(&[0.1, 0.1]), &runs(&[0.2, 0.2]), 0.05),
            Some(true)
        );
    }
}
