//! Which BMPs are read: those that the decoder and Pillow understand alike.
//!
//! They differ over run-length encoding (lines and images that end early, jumps),
//! over pixels that begin within the header, and over some masks and palettes.

/// BITMAPCOREHEADER's size, whose fields are shorter and whose palette has three
/// bytes a colour.
const CORE: u32 = 12;
/// BITMAPINFOHEADER's size, which bit masks may follow.
const INFO: u32 = 40;

const RLE8: u32 = 1;
const RLE4: u32 = 2;
const BITFIELDS: u32 = 3;

/// Pillow's layouts: the masks of red, green, blue and alpha.
const MASKS_32: [[u32; 4]; 7] = [
    [0xFF_0000, 0xFF00, 0xFF, 0],
    [0xFF00_0000, 0xFF_0000, 0xFF00, 0],
    [0xFF00_0000, 0xFF00, 0xFF, 0],
    [0xFF00_0000, 0xFF_0000, 0xFF00, 0xFF],
    [0xFF, 0xFF00, 0xFF_0000, 0xFF00_0000],
    [0xFF_0000, 0xFF00, 0xFF, 0xFF00_0000],
    [0xFF00_0000, 0xFF00, 0xFF, 0xFF_0000],
];
const MASKS_16: [[u32; 3]; 2] = [[0xF800, 0x7E0, 0x1F], [0x7C00, 0x3E0, 0x1F]];

/// What kind of BMP it is, if one that is not read. A header that the decoder
/// refuses is not looked at closely.
pub(crate) fn check(bytes: &[u8]) -> Result<(), &'static str> {
    Header::read(bytes).map_or(Ok(()), |header| header.check(bytes))
}

/// What matters of the headers.
struct Header {
    /// Where the pixels begin.
    pixels: usize,
    /// Of the header behind the first 14 bytes.
    size: u32,
    height: i32,
    bits: u16,
    compression: u32,
    /// Entries of the palette.
    colours: usize,
}

impl Header {
    /// `None` if it is cut off.
    fn read(bytes: &[u8]) -> Option<Self> {
        let size = u32_at(bytes, 14)?;
        let is_core = size == CORE;
        let bits = u16_at(bytes, if is_core { 24 } else { 28 })?;
        let (height, compression, used) = if is_core {
            (u16_at(bytes, 20)?.into(), 0, 0)
        } else {
            let height = u32_at(bytes, 22)?.cast_signed();
            (height, u32_at(bytes, 30)?, u32_at(bytes, 46)?)
        };
        let colours = match (bits, used) {
            (1..=8, 0) => 1 << bits,
            (1..=8, used) => used as usize,
            _ => 0,
        };
        Some(Self {
            pixels: u32_at(bytes, 10)? as usize,
            size,
            height,
            bits,
            compression,
            colours,
        })
    }

    fn check(&self, bytes: &[u8]) -> Result<(), &'static str> {
        if matches!(self.compression, RLE8 | RLE4) {
            return Err("a run-length encoded BMP");
        }
        if self.bits == 2 {
            return Err("a BMP of 2 bits per pixel");
        }
        if self.height.unsigned_abs() > 0xFFFF {
            return Err("a BMP of over 65535 rows");
        }
        if self.compression == BITFIELDS && !self.has_usual_masks(bytes) {
            return Err("a BMP with unusual bit masks");
        }
        let masks = if self.compression == BITFIELDS && self.size == INFO {
            12
        } else {
            0
        };
        let entry = if self.size == CORE { 3 } else { 4 };
        let palette = 14 + self.size as usize;
        let end = palette + masks + self.colours * entry;
        if self.pixels < end {
            return Err("a BMP whose pixels begin within its header");
        }
        let Some(palette) = bytes.get(palette..palette + self.colours * entry) else {
            return Ok(());
        };
        // Pillow takes such pixels for grey as they stand.
        let is_whole = matches!((self.bits, self.colours), (1, 2) | (8, 256));
        if self.colours > 0 && !is_whole && is_grey(palette, entry) {
            return Err("a BMP with a palette of a few greys");
        }
        Ok(())
    }

    fn has_usual_masks(&self, bytes: &[u8]) -> bool {
        let mask = |index: usize| u32_at(bytes, 54 + 4 * index).unwrap_or(0);
        let rgb = [mask(0), mask(1), mask(2)];
        if self.bits == 16 {
            return MASKS_16.contains(&rgb);
        }
        let alpha = if self.size >= 56 { mask(3) } else { 0 };
        MASKS_32.contains(&[rgb[0], rgb[1], rgb[2], alpha])
    }
}

/// Whether each colour is the grey of its number; of two, black and white.
fn is_grey(palette: &[u8], entry: usize) -> bool {
    let step = if palette.len() == 2 * entry { 255 } else { 1 };
    palette
        .chunks_exact(entry)
        .enumerate()
        .all(|(number, colour)| colour[..3].iter().all(|&v| usize::from(v) == number * step))
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    let &bytes = bytes.get(at..)?.first_chunk()?;
    Some(u16::from_le_bytes(bytes))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    let &bytes = bytes.get(at..)?.first_chunk()?;
    Some(u32::from_le_bytes(bytes))
}

#[cfg(test)]
mod tests {
    use crate::{DecodeLimits, decode_bytes};

