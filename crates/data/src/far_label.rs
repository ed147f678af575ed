//! Labels that lie apart from all others, such as codes for missing ones.

use std::path::Path;

use crate::notice::LabelNotice;
use crate::sample::Sample;

/// Different labels that may lie far from the others, at each end.
const MOST: usize = 3;

/// Labels that others can lie far from.
const FEWEST: usize = 3;

/// Different labels of a column that has more than grades.
const VARIED: usize = 7;

/// What missing values of columns without negative ones are often written as.
const CODES: [f32; 5] = [-1.0, -9.0, -99.0, -999.0, -9999.0];

/// The notice of labels of this target that lie farther from the others than these from each
/// other, or twice as far where the others are two different labels alone. Up to a third of all
/// may, and at most [`MOST`] different ones below and above the others. Any number may where one
/// of [`CODES`] is the only label below 0 and the others are [`VARIED`] different ones.
pub(crate) fn far_label(
    path: &Path,
    column: &str,
    samples: &[Sample],
    target: usize,
) -> Option<LabelNotice> {
    let mut labels: Vec<f32> = samples.iter().map(|sample| sample.labels[target]).collect();
    labels.sort_by(f32::total_cmp);
    // Equal ones in a row.
    let runs: Vec<&[f32]> = labels.chunk_by(|a, b| a == b).collect();
    let value = |run: usize| f64::from(runs[run][0]);
    let is_far = |&(below, above): &(usize, usize)| {
        let (first, end) = (below, runs.len() - above);
        let Some(last) = end.checked_sub(1).filter(|last| *last > first) else {
            return false;
        };
        let rows: usize = runs[first..end].iter().map(|run| run.len()).sum();
        let spread = value(last) - value(first);
        let far = if last - first == 1 {
            2.0 * spread
        } else {
            spread
        };
        rows >= FEWEST
            && 3 * rows >= 2 * labels.len()
            && (below == 0 || value(first) - value(first - 1) > far)
            && (above == 0 || value(end) - value(last) > far)
    };
    let cuts = (0..=MOST).flat_map(|below| (0..=MOST).map(move |above| (below, above)));
    let cuts = cuts.filter(|cut| *cut != (0, 0) && cut.0 + cut.1 < runs.len());
    let far = cuts
        .filter(is_far)
        .max_by_key(|(below, above)| below + above);
    let is_coded = runs.len() > VARIED && runs[1][0] >= 0.0 && CODES.contains(&runs[0][0]);
    let (below, above) = far.or_else(|| is_coded.then_some((1, 0)))?;
    let others = &runs[below..runs.len() - above];
    let (low, high) = (others[0][0], others[others.len() - 1][0]);
    let is_other = |sample: &&Sample| (low..=high).contains(&sample.labels[target]);
    let sample = samples.iter().find(|sample| !is_other(sample))?;
    Some(LabelNotice::Far {
        path: path.to_owned(),
        row: sample.row,
        column: column.to_owned(),
        value: sample.labels[target],
        count: labels.len() - others.iter().map(|run| run.len()).sum::<usize>(),
        low,
        high,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(labels: &[f32]) -> Option<String> {
        let samples = Sample::of_one_target(labels);
        far_label(Path::new("labels.csv"), "age", &samples, 0).map(|notice| notice.to_string())
    }

    #[track_caller]
    fn is_told(labels: &[f32], parts: &[&str]) {
        let told = told(labels).unwrap();
        for part in parts {
            assert!(told.contains(part), "no `{part}` in {told}");
        }
    }

    #[test]
    fn codes_for_missing_labels_are_told_of_by_the_first_line() {
        is_told(
            &[31.0, -999.0, 3.0, 103.0, -999.0, 7.0],
            &["line 3", "`age`", "`-999`", "(3 to 103), and so do 1 more;"],
        );
        is_told(&[31.0, 3.0, 999.0, 103.0], &["`999`", "(3 to 103);"]);
        // Different ones.
        is_told(
            &[1.0, 2.0, 998.0, 3.0, 997.0, 4.0, 999.0, 1.0, 2.0],
            &["line 4", "`998`", "(1 to 4), and so do 2 more;"],
        );
        is_told(
            &[1.0, 9999.0, 3.0, -999.0, 4.0, 2.0],
            &["line 3", "`9999`", "(1 to 4), and so do 1 more;"],
        );
        // Frequent, and close to the others except for the sign.
        let mut scores = [-1.0; 20];
        for (index, score) in scores.iter_mut().skip(1).step_by(2).enumerate() {
            *score = index as f32 / 9.0;
        }
        is_told(&scores, &["line 2", "`-1`", "(0 to 1), and so do 9 more;"]);
        let percent = [40.0, 100.0, 0.0, 70.0, -9.0, 12.0, 33.0, 51.0];
        is_told(&percent, &["line 6", "`-9`"]);
        // Two labels otherwise.
        is_told(&[0.0, 1.0, 1.0, 9999.0], &["line 5", "(0 to 1);"]);
    }

    #[test]
    fn labels_that_are_spread_or_few_are_not_told_of() {
        assert_eq!(told(&[-300.0, 0.0, 10.0, 200.0, 700.0]), None);
        assert_eq!(told(&[1.0, 2.0, 3.0, 4.0, 5.0]), None);
        // Counts.
        assert_eq!(told(&[0.0, 0.0, 1.0, 1.0, 3.0]), None);
        // Grades, and numbers of both signs.
        assert_eq!(told(&[-1.0, 0.0, 1.0, 2.0, -1.0]), None);
        assert_eq!(told(&[-1.0, 0.0, 3.0, 4.0, 2.0, -2.0]), None);
        // Too many.
        assert_eq!(told(&[0.0, 1.0, 100.0, 101.0]), None);
        assert_eq!(told(&[0.0, 0.0, 0.0, 100.0]), None);
        assert_eq!(told(&[1999.0, 2000.0, 2024.0]), None);
        assert_eq!(told(&[]), None);
    }
}
