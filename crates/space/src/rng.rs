//! Random numbers that stay the same for ever: `ChaCha8`'s stream is fixed by
//! its specification, and what is made of it is written out here.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// A generator that depends on a seed and the number of what is drawn.
pub(crate) fn generator(seed: u64, number: u64) -> ChaCha8Rng {
    let mut key = [0; 32];
    key[..8].copy_from_slice(&seed.to_le_bytes());
    let mut rng = ChaCha8Rng::from_seed(key);
    rng.set_stream(number);
    rng
}

/// A uniform number in `[0, 1)`.
pub(crate) fn unit(rng: &mut ChaCha8Rng) -> f64 {
    (rng.next_u64() >> 11) as f64 / (1u64 << 53) as f64
}

/// A uniform number in `0..bound`; 0 when `bound` is 0.
pub(crate) fn below(rng: &mut ChaCha8Rng, bound: u128) -> u128 {
    let Some(largest) = bound.checked_sub(1).filter(|&largest| largest > 0) else {
        return 0;
    };
    // Just as many bits as the bound has; at least half of the draws fit.
    let unused = largest.leading_zeros();
    loop {
        let bits = u128::from(rng.next_u64()) | u128::from(rng.next_u64()) << 64;
        let value = bits >> unused;
        if value <= largest {
            return value;
        }
    }
}

/// A standard normal number (Box and Muller 1958).
pub(crate) fn normal(rng: &mut ChaCha8Rng) -> f64 {
    // 1 - u is never 0.
    let radius = (-2.0 * (1.0 - unit(rng)).ln()).sqrt();
    radius * (std::f64::consts::TAU * unit(rng)).cos()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_below_a_bound_are_equally_likely_with_seed_1() {
        let mut rng = generator(1, 0);
        let mut counts = [0u32; 5];
        for _ in 0..10_000 {
            counts[below(&mut rng, 5) as usize] += 1;
        }
        // Five standard deviations are 200.
        assert!(
            counts.iter().all(|count| count.abs_diff(2000) < 200),
            "{counts:?}"
        );
    }

    #[test]
    fn bounds_beyond_64_bits_reach_their_upper_half_with_seed_2() {
        let mut rng = generator(2, 0);
        let bound = (1 << 100) + 1;
        let drawn: Vec<u128> = (0..200).map(|_| below(&mut rng, bound)).collect();
        assert!(drawn.iter().all(|&value| value < bound));
        let above = drawn.iter().filter(|&&value| value > bound / 2).count();
        assert!((60..140).contains(&above), "{above}");
        assert_eq!(below(&mut rng, 0), 0);
        assert_eq!(below(&mut rng, 1), 0);
    }

    #[test]
    fn normal_numbers_have_mean_0_and_variance_1_with_seed_3() {
        let mut rng = generator(3, 0);
        let drawn: Vec<f64> = (0..20_000).map(|_| normal(&mut rng)).collect();
        let mean = drawn.iter().sum::<f64>() / 20_000.0;
        let square = drawn.iter().map(|value| value * value).sum::<f64>() / 20_000.0;
        assert!(
            mean.abs() < 0.035 && (square - 1.0).abs() < 0.05,
            "{mean} {square}"
        );
    }

    #[test]
    fn streams_of_one_seed_and_seeds_of_one_stream_differ() {
        let first = |seed, number| generator(seed, number).next_u64();
        assert_ne!(first(1, 0), first(1, 1));
        assert_ne!(first(1, 0), first(2, 0));
        assert_eq!(first(1, 1), first(1, 1));
    }
}