    /// A BMP of 4x2 pixels with an INFO header, and with `between` behind it: masks
    /// or a palette of `colours`.
    fn bmp(bits: u16, compression: u32, colours: u32, between: &[u8], pixels: &[u8]) -> Vec<u8> {
        let mut bytes = b"BM\0\0\0\0\0\0\0\0".to_vec();
        bytes.extend((54 + between.len() as u32).to_le_bytes());
        for field in [40, 4, 2] {
            bytes.extend(u32::to_le_bytes(field));
        }
        bytes.extend([1, 0]);
        bytes.extend(bits.to_le_bytes());
        for field in [compression, 0, 0, 0, colours, 0] {
            bytes.extend(field.to_le_bytes());
        }
        [&bytes[..], between, pixels].concat()
    }

    fn decoded(bytes: &[u8]) -> Result<Vec<u8>, String> {
        decode_bytes(bytes, "a.bmp", &DecodeLimits::default())
            .map(|image| image.into_raw())
            .map_err(|error| error.to_string())
    }

    #[track_caller]
    fn assert_refused(bytes: &[u8], kind: &str) {
        let error = decoded(bytes).unwrap_err();
        let expected = format!("a.bmp: {kind} is not read; save it as PNG or JPEG");
        assert_eq!(error, expected);
    }

    fn masks(masks: [u32; 3]) -> Vec<u8> {
        masks.into_iter().flat_map(u32::to_le_bytes).collect()
    }

    #[test]
    fn pixels_that_begin_within_the_header_are_refused() {
        let pixels: Vec<u8> = (0..24).collect();
        let mut bytes = bmp(24, 0, 0, &[], &pixels);
        let top_left = [14, 13, 12];
        assert_eq!(decoded(&bytes).unwrap()[..3], top_left);
        for offset in [0, 53] {
            bytes[10] = offset;
            assert_refused(&bytes, "a BMP whose pixels begin within its header");
        }
        // A gap is not skipped by mistake.
        let mut gap = bmp(24, 0, 0, &[9; 10], &pixels);
        assert_eq!(decoded(&gap).unwrap()[..3], top_left);
        gap[10] = 54;
        assert_eq!(decoded(&gap).unwrap()[..3], [4, 3, 2]);
    }

    #[test]
    fn run_length_encoding_and_two_bits_per_pixel_are_refused() {
        let palette: Vec<u8> = (0..16).collect();
        for (bits, compression) in [(8, 1), (4, 2)] {
            let bytes = bmp(bits, compression, 4, &palette, &[4, 1, 0, 0, 4, 2, 0, 1]);
            assert_refused(&bytes, "a run-length encoded BMP");
        }
        let bytes = bmp(2, 0, 4, &palette, &[0; 8]);
        assert_refused(&bytes, "a BMP of 2 bits per pixel");
    }

    #[test]
    fn bit_masks_that_pillow_does_not_know_are_refused() {
        let usual = masks([0xF800, 0x7E0, 0x1F]);
        let pixels = [0x00, 0xF8].repeat(8);
        let bytes = bmp(16, 3, 0, &usual, &pixels);
        assert_eq!(decoded(&bytes).unwrap()[..3], [255, 0, 0]);
        let unusual = masks([0xF00, 0xF0, 0xF]);
        assert_refused(
            &bmp(16, 3, 0, &unusual, &pixels),
            "a BMP with unusual bit masks",
        );
        let pixels = [1, 2, 3, 4].repeat(8);
        let usual = masks([0xFF_0000, 0xFF00, 0xFF]);
        let bytes = bmp(32, 3, 0, &usual, &pixels);
        assert_eq!(decoded(&bytes).unwrap()[..3], [3, 2, 1]);
        let swapped = masks([0xFF, 0xFF00, 0xFF_0000]);
        assert_refused(
            &bmp(32, 3, 0, &swapped, &pixels),
            "a BMP with unusual bit masks",
        );
    }

    #[test]
    fn a_palette_that_pillow_takes_for_grey_values_is_refused_unless_it_is_whole() {
        let greys = |count: u8| -> Vec<u8> { (0..count).flat_map(|v| [v, v, v, 0]).collect() };
        let mut whole = greys(255);
        whole.extend([255, 255, 255, 0]);
        let pixels = [7; 8];
        let image = decoded(&bmp(8, 0, 0, &whole, &pixels)).unwrap();
        assert_eq!(image, [7; 24]);
        let black_and_white = [0, 0, 0, 0, 255, 255, 255, 0];
        let image = decoded(&bmp(
            1,
            0,
            2,
            &black_and_white,
            &[0x50, 0, 0, 0, 0, 0, 0, 0],
        ))
        .unwrap();
        assert_eq!(
            image[12..],
            [0, 0, 0, 255, 255, 255, 0, 0, 0, 255, 255, 255]
        );
        for (colours, palette) in [(16, greys(16)), (2, black_and_white.to_vec())] {
            let bytes = bmp(8, 0, colours, &palette, &pixels);
            assert_refused(&bytes, "a BMP with a palette of a few greys");
        }
        let image = decoded(&bmp(8, 0, 2, &[1, 2, 3, 0, 4, 5, 6, 0], &[1; 8])).unwrap();
        assert_eq!(image[..3], [6, 5, 4]);
    }
}
