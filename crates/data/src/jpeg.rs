//! Whether a JPEG file is whole.
//!
//! The JPEG decoder fills what a cut-off file lacks with grey and reports
//! success, so a half-copied photo would be trained on unnoticed. Pillow
//! refuses a file without its end-of-image marker; so does this.

const START_OF_IMAGE: [u8; 2] = [0xFF, 0xD8];
const END_OF_IMAGE: u8 = 0xD9;

/// Whether `bytes` starts as a JPEG does.
pub(crate) fn is_jpeg(bytes: &[u8]) -> bool {
    bytes.starts_with(&START_OF_IMAGE)
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
