//! Decoded and resized pixels on disk, shared by all processes that read the
//! same cache folder, on one machine or over a network file system.
//!
//! ```text
//! <cache folder>/pixels/<key>/<name>.pixels    a segment: many images
//!                             <name>.damaged   a segment that was set aside
//!                             .<name>….tmp     a segment in the making
//! ```
//!
//! A key's name says how the pixels were made ([`key`]); within it, an image is
//! found by the SHA-256 of its file. Segments ([`segment`]) appear by a rename
//! when they are whole on disk and are never changed. Nothing is locked, since
//! not every network file system can: processes that decode the same image at
//! the same time may store it twice, and any of the copies serves.

mod folder;
mod index;
mod key;
mod locks;
mod segment;
mod status;
mod store;
mod warning;

use std::ops::Deref;
use std::sync::Arc;

use segment::Segment;

pub use store::PixelStore;
pub use warning::PixelWarning;

/// The resized pixels of one image, `[height, width, 3]`.
#[derive(Clone, Debug)]
pub(crate) enum Pixels {
    /// In this process's memory.
    Own(Arc<[u8]>),
    /// A row of a mapped segment.
    Stored(Arc<Segment>, usize),
}

impl Deref for Pixels {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Own(pixels) => pixels,
            Self::Stored(segment, row) => segment.pixels(*row),
        }
    }
}

impl From<Arc<[u8]>> for Pixels {
    fn from(pixels: Arc<[u8]>) -> Self {
        Self::Own(pixels)
    }
}
