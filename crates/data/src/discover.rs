//! Finding a data set's files in their usual places.

use std::path::{Path, PathBuf};

use crate::error::DataError;

/// The file-name endings that mark an image when a folder is listed, in lower
/// case and without the dot. Decoding itself goes by content.
pub const IMAGE_EXTENSIONS: [&str; 5] = ["jpg", "jpeg", "png", "webp", "bmp"];

/// The image files directly in `dir`, sorted by name.
///
/// Hidden files and sub-folders are left out.
///
/// # Errors
/// When the folder can't be read or holds no image.
pub fn list_images(dir: &Path) -> Result<Vec<PathBuf>, DataError> {
    let images = files_where(dir, is_image)?;
    if images.is_empty() {
        return Err(DataError::EmptyFolder {
            dir: dir.to_owned(),
        });
    }
    Ok(images)
}

/// `labels.csv`, or else the only CSV other than `split.csv`.
pub(crate) fn find_labels(dir: &Path) -> Result<PathBuf, DataError> {
    let usual = dir.join("labels.csv");
    if usual.is_file() {
        return Ok(usual);
    }
    let mut found = files_where(dir, |path| {
        has_extension(path, &["csv"]) && path.file_name().is_none_or(|name| name != "split.csv")
    })?;
    match found.len() {
        0 => Err(DataError::NoLabels {
            dir: dir.to_owned(),
        }),
        1 => Ok(found.remove(0)),
        _ => {
            let names: Vec<String> = found
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

/// `imgs/` or `images/`, or else `dir` itself when it holds images.
/// `first` is the first file name of the labels, which may lie in a sub-folder.
pub(crate) fn find_images(dir: &Path, first: &str) -> Result<PathBuf, DataError> {
    let (short, long) = (dir.join("imgs"), dir.join("images"));
    match (short.is_dir(), long.is_dir()) {
        (true, true) => Err(DataError::SeveralImageFolders {
            dir: dir.to_owned(),
        }),
        (true, false) => Ok(short),
        (false, true) => Ok(long),
        (false, false) if dir.join(first).is_file() || !files_where(dir, is_image)?.is_empty() => {
            Ok(dir.to_owned())
        }
        (false, false) => Err(DataError::NoImages {
            dir: dir.to_owned(),
        }),
    }
}

fn is_image(path: &Path) -> bool {
    has_extension(path, &IMAGE_EXTENSIONS)
}

fn has_extension(path: &Path, wanted: &[&str]) -> bool {
    path.extension()
        .and_then(|extension| extension.to_str())
        .is_some_and(|extension| wanted.iter().any(|w| extension.eq_ignore_ascii_case(w)))
}

/// The files of `dir` that `keep` accepts, sorted; hidden ones never.
fn files_where(dir: &Path, keep: impl Fn(&Path) -> bool) -> Result<Vec<PathBuf>, DataError> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(dir).map_err(DataError::io(dir, "list this folder"))? {
        let entry = entry.map_err(DataError::io(dir, "list this folder"))?;
        let hidden = entry.file_name().as_encoded_bytes().starts_with(b".");
        let path = entry.path();
        if !hidden && keep(&path) && path.is_file() {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}
