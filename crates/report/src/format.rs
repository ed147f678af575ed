//! Numbers as text.

/// `value` with so many decimals and a minus sign as wide as a digit; what rounds
/// to zero has no sign.
pub(crate) fn fixed(value: f64, decimals: usize) -> String {
    if value.abs() >= 1e7 {
        return format!("{value:.2e}").replace('-', "−");
    }
    let text = format!("{value:.decimals$}");
    match text.strip_prefix('-') {
        Some(digits) if digits.bytes().all(|byte| matches!(byte, b'0' | b'.')) => digits.to_owned(),
        Some(digits) => format!("−{digits}"),
        None => text,
    }
}

/// `value` to four significant digits.
pub(crate) fn short(value: f64) -> String {
    let size = value.abs();
    if size == 0.0 {
        "0".to_owned()
    } else if (1e-4..1e7).contains(&size) {
        let before = size.log10().floor() as i32 + 1;
        fixed(value, (4 - before).clamp(0, 8) as usize)
    } else {
        format!("{value:.3e}").replace('-', "−")
    }
}

/// [`short`] without zeros at its end: `0.05`, `0.25`, `180`.
pub(crate) fn tidy(value: f64) -> String {
    let text = short(value);
    if text.contains('.') && !text.contains('e') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    }
}

/// A speed, which no measurement gives to more than three digits.
pub(crate) fn speed(value: f64) -> String {
    match value {
        ..10.0 => fixed(value, 2),
        ..100.0 => fixed(value, 1),
        _ => count(value.round() as u64),
    }
}

/// An error in the unit of labels that span so much: four decimals of scores in
/// [0, 1].
pub(crate) fn error(value: f64, span: f64) -> String {
    if (0.1..=10.0).contains(&span) {
        fixed(value, 4)
    } else {
        short(value)
    }
}

/// R² and its like.
pub(crate) fn ratio(value: f64) -> String {
    fixed(value, 3)
}

/// With its sign, a plus too.
pub(crate) fn signed(text: &str) -> String {
    let zero = text.bytes().all(|byte| matches!(byte, b'0' | b'.'));
    if text.starts_with('−') || zero {
        text.to_owned()
    } else {
        format!("+{text}")
    }
}

/// A share of 1.
pub(crate) fn percent(share: f64) -> String {
    format!("{}\u{a0}%", fixed(share * 100.0, 1))
}

/// A confidence or a level: `95 %`, `99.5 %`.
pub(crate) fn whole_percent(share: f64) -> String {
    format!("{}\u{a0}%", tidy(share * 100.0))
}

/// `n = 400`, in one piece.
pub(crate) fn sample_size(images: usize) -> String {
    format!("n\u{a0}=\u{a0}{}", count(images as u64))
}

/// With the thousands parted: `12,345`.
pub(crate) fn count(value: impl TryInto<u64>) -> String {
    psp_plot::number::count(value.try_into().unwrap_or(u64::MAX))
}

/// A bin of labels: `(0.25, 0.5]`, or `= 0` of one value.
pub(crate) fn interval_name(low: f64, high: f64) -> String {
    let (first, last) = (tidy(low), tidy(high));
    if low == high {
        format!("= {first}")
    } else {
        format!("({first}, {last}]")
    }
}

/// `1 image`, `12 images`.
pub(crate) fn counted(value: usize, one: &str, many: &str) -> String {
    match value {
        1 => format!("1 {one}"),
        _ => format!("{} {many}", count(value as u64)),
    }
}

/// `3 h 20 min`, `1 min 5 s`, `12.3 s`.
pub(crate) fn duration(seconds: f64) -> String {
    if !seconds.is_finite() || seconds < 0.0 {
        return "unknown".to_owned();
    }
    let whole = seconds.round() as u64;
    match whole {
        0..60 => format!("{} s", fixed(seconds, 1)),
        60..3600 => format!("{} min {} s", whole / 60, whole % 60),
        _ => {
            let minutes = (seconds / 60.0).round() as u64;
            format!("{} h {} min", count(minutes / 60), minutes % 60)
        }
    }
}

/// Multiply-adds: `1.81 G`, `56.5 M`.
pub(crate) fn multiply_adds(value: u64) -> String {
    match value {
        0..1_000_000 => count(value),
        1_000_000..1_000_000_000 => format!("{} M", fixed(value as f64 / 1e6, 1)),
        _ => format!("{} G", fixed(value as f64 / 1e9, 2)),
    }
}

/// Bytes as MiB.
pub(crate) fn mebibytes(bytes: u64) -> String {
    let mib = bytes as f64 / f64::from(1 << 20);
    let decimals = if mib < 100.0 { 1 } else { 0 };
    fixed(mib, decimals)
}

/// `a`, `a and b`, `a, b and c`.
pub(crate) fn listed<T: AsRef<str>>(items: &[T]) -> String {
    match items {
        [] => String::new(),
        [one] => one.as_ref().to_owned(),
        [first @ .., last] => {
            let first: Vec<&str> = first.iter().map(AsRef::as_ref).collect();
            format!("{} and {}", first.join(", "), last.as_ref())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_a_real_minus_sign_and_no_negative_zero() {
        assert_eq!(fixed(-0.1234, 2), "−0.12");
        assert_eq!(fixed(-0.0001, 2), "0.00");
        assert_eq!(fixed(1e20, 3), "1.00e20");
        assert_eq!(short(-12.3456), "−12.35");
        assert_eq!(short(1e-7), "1.000e−7");
        assert_eq!([0.05, 1.0, 360.0, 0.0].map(tidy), ["0.05", "1", "360", "0"]);
        assert_eq!([2.345, 22.03, 103.9].map(speed), ["2.35", "22.0", "104"]);
        assert_eq!(
            ["0.00", "0.10", "−0.10"].map(signed),
            ["0.00", "+0.10", "−0.10"]
        );
    }

    #[test]
    fn errors_of_scores_have_four_decimals_and_others_four_digits() {
        assert_eq!(error(0.01234, 1.0), "0.0123");
        assert_eq!(error(1234.5, 360.0), "1234");
        assert_eq!(error(0.000_012_34, 0.01), "1.234e−5");
    }

    #[test]
    fn times_are_told_in_fitting_units() {
        let shown = [0.04, 59.4, 65.0, 3661.0, 7199.0].map(duration);
        assert_eq!(
            shown,
            ["0.0 s", "59.4 s", "1 min 5 s", "1 h 1 min", "2 h 0 min"]
        );
        assert_eq!(duration(f64::NAN), "unknown");
    }

    #[test]
    fn counts_and_shares_read_as_in_a_text() {
        assert_eq!(count(1_234_567_u64), "1,234,567");
        assert_eq!(counted(1, "image", "images"), "1 image");
        assert_eq!(whole_percent(0.95), "95\u{a0}%");
        assert_eq!(whole_percent(0.995), "99.5\u{a0}%");
        assert_eq!(listed(&["a", "b", "c"]), "a, b and c");
        assert_eq!(multiply_adds(1_814_000_000), "1.81 G");
    }
}
