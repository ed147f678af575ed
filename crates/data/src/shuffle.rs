//! Shuffling that stays the same for ever.
//!
//! A run's order of samples and its split must be reproducible years later.
//! ChaCha8's stream is fixed by its specification; the shuffle is written out
//! here so that no new release of a random-number crate changes it.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// A generator for one purpose: `domain` and `stream` give independent streams
/// under the same `seed`.
pub(crate) fn generator(domain: &[u8; 16], seed: u64, stream: u64) -> ChaCha8Rng {
    let mut key = [0u8; 32];
    key[..16].copy_from_slice(domain);
    key[16..24].copy_from_slice(&seed.to_le_bytes());
    key[24..].copy_from_slice(&stream.to_le_bytes());
    ChaCha8Rng::from_seed(key)
}

/// A uniform number in `0..bound`; 0 when `bound` is 0.
pub(crate) fn below(rng: &mut ChaCha8Rng, bound: u64) -> u64 {
    if bound <= 1 {
        return 0;
    }
    // Numbers past the last whole multiple of `bound` would favour the small.
    let limit = u64::MAX - u64::MAX % bound;
    loop {
        let value = rng.next_u64();
        if value < limit {
            return value % bound;
        }
    }
}

/// Fisher and Yates' shuffle, from the end.
pub(crate) fn shuffle<T>(items: &mut [T], rng: &mut ChaCha8Rng) {
    for last in (1..items.len()).rev() {
        items.swap(last, below(rng, last as u64 + 1) as usize);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shuffle_of_seed_7_is_the_one_recorded_at_the_first_release() {
        let mut items: Vec<u32> = (0..8).collect();
        shuffle(&mut items, &mut generator(b"test............", 7, 0));
        assert_eq!(items, RECORDED);
    }

    /// Recorded from this implementation; it must never change.
    const RECORDED: [u32; 8] = [5, 1, 3, 7, 0, 2, 4, 6];

    #[test]
    fn every_position_is_equally_likely() {
        let mut rng = generator(b"test............", 1, 0);
        let mut counts = [[0u32; 4]; 4];
        for _ in 0..8000 {
            let mut items = [0, 1, 2, 3];
            shuffle(&mut items, &mut rng);
            for (place, &item) in items.iter().enumerate() {
                counts[place][item] += 1;
            }
        }
        for count in counts.iter().flatten() {
            assert!((1850..=2150).contains(count), "{counts:?}");
        }
    }
}
