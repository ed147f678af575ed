//! Files written whole or not at all, the records of runs and trials in them, and whose fault
//! it is when one can't be read or written. Needs no Burn.

mod error;
mod hash;
mod json;
mod ranked;
mod run;
mod shell;
mod trial;

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

pub use error::{Access, Class, Classify, FileError};
pub use hash::{hash_into, hash_of};
pub use json::{write_json, write_json_new};
pub use ranked::Ranked;
pub use run::{Ending, EpochRecord, RunResult, read_metrics};
pub use shell::shell_quoted;
pub use trial::{PrunerName, SamplerName, TrialState};

/// Writes `path` so that a reader, or a crash at any moment, sees the old
/// content or the whole new one.
///
/// The content goes to a temporary file in the same folder, which is flushed,
/// synced to disk and renamed over `path`; then the folder is synced. A
/// symbolic link at `path` is replaced, not followed, unless it leads to a device or
/// a pipe: the content goes into these as it is made. The folder must exist.
///
/// # Errors
/// [`FileError`] naming the failed step; whatever stood at `path` is untouched, and the
/// temporary file is removed.
pub fn write_atomic<F>(path: &Path, write: F) -> Result<(), FileError>
where
    F: FnOnce(&mut dyn Write) -> io::Result<()>,
{
    if is_stream(path) {
        return write_into(path, write);
    }
    publish(temporary_beside(path, write)?, path)
}

/// Whether `path` leads to a device, a pipe or a socket, such as `/dev/null`: no file of that
/// name may take its place, and reading it may wait for ever.
fn is_stream(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|found| !found.is_file() && !found.is_dir())
}

/// Refuses a device, a pipe or a socket where a file belongs.
///
/// # Errors
/// That it is one.
pub fn check_is_file(path: &Path) -> Result<(), FileError> {
    if is_stream(path) {
        return Err(FileError::read(path)(no_file()));
    }
    Ok(())
}

fn no_file() -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidInput,
        "it is a pipe, socket or device, not a file",
    )
}

fn write_into<F>(path: &Path, write: F) -> Result<(), FileError>
where
    F: FnOnce(&mut dyn Write) -> io::Result<()>,
{
    let fail = |step| FileError::write(path, step);
    let file = File::options().write(true).open(path);
    let mut writer = BufWriter::new(file.map_err(fail("open it"))?);
    write(&mut writer).map_err(fail("write its content"))?;
    writer.flush().map_err(fail("write its content"))
}

/// The same unless `path` exists: then it stays as it is, and the answer is false.
/// Of all who try at once, on any machine that shares the folder, one succeeds.
///
/// # Errors
/// As [`write_atomic`].
pub fn write_new<F>(path: &Path, write: F) -> Result<bool, FileError>
where
    F: FnOnce(&mut dyn Write) -> io::Result<()>,
{
    if is_stream(path) {
        return write_into(path, write).map(|()| true);
    }
    let fail = |step| FileError::write(path, step);
    let temporary = temporary_beside(path, write)?;
    match temporary.persist_noclobber(path) {
        Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => return Ok(false),
        other => other.map_err(|error| fail("move the finished file into place")(error.error))?,
    };
    sync_dir(folder_of(path))?;
    Ok(true)
}

/// Writes files that belong together into one folder and removes those that are `gone`: each
/// file whole, and none where one can't be written from the beginning, as on a full disk.
///
/// The first is what the others are known by. It is removed before any of them is touched and
/// appears after all of them, so that whoever finds it finds what belongs to it, unless two
/// write there at once.
///
/// # Errors
/// Names the file and the step.
pub fn write_together(files: &[(PathBuf, Vec<u8>)], gone: &[PathBuf]) -> Result<(), FileError> {
    let staged = files.iter().map(|(path, content)| {
        let temporary = temporary_beside(path, |out| out.write_all(content))?;
        Ok((path, temporary))
    });
    let mut staged: Vec<_> = staged.collect::<Result<_, FileError>>()?;
    let Some((first, _)) = files.first() else {
        return Ok(());
    };
    remove(first)?;
    sync_dir(folder_of(first))?;
    for path in gone {
        remove(path)?;
    }
    staged.rotate_left(1);
    for (path, temporary) in staged {
        if path == first {
            // What it stands for is on disk before it is.
            sync_dir(folder_of(first))?;
        }
        persist(temporary, path)?;
    }
    sync_dir(folder_of(first))
}

/// Moves a whole temporary file to `path`, for good.
fn publish(temporary: tempfile::NamedTempFile, path: &Path) -> Result<(), FileError> {
    persist(temporary, path)?;
    sync_dir(folder_of(path))
}

fn persist(temporary: tempfile::NamedTempFile, path: &Path) -> Result<(), FileError> {
    let fail = FileError::write(path, "move the finished file into place");
    let moved = temporary.persist(path);
    moved.map(drop).map_err(|error| fail(error.error))
}

