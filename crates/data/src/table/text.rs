//! From a file's bytes to CSV text, and how its columns are separated.

use crate::separator::Separator;

/// A CSV file's content in UTF-8 (which is not checked), without byte-order mark
/// and without Excel's line `sep=;`.
pub(super) struct Text {
    /// The header and what follows.
    pub(super) content: Vec<u8>,
    /// The header's line number less 1.
    pub(super) lines_before: u64,
    /// What stands between columns.
    pub(super) separator: Separator,
    /// Whether the file is in UTF-16, as Excel's "Unicode Text" is.
    pub(super) is_utf16: bool,
}

impl Text {
    /// Prepares a file's bytes.
    ///
    /// # Errors
    /// The reason why they can't be text.
    pub(super) fn new(bytes: Vec<u8>) -> Result<Self, &'static str> {
        if let Some(reason) = other_format(&bytes) {
            return Err(reason);
        }
        let utf16 = match bytes[..] {
            [0xFF, 0xFE, ref rest @ ..] => Some(from_utf16(rest, u16::from_le_bytes)?),
            [0xFE, 0xFF, ref rest @ ..] => Some(from_utf16(rest, u16::from_be_bytes)?),
            _ => None,
        };
        let is_utf16 = utf16.is_some();
        let mut content = utf16.unwrap_or(bytes);
        if content.starts_with(b"\xEF\xBB\xBF") {
            content.drain(..3);
        }
        // Line breaks of old Macs; lines are counted by line feeds.
        if !content.contains(&b'\n') {
            for byte in content.iter_mut().filter(|byte| **byte == b'\r') {
                *byte = b'\n';
            }
        }
        let named = named_separator(&content);
        if let Some((_, length)) = named {
            content.drain(..length);
        }
        Ok(Self {
            separator: named.map_or_else(|| Separator::of_header(&content), |(named, _)| named),
            lines_before: u64::from(named.is_some()),
            content,
            is_utf16,
        })
    }
}

/// What the bytes are, if no text in UTF-8 or UTF-16, and what to do about it.
fn other_format(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [b'P', b'K', 3, 4, ..] | [0xD0, 0xCF, 0x11, 0xE0, ..] => {
            Some("it is a spreadsheet; save it as CSV there")
        }
        [0x1F, 0x8B, ..] => Some("it is packed with gzip; unpack it"),
        [0xFF, 0xFE, 0, 0, ..]
        | [0, 0, 0xFE, 0xFF, ..]
        | [1..=255, 0, 0, 0, ..]
        | [0, 0, 0, 1..=255, ..] => Some("it is in UTF-32; save it as UTF-8"),
        [1..=255, 0, ..] | [0, 1..=255, ..] => {
            Some("it is in UTF-16 without a byte-order mark; save it as UTF-8")
        }
        _ => None,
    }
}

fn from_utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<Vec<u8>, &'static str> {
    let units: Vec<u16> = bytes
        .chunks_exact(2)
        .map(|pair| unit([pair[0], pair[1]]))
        .collect();
    match String::from_utf16(&units) {
        Ok(text) if bytes.len().is_multiple_of(2) => Ok(text.into_bytes()),
        _ => Err("it begins as UTF-16 does, but is not"),
    }
}

/// The separator that a first line `sep=…` names, and that line's length.
fn named_separator(content: &[u8]) -> Option<(Separator, usize)> {
    let end = content.iter().position(|&byte| byte == b'\n')?;
    let line = content[..end].trim_ascii_end();
    let &[b's' | b'S', b'e' | b'E', b'p' | b'P', b'=', ref named @ ..] = line else {
        return None;
    };
    let separator = match named {
        // A tab at the line's end has been trimmed.
        [] => Some(Separator::Tab),
        [byte] => Separator::ALL.into_iter().find(|one| one.byte() == *byte),
        _ => None,
    };
    Some((separator?, end + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn separator(text: &str) -> Separator {
        Text::new(text.into()).unwrap().separator
    }

    #[test]
    fn the_separator_is_the_one_that_the_header_has_most_of() {
        assert_eq!(separator("filename,a\n1;2;3;4"), Separator::Comma);
        assert_eq!(separator("\n\r\nfilename;a;b\n"), Separator::Semicolon);
        assert_eq!(separator("filename\ta\n"), Separator::Tab);
        assert_eq!(separator("filename|a"), Separator::Bar);
        assert_eq!(separator("filename"), Separator::Comma);
        assert_eq!(separator("\"a;b;c\",d\n"), Separator::Comma);
    }

    #[test]
    fn a_first_line_may_name_the_separator() {
        for (line, separator) in [
            ("sep=;\r\n", Separator::Semicolon),
            ("SEP=\t\n", Separator::Tab),
            ("sep=,\n", Separator::Comma),
        ] {
            let text = Text::new(format!("{line}a;b").into()).unwrap();
            assert_eq!(text.separator, separator);
            assert_eq!(
                (text.content.as_slice(), text.lines_before),
                (&b"a;b"[..], 1)
            );
        }
        assert_eq!(Text::new("sep=x\n".into()).unwrap().lines_before, 0);
    }

    #[test]
    fn utf_16_is_read_in_both_byte_orders_and_spreadsheets_are_told_apart() {
        for (mark, bytes) in [
            (
                0xFEFF_u16.to_le_bytes(),
                u16::to_le_bytes as fn(u16) -> [u8; 2],
            ),
            (0xFEFF_u16.to_be_bytes(), u16::to_be_bytes),
        ] {
            let text = "datei\tü\n".encode_utf16().flat_map(bytes);
            let text = Text::new(mark.into_iter().chain(text).collect()).unwrap();
            assert_eq!(text.content, "datei\tü\n".as_bytes());
            assert!(text.is_utf16 && text.separator == Separator::Tab);
        }
        assert!(Text::new(vec![0xFF, 0xFE, 0x00]).is_err());
        assert!(Text::new(b"PK\x03\x04...".to_vec()).is_err());
    }

    #[test]
    fn other_encodings_and_packed_files_are_told_apart() {
        let utf16 = |unit: fn(u16) -> [u8; 2]| -> Vec<u8> {
            "name,a\n".encode_utf16().flat_map(unit).collect()
        };
        let utf32 = |unit: fn(u32) -> [u8; 4], text: &str| -> Vec<u8> {
            text.chars().flat_map(|one| unit(one.into())).collect()
        };
        for (bytes, reason) in [
            (utf16(u16::to_le_bytes), "UTF-16 without"),
            (utf16(u16::to_be_bytes), "UTF-16 without"),
            (utf32(u32::to_le_bytes, "name"), "UTF-32"),
            (utf32(u32::to_be_bytes, "name"), "UTF-32"),
            (utf32(u32::to_le_bytes, "\u{feff}name"), "UTF-32"),
            (utf32(u32::to_be_bytes, "\u{feff}name"), "UTF-32"),
            (vec![0x1F, 0x8B, 8, 0], "gzip"),
        ] {
            let error = Text::new(bytes).err().unwrap();
            assert!(error.contains(reason), "{error}");
        }
        assert!(Text::new(Vec::new()).is_ok());
    }

    #[test]
    fn line_breaks_of_old_macs_are_made_line_feeds() {
        assert_eq!(Text::new("a\rb\r".into()).unwrap().content, b"a\nb\n");
        assert_eq!(
            Text::new("a\r\nb\r\n".into()).unwrap().content,
            b"a\r\nb\r\n"
        );
    }
}
