//! Labels that lie far from all others, such as a code for a missing one.

use std::path::Path;

use crate::notice::LabelNotice;
use crate::sample::Sample;

/// The notice of the smallest or largest label of this target that lies farther from the
/// others than these from each other; `None` for fewer than four different labels.
pub(crate) fn far_label(
    path: &Path,
    column: &str,
    samples: &[Sample],
    target: usize,
) -> Option<LabelNotice> {
    let mut labels: Vec<f32> = samples.iter().map(|sample| sample.labels[target]).collect();
    labels.sort_by(f32::total_cmp);
    labels.dedup();
    let [first, second, .., last_but_one, last] = labels[..] else {
        return None;
    };
    let (value, low, high) = if second - first > last - second {
        (first, second, last)
    } else if last - last_but_one > last_but_one - first {
        (last, first, last_but_one)
    } else {
        return None;
    };
    let is_it = |sample: &&Sample| sample.labels[target] == value;
    let sample = samples.iter().find(is_it)?;
    Some(LabelNotice::Far {
        path: path.to_owned(),
        row: sample.row,
        column: column.to_owned(),
        value,
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

    #[test]
    fn a_code_for_a_missing_label_is_told_of_by_its_first_line() {
        let low = told(&[31.0, -999.0, 3.0, 103.0, -999.0]).unwrap();
        for part in ["line 3", "`age`", "`-999`", "(3 to 103)"] {
            assert!(low.contains(part), "{low}");
        }
        let high = told(&[31.0, 3.0, 999.0, 103.0]).unwrap();
        assert!(
            high.contains("`999` lies far from all others (3 to 103)"),
            "{high}"
        );
    }

    #[test]
    fn labels_that_are_spread_or_few_are_not_told_of() {
        assert_eq!(told(&[-300.0, 0.0, 10.0, 200.0, 700.0]), None);
        assert_eq!(told(&[1.0, 2.0, 3.0, 4.0, 5.0]), None);
        assert_eq!(told(&[0.0, 1.0, 100.0]), None);
        assert_eq!(told(&[0.0, 0.0]), None);
    }
}
