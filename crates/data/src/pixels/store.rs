//! The pixels of one key, read and added to.

use std::collections::HashMap;
use std::io::{self, ErrorKind};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, RwLock};
use std::time::{Duration, Instant};

use super::Pixels;
use super::folder::{self, Folder};
use super::index::Index;
use super::key::PixelKey;
use super::locks::{lock, read, write};
use super::segment::{self, Segment, Unusable};
use super::status::Status;
use super::warning::PixelWarning;
use crate::error::DataError;
use crate::hash::Content;
use crate::resize::Resize;

/// The bytes of pixels that make a segment: enough that a store has few files,
/// little enough to wait in memory.
const SEGMENT_BYTES: usize = 64 << 20;

/// How long an image that is not stored is taken to be stored nowhere; then the
/// folder is looked at for what other processes have added.
const REFRESH_AFTER: Duration = Duration::from_secs(10);

type Waiting = HashMap<Content, Arc<[u8]>>;

/// Decoded and resized pixels in a folder that any number of processes may read
/// and add to at the same time, so that each image is decoded once.
///
/// An image is found by the SHA-256 of its file and the way it was resized; a
/// file with other content is another image, whatever its name. Pixels are read
/// through memory mapping and checked against their checksum at every use.
///
/// A store never fails: where its folder can't be used, or no longer, images
/// are decoded as they are without it. What went wrong, and which damaged files
/// were put out of use, is told once by [`take_warnings`](Self::take_warnings).
///
/// A loader takes it by [`Loader::with_pixels`](crate::Loader::with_pixels).
/// Several loaders may share one.
#[derive(Debug)]
pub struct PixelStore {
    folder: Folder,
    key: PixelKey,
    max_bytes: u64,
    segment_bytes: usize,
    index: RwLock<Index>,
    /// What was decoded and is not yet on its way to disk.
    waiting: Mutex<Waiting>,
    /// Held while a segment is written.
    writing: Mutex<()>,
    /// When the folder was last looked at; held meanwhile.
    refreshed: Mutex<Instant>,
    status: Status,
}

impl PixelStore {
    /// Opens what is stored in the cache folder `cache_dir` of images resized
    /// by `resize`, which need not exist yet.
    ///
    /// `max_bytes` bounds the size of all pixels in `cache_dir`, those of other
    /// sizes included: what would go beyond it is not added. Nothing is ever
    /// removed to make room. Processes that write at the very same moment may
    /// exceed it by a segment (64 MiB) each.
    ///
    /// # Errors
    /// [`DataError::Setting`]: a size that `resize` can't reach. A folder that
    /// can't be used is a warning.
    pub fn open(cache_dir: &Path, resize: &Resize, max_bytes: u64) -> Result<Self, DataError> {
        Self::with_segments_of(SEGMENT_BYTES, cache_dir, resize, max_bytes)
    }

    fn with_segments_of(
        segment_bytes: usize,
        cache_dir: &Path,
        resize: &Resize,
        max_bytes: u64,
    ) -> Result<Self, DataError> {
        let key = PixelKey::new(*resize)?;
        let store = Self {
            folder: Folder::new(cache_dir, key.name()),
            key,
            max_bytes,
            segment_bytes,
            index: RwLock::default(),
            waiting: Mutex::default(),
            writing: Mutex::default(),
            refreshed: Mutex::new(Instant::now()),
            status: Status::default(),
        };
        match store.folder.prepare() {
            Ok(()) => store.refresh(),
            Err(error) => store.status.fail(store.unusable(error)),
        }
        Ok(store)
    }

    /// The folder that holds this store's files. It may be removed whenever
    /// nothing uses it.
    pub fn dir(&self) -> &Path {
        self.folder.dir()
    }

    /// How the stored images were resized.
    pub fn resize(&self) -> &Resize {
        self.key.resize()
    }

    /// The number of different images on disk, as far as this process has
    /// looked.
    pub fn images(&self) -> usize {
        read(&self.index).len()
    }

    /// Whether the pixels of the image whose file has this SHA-256 were stored when
    /// the folder was last looked at. They are checked when they are used.
    pub fn contains(&self, content: &[u8; 32]) -> bool {
        read(&self.index).get(content).is_some()
    }

    /// What went wrong since this was last asked.
    pub fn take_warnings(&self) -> Vec<PixelWarning> {
        self.status.take_warnings()
    }

    /// The pixels of an image, if they are stored or about to be.
    pub(crate) fn get(&self, content: &Content) -> Option<Pixels> {
        if let Some(pixels) = self.stored(content) {
            return Some(pixels);
        }
        if let Some(pixels) = lock(&self.waiting).get(content) {
            return Some(Arc::clone(pixels).into());
        }
        let is_due = self
            .refreshed
            .try_lock()
            .is_ok_and(|last| last.elapsed() >= REFRESH_AFTER);
        if !is_due {
            return None;
        }
        self.refresh();
        self.stored(content)
    }

