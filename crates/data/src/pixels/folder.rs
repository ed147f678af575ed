//! The files of a pixel store.

use std::ffi::OsStr;
use std::fs::{self, DirEntry, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::segment::EXTENSION;

/// The ending of a segment that was set aside.
const DAMAGED: &str = "damaged";

/// The age from which what nobody uses any more is removed: longer than any
/// process takes to write a segment, and than most go on reading one.
const LEFTOVER_AGE: Duration = Duration::from_secs(24 * 60 * 60);

/// The folder of one key.
#[derive(Debug)]
pub(super) struct Folder {
    /// Of all keys.
    root: PathBuf,
    dir: PathBuf,
}

impl Folder {
    /// The folder of the key `name` in the cache folder `cache_dir`.
    pub(super) fn new(cache_dir: &Path, name: &str) -> Self {
        let root = cache_dir.join("pixels");
        let dir = root.join(name);
        Self { root, dir }
    }

    /// That of the key.
    pub(super) fn dir(&self) -> &Path {
        &self.dir
    }

    /// That of all keys.
    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    /// Makes it if need be, and removes leftovers of processes that are gone.
    pub(super) fn prepare(&self) -> io::Result<()> {
        fs::create_dir_all(&self.dir)?;
        for entry in fs::read_dir(&self.dir)? {
            let entry = entry?;
            if is_leftover(&entry) {
                // Somebody else's may stay: they count, and do no other harm.
                let _ = fs::remove_file(entry.path());
            }
        }
        Ok(())
    }

    /// The segments' files, sorted.
    pub(super) fn segments(&self) -> io::Result<Vec<PathBuf>> {
        let mut paths = Vec::new();
        for entry in fs::read_dir(&self.dir)? {
            let path = entry?.path();
            if path.extension() == Some(OsStr::new(EXTENSION)) {
                paths.push(path);
            }
        }
        paths.sort();
        Ok(paths)
    }

    /// The bytes of all keys' files, those in the making included, as far as
    /// they can be seen.
    pub(super) fn used(&self) -> io::Result<u64> {
        let mut used = 0;
        for key in fs::read_dir(&self.root)? {
            let Some(files) = unless_out_of_reach(fs::read_dir(key?.path()))? else {
                continue;
            };
            for file in files {
                used += unless_out_of_reach(file?.metadata())?.map_or(0, |file| file.len());
            }
        }
        Ok(used)
    }
}

/// Takes a damaged segment out of use, so that no process opens it again.
///
/// It is removed a day later. Other machines may have it mapped, and on a
/// network file system removing it at once would end their processes.
pub(super) fn set_aside(segment: &Path) -> io::Result<()> {
    // Its age counts from now, where its owner is asking.
    let _ = File::open(segment)?.set_modified(SystemTime::now());
    fs::rename(segment, segment.with_extension(DAMAGED))
}

fn is_leftover(entry: &DirEntry) -> bool {
    let name = entry.file_name();
    let name = name.to_string_lossy();
    let unused =
        name.ends_with(&format!(".{DAMAGED}")) || name.starts_with('.') && name.ends_with(".tmp");
    let age = || {
        entry
            .metadata()?
            .modified()?
            .elapsed()
            .map_err(io::Error::other)
    };
    unused && age().is_ok_and(|age| age > LEFTOVER_AGE)
}

/// `None` for what is no longer there, what is no folder, and what is somebody
/// else's to see.
fn unless_out_of_reach<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    use io::ErrorKind::{NotADirectory, NotFound, PermissionDenied};
    match result {
        Err(error) if matches!(error.kind(), NotFound | NotADirectory | PermissionDenied) => {
            Ok(None)
        }
        result => result.map(Some),
    }
}
