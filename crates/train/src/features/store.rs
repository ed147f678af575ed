//! All stored features of one key.

use std::collections::{HashMap, HashSet};
use std::fs::{File, TryLockError};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use psp_schema::{FileError, write_atomic};

use crate::features::Content;
use crate::features::error::FeatureError;
use crate::features::key::FeatureKey;
use crate::features::segment::{EXTENSION, Segment, Unusable};

/// The features of one key by the content of their image, in a folder that any
/// number of processes may read and add to at the same time. What can't be stored
/// there (a read-only folder, a full disk) is kept in memory instead.
#[derive(Debug)]
pub struct FeatureStore {
    /// The folder, or why what is added is kept in memory only.
    dir: Result<PathBuf, String>,
    /// Whether the reason was told.
    is_told: bool,
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

/// Where the features of `key` are, in a cache folder.
fn dir_of(cache_dir: &Path, key: &FeatureKey) -> PathBuf {
    cache_dir.join("features").join(key.hex())
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
        let dir = dir_of(cache_dir, &key);
        psp_schema::create_folder(&dir)?;
        let mut store = Self::empty(Ok(dir.clone()), key);
        store.refresh()?;
        let about = dir.join("key.json");
        if !about.exists() && !store.key.description().is_empty() {
            let text = store.key.description().as_bytes();
            let written = write_atomic(&about, |out| {
                out.write_all(text)?;
                out.write_all(b"\n")
            });
            if let Err(error) = written {
                store.hold(&error);
            }
        }
        Ok(store)
    }

    /// A store in memory, in place of one that can't be opened for this reason.
    pub fn in_memory(key: FeatureKey, reason: &FeatureError) -> Self {
        Self::empty(Err(reason.to_string()), key)
    }

    fn empty(dir: Result<PathBuf, String>, key: FeatureKey) -> Self {
        Self {
            dir,
            is_told: false,
            key,
            segments: Vec::new(),
            paths: HashSet::new(),
            rows: HashMap::new(),
            discarded: Vec::new(),
        }
    }

    /// From now on, what is added is kept in memory.
    fn hold(&mut self, reason: &dyn std::error::Error) {
        if self.dir.is_ok() {
            self.dir = Err(reason.to_string());
        }
    }

    /// Why what is added is kept in memory only, the first time that this is asked and
    /// it is so.
    pub fn take_trouble(&mut self) -> Option<String> {
        if std::mem::replace(&mut self.is_told, self.dir.is_err()) {
            None
        } else {
            self.dir.clone().err()
        }
    }

    /// Opens what is stored under `key` if its folder is there; `None` otherwise.
    ///
    /// # Errors
    /// When the folder can't be read.
    pub fn open_existing(cache_dir: &Path, key: FeatureKey) -> Result<Option<Self>, FeatureError> {
        let dir = dir_of(cache_dir, &key);
        if !dir.is_dir() {
            return Ok(None);
        }
        let mut store = Self::empty(Ok(dir), key);
        store.refresh()?;
        Ok(Some(store))
    }

    /// Opens what other processes have added since.
    ///
    /// # Errors
    /// When the folder can't be read.
    pub fn refresh(&mut self) -> Result<(), FeatureError> {
        let Ok(dir) = &self.dir else { return Ok(()) };
        let io = FileError::list(dir);
        let mut paths = Vec::new();
        for entry in std::fs::read_dir(dir).map_err(&io)? {
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
                Ok(segment) => {
                    self.insert(segment);
                    self.paths.insert(path);
                }
                // Another process found it damaged.
                Err(Unusable::Unread(error)) if error.kind() == ErrorKind::NotFound => {}
                Err(Unusable::Unread(error)) => return Err(FileError::read(&path)(error).into()),
                Err(Unusable::Damaged(reason)) => {
                    // What stays is found damaged again by the next process.
                    let _ = std::fs::remove_file(&path);
                    self.discarded.push((path, reason));
                }
            }
        }
        Ok(())
    }

    fn insert(&mut self, segment: Segment) {
        for (row, content) in segment.contents().iter().enumerate() {
            let place = (self.segments.len(), row);
            self.rows.entry(*content).or_insert(place);
        }
        self.segments.push(segment);
    }

    /// What the features depend on besides their image.
    pub fn key(&self) -> &FeatureKey {
        &self.key
    }

    /// The folder of this key; `None` where what is added is kept in memory only.
    pub fn dir(&self) -> Option<&Path> {
        self.dir.as_deref().ok()
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

    /// Stores the features of some images, or keeps them in memory where they can't be
    /// written; `features` is `[contents, width]`, row-major.
    ///
    /// # Errors
    /// When what was just written can't be read.
    pub fn add(&mut self, contents: &[Content], features: &[f32]) -> Result<(), FeatureError> {
        if let Ok(dir) = &self.dir {
            match Segment::write(dir, &self.key, contents, features) {
                Ok(path) => return self.open_new(path),
                Err(error) => self.hold(&error),
            }
        }
        self.insert(Segment::held(&self.key, contents, features));
        Ok(())
    }

    fn open_new(&mut self, path: PathBuf) -> Result<(), FeatureError> {
        let segment = Segment::open(&path, &self.key).map_err(|unusable| {
            FileError::read(&path)(match unusable {
                Unusable::Unread(error) => error,
                Unusable::Damaged(reason) => {
                    std::io::Error::other(format!("just written, yet {reason}"))
                }
            })
        })?;
        self.insert(segment);
        self.paths.insert(path);
        Ok(())
    }

    /// Takes one of the [`SHARES`] for computing, so that nothing is computed twice;
    /// `None` while another process has it.
    ///
    /// Where files can't be locked or made (some network file systems, a read-only
    /// folder) everybody gets it: two processes may then do the same work, to no harm.
    pub fn try_lock(&mut self, share: u8) -> Option<ShareLock> {
        let everybody = Some(ShareLock { _file: None });
        let Ok(dir) = &self.dir else {
            return everybody;
        };
        let path = dir.join(format!("lock.{share}"));
        let file = match File::create(&path) {
            Ok(file) => file,
            Err(error) => {
                self.hold(&FeatureError::from(FileError::write(&path, "create it")(
                    error,
                )));
                return everybody;
            }
        };
        match file.try_lock() {
            Ok(()) => Some(ShareLock { _file: Some(file) }),
            Err(TryLockError::WouldBlock) => None,
            Err(TryLockError::Error(_)) => everybody,
        }
    }
}
