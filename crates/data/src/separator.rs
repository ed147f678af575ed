//! Separators of CSV files, and how one is told.

use std::fmt;

/// What stands between the columns of a CSV.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Separator {
    /// `,`, the usual one.
    #[default]
    Comma,
    /// `;`, which Excel writes where the decimal sign is a comma.
    Semicolon,
    /// A tab, as in files copied from a spreadsheet.
    Tab,
    /// `|`, which databases write.
    Bar,
}

impl Separator {
    /// All of them, the usual one first.
    pub(crate) const ALL: [Self; 4] = [Self::Comma, Self::Semicolon, Self::Tab, Self::Bar];

    /// Returns its character in UTF-8, for the CSV reader.
    pub(crate) fn byte(self) -> u8 {
        match self {
            Self::Comma => b',',
            Self::Semicolon => b';',
            Self::Tab => b'\t',
            Self::Bar => b'|',
        }
    }

    /// The one that stands most often in the header, outside of quotes.
    pub(crate) fn of_header(content: &[u8]) -> Self {
        let header = content
            .split(|&byte| byte == b'\n' || byte == b'\r')
            .find(|line| !line.trim_ascii().is_empty())
            .unwrap_or_default();
        let mut counts = [0usize; Self::ALL.len()];
        let mut quoted = false;
        for &byte in header {
            quoted ^= byte == b'"';
            let separator = Self::ALL.iter().position(|one| one.byte() == byte);
            if let (Some(separator), false) = (separator, quoted) {
                counts[separator] += 1;
            }
        }
        // Of equals the first, which is the more usual one.
        let most = counts.iter().max().copied().unwrap_or(0);
        let found = counts.iter().position(|&count| count == most);
        found.map_or(Self::Comma, |separator| Self::ALL[separator])
    }
}

impl fmt::Display for Separator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Comma => "commas",
            Self::Semicolon => "semicolons",
            Self::Tab => "tabs",
            Self::Bar => "vertical bars",
        })
    }
}
