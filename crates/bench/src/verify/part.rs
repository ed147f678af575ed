//! One part of a comparison: its largest error and what is allowed.

use std::collections::BTreeMap;

/// The largest error of one part of a reference.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// What was compared.
    pub name: &'static str,
    /// Largest error found, relative as its part demands.
    pub error: f64,
    /// Largest error allowed.
    pub tolerance: f64,
    /// Numbers compared.
    pub count: usize,
    /// Where the largest error is.
    pub worst: String,
}

impl Part {
    /// Whether the error is within tolerance (a NaN is not).
    pub fn passes(&self) -> bool {
        self.error <= self.tolerance
    }
}

/// The part's tolerance, or five times the recording framework's own f32
/// error where that is larger than a fifth of it.
pub(crate) fn tolerance(of_part: f64, f32_error: f64) -> f64 {
    of_part.max(5.0 * f32_error)
}

/// Differences relative to the largest recorded value of the list.
pub(crate) fn lists(name: &'static str, want: &[f64], got: &[f64], tolerance: f64) -> Part {
    let scale = largest(want.iter().copied());
    let errors = want
        .iter()
        .zip(got)
        .enumerate()
        .map(|(i, (want, got))| (format!("[{i}]"), (want - got).abs() / scale));
    worst_of(name, errors, want.len(), got.len(), tolerance)
}

/// Differences of named norms, each relative to itself; norms at most
/// `floor` of the largest are too small to judge and are left out.
pub(crate) fn norms(
    name: &'static str,
    want: &BTreeMap<String, f64>,
    got: &BTreeMap<String, f64>,
    floor: f64,
    tolerance: f64,
) -> Part {
    let smallest = largest(want.values().copied()) * floor;
    let errors: Vec<(String, f64)> = want
        .iter()
        .filter(|(_, want)| **want > smallest)
        .map(|(key, want)| {
            let error = got
                .get(key)
                .map_or(f64::INFINITY, |got| (want - got).abs() / want);
            (key.clone(), error)
        })
        .collect();
    let missing = want.keys().filter(|key| !got.contains_key(*key)).count();
    let compared = errors.len();
    let mut part = worst_of(name, errors.into_iter(), compared, compared, tolerance);
    if missing > 0 || got.len() != want.len() {
        part.error = f64::INFINITY;
        part.worst = format!("{} names recorded, {} computed", want.len(), got.len());
    }
    part
}

/// Differences of named norms relative to the largest of them.
pub(crate) fn norms_of_list(
    name: &'static str,
    want: &BTreeMap<String, f64>,
    got: &BTreeMap<String, f64>,
    tolerance: f64,
) -> Part {
    let scale = largest(want.values().copied());
    let errors = want.iter().map(|(key, want)| {
        let error = got
            .get(key)
            .map_or(f64::INFINITY, |got| (want - got).abs() / scale);
        (key.clone(), error)
    });
    worst_of(name, errors, want.len(), got.len(), tolerance)
}

fn largest(values: impl Iterator<Item = f64>) -> f64 {
    values.map(f64::abs).fold(f64::MIN_POSITIVE, f64::max)
}

fn worst_of(
    name: &'static str,
    errors: impl Iterator<Item = (String, f64)>,
    wanted: usize,
    got: usize,
    tolerance: f64,
) -> Part {
    let mut part = Part {
        name,
        error: 0.0,
        tolerance,
        count: wanted,
        worst: String::new(),
    };
    for (place, error) in errors {
        // A NaN counts as the largest error.
        let error = if error.is_nan() { f64::INFINITY } else { error };
        if part.worst.is_empty() || error > part.error {
            part.error = error;
            part.worst = place;
        }
    }
    if wanted != got {
        part.error = f64::INFINITY;
        part.worst = format!("{wanted} numbers recorded, {got} computed");
    }
    part
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_compared_relative_to_its_largest_value() {
        let part = lists("x", &[10.0, 1.0], &[10.0, 1.1], 1e-3);
        assert!((part.error - 0.01).abs() < 1e-12);
        assert!(!part.passes());
        assert_eq!(part.worst, "[1]");
    }

    #[test]
    fn a_nan_never_passes() {
        assert!(!lists("x", &[1.0, 1.0], &[f64::NAN, 1.0], 1e9).passes());
        assert!(!lists("x", &[1.0, 1.0], &[1.0, f64::NAN], 1e9).passes());
    }

    #[test]
    fn lists_of_different_lengths_never_pass() {
        assert!(!lists("x", &[1.0, 1.0], &[1.0], 1e9).passes());
    }

    #[test]
    fn a_missing_or_surplus_norm_never_passes() {
        let want = BTreeMap::from([("a".to_owned(), 1.0), ("b".to_owned(), 1e-9)]);
        let got = BTreeMap::from([("a".to_owned(), 1.0)]);
        assert!(!norms("x", &want, &got, 1e-4, 1e9).passes());
        assert!(!norms("x", &got, &want, 1e-4, 1e9).passes());
    }

    #[test]
    fn norms_below_the_floor_are_left_out() {
        let want = BTreeMap::from([("a".to_owned(), 1.0), ("b".to_owned(), 1e-9)]);
        let got = BTreeMap::from([("a".to_owned(), 1.0), ("b".to_owned(), 5.0)]);
        let part = norms("x", &want, &got, 1e-4, 0.01);
        assert!(part.passes());
        assert_eq!(part.count, 1);
    }
}
