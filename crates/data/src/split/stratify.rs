//! Stratified splitting.

use std::collections::{BTreeMap, HashSet};

use super::fractions::SplitFractions;
use crate::error::{DataError, SplitError};
use crate::labels::LabelTable;
use crate::part::Part;
use crate::shuffle::{below, generator, shuffle};

/// Samples ordered by stratum and shuffled within, then dealt to the parts.
pub(super) fn stratify(
    data: &LabelTable,
    copies: &[Vec<usize>],
    fractions: SplitFractions,
    seed: u64,
    bins: usize,
) -> Result<Vec<Part>, DataError> {
    fractions.validate()?;
    if bins == 0 {
        return Err(DataError::setting("bins", "0", "at least 1"));
    }
    let shares = fractions.as_array();
    let dealt_out = firsts(copies, (0..data.len()).collect());
    let samples = dealt_out.len();
    let counts = part_counts(samples, shares).ok_or_else(|| SplitError::TooFewImages {
        labels: data.labels_path().to_owned(),
        images: samples,
        parts: wanted(shares),
    })?;
    let mut rng = generator(b"psp stratify 1..", seed, 0);

    let order: Vec<usize> = strata(data, &dealt_out, bins, smallest_stratum(shares))
        .into_iter()
        .flat_map(|mut stratum| {
            shuffle(&mut stratum, &mut rng);
            stratum
        })
        .collect();
    // Dealing from a random place keeps small strata, whose parts depend on
    // the place alone, from meeting the same fate under every seed.
    let dealt = deal(counts);
    let start = below(&mut rng, dealt.len() as u64) as usize;
    let mut parts = vec![Part::Train; data.len()];
    for (place, &index) in order.iter().enumerate() {
        parts[index] = dealt[(start + place) % dealt.len()];
    }
    follow_firsts(copies, &mut parts);
    Ok(parts)
}

/// Of `samples` one of each group of copies.
fn firsts(copies: &[Vec<usize>], mut samples: Vec<usize>) -> Vec<usize> {
    let others = copies.iter().filter_map(|group| group.get(1..)).flatten();
    let others: HashSet<usize> = others.copied().collect();
    samples.retain(|index| !others.contains(index));
    samples
}

/// Gives the copies of one image what the first of them has got.
fn follow_firsts<T: Copy>(copies: &[Vec<usize>], got: &mut [T]) {
    for group in copies {
        if let Some((&first, others)) = group.split_first() {
            for &other in others {
                got[other] = got[first];
            }
        }
    }
}

/// The fold of every sample that is not in the test part: samples ordered by
/// stratum and shuffled within, then dealt in turn.
pub(super) fn folds(
    data: &LabelTable,
    copies: &[Vec<usize>],
    parts: &[Part],
    folds: usize,
    seed: u64,
    bins: usize,
) -> Result<Vec<Option<usize>>, DataError> {
    if bins == 0 {
        return Err(DataError::setting("bins", "0", "at least 1"));
    }
    let in_folds = |index: &usize| parts[*index] != Part::Test;
    let copies: Vec<Vec<usize>> = copies
        .iter()
        .map(|group| group.iter().copied().filter(in_folds).collect())
        .collect();
    let dealt_out = firsts(&copies, (0..data.len()).filter(in_folds).collect());
    let samples = dealt_out.len();
    if folds < 2 || folds > samples {
        return Err(DataError::setting(
            "folds",
            format!("{folds} with {samples} samples outside the test part"),
            "at least 2, and no more than such samples",
        ));
    }
    let mut rng = generator(b"psp folds 1.....", seed, 0);
    let start = below(&mut rng, folds as u64) as usize;
    let mut fold_of = vec![None; parts.len()];
    let mut place = start;
    let all = firsts(&copies, (0..data.len()).collect());
    for mut stratum in strata(data, &all, bins, folds) {
        stratum.retain(in_folds);
        shuffle(&mut stratum, &mut rng);
        for index in stratum {
            fold_of[index] = Some(place % folds);
            place += 1;
        }
    }
    follow_firsts(&copies, &mut fold_of);
    Ok(fold_of)
}

/// `count` of the samples `indices`, at even distances along the strata, which are
/// shuffled within.
pub(super) fn sample(
    data: &LabelTable,
    indices: &[usize],
    count: usize,
    seed: u64,
    bins: usize,
) -> Vec<usize> {
    let mut rng = generator(b"psp sample 1....", seed, 0);
    let mut order = Vec::with_capacity(indices.len());
    for mut stratum in strata(data, indices, bins.max(1), 1) {
        shuffle(&mut stratum, &mut rng);
        order.extend(stratum);
    }
    let start = below(&mut rng, order.len() as u64) as usize;
    // Rising and below the length, since `start` is.
    let place = |taken: usize| (taken * order.len() + start) / count;
    let mut drawn: Vec<usize> = (0..count).map(|taken| order[place(taken)]).collect();
    drawn.sort_unstable();
    drawn
}

/// How many parts have a share.
fn wanted(shares: [f64; 3]) -> usize {
    shares.iter().filter(|&&share| share > 0.0).count()
}

