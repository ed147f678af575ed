//! What is wrong with a value or a key, in the words of a configuration and not of the
//! library that reads it.

use super::RunConfig;

/// What serde says of a document: the expected value and the given one, or the nearest
/// known name beside "unknown …, expected one of …".
pub(super) fn explain(message: &str) -> String {
    let message = message.trim_end();
    // A bare word begins like `true` or `false`, for all that the parser knows.
    if message.starts_with("invalid boolean") {
        return "expected a value; a text stands in quotes".to_owned();
    }
    if let Some(wrong) = wrong_value(message) {
        return wrong;
    }
    let mut quoted = message.split('`').skip(1).step_by(2);
    let unknown = message.starts_with("unknown field") || message.starts_with("unknown variant");
    let (true, Some(given)) = (unknown, quoted.next()) else {
        return message.to_owned();
    };
    if message.starts_with("unknown field")
        && let Some(section) = section_of(given)
    {
        return format!("unknown field `{given}` here; it belongs in [{section}]");
    }
    // `lr` is short for `learning_rate`.
    let is_short_for = |known: &str| {
        let initials = known.split('_').filter_map(|word| word.chars().next());
        given.len() > 1 && initials.eq(given.chars())
    };
    // At a half two words have little in common.
    let alike = |known: &&str| {
        if is_short_for(known) {
            1.0
        } else {
            strsim::normalized_damerau_levenshtein(given, known)
        }
    };
    let nearest = quoted.max_by(|one, other| alike(one).total_cmp(&alike(other)));
    match nearest.filter(|nearest| alike(nearest) > 0.5) {
        Some(nearest) => format!("{message}; did you mean `{nearest}`?"),
        None => message.to_owned(),
    }
}

/// The section that has a key of this name, which is unknown where it stands.
fn section_of(key: &str) -> Option<String> {
    let sections = RunConfig::default().to_table().ok()?;
    let mut having = sections.into_iter();
    let (section, _) = having.find(|(_, keys)| keys.get(key).is_some())?;
    Some(section)
}

/// The same of a value of the wrong type or length; `None` for other faults.
fn wrong_value(message: &str) -> Option<String> {
    let (given, expected) = if let Some(rest) = message.strip_prefix("invalid length ") {
        let (length, expected) = rest.split_once(", expected ")?;
        (Some(format!("{length} values")), expected)
    } else {
        let typed = message.strip_prefix("invalid type: ");
        let rest = typed.or_else(|| message.strip_prefix("invalid value: "))?;
        let (given, expected) = rest.split_once(", expected ")?;
        (value(given), expected)
    };
    let expected = match expected {
        // TOML's whole numbers have 64 bits, one of them the sign.
        "u64" | "usize" | "i64" if is_too_large(given.as_deref()) => {
            format!("a whole number up to {}", i64::MAX)
        }
        "u16" | "u32" | "u64" | "usize" => "a whole number, 0 or more".to_owned(),
        // As numbers are read that are counted from 1.
        "i64" => "a whole number, 1 or more".to_owned(),
        "f32" | "f64" => "a number".to_owned(),
        "a boolean" => "true or false".to_owned(),
        "a string" | "path string" | "string only" => "a text in quotes".to_owned(),
        "a map" => "a table".to_owned(),
        "a sequence" => match &given {
            Some(text) if text.starts_with('"') => format!("a list, such as {}", as_list(text)),
            _ => "a list".to_owned(),
        },
        other => match other.strip_prefix("an array of length ") {
            Some(length) => match &given {
                Some(text) if as_list(text).split(',').count().to_string() == length => {
                    format!("a list of {length} values, such as {}", as_list(text))
                }
                _ => format!("a list of {length} values"),
            },
            None if other.starts_with("struct ") => "a table".to_owned(),
            None => other.to_owned(),
        },
    };
    Some(match given {
        // TOML takes the dots of a stage's name for tables.
        Some(given) if expected == "a number" && given == "a table" => {
            format!("expected {expected}, not {given}; a name with dots is quoted")
        }
        Some(given) => format!("expected {expected}, not {given}"),
        None => format!("expected {expected}"),
    })
}

fn is_too_large(given: Option<&str>) -> bool {
    // An override that TOML can't hold is a text.
    let number = given.and_then(|given| given.trim_matches('"').parse::<i128>().ok());
    number.is_some_and(|number| number > i128::from(i64::MAX))
}

