//! Reading domains.

use std::ops::Range;

use toml::Value;
use toml::de::{DeTable, DeValue};

use super::Domain;
use crate::condition::Condition;
use crate::error::SpaceError;
use crate::source::{Entry, Source, Spanned, nearest};
use crate::value::{is_finite, number, same};

/// A grid that is longer is a mistake.
const MOST_POINTS: usize = 100_000;

const FORMS: [&str; 4] = ["values", "range", "log", "int"];
const NAMES: [&str; 7] = ["values", "range", "log", "int", "points", "step", "when"];
const EXPECTED: &str = "a list of values, or one of { values = […] }, { range = [low, high], \
                        points = N }, { log = [low, high], points = N } and \
                        { int = [low, high], step = N }";

/// Reads a key's domain and condition.
pub(crate) fn read<'a>(
    source: Source<'a>,
    entry: &Entry<'_, 'a>,
) -> Result<(Domain, Option<Condition>), SpaceError> {
    let reader = Reader {
        source,
        key: &entry.key,
        span: entry.span.clone(),
    };
    let (domain, when) = match entry.value.get_ref() {
        DeValue::Array(_) => (reader.values(entry.value)?, None),
        DeValue::Table(table) => (reader.domain(table)?, reader.when(table)?),
        _ => {
            let found = format!("`{}` is a single value", source.value(entry.value)?);
            let expected = format!("{EXPECTED}; a value that never changes stands outside [space]");
            return Err(reader.malformed(&entry.span, found, expected));
        }
    };
    let grid = domain.grid();
    if grid.windows(2).any(|pair| same(&pair[0], &pair[1])) {
        let found = format!("the ends are too close for {} points", grid.len());
        return Err(reader.malformed(&entry.span, found, "fewer points, or ends further apart"));
    }
    Ok((domain, when))
}

struct Reader<'k, 'a> {
    source: Source<'a>,
    key: &'k str,
    /// Of the key.
    span: Range<usize>,
}

