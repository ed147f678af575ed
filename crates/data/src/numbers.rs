//! Numbers as people write them in a CSV.

use std::borrow::Cow;
use std::path::Path;

use crate::error::LabelError;
use crate::notice::{DataNotice, LabelNotice};
use crate::separator::Separator;

/// What a file's numbers have in common: `1,234` alone may be a thousand or one.
pub(crate) struct Numbers {
    separator: Separator,
    /// The first number with a comma.
    comma: Option<Marked>,
    /// The first number with a point.
    point: Option<Marked>,
    /// Whether all of these may have the mark between thousands.
    may_be_thousands: bool,
}

/// A number with a decimal mark, and where it stands.
pub(crate) struct Marked {
    pub(crate) text: String,
    pub(crate) row: u64,
    pub(crate) target: usize,
}

impl Numbers {
    /// Of a file whose columns have this between them.
    pub(crate) fn new(separator: Separator) -> Self {
        Self {
            separator,
            comma: None,
            point: None,
            may_be_thousands: true,
        }
    }

    /// The number with a decimal point, whatever it has in the file, and an ASCII
    /// minus. In one file all have the same mark.
    ///
    /// # Errors
    /// Why it is no number, as a verb phrase.
    pub(crate) fn with_point<'a>(
        &mut self,
        text: &'a str,
        row: u64,
        target: usize,
    ) -> Result<Cow<'a, str>, &'static str> {
        if text.contains('\n') {
            return Err("has a line break: is a quotation mark not closed?");
        }
        let number: Cow<'a, str> = if text.contains('\u{2212}') {
            text.replace('\u{2212}', "-").into()
        } else {
            text.into()
        };
        let (own, other) = match (text.matches(',').count(), text.matches('.').count()) {
            (0, 0) => return Ok(number),
            (0, 1) => (&mut self.point, &self.comma),
            (1, 0) => (&mut self.comma, &self.point),
            _ if text
                .bytes()
                .all(|b| b.is_ascii_digit() || b",.+-".contains(&b)) =>
            {
                return Err("is not a number; thousands may not be separated");
            }
            _ => return Err("is not a number"),
        };
        if other.is_some() {
            return Err(if text.contains(',') {
                "has a decimal comma, where an earlier label has a decimal point"
            } else {
                "has a decimal point, where an earlier label has a decimal comma"
            });
        }
        own.get_or_insert_with(|| Marked {
            text: text.to_owned(),
            row,
            target,
        });
        self.may_be_thousands &= looks_like_thousands(&number);
        Ok(if number.contains(',') {
            number.replace(',', ".").into()
        } else {
            number
        })
    }

    /// The first of the commas that may as well separate thousands. Where commas
    /// separate columns they do so in numbers of the same country.
    pub(crate) fn unclear(&self) -> Option<&Marked> {
        let is_unclear = self.may_be_thousands && self.separator == Separator::Comma;
        self.comma.as_ref().filter(|_| is_unclear)
    }

    /// How the numbers were read, if it is worth telling.
    pub(crate) fn notice(self, path: &Path) -> Option<DataNotice> {
        // With semicolons or tabs between columns, a point may be one of thousands.
        let is_unclear = self.may_be_thousands && self.separator != Separator::Comma;
        let point = self.point.filter(|_| is_unclear);
        let (mark, first) = match self.comma {
            Some(comma) => ("comma", comma),
            None => ("point", point?),
        };
        Some(DataNotice::DecimalMark {
            path: path.to_owned(),
            mark,
            example: first.text,
        })
    }
}

/// What single precision makes of a column's numbers.
#[derive(Clone)]
pub(crate) struct Rounding {
    low: f64,
    high: f64,
    /// The largest difference from a number as the file has it.
    error: f64,
}

impl Rounding {
    /// Share of the column's spread up to which rounding says nothing of it.
    const HARMLESS: f64 = 1e-3;

