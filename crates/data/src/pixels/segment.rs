//! One file of pixels.
//!
//! | bytes | what |
//! |---|---|
//! | 8 | [`MAGIC`] |
//! | 4, 4, 4 | [`FORMAT_VERSION`], number of images, bytes per image |
//! | 32 | digest of the key |
//! | 36 per image | SHA-256 of its file, CRC-32C of its pixels |
//! | 4 | CRC-32C of all the above |
//! | the rest | the pixels, in the same order |
//!
//! Numbers are little-endian. The checksum of the head binds images, checksums
//! and the file's length together, so a file that is cut off or foreign is told
//! when it is opened; pixels are checked when they are used, since reading all
//! of a large store first would cost more than it saves.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use memmap2::Mmap;

use super::key::{FORMAT_VERSION, PixelKey};
use crate::hash::{Content, FieldHasher};
use psp_schema::{FileError, write_atomic};

/// The ending of a segment's file name.
pub(super) const EXTENSION: &str = "pixels";

const MAGIC: [u8; 8] = *b"psp-pix\n";
const FIXED_BYTES: usize = 8 + 3 * 4 + 32;
const ROW_BYTES: usize = 32 + 4;
const CHECKSUM_BYTES: usize = 4;

/// The bytes of a segment of `images` images.
pub(super) fn size(key: &PixelKey, images: usize) -> u64 {
    (FIXED_BYTES + CHECKSUM_BYTES) as u64 + images as u64 * bytes_per_image(key)
}

/// The images that fit into a segment of `bytes` bytes.
pub(super) fn capacity(key: &PixelKey, bytes: u64) -> usize {
    let images = bytes.saturating_sub(size(key, 0)) / bytes_per_image(key);
    // Cut at what the head can count.
    images.min(u64::from(u32::MAX)) as usize
}

fn bytes_per_image(key: &PixelKey) -> u64 {
    (ROW_BYTES + key.entry_bytes()) as u64
}

/// Why a segment can't be used.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unusable {
    /// The operating system refused to open it, which says nothing about it.
    #[error(transparent)]
    Unreadable(#[from] io::Error),
    /// It is not a whole segment of the key.
    #[error("{0}")]
    Damaged(&'static str),
}

/// An open segment.
#[derive(Debug)]
pub(crate) struct Segment {
    map: Mmap,
    path: PathBuf,
    images: usize,
    entry_bytes: usize,
}

impl Segment {
    /// Stores `images` (at most [`capacity`] of them, each with
    /// [`PixelKey::entry_bytes`] pixels) in a new file in `dir`.
    pub(super) fn write(
        dir: &Path,
        key: &PixelKey,
        images: &[(Content, Arc<[u8]>)],
    ) -> Result<PathBuf, FileError> {
        let mut head = Vec::with_capacity(FIXED_BYTES + images.len() * ROW_BYTES + CHECKSUM_BYTES);
        head.extend(MAGIC);
        for number in [
            FORMAT_VERSION,
            images.len() as u32,
            key.entry_bytes() as u32,
        ] {
            head.extend(number.to_le_bytes());
        }
        head.extend(key.digest());
        for (content, pixels) in images {
            head.extend(content);
            head.extend(crc32c::crc32c(pixels).to_le_bytes());
        }
        head.extend(crc32c::crc32c(&head).to_le_bytes());
        let path = dir.join(new_name(&head));
        write_atomic(&path, |out| {
            out.write_all(&head)?;
            images
                .iter()
                .try_for_each(|(_, pixels)| out.write_all(pixels))
        })?;
        Ok(path)
    }

    /// Opens a segment and checks its head.
    pub(super) fn open(path: &Path, key: &PixelKey) -> Result<Self, Unusable> {
        let file = File::open(path)?;
        // SAFETY: a mapping is sound as long as nobody changes or shortens the
        // file. Segments are written under temporary names, renamed when whole
        // and never written again; renaming one leaves its mappings valid, and
        // removing it too, save on network file systems, where the next read
        // of a page that is not in memory ends the process (SIGBUS).
        #[allow(unsafe_code)]
        let map = unsafe { Mmap::map(&file) }?;
        let images = check(&map, key).map_err(Unusable::Damaged)?;
        Ok(Self {
            map,
            path: path.to_owned(),
            images,
            entry_bytes: key.entry_bytes(),
        })
    }

    /// Its file.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The content of every row's image.
    pub(super) fn contents(&self) -> impl Iterator<Item = Content> {
        self.rows().iter().map(|row| row.as_chunks().0[0])
    }

    /// The pixels of a row's image, `[height, width, 3]`.
    pub(super) fn pixels(&self, row: usize) -> &[u8] {
        let start = FIXED_BYTES + self.images * ROW_BYTES + CHECKSUM_BYTES;
        &self.map[start + row * self.entry_bytes..][..self.entry_bytes]
    }

    /// Whether the pixels of a row's image match their checksum.
    pub(super) fn is_whole(&self, row: usize) -> bool {
        crc32c::crc32c(self.pixels(row)) == number(&self.rows()[row], 8)
    }

    fn rows(&self) -> &[[u8; ROW_BYTES]] {
        let rows = &self.map[FIXED_BYTES..][..self.images * ROW_BYTES];
        rows.as_chunks().0
    }
}

/// The number of images of a whole segment of `key`, or what is wrong with it.
fn check(file: &[u8], key: &PixelKey) -> Result<usize, &'static str> {
    let cut_off = "it is cut off";
    let fixed: &[u8; FIXED_BYTES] = file.first_chunk().ok_or(cut_off)?;
    if !fixed.starts_with(&MAGIC) {
        return Err("it is no file of pixels");
    }
    if number(fixed, 2) != FORMAT_VERSION {
        return Err("its format is another version's");
    }
    if !fixed.ends_with(key.digest()) || number(fixed, 4) as usize != key.entry_bytes() {
        return Err("its images were prepared differently");
    }
    let images = number(fixed, 3) as usize;
    let length = file.len() as u64;
    if length != size(key, images) {
        return Err(if length < size(key, images) {
            cut_off
        } else {
            "it is longer than its images take"
        });
    }
    // The head lies within the file, so it has a length that fits.
    let (head, rest) = file.split_at(FIXED_BYTES + images * ROW_BYTES);
    if crc32c::crc32c(head) != number(rest, 0) {
        return Err("its head does not match its checksum");
    }
    Ok(images)
}

/// The number in the four bytes at `4 * place`, which are there.
fn number(bytes: &[u8], place: usize) -> u32 {
    u32::from_le_bytes(bytes.as_chunks().0[place])
}

/// A name that no segment had before, not even one with the same images: a
/// process that finds an old file damaged must not take a new one for it.
fn new_name(head: &[u8]) -> String {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let mut hasher = FieldHasher::new("psp pixel segment 1");
    hasher.field(head);
    hasher.field(&std::process::id().to_le_bytes());
    hasher.field(&since.unwrap_or_default().as_nanos().to_le_bytes());
    format!("{}.{EXTENSION}", &hasher.hex()[..32])
}
