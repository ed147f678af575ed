//! All stored features of one key.

use std::collections::{HashMap, HashSet};
use std::fs::{File, TryLockError};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use psp_files::write_atomic;

use crate::Content;
use crate::error::FeatureError;
use crate::key::FeatureKey;
use crate::segment::{EXTENSION, Segment, Unusable};

/// `PSP_CACHE_DIR`, or `psp` in the user's cache folder; `None` where there is
/// neither.
pub fn default_dir() -> Option<PathBuf> {
    match std::env::var_os("PSP_CACHE_DIR") {
        Some(dir) if !dir.is_empty() => Some(dir.into()),
        _ => Some(dirs::cache_dir()?.join("psp")),
    }
}

/// The features of one key by the content of their image, in a folder that any
/// number of processes may read and add to at the same time.
#[derive(Debug)]
pub struct FeatureStore {
    dir: PathBuf,
    key: FeatureKey,
    segments: Vec<Segment>,
    /// Their files.
    paths: HashSet<PathBuf>,
    /// Segment and row of each content.
    rows: HashMap<Content, (usize, usize)>,
    discarded: Vec<(PathBuf, String)>,
}

/// Into how many shares the images of a store fall, by their content, so that
/// several processes can compute features at the same time.
pub const SHARES: u8 = 16;

/// Held by the process that computes one share of a store.
#[derive(Debug)]
pub struct ShareLock {
    _file: Option<File>,
}

/// Which share an image falls into, below [`SHARES`].
pub fn share_of(content: &Content) -> u8 {
    content[0] % SHARES
}

impl FeatureStore {
    /// Opens what is stored under `key` in the cache folder `cache_dir`, which
    /// is made if need be.
    ///
    /// A file that is damaged or foreign is removed and noted in
    /// [`take_discarded`](Self::take_discarded).
    ///
    /// # Errors
    /// When the folder can't be made or read.
    pub fn open(cache_dir: &Path, key: FeatureKey) -> Result<Self, FeatureError> {
        let dir = cache_dir.join("features").join(key.hex());
        std::fs::create_dir_all(&dir).map_err(FeatureError::io(&dir))?;
        let about = dir.join("key.json");
        if !about.exists() && !key.description().is_empty() {
            let text = key.description().as_bytes();
            write_atomic(&about, |out| {
                out.write_all(text)?;
                out.write_all(b"\n")
            })?;
        }
        let mut store = Self {
            dir,
            key,
            segments: Vec::new(),
            paths: HashSet::new(),
            rows: HashMap::new(),
            discarded: Vec::new(),
        };
        store.refresh()?;
        Ok(store)
    }

    /// Opens what is stored under `key` if its folder is there; `None` otherwise.
    ///
    /// # Errors
    /// As [`FeatureStore::open`].
    pub fn open_existing(cache_dir: &Path, key: FeatureKey) -> Result<Option<Self>, FeatureError> {
        match cache_dir.join("features").join(key.hex()).is_dir() {
            true => Self::open(cache_dir, key).map(Some),
            false => Ok(None),
        }
    }

    /// Opens what other processes have added since.
    ///
    /// # Errors
    /// When the folder can't be read.
    pub fn refresh(&mut self) -> Result<(), FeatureError> {
        let io = FeatureError::io(&self.dir);
        let mut paths = Vec::new();
        for entry in std::fs::read_dir(&self.dir).map_err(&io)? {
            let path = entry.map_err(&io)?.path();
            let hidden = path
                .file_name()
                .is_some_and(|name| name.to_string_lossy().starts_with('.'));
            let is_segment = path.extension().is_some_and(|end| end == EXTENSION);
            if is_segment && !hidden && !self.paths.contains(&path) {
                paths.push(path);
            }
        }
        paths.sort();
        for path in paths {
            match Segment::open(&path, &self.key) {
                Ok(segment) => self.insert(path, segment),
                // Another process found it damaged.
                Err(Unusable::Unread(error)) if error.kind() == ErrorKind::NotFound => {}
                Err(Unusable::Unread(error)) => return Err(FeatureError::io(&path)(error)),
                Err(Unusable::Damaged(reason)) => {
                    // What stays is found damaged again by the next process.
                    let _ = std::fs::remove_file(&path);
                    self.discarded.push((path, reason));
                }
            }
        }
        Ok(())
    }

    fn insert(&mut self, path: PathBuf, segment: Segment) {
        for (row, content) in segment.contents().iter().enumerate() {
            let place = (self.segments.len(), row);
            self.rows.entry(*content).or_insert(place);
        }
        self.segments.push(segment);
        self.paths.insert(path);
    }

    /// What the features depend on besides their image.
    pub fn key(&self) -> &FeatureKey {
        &self.key
    }

    /// The folder of this key.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Features per image.
    pub fn width(&self) -> usize {
        self.key.width()
    }

    /// Files that were damaged or foreign, each with the reason, and removed since
    /// this was last asked.
    pub fn take_discarded(&mut self) -> Vec<(PathBuf, String)> {
        std::mem::take(&mut self.discarded)
    }

    /// The features of the image with this content, `[width]`.
    pub fn get(&self, content: &Content) -> Option<&[f32]> {
        let &(segment, row) = self.rows.get(content)?;
        Some(self.segments.get(segment)?.row(row))
    }

    /// Indices of those `contents` whose features are not stored, the first of
    /// each where a content occurs twice.
    pub fn missing(&self, contents: &[Content]) -> Vec<usize> {
        let mut seen = HashSet::new();
        let is_missing = |&index: &usize| {
            !self.rows.contains_key(&contents[index]) && seen.insert(contents[index])
        };
        (0..contents.len()).filter(is_missing).collect()
    }

    /// Stores the features of some images; `features` is `[contents, width]`,
    /// row-major.
    ///
    /// # Errors
    /// When they can't be written; what was stored before stays.
    pub fn add(&mut self, contents: &[Content], features: &[f32]) -> Result<(), FeatureError> {
        let path = Segment::write(&self.dir, &self.key, contents, features)?;
        let segment = Segment::open(&path, &self.key).map_err(|unusable| {
            FeatureError::io(&path)(match unusable {
                Unusable::Unread(error) => error,
                Unusable::Damaged(reason) => {
                    std::io::Error::other(format!("just written, yet {reason}"))
                }
            })
        })?;
        self.insert(path, segment);
        Ok(())
    }

    /// Takes one of the [`SHARES`] for computing, so that nothing is computed twice;
    /// `None` while another process has it.
    ///
    /// Where files can't be locked (some network file systems) everybody gets it:
    /// two processes may then do the same work, to no harm.
    ///
    /// # Errors
    /// When the lock file can't be made.
    pub fn try_lock(&self, share: u8) -> Result<Option<ShareLock>, FeatureError> {
        let path = self.dir.join(format!("lock.{share}"));
        let file = File::create(&path).map_err(FeatureError::io(&path))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(ShareLock { _file: Some(file) })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(_)) => Ok(Some(ShareLock { _file: None })),
        }
    }
}
