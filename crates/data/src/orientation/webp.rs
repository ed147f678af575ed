//! EXIF and XMP chunks of a WebP.

use super::Metadata;

/// Flags of the VP8X chunk, without which such chunks do not count.
const EXIF_FLAG: u8 = 0x08;
const XMP_FLAG: u8 = 0x04;

/// The first chunk of each kind that the header announces.
pub(super) fn metadata(bytes: &[u8]) -> Metadata {
    let mut found = Metadata::default();
    let mut flags = 0;
    let mut rest = bytes.get(12..).unwrap_or_default();
    while let Some((header, after)) = rest.split_first_chunk::<8>() {
        let (name, length) = header.split_at(4);
        let length = length
            .first_chunk()
            .map_or(0, |&n| u32::from_le_bytes(n) as usize);
        let Some(content) = after.get(..length) else {
            break;
        };
        match name {
            b"VP8X" => flags = content.first().copied().unwrap_or(0),
            b"EXIF" if flags & EXIF_FLAG != 0 => {
                found.exif.get_or_insert_with(|| content.to_vec());
            }
            b"XMP " if flags & XMP_FLAG != 0 => {
                found.xmp.get_or_insert_with(|| content.to_vec());
            }
            _ => {}
        }
        // Chunks have an even length.
        rest = after.get(length + length % 2..).unwrap_or_default();
    }
    found
}
