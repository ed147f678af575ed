//! The chunks of a WebP, and an animation's first frame.

use std::borrow::Cow;
use std::ops::Range;

/// Each chunk's name and where its content lies.
pub(crate) fn chunks(bytes: &[u8]) -> impl Iterator<Item = (&[u8; 4], Range<usize>)> {
    // Behind `RIFF`, a length and `WEBP`.
    let mut at = 12;
    std::iter::from_fn(move || {
        let (name, rest) = bytes.get(at..)?.split_first_chunk::<4>()?;
        let (&length, rest) = rest.split_first_chunk::<4>()?;
        let length = u32::from_le_bytes(length) as usize;
        let start = at + 8;
        // Chunks have an even length.
        at = start + length + length % 2;
        (length <= rest.len()).then_some((name, start..start + length))
    })
}

/// The file, with a first frame that replaces the canvas if it is an animated WebP.
///
/// The frame may ask to be blended with it. As the canvas is empty, Pillow's decoder
/// doesn't; the one used here does and loses the colour of transparent pixels.
pub(crate) fn with_first_frame_unblended(bytes: &[u8]) -> Cow<'_, [u8]> {
    /// Where the flags stand in an `ANMF` chunk, behind place, size and duration.
    const FLAGS: usize = 15;
    const DO_NOT_BLEND: u8 = 2;
    if !bytes.starts_with(b"RIFF") {
        return Cow::Borrowed(bytes);
    }
    match chunks(bytes).find(|(name, _)| *name == b"ANMF") {
        Some((_, frame)) if frame.len() > FLAGS => {
            let mut bytes = bytes.to_vec();
            bytes[frame.start + FLAGS] |= DO_NOT_BLEND;
            Cow::Owned(bytes)
        }
        _ => Cow::Borrowed(bytes),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use image::{DynamicImage, ImageFormat, Rgba, RgbaImage};

    use crate::{DecodeLimits, decode_bytes};

    fn chunk(name: &[u8; 4], content: &[u8]) -> Vec<u8> {
        let mut chunk = name.to_vec();
        chunk.extend((content.len() as u32).to_le_bytes());
        chunk.extend(content);
        chunk.resize(chunk.len().next_multiple_of(2), 0);
        chunk
    }

    /// An animation of 4x4 pixels with one frame of 2x2 at (2, 0), whose pixels are
    /// all of one colour.
    fn animation(flags: u8, colour: [u8; 4]) -> Vec<u8> {
        let mut still = Vec::new();
        DynamicImage::ImageRgba8(RgbaImage::from_pixel(2, 2, Rgba(colour)))
            .write_to(&mut Cursor::new(&mut still), ImageFormat::WebP)
            .unwrap();
        let mut frame = [1, 0, 0, 0, 0, 0, 1, 0, 0, 1, 0, 0, 100, 0, 0, flags].to_vec();
        frame.extend(&still[12..]);
        let body = [
            &b"WEBP"[..],
            &chunk(b"VP8X", &[0x12, 0, 0, 0, 3, 0, 0, 3, 0, 0]),
            &chunk(b"ANIM", &[0; 6]),
            &chunk(b"ANMF", &frame),
        ];
        chunk(b"RIFF", &body.concat())
    }

    #[test]
    fn the_first_frame_keeps_the_colour_of_transparent_pixels_blended_or_not() {
        for flags in 0..4 {
            for alpha in [0, 100, 255] {
                let bytes = animation(flags, [10, 20, 30, alpha]);
                let image = decode_bytes(&bytes, "a.webp", &DecodeLimits::default()).unwrap();
                assert_eq!(image.get_pixel(2, 0).0, [10, 20, 30], "{flags} {alpha}");
                assert_eq!(image.get_pixel(1, 0).0, [0; 3], "{flags} {alpha}");
            }
        }
    }
}
