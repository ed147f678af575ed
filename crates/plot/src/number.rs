//! Numbers for people.

/// `value` to four significant digits: `0.01234`, `12.34`, `1.234e-6`.
#[must_use]
pub fn short(value: f64) -> String {
    let size = value.abs();
    if size == 0.0 {
        "0".to_owned()
    } else if (1e-4..1e5).contains(&size) {
        let digits_before = size.log10().floor() as i32 + 1;
        format!("{value:.*}", (4 - digits_before).clamp(0, 7) as usize)
    } else {
        format!("{value:.3e}")
    }
}

/// R² to four decimals, or `undefined`.
#[must_use]
pub fn r2(value: Option<f64>) -> String {
    match value {
        None => "undefined".to_owned(),
        Some(r2) if r2.abs() < 1e4 => format!("{r2:.4}"),
        Some(r2) => format!("{r2:.2e}"),
    }
}

/// `value` to about a thousandth of `range` (three decimals for scores in
/// [0, 1], one for degrees), and then shorter and shorter: an exact number that
/// is cut off would be a wrong one.
pub(crate) fn on_scale(value: f64, range: f64) -> Vec<String> {
    let scientific = [format!("{value:.1e}"), format!("{value:.0e}")];
    if !(1e-3..1e6).contains(&range) || value.abs() >= 1e6 {
        return scientific.into();
    }
    let decimals = (3.0 - range.log10().floor()).max(0.0) as usize;
    let decimal = (0..=decimals).rev();
    let decimal = decimal.map(|decimals| unsigned_zero(format!("{value:.decimals$}")));
    decimal.chain(scientific).collect()
}

/// `text` without the sign of what is rounded to zero.
pub(crate) fn unsigned_zero(text: String) -> String {
    match text.strip_prefix('-') {
        Some(digits) if digits.chars().all(|c| matches!(c, '0' | '.')) => digits.to_owned(),
        _ => text,
    }
}

/// A whole number with its thousands parted: `12,345`.
#[must_use]
pub fn count(value: u64) -> String {
    let digits = value.to_string();
    let mut parted = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            parted.push(',');
        }
        parted.push(digit);
    }
    parted
}

/// "1 image", "4,000 images".
pub(crate) fn counted(amount: usize, what: &str) -> String {
    let plural = if amount == 1 { "" } else { "s" };
    format!("{} {what}{plural}", count(amount as u64))
}

/// [`short`] as it stands in a figure: a minus sign is as wide as a digit, and a
/// hyphen is easily overlooked.
pub(crate) fn printed(value: f64) -> String {
    short(value).replace('-', "−")
}

/// [`r2`] as it stands in a figure.
pub(crate) fn printed_r2(value: Option<f64>) -> String {
    r2(value).replace('-', "−")
}

/// `value` to three significant digits, without zeros at the end.
pub(crate) fn compact(value: f64) -> String {
    significant(value, 3)
}

/// `value` to so many significant digits, without zeros at the end; those before
/// the decimal point are never rounded.
fn significant(value: f64, digits: usize) -> String {
    let size = value.abs();
    if !(1e-4..1e6).contains(&size) {
        let text = if size == 0.0 {
            "0".to_owned()
        } else {
            format!("{value:.*e}", digits - 1)
        };
        return text.replace('-', "−");
    }
    let after = digits as i32 - 1 - size.log10().floor() as i32;
    let text = format!("{value:.*}", after.max(0) as usize);
    let text = if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.')
    } else {
        &text
    };
    text.replace('-', "−")
}

/// [`compact`] with more digits where `value` is a number of up to six, or where
/// it would be off by more than `error`.
pub(crate) fn within(value: f64, error: f64) -> String {
    let off = |text: &str| (text.replace('−', "-").parse().unwrap_or(f64::NAN) - value).abs();
    let to = |digits| significant(value, digits);
    let exact = (3..=6).map(to).find(|text| off(text) == 0.0);
    let mut near = (3..=17).map(to).filter(|text| off(text) <= error);
    exact
        .or_else(|| near.next())
        .unwrap_or_else(|| value.to_string())
}

/// `value` to three significant digits with the ends of its interval in
/// brackets, all with as many decimals.
pub(crate) fn with_interval(value: f64, ends: (f64, f64)) -> String {
    let largest = value.abs().max(ends.0.abs()).max(ends.1.abs());
    let [value, low, high] = if (1e-4..1e6).contains(&largest) {
        let size = if value == 0.0 { largest } else { value.abs() };
        let decimals = (2.0 - size.log10().floor()).clamp(0.0, 6.0) as usize;
        [value, ends.0, ends.1].map(|number| format!("{number:.decimals$}"))
    } else {
        [value, ends.0, ends.1].map(compact)
    };
    format!("{value} [{low}, {high}]").replace('-', "−")
}

/// [`compact`] with a sign in front of every number but 0.
pub(crate) fn signed(value: f64) -> String {
    let plus = if value > 0.0 { "+" } else { "" };
    plus.to_owned() + &compact(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_digits_are_kept_whatever_the_magnitude() {
        let shown = [0.0, 0.012342, 0.14636, 12.345, 12345.6, 1.2345e-6, -0.5].map(short);
        let expected = "0 0.01234 0.1464 12.35 12346 1.234e-6 -0.5000";
        assert_eq!(shown.join(" "), expected);
    }

    #[test]
    fn an_undefined_r2_is_said_to_be_so() {
        assert_eq!(r2(None), "undefined");
        assert_eq!(r2(Some(0.91234)), "0.9123");
        assert_eq!(r2(Some(-1e30)), "-1.00e30");
    }

    #[test]
    fn a_value_is_shown_to_a_thousandth_of_its_range() {
        let first = |value, range| on_scale(value, range).swap_remove(0);
        assert_eq!(first(0.000_867, 1.0), "0.001");
        assert_eq!(first(-0.000_1, 1.0), "0.000");
        assert_eq!(first(-123.456, 360.0), "-123.5");
        assert_eq!(first(1.234e9, 1e9), "1.2e9");
        assert_eq!(
            on_scale(-27.456, 20.0),
            ["-27.46", "-27.5", "-27", "-2.7e1", "-3e1"]
        );
    }

    #[test]
    fn a_compact_number_has_no_zeros_at_its_end_and_a_real_minus_sign() {
        let shown = [0.5, 0.01234, 12.0, 1234.5, -0.25, 1e-7, 0.0, -3e9].map(compact);
        let expected = "0.5 0.0123 12 1234 −0.25 1.00e−7 0 −3.00e9";
        assert_eq!(shown.join(" "), expected);
        assert_eq!([0.5, -0.5, 0.0].map(signed), ["+0.5", "−0.5", "0"]);
        assert_eq!(printed(-0.5), "−0.5000");
        assert_eq!(
            with_interval(0.0109, (0.01, 0.012)),
            "0.0109 [0.0100, 0.0120]"
        );
        assert_eq!(with_interval(-2e7, (-3e7, 0.0)), "−2.00e7 [−3.00e7, 0]");
        assert_eq!(printed_r2(Some(-0.5)), "−0.5000");
    }

    #[test]
    fn thousands_are_parted() {
        assert_eq!(
            [0, 999, 1000, 1234567].map(count),
            ["0", "999", "1,000", "1,234,567"]
        );
    }
}
