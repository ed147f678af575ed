//! Finding a data set's files in their usual places.

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use crate::error::DataError;
use crate::walk::{is_hidden, walk};

/// The file-name endings that mark an image when a folder is listed, in lower
/// case and without the dot. Decoding itself goes by content.
pub const IMAGE_EXTENSIONS: [&str; 8] = ["jpg", "jpeg", "jpe", "jfif", "mpo", "png", "webp", "bmp"];

/// Whether a name ends as an image's does.
pub(crate) fn has_image_extension(path: &Path) -> bool {
    has_extension(path, &IMAGE_EXTENSIONS)
}

/// Whether anything stands at `path`, links followed.
///
/// # Errors
/// A symbolic link that leads nowhere, as where a disk is not mounted: what it stands
/// for is missing rather than not wanted.
pub fn is_present(path: &Path) -> Result<bool, DataError> {
    let Err(error) = std::fs::metadata(path) else {
        return Ok(true);
    };
    let Ok(target) = std::fs::read_link(path) else {
        return Ok(false);
    };
    let why = match error.kind() {
        ErrorKind::NotFound => "does not exist".to_owned(),
        _ => format!("can't be read: {error}"),
    };
    let reason = format!("it is a symbolic link to {}, which {why}", target.display());
    let error = io::Error::new(error.kind(), reason);
    Err(DataError::io(path, "open it")(error))
}

/// `split.csv` in a data set's folder, in any case where none is spelled so.
///
/// # Errors
/// A folder that can't be listed, or a symbolic link that leads nowhere.
pub fn find_split(dir: &Path) -> Result<Option<PathBuf>, DataError> {
    let usual = dir.join(SPLIT);
    if is_present(&usual)? {
        return Ok(Some(usual));
    }
    if !dir.is_dir() {
        return Ok(None);
    }
    Ok(files_where(dir, is_split)?.into_iter().next())
}

/// The usual name of a split.
pub const SPLIT: &str = "split.csv";

fn is_split(path: &Path) -> bool {
    let name = path.file_name().map(|name| name.to_string_lossy());
    name.is_some_and(|name| name.eq_ignore_ascii_case(SPLIT))
}

/// `labels.csv`, or else the only CSV other than `split.csv`, or else the only
/// `.tsv`.
///
/// # Errors
/// No such file, several, or a folder that can't be listed.
pub(crate) fn find_labels(dir: &Path) -> Result<PathBuf, DataError> {
    if !dir.is_dir() {
        return Err(DataError::no_folder(dir, "--data"));
    }
    // A link that leads nowhere is none of the tables.
    is_present(&dir.join(LABELS))?;
    labels_among(dir, tables(dir)?)
}

/// The usual name of the labels.
const LABELS: &str = "labels.csv";

/// The files of `dir` that labels may be in.
fn tables(dir: &Path) -> Result<Vec<PathBuf>, DataError> {
    files_where(dir, |path| {
        has_extension(path, &["csv", "tsv"]) && !is_split(path)
    })
}

/// Which of the `tables` of `dir` the labels are.
fn labels_among(dir: &Path, mut tables: Vec<PathBuf>) -> Result<PathBuf, DataError> {
    let usual = dir.join(LABELS);
    if tables.contains(&usual) {
        return Ok(usual);
    }
    if tables.iter().any(|path| has_extension(path, &["csv"])) {
        tables.retain(|path| has_extension(path, &["csv"]));
    }
    match tables.len() {
        0 => Err(DataError::NoLabels {
            dir: dir.to_owned(),
        }),
        1 => Ok(tables.remove(0)),
        _ => {
            let names: Vec<String> = tables
                .iter()
                .filter_map(|path| path.file_name())
                .map(|name| format!("`{}`", name.to_string_lossy()))
                .collect();
            Err(DataError::SeveralLabels {
                dir: dir.to_owned(),
                found: names.join(", "),
            })
        }
    }
}

/// Whether a file written to `path` in the data set's folder `dir` would be its labels or
/// its split, or would leave open what the labels are, where that is clear so far.
pub(crate) fn interferes(dir: &Path, path: &Path) -> bool {
    if is_split(path) {
        return true;
    }
    if !has_extension(path, &["csv", "tsv"]) {
        return false;
    }
    let before = tables(dir).unwrap_or_default();
    let mut after = before.clone();
    if !after.iter().any(|table| table == path) {
        after.push(path.to_owned());
    }
    match (labels_among(dir, before), labels_among(dir, after)) {
        (Ok(before), Ok(after)) => before != after || after == path,
        (Err(DataError::SeveralLabels { .. }), Err(_)) => false,
        _ => true,
    }
}

/// `imgs/` or `images/`, or else `dir` itself when it holds images.
/// `first` is the first file name of the labels, which may lie in a sub-folder.
pub(crate) fn find_images(dir: &Path, first: &str) -> Result<PathBuf, DataError> {
    if !dir.is_dir() {
        return Err(DataError::no_folder(dir, "--data"));
    }
    let first = first.trim().replace('\\', "/");
    match image_folders(dir)?.as_slice() {
        [only] => Ok(only.clone()),
        [] if dir.join(&first).is_file() || !files_where(dir, has_image_extension)?.is_empty() => {
            Ok(dir.to_owned())
        }
        [] => Err(DataError::NoImages {
            dir: dir.to_owned(),
        }),
        _ => Err(DataError::SeveralImageFolders {
            dir: dir.to_owned(),
        }),
    }
}

/// The sub-folders `imgs/` and `images/`, as far as they exist; in any case where
/// none is spelled so.
pub(crate) fn image_folders(dir: &Path) -> Result<Vec<PathBuf>, DataError> {
    let mut found = Vec::new();
    for path in ["imgs", "images"].map(|name| dir.join(name)) {
        if is_present(&path)? && path.is_dir() {
            found.push(path);
        }
    }
    if !found.is_empty() {
        return Ok(found);
    }
    for entry in std::fs::read_dir(dir).map_err(DataError::io(dir, "list this folder"))? {
        let entry = entry.map_err(DataError::io(dir, "list this folder"))?;
        let name = entry.file_name().to_string_lossy().to_lowercase();
        if matches!(name.as_str(), "imgs" | "images") && entry.path().is_dir() {
            found.push(entry.path());
        }
    }
    found.sort();
    Ok(found)
}

fn has_extension(path: &Path, wanted: &[&str]) -> bool {
    path.extension()
        .and_then(|extension| extension.to_str())
        .is_some_and(|extension| wanted.iter().any(|w| extension.eq_ignore_ascii_case(w)))
}

/// The files of `dir` that `keep` accepts, sorted; hidden ones never.
fn files_where(dir: &Path, keep: impl Fn(&Path) -> bool) -> Result<Vec<PathBuf>, DataError> {
    let mut files = Vec::new();
    walk(dir, false, &mut |path| {
        if !is_hidden(path) && keep(path) && path.is_file() {
            files.push(path.to_owned());
        }
    })?;
    Ok(files)
}
