//! The orientation tag of an EXIF block, which is a TIFF structure.

/// TIFF's number of the tag.
const ORIENTATION: u16 = 0x0112;
const ENTRY: usize = 12;

/// The tag's value in the first directory; not a number where it has no
/// numeric type.
///
/// Cameras write it as SHORT, other programs as any type there is. A directory
/// that is cut off counts as far as it goes.
///
/// # Errors
/// A block that does not begin as TIFF does.
pub(super) fn orientation(block: &[u8]) -> Result<Option<f64>, &'static str> {
    const PREFIX: &[u8] = b"Exif\0\0";
    let block = block.strip_prefix(PREFIX).unwrap_or(block);
    let tiff = block.strip_prefix(PREFIX).unwrap_or(block);
    if tiff.is_empty() {
        return Ok(None);
    }
    let order = match tiff.get(..4) {
        Some(b"II*\0" | b"II\0*") => Order::Little,
        Some(b"MM\0*" | b"MM*\0") => Order::Big,
        _ => return Err("its EXIF block is damaged: it does not begin as TIFF does"),
    };
    let Some(directory) = order.u32(tiff, 4) else {
        return Err("its EXIF block is damaged: it is cut off");
    };
    Ok(find(tiff, directory as usize, order))
}

fn find(tiff: &[u8], directory: usize, order: Order) -> Option<f64> {
    let entries = usize::from(order.u16(tiff, directory)?);
    // Values that lie elsewhere, added up: more than the block has is nonsense.
    let mut elsewhere = 0;
    for at in (0..entries).map(|entry| directory + 2 + entry * ENTRY) {
        let (tag, kind) = (order.u16(tiff, at)?, order.u16(tiff, at + 2)?);
        let count = order.u32(tiff, at + 4)? as usize;
        let place = order.u32(tiff, at + 8)? as usize;
        let Some(width) = width(kind) else { continue };
        let size = count * width;
        let value = if size <= 4 {
            &tiff[at + 8..at + 8 + size]
        } else {
            elsewhere += size;
            if elsewhere > tiff.len() {
                continue;
            }
            // A value that is cut off ends the directory.
            tiff.get(place..place.checked_add(size)?)?
        };
        if tag == ORIENTATION && !value.is_empty() {
            return Some(order.number(kind, value).unwrap_or(f64::NAN));
        }
    }
    None
}

/// Bytes of one value, of the types of TIFF 6.0 and BigTIFF.
fn width(kind: u16) -> Option<usize> {
    match kind {
        1 | 2 | 6 | 7 => Some(1),
        3 | 8 => Some(2),
        4 | 9 | 11 | 13 => Some(4),
        5 | 10 | 12 | 16 => Some(8),
        _ => None,
    }
}

/// The order of bytes.
#[derive(Clone, Copy)]
enum Order {
    Little,
    Big,
}

impl Order {
    fn u16(self, bytes: &[u8], at: usize) -> Option<u16> {
        let &bytes = bytes.get(at..)?.first_chunk()?;
        Some(match self {
            Self::Little => u16::from_le_bytes(bytes),
            Self::Big => u16::from_be_bytes(bytes),
        })
    }

    fn u32(self, bytes: &[u8], at: usize) -> Option<u32> {
        let &bytes = bytes.get(at..)?.first_chunk()?;
        Some(match self {
            Self::Little => u32::from_le_bytes(bytes),
            Self::Big => u32::from_be_bytes(bytes),
        })
    }

    fn u64(self, bytes: &[u8]) -> Option<u64> {
        let &bytes = bytes.first_chunk()?;
        Some(match self {
            Self::Little => u64::from_le_bytes(bytes),
            Self::Big => u64::from_be_bytes(bytes),
        })
    }

    /// The first value of a numeric type. BYTE and UNDEFINED hold bytes, ASCII text.
    fn number(self, kind: u16, value: &[u8]) -> Option<f64> {
        let ratio = |negative: bool| {
            let (over, under) = (self.u32(value, 0)?, self.u32(value, 4)?);
            Some(if negative {
                f64::from(over.cast_signed()) / f64::from(under.cast_signed())
            } else {
                f64::from(over) / f64::from(under)
            })
        };
        match kind {
            3 => self.u16(value, 0).map(f64::from),
            4 | 13 => self.u32(value, 0).map(f64::from),
            5 => ratio(false),
            6 => value.first().map(|&byte| f64::from(byte.cast_signed())),
            8 => self.u16(value, 0).map(|v| f64::from(v.cast_signed())),
            9 => self.u32(value, 0).map(|v| f64::from(v.cast_signed())),
            10 => ratio(true),
            11 => self.u32(value, 0).map(|v| f64::from(f32::from_bits(v))),
            12 => self.u64(value).map(f64::from_bits),
            16 => self.u64(value).map(|v| v as f64),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A block with one tag, whose value stands in the entry itself.
    fn block(order: &[u8; 4], kind: u16, count: u32, value: [u8; 4]) -> Vec<u8> {
        let little = order.starts_with(b"I");
        let short = |v: u16| {
            if little {
                v.to_le_bytes()
            } else {
                v.to_be_bytes()
            }
        };
        let long = |v: u32| {
            if little {
                v.to_le_bytes()
            } else {
                v.to_be_bytes()
            }
        };
        let mut block = order.to_vec();
        block.extend(long(8));
        block.extend([short(1), short(ORIENTATION), short(kind)].concat());
        block.extend(long(count));
        block.extend(value);
        block.extend([0; 4]);
        block
    }

    #[test]
    fn every_integer_type_and_both_byte_orders_are_read() {
        for (kind, little, big) in [
            (3, [6, 0, 0, 0], [0, 6, 0, 0]),
            (4, [6, 0, 0, 0], [0, 0, 0, 6]),
            (6, [6, 0, 0, 0], [6, 0, 0, 0]),
            (8, [6, 0, 0, 0], [0, 6, 0, 0]),
            (9, [6, 0, 0, 0], [0, 0, 0, 6]),
        ] {
            let found = orientation(&block(b"II*\0", kind, 1, little)).unwrap();
            assert_eq!(found, Some(6.0), "type {kind}, little-endian");
            let found = orientation(&block(b"MM\0*", kind, 1, big)).unwrap();
            assert_eq!(found, Some(6.0), "type {kind}, big-endian");
        }
    }

    #[test]
    fn a_prefix_is_passed_over_once_or_twice() {
        let mut prefixed = block(b"II*\0", 3, 1, [8, 0, 0, 0]);
        for _ in 0..2 {
            prefixed.splice(..0, *b"Exif\0\0");
            assert_eq!(orientation(&prefixed).unwrap(), Some(8.0));
        }
    }

    #[test]
    fn bytes_and_text_are_no_number_and_count_as_there() {
        for kind in [1, 2, 7] {
            let found = orientation(&block(b"II*\0", kind, 1, [6, 0, 0, 0])).unwrap();
            assert!(found.is_some_and(f64::is_nan), "type {kind}");
        }
    }

    #[test]
    fn a_directory_that_is_cut_off_has_what_comes_before_the_cut() {
        let whole = block(b"II*\0", 3, 1, [6, 0, 0, 0]);
        assert_eq!(orientation(&whole[..22]).unwrap(), Some(6.0));
        assert_eq!(orientation(&whole[..21]).unwrap(), None);
        assert!(orientation(&whole[..7]).is_err());
        assert!(orientation(b"JUNK\x08\0\0\0").is_err());
        assert_eq!(orientation(b"").unwrap(), None);
    }
}