    /// The deviation of labels that lie closer may be below the normal numbers of single
    /// precision, which begin at 1.2e-38 and lose their digits there.
    const NARROWEST: f64 = 1e-36;

    /// Of no number yet.
    pub(crate) const NONE: Self = Self {
        low: f64::INFINITY,
        high: f64::NEG_INFINITY,
        error: 0.0,
    };

    /// Adds a number with a decimal point, which was read as `label`.
    pub(crate) fn add(&mut self, number: &str, label: f32) {
        let Ok(exact) = number.trim().parse::<f64>() else {
            return;
        };
        self.low = self.low.min(exact);
        self.high = self.high.max(exact);
        self.error = self.error.max((exact - f64::from(label)).abs());
    }

    /// Refuses numbers that differ by too little to be learned.
    ///
    /// # Errors
    /// [`LabelError::TooNarrow`].
    pub(crate) fn check(&self, path: &Path, column: &str) -> Result<(), LabelError> {
        let spread = self.high - self.low;
        if spread > 0.0 && spread < Self::NARROWEST {
            return Err(LabelError::TooNarrow {
                path: path.to_owned(),
                column: column.to_owned(),
                spread,
            });
        }
        Ok(())
    }

    /// That numbers of the column can't be told apart any more, where it is so.
    pub(crate) fn notice(&self, path: &Path, column: &str) -> Option<LabelNotice> {
        let spread = self.high - self.low;
        (spread > 0.0 && self.error > Self::HARMLESS * spread).then(|| LabelNotice::Rounded {
            path: path.to_owned(),
            column: column.to_owned(),
            error: self.error,
            spread,
            low: self.low,
        })
    }
}

/// Whether a number with one mark has it where thousands are separated, as in `12,345`.
fn looks_like_thousands(number: &str) -> bool {
    let digits = number.trim_start_matches(['+', '-']);
    let Some((before, after)) = digits.split_once([',', '.']) else {
        return false;
    };
    let are_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    (1..=3).contains(&before.len())
        && !before.starts_with('0')
        && after.len() == 3
        && are_digits(before)
        && are_digits(after)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The numbers of a file, from its second line on.
    fn numbers(separator: Separator, texts: &[&str]) -> Numbers {
        let mut numbers = Numbers::new(separator);
        for (row, text) in (2..).zip(texts) {
            numbers.with_point(text, row, 0).unwrap();
        }
        numbers
    }

    #[test]
    fn commas_are_unclear_where_all_may_separate_thousands_and_commas_separate_columns() {
        let unclear = |separator, texts: &[&str]| {
            let numbers = numbers(separator, texts);
            numbers.unclear().map(|first| first.row)
        };
        let row = unclear(Separator::Comma, &["5", "1,234", "-12,500"]);
        assert_eq!(row, Some(3));
        assert_eq!(unclear(Separator::Comma, &["1,234", "0,5"]), None);
        assert_eq!(unclear(Separator::Comma, &["0,234"]), None);
        assert_eq!(unclear(Separator::Semicolon, &["1,234"]), None);
    }

    #[test]
    fn points_are_told_where_all_may_separate_thousands_and_other_marks_separate_columns() {
        let path = Path::new("labels.csv");
        let told = |separator, texts: &[&str]| {
            let notice = numbers(separator, texts).notice(path);
            notice.map(|notice| notice.to_string())
        };
        let note = told(Separator::Tab, &["7", "1.234"]).unwrap();
        let expected = "decimal points, such as `1.234`, which is not 1234";
        assert!(note.contains(expected), "{note}");
        assert_eq!(told(Separator::Tab, &["1.234", "1.5"]), None);
        assert_eq!(told(Separator::Comma, &["1.234"]), None);
    }

    #[test]
    fn a_typographic_minus_is_read() {
        let mut numbers = Numbers::new(Separator::Semicolon);
        assert_eq!(numbers.with_point("\u{2212}0,5", 2, 0).unwrap(), "-0.5");
    }
}
