//! Scores, counts and durations as they are printed.

/// A score in few letters: a diverged model's R² may have fifteen digits before the
/// point.
pub(crate) fn number(value: f64) -> String {
    if value.abs() < 1000.0 {
        format!("{value:.4}")
    } else {
        format!("{value:.2e}")
    }
}

/// A squared error, with a digit more: those of scores are small.
pub(crate) fn squared(error: f64) -> String {
    if error < 1000.0 {
        format!("{error:.5}")
    } else {
        format!("{error:.3e}")
    }
}

/// `1 image`, `2 images`.
pub(crate) fn counted(count: usize, noun: &str) -> String {
    let s = if count == 1 { "" } else { "s" };
    format!("{count} {noun}{s}")
}

/// `1 h 5 min`, `12 min` or `40 s`.
pub(crate) fn duration(seconds: f64) -> String {
    if seconds.round() < 60.0 {
        return format!("{:.0} s", seconds.round());
    }
    let minutes = (seconds / 60.0).round() as u64;
    match (minutes / 60, minutes % 60) {
        (0, minutes) => format!("{minutes} min"),
        (hours, 0) => format!("{hours} h"),
        (hours, minutes) => format!("{hours} h {minutes} min"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_singular() {
        let texts = [0, 1, 2].map(|count| counted(count, "trial"));
        assert_eq!(texts, ["0 trials", "1 trial", "2 trials"]);
    }

    #[test]
    fn a_duration_is_told_in_its_own_unit() {
        for (seconds, text) in [
            (0.2, "0 s"),
            (12.4, "12 s"),
            (40.0, "40 s"),
            (59.6, "1 min"),
            (179.0, "3 min"),
            (3600.0, "1 h"),
            (3899.0, "1 h 5 min"),
        ] {
            assert_eq!(duration(seconds), text);
        }
    }
}