    fn stored(&self, content: &Content) -> Option<Pixels> {
        loop {
            let (segment, row) = read(&self.index).get(content).cloned()?;
            // Checked every time: this also reads what is not in memory on the
            // thread that asks, of which there are several, rather than on the
            // one that assembles batches.
            if segment.is_whole(row) {
                return Some(Pixels::Stored(segment, row));
            }
            // Another segment may have the image too.
            self.retire(&segment);
        }
    }

    /// Takes an image's pixels to be stored; false when no more are added.
    ///
    /// It waits while a segment is being written and another is full, so that
    /// no more than two are in memory.
    pub(crate) fn offer(&self, content: Content, pixels: &Arc<[u8]>) -> bool {
        if !self.status.is_adding() {
            return false;
        }
        let mut waiting = lock(&self.waiting);
        waiting.insert(content, Arc::clone(pixels));
        if waiting.len().saturating_mul(self.key.entry_bytes()) >= self.segment_bytes {
            self.write(waiting);
        }
        true
    }

    /// Writes what has been offered.
    pub(crate) fn flush(&self) {
        let waiting = lock(&self.waiting);
        if !waiting.is_empty() {
            self.write(waiting);
        }
    }

    fn write(&self, mut waiting: MutexGuard<'_, Waiting>) {
        let images = std::mem::take(&mut *waiting);
        // First the one lock, then the other goes: who offers more waits.
        let _writing = lock(&self.writing);
        drop(waiting);
        if let Err(warning) = self.add(images) {
            self.status.fail(warning);
        }
    }

    /// Stores `images` in one segment, as far as there is room.
    fn add(&self, images: Waiting) -> Result<(), PixelWarning> {
        // Another process may have stored the same meanwhile.
        self.refresh();
        if !self.status.is_adding() {
            return Ok(());
        }
        let mut images: Vec<_> = images.into_iter().collect();
        {
            let index = read(&self.index);
            images.retain(|(content, _)| index.get(content).is_none());
        }
        let mut used = self.folder.used().map_err(|error| self.unusable(error))?;
        let room = segment::capacity(&self.key, self.max_bytes.saturating_sub(used));
        let is_full = room < images.len();
        images.truncate(room);
        if !images.is_empty() {
            let path = Segment::write(self.folder.dir(), &self.key, &images)?;
            let segment = Segment::open(&path, &self.key).map_err(|error| {
                let error = format!("{}: just written, yet {error}", path.display());
                self.unusable(io::Error::other(error))
            })?;
            write(&self.index).insert(Arc::new(segment));
            used += segment::size(&self.key, images.len());
        }
        if is_full {
            self.status.fill(PixelWarning::Full {
                dir: self.folder.root().to_owned(),
                used,
                max_bytes: self.max_bytes,
            });
        }
        Ok(())
    }

    /// Opens what other processes have added since.
    pub(crate) fn refresh(&self) {
        let mut refreshed = lock(&self.refreshed);
        if self.status.has_failed() {
            return;
        }
        let paths = match self.folder.segments() {
            Ok(paths) => paths,
            Err(error) => return self.status.fail(self.unusable(error)),
        };
        let mut unreadable = Vec::new();
        for path in paths {
            if read(&self.index).has_seen(&path) {
                continue;
            }
            if let Err(error) = self.look_at(&path) {
                write(&self.index).see(&path);
                unreadable.push((path, error));
            }
        }
        let count = unreadable.len();
        if let Some((path, source)) = unreadable.into_iter().next() {
            self.status.warn(PixelWarning::Unreadable {
                path,
                count,
                source,
            });
        }
        *refreshed = Instant::now();
    }

    fn look_at(&self, path: &Path) -> io::Result<()> {
        match Segment::open(path, &self.key) {
            Ok(segment) => write(&self.index).insert(Arc::new(segment)),
            // Another process has put it out of use.
            Err(Unusable::Unreadable(error)) if error.kind() == ErrorKind::NotFound => {}
            Err(Unusable::Unreadable(error)) => return Err(error),
            Err(Unusable::Damaged(reason)) => {
                write(&self.index).see(path);
                // Whoever opens it finds the same, so nobody has it mapped.
                self.warn_of_damage(path, reason, std::fs::remove_file(path));
            }
        }
        Ok(())
    }

    /// Puts a segment out of use whose pixels are damaged.
    fn retire(&self, segment: &Arc<Segment>) {
        // Of the threads that find it damaged, the first does the rest.
        if write(&self.index).remove(segment) {
            let path = segment.path();
            let reason = "its pixels do not match their checksum";
            self.warn_of_damage(path, reason, folder::set_aside(path));
        }
    }

    fn warn_of_damage(&self, path: &Path, reason: &'static str, removed: io::Result<()>) {
        self.status.warn(PixelWarning::Damaged {
            path: path.to_owned(),
            reason,
            // Another process may have been faster.
            left: removed
                .err()
                .filter(|error| error.kind() != ErrorKind::NotFound),
        });
    }

    fn unusable(&self, source: io::Error) -> PixelWarning {
        PixelWarning::Folder {
            dir: self.dir().to_owned(),
            source,
        }
    }
}

#[cfg(test)]
mod tests;