/// Removes a file that need not be there.
///
/// # Errors
/// When it is there and can't be removed.
pub fn remove(path: &Path) -> Result<(), FileError> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(FileError::write(path, "remove it")(error))
        }
        _ => Ok(()),
    }
}

/// Reads a file; `None` where there is none.
///
/// # Errors
/// When it is there and can't be read.
pub fn read_if_there(path: &Path) -> Result<Option<Vec<u8>>, FileError> {
    match std::fs::read(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        read => read.map(Some).map_err(FileError::read(path)),
    }
}

/// Creates a folder and those above it, where they are missing.
///
/// # Errors
/// When it can't be created.
pub fn create_folder(path: &Path) -> Result<(), FileError> {
    std::fs::create_dir_all(path).map_err(FileError::write(path, "create this folder"))
}

/// Whether two paths lead to one file or folder, which exists.
pub fn is_same_place(one: &Path, other: &Path) -> bool {
    let followed = |path: &Path| path.canonicalize().ok();
    followed(one).is_some_and(|one| followed(other) == Some(one))
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// Whether a file can be at `path`: its folder exists, and it is no folder itself.
/// For who computes long before anything is written.
///
/// # Errors
/// [`FileError`] that says what is in the way.
pub fn check_place(path: &Path) -> Result<(), FileError> {
    use io::ErrorKind::{IsADirectory, NotADirectory, NotFound};
    let fail = |kind, reason: String| {
        let error = io::Error::new(kind, reason);
        Err(FileError::write(path, "write this file")(error))
    };
    let folder = folder_of(path);
    match std::fs::metadata(folder) {
        Err(error) if error.kind() == NotFound => {
            let reason = format!("there is no folder {}", folder.display());
            return fail(NotFound, reason);
        }
        Ok(found) if !found.is_dir() => {
            let reason = format!("{} is a file, not a folder", folder.display());
            return fail(NotADirectory, reason);
        }
        // What else is wrong shows when it is written.
        _ => {}
    }
    if std::fs::symlink_metadata(path).is_ok_and(|found| found.is_dir()) {
        let reason = "it is a folder; name a file in it".to_owned();
        return fail(IsADirectory, reason);
    }
    Ok(())
}

/// Whether files can be made in the folder `dir`, which need not exist yet. For who
/// computes long before anything is written.
///
/// # Errors
/// [`FileError`] that names the folder, or the one above it that is in the way.
pub fn check_folder(dir: &Path) -> Result<(), FileError> {
    let mut above = dir.ancestors().filter(|path| path.exists());
    let place = above.next().unwrap_or(Path::new("."));
    tempfile::tempfile_in(place)
        .map(drop)
        .map_err(FileError::write(place, "make files in this folder"))
}

/// A temporary file in the folder of `path` with what `write` writes, synced.
fn temporary_beside<F>(path: &Path, write: F) -> Result<tempfile::NamedTempFile, FileError>
where
    F: FnOnce(&mut dyn Write) -> io::Result<()>,
{
    let fail = |step| FileError::write(path, step);
    let Some(name) = path.file_name() else {
        let reason = io::Error::new(io::ErrorKind::InvalidInput, "the path names no file");
        return Err(fail("tell the file's name")(reason));
    };
    check_place(path)?;
    if is_stream(path) {
        return Err(fail("put a file in its place")(no_file()));
    }

    let mut builder = tempfile::Builder::new();
    let prefix = format!(".{}.", name.to_string_lossy());
    builder.prefix(&prefix).suffix(".tmp");
    // tempfile's own default is 0600; results are shared as far as umask allows.
    #[cfg(unix)]
    let permissions = std::os::unix::fs::PermissionsExt::from_mode(0o666);
    #[cfg(unix)]
    builder.permissions(permissions);

    let temporary = builder
        .tempfile_in(folder_of(path))
        .map_err(fail("create a temporary file beside it"))?;
    let mut writer = BufWriter::new(temporary);
    write(&mut writer).map_err(fail("write its content"))?;
    let temporary = writer
        .into_inner()
        .map_err(|error| fail("write its content")(error.into_error()))?;
    temporary
        .as_file()
        .sync_all()
        .map_err(fail("sync its content to disk"))?;
    Ok(temporary)
}

/// Makes a rename in `dir` (empty: the current folder) durable, where the file
/// system knows how.
///
/// # Errors
/// What the system says, unless it is that a folder can't be synced.
pub fn sync_dir(dir: &Path) -> Result<(), FileError> {
    if !cfg!(unix) {
        return Ok(());
    }
    let dir = if dir.as_os_str().is_empty() {
        Path::new(".")
    } else {
        dir
    };
    match File::open(dir).and_then(|dir| dir.sync_all()) {
        // Some network file systems can't sync a folder; the rename stands.
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported
            ) =>
        {
            Ok(())
        }
        synced => synced.map_err(FileError::write(dir, "sync this folder to disk")),
    }
}
