//! A uniform sample of a stream of rows.

use std::collections::BinaryHeap;

/// Keeps the rows with the lowest keys, where a row's key is a pseudo-random
/// number of the seed and the row's place in the stream alone.
///
/// Every set of `capacity` rows is then equally likely, as with a reservoir
/// (Vitter, 1985); unlike a reservoir's, the sample does not depend on how the
/// stream was cut into parts, and merging is keeping the lowest keys again.
#[derive(Debug, Clone)]
pub(crate) struct Sample {
    capacity: usize,
    /// Values per row.
    width: usize,
    seed: u64,
    /// The key and the slot of each kept row, highest key first.
    kept: BinaryHeap<(u64, u32)>,
    /// `width` values per slot.
    values: Vec<f64>,
}

impl Sample {
    /// Reserves all that the sample will ever need, so that its size is known
    /// from the first row on.
    pub(crate) fn new(capacity: u32, width: usize, seed: u64) -> Self {
        let capacity = capacity as usize;
        Self {
            capacity,
            width,
            seed,
            kept: BinaryHeap::with_capacity(capacity),
            values: Vec::with_capacity(capacity * width),
        }
    }

    /// Offers the row at `place` of the stream.
    pub(crate) fn offer(&mut self, place: u64, row: impl IntoIterator<Item = f64>) {
        self.keep(key(self.seed, place), row);
    }

    /// Takes over the rows of a sample with the same seed of other places.
    pub(crate) fn merge(&mut self, other: &Self) {
        for &(key, slot) in &other.kept {
            self.keep(key, other.row(slot).iter().copied());
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.kept.len()
    }

    /// The values of one of the `width` columns, in no particular order.
    pub(crate) fn column(&self, column: usize) -> Vec<f64> {
        self.values
            .chunks_exact(self.width)
            .map(|row| row[column])
            .collect()
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        self.kept.capacity() * size_of::<(u64, u32)>() + self.values.capacity() * size_of::<f64>()
    }

    fn keep(&mut self, key: u64, row: impl IntoIterator<Item = f64>) {
        if self.kept.len() < self.capacity {
            self.kept.push((key, self.kept.len() as u32));
            self.values.extend(row);
        } else if let Some(mut highest) = self.kept.peek_mut()
            && key < highest.0
        {
            // The heap puts itself in order when `highest` is dropped.
            highest.0 = key;
            let start = highest.1 as usize * self.width;
            for (kept, value) in self.values[start..].iter_mut().zip(row) {
                *kept = value;
            }
        }
    }

    fn row(&self, slot: u32) -> &[f64] {
        let start = slot as usize * self.width;
        &self.values[start..start + self.width]
    }
}

/// The number at `place` of SplitMix64's stream (Steele, Lea and Flood, 2014),
/// which can be had without those before it. One seed never gives two places
/// the same number, so that no tie has to be broken.
fn key(seed: u64, place: u64) -> u64 {
    const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
    // The seed is mixed first: seeds 0, 1, 2 … must not be the same stream a
    // step apart.
    mix(mix(seed.wrapping_add(STEP)).wrapping_add(place.wrapping_mul(STEP)))
}

fn mix(mut bits: u64) -> u64 {
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

#[cfg(test)]
mod tests {
    use super::Sample;

    fn of(seed: u64, places: std::ops::Range<u64>) -> Sample {
        let mut sample = Sample::new(100, 1, seed);
        places.for_each(|place| sample.offer(place, [place as f64]));
        sample
    }

    fn sorted(sample: &Sample) -> Vec<f64> {
        let mut values = sample.column(0);
        values.sort_by(f64::total_cmp);
        values
    }

    #[test]
    fn up_to_the_capacity_every_row_is_kept() {
        assert_eq!(sorted(&of(0, 0..100)).len(), 100);
        assert_eq!(of(0, 0..101).len(), 100);
    }

    #[test]
    fn parts_merge_to_the_sample_of_the_whole() {
        let mut merged = of(7, 0..333);
        merged.merge(&of(7, 333..1000));
        assert_eq!(sorted(&merged), sorted(&of(7, 0..1000)));
    }

    #[test]
    fn early_and_late_rows_are_equally_likely_with_seeds_0_to_999() {
        let mut tenths = [0u32; 10];
        for seed in 0..1000 {
            for place in of(seed, 0..1000).column(0) {
                tenths[place as usize / 100] += 1;
            }
        }
        // 10 000 expected; a standard deviation is about 90.
        let even = tenths.iter().all(|count| (9600..10400).contains(count));
        assert!(even, "{tenths:?}");
    }
}
