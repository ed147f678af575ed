//! What stored pixels depend on besides their image.

use std::env::consts::ARCH;

use crate::decode::DECODE_VERSION;
use crate::error::DataError;
use crate::hash::{self, Content};
use crate::resize::{RESIZE_VERSION, Resize};

/// The format of the files that hold them, so that those of other formats lie in other
/// folders.
pub(super) const FORMAT_VERSION: u32 = 1;

/// Identifies pixels: two images with the same key and content are the same.
#[derive(Clone, Debug)]
pub(super) struct PixelKey {
    resize: Resize,
    name: String,
    digest: Content,
    entry_bytes: usize,
}

impl PixelKey {
    /// The key of images that `resize` has prepared.
    ///
    /// # Errors
    /// A size that `resize` itself refuses.
    pub(super) fn new(resize: Resize) -> Result<Self, DataError> {
        resize.validate()?;
        let size = match resize {
            Resize::Squash { width, height } => format!("squash-{width}x{height}"),
            Resize::ShortestSideCenterCrop { resize, crop } => {
                format!("shortest-side-{resize}-crop-{crop}")
            }
        };
        // Decoders compute with the processor's vector instructions, whose
        // rounding nobody promises to be the same on all architectures.
        let name = format!(
            "{size}-{ARCH}-decode{DECODE_VERSION}-resize{RESIZE_VERSION}-format{FORMAT_VERSION}"
        );
        let (width, height) = resize.output_size();
        Ok(Self {
            resize,
            digest: hash::content(name.as_bytes()),
            name,
            entry_bytes: 3 * width as usize * height as usize,
        })
    }

    /// How the images are resized.
    pub(super) fn resize(&self) -> &Resize {
        &self.resize
    }

    /// The folder's name, readable.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// The SHA-256 of the name.
    pub(super) fn digest(&self) -> &Content {
        &self.digest
    }

    /// Bytes of one image.
    pub(super) fn entry_bytes(&self) -> usize {
        self.entry_bytes
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::{DecodeLimits, decode_file, list_images};

    const RESIZES: [Resize; 2] = [
        Resize::Squash {
            width: 10,
            height: 7,
        },
        Resize::ShortestSideCenterCrop {
            resize: 12,
            crop: 9,
        },
    ];

    #[test]
    fn decoding_and_resizing_give_the_pixels_that_their_versions_stand_for() {
        let fixtures = Path::new("tests/fixtures");
        let (mut decoded, mut resized, mut images) = (0, 0, 0);
        for path in list_images(fixtures, false).unwrap().images {
            // Some fixtures are there to be refused.
            let Ok(image) = decode_file(&path, &DecodeLimits::default()) else {
                continue;
            };
            images += 1;
            decoded = crc32c::crc32c_append(decoded, image.as_raw());
            for resize in RESIZES {
                resized = crc32c::crc32c_append(resized, resize.apply(&image).unwrap().as_raw());
            }
        }
        // Where a checksum differs, the numbers have changed: raise the version
        // beside it, and only then record the new one.
        assert_eq!(images, 19, "other fixtures than those recorded");
        let found = [(DECODE_VERSION, decoded), (RESIZE_VERSION, resized)];
        assert_eq!(found, [(3, 840_230_616), (2, 1_805_313_437)]);
    }

    #[test]
    fn a_key_tells_kinds_and_sizes_of_resizing_apart_and_can_be_read() {
        let [squash, crop] = RESIZES.map(|resize| PixelKey::new(resize).unwrap());
        assert!(squash.name().starts_with("squash-10x7-"), "{squash:?}");
        assert!(
            crop.name().starts_with("shortest-side-12-crop-9-"),
            "{crop:?}"
        );
        assert_ne!(squash.digest(), crop.digest());
        assert_eq!((squash.entry_bytes(), crop.entry_bytes()), (210, 243));
    }

    #[test]
    fn a_size_that_cannot_work_is_refused() {
        let nothing = Resize::Squash {
            width: 0,
            height: 7,
        };
        let error = PixelKey::new(nothing).unwrap_err();
        assert!(matches!(error, DataError::Setting { name: "resize", .. }));
    }
}