/// The list that a quoted text may have been meant for: a shell takes quotes away, and
/// people write numbers side by side.
fn as_list(text: &str) -> String {
    let inner = text.trim_matches('"').trim().trim_matches(['[', ']']);
    let numbers = inner.split([' ', ',']).filter(|one| !one.is_empty());
    let numbers: Vec<&str> = numbers.collect();
    let items = if numbers.iter().all(|one| one.parse::<f64>().is_ok()) {
        numbers
    } else {
        inner.split(',').map(str::trim).collect()
    };
    let quotes = ['"', '\'', '\\', '“', '”'];
    let items: Vec<String> = items
        .into_iter()
        .map(|item| item.trim_matches(quotes))
        .map(|item| match item.parse::<f64>() {
            Ok(_) => item.to_owned(),
            Err(_) => format!("{item:?}"),
        })
        .collect();
    format!("[{}]", items.join(", "))
}

/// The value in serde's "string "abc"" or "integer `5`"; `None` where it names none.
fn value(given: &str) -> Option<String> {
    match given {
        "sequence" => Some("a list".to_owned()),
        "map" => Some("a table".to_owned()),
        _ => {
            let start = given.find(['"', '`'])?;
            let quoted = &given[start..];
            // "integer `5`", or "integer `5` as i128".
            let number = quoted
                .strip_prefix('`')
                .and_then(|rest| rest.split('`').next());
            Some(number.unwrap_or(quoted).to_owned())
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::{RunConfig, parse};

    #[test]
    fn a_key_in_the_wrong_section_is_told_its_own() {
        for (text, told) in [
            ("epochs = 3\n", "`epochs` here; it belongs in [train]"),
            (
                "[train]\nbackbone = 'resnet18'\n",
                "`backbone` here; it belongs in [model]",
            ),
            ("[train]\nepoch = 3\n", "did you mean `epochs`?"),
            ("[train]\nlr = 0.1\n", "did you mean `learning_rate`?"),
        ] {
            let error = parse::<RunConfig>(text, "a.toml").unwrap_err().to_string();
            assert!(error.ends_with(told), "{error}");
        }
        for text in ["[train]\nxyz = 3\n", "[train]\noptimizer = 'size'\n"] {
            let error = parse::<RunConfig>(text, "a.toml").unwrap_err().to_string();
            assert!(!error.contains("did you mean"), "{error}");
            assert!(!error.contains("belongs in"), "{error}");
        }
    }

    #[test]
    fn a_wrong_value_is_told_beside_what_is_expected_without_the_parsers_terms() {
        for (set, told) in [
            (
                "train.patience=abc",
                "expected a whole number, 0 or more, not \"abc\"",
            ),
            (
                "train.patience=-1",
                "expected a whole number, 0 or more, not -1",
            ),
            (
                "train.epochs=-1",
                "expected a whole number, 1 or more, not -1",
            ),
            (
                "model.hidden=1.5",
                "expected a whole number, 1 or more, not 1.5",
            ),
            (
                "train.learning_rate=fast",
                "expected a number, not \"fast\"",
            ),
            ("train.drop_last=yes", "expected true or false, not \"yes\""),
            (
                "model.unfreeze=layer4",
                "expected a list, such as [\"layer4\"], not \"layer4\"",
            ),
            (
                "model.unfreeze=[head, layer4]",
                "expected a list, such as [\"head\", \"layer4\"], not \"[head, layer4]\"",
            ),
            (
                "model.unfreeze=features.18,head",
                "expected a list, such as [\"features.18\", \"head\"], not \"features.18,head\"",
            ),
            (
                "data.fractions=0.8 0.1 0.1",
                "expected a list of 3 values, such as [0.8, 0.1, 0.1], not \"0.8 0.1 0.1\"",
            ),
            (
                "data.targets=[\"a\", b]",
                "expected a list, such as [\"a\", \"b\"], not \"[\\\"a\\\", b]\"",
            ),
            (
                "data.fractions=abc",
                "expected a list of 3 values, not \"abc\"",
            ),
            (
                "data.fractions=[0.5, 0.5]",
                "expected a list of 3 values, not 2 values",
            ),
            ("train.betas=0.5", "expected a list of 2 values, not 0.5"),
            ("data.dir=5", "expected a text in quotes, not 5"),
            ("model.backbone=5", "expected a text in quotes, not 5"),
            ("train.stage_learning_rates=5", "expected a table, not 5"),
        ] {
            let error = RunConfig::read(None, &[set.to_owned()]).unwrap_err();
            assert_eq!(error.to_string(), format!("--set {set}: {told}"));
        }
        for (text, told) in [
            ("train = 3\n", "line 1: expected a table, not 3"),
            (
                "[train]\ndevice = flex\n",
                "line 2: expected a value; a text stands in quotes",
            ),
            (
                "[train]\nseed = 99999999999999999999\n",
                "line 2: expected a whole number up to 9223372036854775807, not 99999999999999999999",
            ),
            (
                "[data]\nlabel_range = 5\n",
                "line 2: expected \"auto\", \"none\" or [low, high], not 5",
            ),
        ] {
            let error = parse::<RunConfig>(text, "a.toml").unwrap_err();
            assert_eq!(error.to_string(), format!("a.toml, {told}"));
        }
    }
}