/// How many samples each part gets: the largest remainders are rounded up, and
/// every part with a share gets at least one sample; `None` for fewer samples.
fn part_counts(samples: usize, shares: [f64; 3]) -> Option<[usize; 3]> {
    if samples < wanted(shares) {
        return None;
    }
    let exact = shares.map(|share| share * samples as f64);
    let mut counts = exact.map(|count| count.floor() as usize);
    let mut by_remainder = [0, 1, 2];
    by_remainder.sort_by(|&a, &b| (exact[b].fract()).total_cmp(&exact[a].fract()));
    let dealt: usize = counts.iter().sum();
    for &part in by_remainder.iter().take(samples.saturating_sub(dealt)) {
        counts[part] += 1;
    }
    for part in 0..3 {
        if shares[part] > 0.0 && counts[part] == 0 {
            let largest = (0..3).max_by_key(|&p| counts[p]).unwrap_or(0);
            counts[largest] -= 1;
            counts[part] = 1;
        }
    }
    Some(counts)
}

/// The size from which a stratum can give a sample to each part.
fn smallest_stratum(shares: [f64; 3]) -> usize {
    let smallest = shares
        .into_iter()
        .filter(|&share| share > 0.0)
        .fold(1.0, f64::min);
    (1.0 / smallest).ceil() as usize
}

/// The `samples` of each stratum, in an order that puts the strata with the same
/// targets at the minimum next to each other, so that these groups are shared
/// out as evenly as the strata in them.
fn strata(data: &LabelTable, samples: &[usize], bins: usize, smallest: usize) -> Vec<Vec<usize>> {
    let columns: Vec<Vec<u32>> = (0..data.targets().len())
        .map(|target| bin_target(data, samples, target, bins))
        .collect();
    let mut patterns: BTreeMap<Vec<bool>, BTreeMap<Vec<u32>, Vec<usize>>> = BTreeMap::new();
    for (place, &index) in samples.iter().enumerate() {
        let key: Vec<u32> = columns.iter().map(|column| column[place]).collect();
        let pattern = key.iter().map(|&bin| bin > 0).collect();
        patterns
            .entry(pattern)
            .or_default()
            .entry(key)
            .or_default()
            .push(index);
    }
    let mut ordered = Vec::new();
    let mut leftovers = Vec::new();
    for strata in patterns.into_values() {
        let (large, small): (Vec<_>, Vec<_>) = strata
            .into_values()
            .partition(|stratum| stratum.len() >= smallest);
        ordered.extend(large);
        let pool: Vec<usize> = small.into_iter().flatten().collect();
        if pool.len() >= smallest {
            ordered.push(pool);
        } else {
            leftovers.extend(pool);
        }
    }
    ordered.push(leftovers);
    ordered
}

/// Each sample's bin for one target: 0 at the range's minimum, or the smallest label
/// where there is no range, then quantiles.
fn bin_target(data: &LabelTable, samples: &[usize], target: usize, bins: usize) -> Vec<u32> {
    let label = |&index: &usize| data.samples()[index].labels[target];
    let labels: Vec<f32> = samples.iter().map(label).collect();
    let smallest = labels.iter().copied().min_by(f32::total_cmp);
    let range = data.label_range();
    let minimum = range.map_or_else(|| smallest.unwrap_or(0.0), |[low, _]| low);
    let mut sorted: Vec<f32> = labels.iter().copied().filter(|&l| l > minimum).collect();
    sorted.sort_by(f32::total_cmp);
    let edges: Vec<f32> = (1..bins)
        .filter_map(|bin| sorted.get(bin * sorted.len() / bins).copied())
        .collect();
    labels
        .iter()
        .map(|&label| {
            if label > minimum {
                // Equal labels always share a bin: edges are compared by value.
                1 + edges.partition_point(|&edge| edge <= label) as u32
            } else {
                0
            }
        })
        .collect()
}

/// A sequence with `counts[p]` entries of part p, in which every stretch holds
/// the parts in the same proportion as whole entries allow: each entry goes to
/// the part that is furthest behind its due.
fn deal(counts: [usize; 3]) -> Vec<Part> {
    let total: usize = counts.iter().sum();
    let mut given = [0usize; 3];
    (1..=total)
        .map(|place| {
            let behind = |part: usize| {
                (counts[part] as i128) * (place as i128) - (given[part] as i128) * (total as i128)
            };
            let next = (0..3)
                .filter(|&part| given[part] < counts[part])
                .max_by_key(|&part| (behind(part), std::cmp::Reverse(part)))
                .unwrap_or(0);
            given[next] += 1;
            Part::ALL[next]
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dealing_keeps_every_stretch_within_two_samples_of_its_due() {
        for counts in [
            [80, 10, 10],
            [7, 2, 1],
            [70, 15, 15],
            [1, 0, 0],
            [333, 333, 334],
        ] {
            let dealt = deal(counts);
            let total = dealt.len();
            for start in 0..total {
                for end in start..=total {
                    for (part, &count) in Part::ALL.iter().zip(&counts) {
                        let held = dealt[start..end].iter().filter(|p| *p == part).count();
                        let due = (end - start) as f64 * count as f64 / total as f64;
                        assert!((held as f64 - due).abs() < 2.0, "{counts:?} {start}..{end}");
                    }
                }
                if start > 100 {
                    break;
                }
            }
        }
    }

    #[test]
    fn the_largest_remainders_round_up_and_no_wanted_part_is_empty() {
        assert_eq!(
            part_counts(4000, [0.8, 0.1, 0.1]).unwrap(),
            [3200, 400, 400]
        );
        assert_eq!(part_counts(7, [0.8, 0.1, 0.1]).unwrap(), [5, 1, 1]);
        assert_eq!(part_counts(3, [0.98, 0.01, 0.01]).unwrap(), [1, 1, 1]);
        assert_eq!(part_counts(5, [1.0, 0.0, 0.0]).unwrap(), [5, 0, 0]);
        assert!(part_counts(2, [0.8, 0.1, 0.1]).is_none());
    }
}
