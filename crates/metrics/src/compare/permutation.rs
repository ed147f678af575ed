//! Whether two models differ at all.

use rand_chacha::rand_core::Rng;
use rayon::prelude::*;

use crate::error::{LARGEST, MetricsError};
use crate::random::generator;

const DOMAIN: &[u8; 16] = b"psp sign flip v1";

/// Sums that are equal but for the order of their terms count as equal, up to
/// this share of the sum of magnitudes.
const TIE: f64 = 1e-12;

/// The two-sided p-value of paired `differences`, one per image: how often their
/// mean would be at least as far from 0 if each had its sign by chance.
///
/// If two models err alike, exchanging their errors on an image changes nothing,
/// and the sign of the difference is a coin's; no distribution is assumed. Of
/// all 2ⁿ signs `permutations` are drawn, and the p-value is (1 + those at least
/// as far) / (1 + permutations): the signs as they are count too, without which
/// a p-value of 0 could come out (Phipson and Smyth, 2010, *Permutation p-values
/// should never be zero*). The same seed gives the same value on any number of
/// threads.
///
/// # Errors
/// [`MetricsError::Empty`] without differences, [`MetricsError::Argument`] for
/// one that is not finite or without permutations.
pub fn sign_flip_test(
    differences: &[f64],
    permutations: u32,
    seed: u64,
) -> Result<f64, MetricsError> {
    if differences.is_empty() {
        return Err(MetricsError::Empty);
    }
    // Differences are of squares of what is at most LARGEST.
    let refused = |value: &&f64| value.is_nan() || value.abs() > 2.0 * LARGEST * LARGEST;
    let argument = |name, value, needed| MetricsError::Argument {
        name,
        value,
        needed,
    };
    if let Some(&value) = differences.iter().find(refused) {
        return Err(argument("a difference", value, "a finite number"));
    }
    if permutations == 0 {
        return Err(argument("permutations", 0.0, "at least 1"));
    }
    let magnitude: f64 = differences.iter().map(|d| d.abs()).sum();
    let observed = differences.iter().sum::<f64>().abs() - TIE * magnitude;
    let as_far = (0..permutations)
        .into_par_iter()
        .filter(|&permutation| flipped_sum(differences, seed, permutation).abs() >= observed)
        .count();
    Ok((as_far as f64 + 1.0) / (f64::from(permutations) + 1.0))
}

fn flipped_sum(differences: &[f64], seed: u64, permutation: u32) -> f64 {
    const LANES: usize = 8;
    let mut rng = generator(DOMAIN, seed, u64::from(permutation));
    let mut sums = [0.0; LANES];
    for block in differences.chunks(64) {
        let signs = rng.next_u64();
        for (place, difference) in block.iter().enumerate() {
            let sign = (signs >> place) << 63;
            sums[place % LANES] += f64::from_bits(difference.to_bits() ^ sign);
        }
    }
    sums.iter().sum()
}
