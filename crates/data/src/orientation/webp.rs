//! EXIF and XMP chunks of a WebP.

use super::Metadata;
use crate::webp::chunks;

/// Flags of the VP8X chunk, without which such chunks do not count.
const EXIF_FLAG: u8 = 0x08;
const XMP_FLAG: u8 = 0x04;

/// The first chunk of each kind that the header announces.
pub(super) fn metadata(bytes: &[u8]) -> Metadata {
    let mut found = Metadata::default();
    let mut flags = 0;
    for (name, content) in chunks(bytes) {
        let content = &bytes[content];
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
    }
    found
}
