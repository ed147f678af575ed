//! Comparing, rounding and listing values.

use toml::Value;

/// How many values a message lists.
const LISTED: usize = 10;

/// A value as people write it: strings without quotes, lists joined by `+`.
pub fn value_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(values) => values.iter().map(value_text).collect::<Vec<_>>().join("+"),
        other => other.to_string(),
    }
}

/// The value as a number.
pub(crate) fn number(value: &Value) -> Option<f64> {
    match *value {
        Value::Integer(value) => Some(value as f64),
        Value::Float(value) => Some(value),
        _ => None,
    }
}

/// Whether two values mean the same: 1 is 1.0, in arrays and tables too.
pub(crate) fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
        }
        (Value::Table(a), Value::Table(b)) => {
            a.len() == b.len()
                && a.iter()
                    .zip(b)
                    .all(|((a_key, a), (b_key, b))| a_key == b_key && same(a, b))
        }
        (Value::Integer(_), Value::Float(_)) | (Value::Float(_), Value::Integer(_)) => {
            number(a) == number(b)
        }
        _ => a == b,
    }
}

/// Whether all numbers in it are finite.
pub(crate) fn is_finite(value: &Value) -> bool {
    match value {
        Value::Float(value) => value.is_finite(),
        Value::Array(values) => values.iter().all(is_finite),
        Value::Table(values) => values.values().all(is_finite),
        _ => true,
    }
}

/// Rounded to 12 significant digits: a third of 0.3 is then 0.1, and the last
/// bits of `exp` and `ln`, in which machines differ, play no part.
pub(crate) fn rounded(value: f64) -> f64 {
    format!("{value:.11e}").parse().unwrap_or(value)
}

/// `a, b, c`, the first few of them.
pub(crate) fn listed(values: &[Value]) -> String {
    let mut text: Vec<String> = values.iter().take(LISTED).map(Value::to_string).collect();
    if values.len() > LISTED {
        text.push("…".to_owned());
    }
    text.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str) -> Value {
        text.parse().unwrap()
    }

    #[test]
    fn an_integer_equals_the_float_of_its_size_at_any_depth() {
        assert!(same(&value("1"), &value("1.0")));
        assert!(same(&value("[1, [2.0]]"), &value("[1.0, [2]]")));
        assert!(same(&value("{ a = 1 }"), &value("{ a = 1.0 }")));
        assert!(!same(&value("{ a = 1 }"), &value("{ b = 1 }")));
        assert!(!same(&value("[1]"), &value("[1, 1]")));
        assert!(!same(&value("1"), &value("\"1\"")));
        assert!(!same(&value("true"), &value("1")));
    }

    #[test]
    fn integers_beyond_what_a_float_holds_stay_distinct() {
        assert!(!same(
            &value("9007199254740993"),
            &value("9007199254740992")
        ));
    }

    #[test]
    fn rounding_gives_the_decimal_number_that_was_meant() {
        assert_eq!(rounded(0.1 + 0.2), 0.3);
        assert_eq!(rounded(9.999_999_999_999_998e-5), 1e-4);
        assert_eq!(rounded(0.0), 0.0);
    }
}
