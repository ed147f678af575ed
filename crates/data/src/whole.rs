//! Whether an image file is whole.
//!
//! The JPEG decoder fills what a cut-off file lacks with grey and reports
//! success, so a half-copied photo would be trained on unnoticed; other
//! decoders stop reading once they have all pixels. As Pillow does, this looks
//! at the container: a JPEG must reach its end-of-image marker, a WebP must be
//! as long as it says. A PNG must reach its last chunk. The BMP decoder itself
//! asks for every byte.

const START_OF_IMAGE: [u8; 2] = [0xFF, 0xD8];
const END_OF_IMAGE: u8 = 0xD9;
const PNG_SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";

/// Says how a JPEG, PNG or WebP is cut off, if it is.
pub(crate) fn check(bytes: &[u8]) -> Result<(), &'static str> {
    if bytes.starts_with(&START_OF_IMAGE) && !reaches_end_of_image(bytes) {
        return Err("the file is cut off: no end-of-image marker");
    }
    if bytes.starts_with(PNG_SIGNATURE) && !reaches_last_chunk(bytes) {
        return Err("the file is cut off: no IEND chunk");
    }
    if bytes.starts_with(b"RIFF") && !is_as_long_as_riff_says(bytes) {
        return Err("the file is cut off: it is shorter than its header says");
    }
    Ok(())
}

/// A PNG is a row of chunks: length (big-endian), type, content, checksum.
fn reaches_last_chunk(bytes: &[u8]) -> bool {
    let mut rest = &bytes[PNG_SIGNATURE.len()..];
    while let Some((length, after)) = rest.split_first_chunk::<4>() {
        let size = u32::from_be_bytes(*length) as usize;
        // The type before the content and the checksum behind it: 8 bytes.
        let Some(next) = size.checked_add(8).and_then(|skip| after.get(skip..)) else {
            return false;
        };
        if after.starts_with(b"IEND") {
            return true;
        }
        rest = next;
    }
    false
}

/// A WebP starts with `RIFF` and the number of bytes that follow (little-endian).
fn is_as_long_as_riff_says(bytes: &[u8]) -> bool {
    match bytes
        .get(4..)
        .and_then(|rest| rest.split_first_chunk::<4>())
    {
        Some((length, rest)) => rest.len() >= u32::from_le_bytes(*length) as usize,
        None => false,
    }
}

/// Whether the marker segments and scans of a JPEG lead to its end-of-image
/// marker. Bytes after that marker are allowed, as many cameras write them.
pub(crate) fn reaches_end_of_image(bytes: &[u8]) -> bool {
    let mut at = START_OF_IMAGE.len();
    while let Some(marker) = next_marker(bytes, &mut at) {
        match marker {
            END_OF_IMAGE => return true,
            // A stuffed zero inside a scan, restart markers, TEM and a stray
            // start of image carry no length.
            0x00 | 0x01 | 0xD0..=0xD8 => {}
            _ => match bytes.get(at..at + 2) {
                Some(&[high, low]) => at += usize::from(u16::from_be_bytes([high, low])).max(2),
                _ => return false,
            },
        }
    }
    false
}

/// Moves past the next `FF xx` and returns `xx`.
///
/// Everything between segments is skipped, which covers entropy-coded data as
/// well as padding; fill bytes `FF FF` are passed over.
fn next_marker(bytes: &[u8], at: &mut usize) -> Option<u8> {
    loop {
        *at += bytes.get(*at..)?.iter().position(|&byte| byte == 0xFF)? + 1;
        while *bytes.get(*at)? == 0xFF {
            *at += 1;
        }
        let marker = bytes[*at];
        *at += 1;
        if marker != 0 {
            return Some(marker);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_marker_inside_a_segment_does_not_count() {
        // A comment of two bytes of content: FF D9.
        let whole = [0xFF, 0xD8, 0xFF, 0xFE, 0, 4, 0xFF, 0xD9, 0xFF, 0xD9];
        assert!(reaches_end_of_image(&whole));
        assert!(!reaches_end_of_image(&whole[..8]));
    }

    #[test]
    fn restart_markers_stuffed_zeros_and_fill_bytes_are_passed_over() {
        let scan = [
            0xFF, 0xD8, 0xFF, 0xDA, 0, 3, 7, 1, 0xFF, 0, 2, 0xFF, 0xD0, 3, 0xFF, 0xFF, 0xD9,
        ];
        assert!(reaches_end_of_image(&scan));
        assert!(!reaches_end_of_image(&scan[..scan.len() - 1]));
        assert!(!reaches_end_of_image(&START_OF_IMAGE));
    }
}
