//! EXIF and XMP of a PNG: an `eXIf` chunk, ImageMagick's raw profile, or text.

use std::borrow::Cow;
use std::io::{ErrorKind, Read};

use flate2::read::ZlibDecoder;

use super::Metadata;

/// The largest text that is unpacked, in bytes; Pillow's own limit.
const MAX_TEXT: u64 = 1 << 20;

/// All that a PNG says, wherever it stands; of each kind, the last counts.
///
/// # Errors
/// A text that is too large, a raw profile that is not hexadecimal.
pub(super) fn metadata(bytes: &[u8]) -> Result<Metadata, &'static str> {
    let (mut exif, mut raw_profile, mut xmp) = (None, None, None);
    let (mut animated, mut after_pixels) = (false, false);
    for (name, content) in chunks(bytes) {
        match name {
            b"acTL" => {
                animated = content
                    .get(..4)
                    .is_some_and(|n| n > [0, 0, 0, 1].as_slice())
            }
            b"IDAT" => after_pixels = true,
            // From here on it is about the second frame.
            b"fcTL" if animated && after_pixels => break,
            b"eXIf" => exif = Some(content.to_vec()),
            b"tEXt" | b"zTXt" | b"iTXt" => {
                let Some((keyword, text)) = text(name, content)? else {
                    continue;
                };
                match keyword {
                    b"Raw profile type exif" => raw_profile = Some(text.into_owned()),
                    b"XML:com.adobe.xmp" => xmp = Some(text.into_owned()),
                    b"exif" if name == b"tEXt" => exif = Some(text.into_owned()),
                    _ => {}
                }
            }
            _ => {}
        }
    }
    if exif.is_none()
        && let Some(profile) = raw_profile
    {
        exif = Some(unhex(&profile)?);
    }
    Ok(Metadata { exif, xmp })
}

/// Each chunk's name and content.
fn chunks(bytes: &[u8]) -> impl Iterator<Item = (&[u8; 4], &[u8])> {
    let mut rest = bytes.get(8..).unwrap_or_default();
    std::iter::from_fn(move || {
        let (&length, after) = rest.split_first_chunk::<4>()?;
        let (name, after) = after.split_first_chunk::<4>()?;
        let (content, after) = after.split_at_checked(u32::from_be_bytes(length) as usize)?;
        // The checksum was the decoder's to look at.
        rest = after.get(4..).unwrap_or_default();
        (name != b"IEND").then_some((name, content))
    })
}

/// A keyword and its text.
type Text<'a> = (&'a [u8], Cow<'a, [u8]>);

/// A text chunk's keyword and text, unless it is not readable.
fn text<'a>(name: &[u8; 4], content: &'a [u8]) -> Result<Option<Text<'a>>, &'static str> {
    let Some((keyword, rest)) = split_at_zero(content) else {
        return Ok(None);
    };
    let text = match name {
        b"tEXt" => Some(Cow::Borrowed(rest)),
        b"zTXt" => match rest.split_first() {
            Some((0, packed)) => unpack(packed)?.map(Cow::Owned),
            _ => None,
        },
        _ => {
            // Flag, method, language and translated keyword.
            let Some((&[packed, method], rest)) = rest.split_first_chunk::<2>() else {
                return Ok(None);
            };
            let text = split_at_zero(rest).and_then(|(_, rest)| split_at_zero(rest));
            match (text, packed, method) {
                (Some((_, text)), 0, _) => Some(Cow::Borrowed(text)),
                (Some((_, text)), _, 0) => unpack(text)?.map(Cow::Owned),
                _ => None,
            }
        }
    };
    Ok(text.map(|text| (keyword, text)))
}

fn split_at_zero(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = bytes.iter().position(|&byte| byte == 0)?;
    Some((&bytes[..at], &bytes[at + 1..]))
}

/// What zlib packed, as far as it goes if it is cut off; nothing if it is damaged.
fn unpack(packed: &[u8]) -> Result<Option<Vec<u8>>, &'static str> {
    let mut text = Vec::new();
    let read = ZlibDecoder::new(packed)
        .take(MAX_TEXT + 1)
        .read_to_end(&mut text);
    if text.len() as u64 > MAX_TEXT {
        return Err("a packed text in it has over 1 MiB");
    }
    match read {
        Ok(_) => Ok(Some(text)),
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(Some(text)),
        Err(_) => Ok(None),
    }
}

/// The bytes of a raw profile: an empty line, its name, its length, and then
/// hexadecimal digits in lines.
fn unhex(profile: &[u8]) -> Result<Vec<u8>, &'static str> {
    const WRONG: &str = "its raw EXIF profile is not hexadecimal";
    let digits: Vec<u8> = profile
        .split(|&byte| byte == b'\n')
        .skip(3)
        .flatten()
        .copied()
        .filter(|byte| !byte.is_ascii_whitespace())
        .collect();
    let (pairs, odd) = digits.as_chunks::<2>();
    if !odd.is_empty() {
        return Err(WRONG);
    }
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let byte = |&[high, low]: &[u8; 2]| Some(((digit(high)? << 4) | digit(low)?) as u8);
    pairs.iter().map(byte).collect::<Option<_>>().ok_or(WRONG)
}
