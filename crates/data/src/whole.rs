//! Whether an image file is whole.
//!
//! Decoders stop reading once they have all pixels, or fill up what they lack.
//! As Pillow does, this looks at the container: a WebP must be as long as it
//! says, a PNG must reach its last chunk. JPEGs are read to their end by
//! psp's own decoder, and the BMP decoder asks for every byte.

const PNG_SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";

/// Says how a PNG or WebP is cut off, if it is.
pub(crate) fn check(bytes: &[u8]) -> Result<(), &'static str> {
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
