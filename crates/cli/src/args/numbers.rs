//! Numbers on the command line, refused in words.

use std::time::Duration;

/// Hours, fractions allowed.
pub(super) fn hours(text: &str) -> Result<Duration, String> {
    let hours: Option<f64> = text.parse().ok().filter(|hours| *hours > 0.0);
    let duration = hours.and_then(|hours| Duration::try_from_secs_f64(hours * 3600.0).ok());
    duration.ok_or_else(|| "expected a number of hours above 0, such as 1.5".to_owned())
}

/// A whole number, 0 or more.
pub(super) fn whole<T: TryFrom<u64>>(text: &str) -> Result<T, String> {
    let number: u64 = text
        .parse()
        .map_err(|_| "expected a whole number, 0 or more")?;
    fitting(number)
}

/// A whole number, 1 or more.
pub(super) fn positive<T: TryFrom<u64>>(text: &str) -> Result<T, String> {
    match text.parse::<u64>() {
        Ok(number) if number > 0 => fitting(number),
        _ => Err("expected a whole number, 1 or more".to_owned()),
    }
}

/// A seed, as a configuration can hold it.
pub(super) fn seed(text: &str) -> Result<u64, String> {
    let seed: i64 = whole(text)?;
    Ok(seed.unsigned_abs())
}

/// A share, 0 to 1.
pub(super) fn share(text: &str) -> Result<f64, String> {
    let share = text
        .parse()
        .ok()
        .filter(|share| (0.0..=1.0).contains(share));
    share.ok_or_else(|| "expected a number from 0 to 1".to_owned())
}

/// A level of confidence, between 0 and 1.
pub(super) fn level(text: &str) -> Result<f64, String> {
    let level = text
        .parse()
        .ok()
        .filter(|level| *level > 0.0 && *level < 1.0);
    level.ok_or_else(|| "expected a number above 0 and below 1, such as 0.9".to_owned())
}

fn fitting<T: TryFrom<u64>>(number: u64) -> Result<T, String> {
    T::try_from(number).map_err(|_| "the number is too large".to_owned())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    #[test]
    fn whole_numbers_are_read_and_others_refused_in_words() {
        assert_eq!(super::whole::<u64>("0"), Ok(0));
        assert_eq!(super::positive::<u16>("7"), Ok(7));
        for (text, told) in [
            ("0.001", "1 or more"),
            ("0", "1 or more"),
            ("70000", "too large"),
        ] {
            let refused = super::positive::<u16>(text).unwrap_err();
            assert!(refused.contains(told), "{text}: {refused}");
        }
        assert_eq!(super::seed("9223372036854775807"), Ok(u64::MAX / 2));
        assert!(super::seed("9223372036854775808").is_err());
    }

    #[test]
    fn a_share_is_a_number_from_0_to_1() {
        assert_eq!(super::share("0.8"), Ok(0.8));
        for text in ["nan", "inf", "-0.1", "1.1", "x"] {
            assert!(super::share(text).is_err(), "{text}");
            assert!(super::level(text).is_err(), "{text}");
        }
        assert_eq!(super::level("0.9"), Ok(0.9));
        assert!(super::level("0").is_err() && super::level("1").is_err());
    }
}
