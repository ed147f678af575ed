//! Numbers as people write them in a CSV.

use std::borrow::Cow;
use std::path::Path;

use crate::notice::DataNotice;
use crate::table::Separator;

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