impl<'a> Reader<'_, 'a> {
    fn malformed(
        &self,
        span: &Range<usize>,
        found: impl Into<String>,
        expected: impl Into<String>,
    ) -> SpaceError {
        self.source.malformed(span, self.key, found, expected)
    }

    fn when(&self, table: &DeTable<'a>) -> Result<Option<Condition>, SpaceError> {
        let Some((name, when)) = table.get_key_value("when") else {
            return Ok(None);
        };
        match when.get_ref() {
            DeValue::Table(terms) if !terms.is_empty() => {
                Condition::read(self.source, self.key, terms).map(Some)
            }
            _ => Err(self.malformed(
                &name.span(),
                "`when` names no key",
                "{ section.key = value }, such as { model.backbone = \"resnet18\" }",
            )),
        }
    }

    fn domain(&self, table: &DeTable<'a>) -> Result<Domain, SpaceError> {
        for name in table.keys() {
            if !NAMES.contains(&name.get_ref().as_ref()) {
                return Err(SpaceError::Unknown {
                    place: self.source.place(&name.span()),
                    name: format!("{}.{}", self.key, name.get_ref()),
                    expected: "part of a domain",
                    nearest: nearest(name.get_ref(), NAMES),
                });
            }
        }
        // `log` is a range of its own, or says of integers how they lie.
        let is_form = |name: &&str| {
            table.contains_key(*name) && !(*name == "log" && table.contains_key("int"))
        };
        let forms: Vec<&str> = FORMS.into_iter().filter(is_form).collect();
        let form = match forms.as_slice() {
            &[form] => form,
            [] => return Err(self.malformed(&self.span, "no values are given", EXPECTED)),
            _ => {
                let found = format!("{} stand side by side", forms.join(" and "));
                return Err(self.malformed(&self.span, found, "one of them"));
            }
        };
        let log = form == "int" && self.is_log(table)?;
        let company: &[&str] = match form {
            "values" => &[],
            "int" if log => &["log", "points"],
            "int" => &["log", "step"],
            _ => &["points"],
        };
        for name in table.keys() {
            let known = name.get_ref().as_ref();
            if known != form && known != "when" && !company.contains(&known) {
                let form = if log { "int with log = true" } else { form };
                let found = format!("`{known}` does not go with {form}");
                let beside = [company, &["when"]].concat().join(", ");
                return Err(self.malformed(
                    &name.span(),
                    found,
                    format!("only {beside} beside it"),
                ));
            }
        }
        match form {
            "values" => self.values(&table["values"]),
            "int" => self.integers(table, log),
            _ => self.range(table, form == "log"),
        }
    }

    fn is_log(&self, table: &DeTable<'a>) -> Result<bool, SpaceError> {
        let Some((name, log)) = table.get_key_value("log") else {
            return Ok(false);
        };
        log.get_ref().as_bool().ok_or_else(|| {
            self.malformed(
                &name.span(),
                "`log` beside int is no boolean",
                "true or false",
            )
        })
    }

    fn values(&self, list: &Spanned<'a>) -> Result<Domain, SpaceError> {
        let DeValue::Array(elements) = list.get_ref() else {
            return Err(self.malformed(&list.span(), "`values` is no list", "a list of values"));
        };
        let mut values: Vec<Value> = Vec::with_capacity(elements.len());
        for element in elements.iter() {
            let value = self.source.value(element)?;
            let complaint = match () {
                () if matches!(value, Value::Datetime(_)) => Some("is a date"),
                () if !is_finite(&value) => Some("is not finite"),
                () if values.iter().any(|other| same(other, &value)) => Some("stands there twice"),
                () => None,
            };
            if let Some(complaint) = complaint {
                let expected =
                    "distinct strings, finite numbers, booleans, or lists or tables of them";
                return Err(self.malformed(
                    &element.span(),
                    format!("{value} {complaint}"),
                    expected,
                ));
            }
            values.push(value);
        }
        if values.is_empty() {
            return Err(self.malformed(&list.span(), "the list is empty", "at least one value"));
        }
        Ok(Domain::Values(values))
    }

    fn range(&self, table: &DeTable<'a>, log: bool) -> Result<Domain, SpaceError> {
        let ends = &table[if log { "log" } else { "range" }];
        let to_float = |value: &Value| number(value).filter(|end| end.is_finite());
        let (low, high) = self.ends(ends, "finite numbers", to_float)?;
        if log && low <= 0.0 {
            let found = format!("the low end of `log` is {low}");
            return Err(self.malformed(&ends.span(), found, "ends above 0"));
        }
        let points = self.points(table, low == high)?;
        Ok(Domain::Range {
            low,
            high,
            log,
            points,
        })
    }

    fn integers(&self, table: &DeTable<'a>, log: bool) -> Result<Domain, SpaceError> {
        let ends = &table["int"];
        let (low, high) = self.ends(ends, "integers", Value::as_integer)?;
        if log {
            if low < 1 {
                let found = format!("the low end of `int` is {low} and log = true");
                return Err(self.malformed(&ends.span(), found, "ends above 0"));
            }
            let points = self.points(table, low == high)?;
            return Ok(Domain::LogIntegers { low, high, points });
        }
        let (step, span) = match table.get_key_value("step") {
            Some((name, step)) => (self.positive(step, "step")?, name.span()),
            None => (1, ends.span()),
        };
        let distance = i128::from(high) - i128::from(low);
        let (steps, over) = (distance / i128::from(step), distance % i128::from(step));
        if over != 0 {
            let found = format!("steps of {step} from {low} do not lead to {high}");
            let expected = format!("an end such as {}", i128::from(high) - over);
            return Err(self.malformed(&span, found, expected));
        }
        if steps >= MOST_POINTS as i128 {
            let found = format!("{} values", steps + 1);
            let expected =
                format!("at most {MOST_POINTS}: a larger step, or log = true with points");
            return Err(self.malformed(&span, found, expected));
        }
        Ok(Domain::Integers { low, high, step })
    }

    /// `[low, high]`, each of which `read` accepts.
    fn ends<T: PartialOrd + std::fmt::Display>(
        &self,
        ends: &Spanned<'a>,
        what: &str,
        read: impl Fn(&Value) -> Option<T>,
    ) -> Result<(T, T), SpaceError> {
        let expected = format!("[low, high], two {what}, the first not above the second");
        let value = self.source.value(ends)?;
        let read = match value.as_array().map(Vec::as_slice) {
            Some([low, high]) => read(low).zip(read(high)),
            _ => None,
        };
        match read {
            Some((low, high)) if low <= high => Ok((low, high)),
            Some((low, high)) => {
                let found = format!("the first end, {low}, is above the second, {high}");
                Err(self.malformed(&ends.span(), found, expected))
            }
            None => Err(self.malformed(&ends.span(), format!("the ends are {value}"), expected)),
        }
    }

    fn points(&self, table: &DeTable<'a>, is_one_value: bool) -> Result<usize, SpaceError> {
        let Some((name, points)) = table.get_key_value("points") else {
            let expected = "points = N, how many values the grid has";
            return Err(self.malformed(&self.span, "`points` is missing", expected));
        };
        let points = self.positive(points, "points")?;
        let fits = usize::try_from(points)
            .ok()
            .filter(|&points| points <= MOST_POINTS && (points == 1) == is_one_value);
        fits.ok_or_else(|| {
            let (ends, expected) = if is_one_value {
                ("equal", "1".to_owned())
            } else {
                ("distinct", format!("2 to {MOST_POINTS}"))
            };
            let found = format!("points = {points} between {ends} ends");
            self.malformed(&name.span(), found, expected)
        })
    }

    fn positive(&self, value: &Spanned<'a>, name: &str) -> Result<i64, SpaceError> {
        let given = self.source.value(value)?;
        let positive = given.as_integer().filter(|&number| number >= 1);
        positive.ok_or_else(|| {
            self.malformed(
                &value.span(),
                format!("{name} = {given}"),
                "an integer of at least 1",
            )
        })
    }
}
