//! Which images a gallery shows.

use rand::{SeedableRng, seq::index};
use rand_chacha::ChaCha8Rng;

/// A choice among images.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Selection {
    /// By lot; the same seed draws the same images.
    Random {
        /// Of the lot.
        seed: u64,
    },
    /// Those with the smallest errors, the smallest first.
    Best,
    /// Those with the largest errors, the largest first.
    Worst,
}

impl Selection {
    /// The indices of at most `amount` images, of which these are the `errors`:
    /// random ones in their own order, the best and worst by their error, which
    /// leaves out those without one (NaN).
    #[must_use]
    pub fn choose(self, errors: &[f64], amount: usize) -> Vec<usize> {
        if let Self::Random { seed } = self {
            let amount = amount.min(errors.len());
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            let mut chosen = index::sample(&mut rng, errors.len(), amount).into_vec();
            chosen.sort_unstable();
            return chosen;
        }
        let sizes = errors.iter().map(|error| error.abs());
        let mut sized: Vec<(usize, f64)> = sizes.enumerate().collect();
        sized.retain(|(_, size)| !size.is_nan());
        // Stable: of equal errors the earlier image comes first.
        sized.sort_by(|a, b| match self {
            Self::Worst => b.1.total_cmp(&a.1),
            _ => a.1.total_cmp(&b.1),
        });
        sized.truncate(amount);
        sized.into_iter().map(|(index, _)| index).collect()
    }

    /// What a figure says of the choice.
    #[must_use]
    pub fn describe(self) -> String {
        match self {
            Self::Random { seed } => format!("chosen at random (seed {seed})"),
            Self::Best => "smallest errors first".to_owned(),
            Self::Worst => "largest errors first".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_and_the_worst_are_sorted_by_size_and_nan_is_neither() {
        let errors = [0.3, f64::NAN, -0.9, 0.0, 0.3];
        assert_eq!(Selection::Best.choose(&errors, 3), [3, 0, 4]);
        assert_eq!(Selection::Worst.choose(&errors, 9), [2, 0, 4, 3]);
    }

    #[test]
    fn the_seed_chooses_and_no_image_comes_twice() {
        let chosen = |seed| Selection::Random { seed }.choose(&[0.0; 100], 10);
        assert_eq!(chosen(1), chosen(1));
        assert_ne!(chosen(1), chosen(2));
        assert!(chosen(1).windows(2).all(|pair| pair[0] < pair[1]));
        assert_eq!(Selection::Random { seed: 1 }.choose(&[0.0; 3], 10).len(), 3);
    }
}
