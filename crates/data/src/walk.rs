//! Going through the files of a folder.

use std::collections::{HashSet, VecDeque};
use std::path::{Path, PathBuf};

use crate::error::DataError;

/// Why a folder is not entered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FolderKind {
    /// No sub-folder is.
    Inner,
    /// Its name begins with a dot.
    Hidden,
    /// It was entered by another path, as where it is a link.
    Repeated,
}

/// Whether a file's name begins with a dot.
pub(crate) fn is_hidden(path: &Path) -> bool {
    let name = path.file_name();
    name.is_some_and(|name| name.as_encoded_bytes().starts_with(b"."))
}

/// Calls `each` with every file of `dir`, sorted, and then with those of its sub-folders
/// if `recursive` is set, hidden ones apart. Links are followed, after all folders that
/// need none, but no folder is entered twice. The answer is the sub-folders that were left
/// out, and why.
///
/// # Errors
/// A folder that can't be listed.
pub(crate) fn walk(
    dir: &Path,
    recursive: bool,
    each: &mut dyn FnMut(&Path),
) -> Result<Vec<(PathBuf, FolderKind)>, DataError> {
    let mut left_out = Vec::new();
    let mut entered = HashSet::new();
    let mut folders = vec![dir.to_owned()];
    let mut links = VecDeque::new();
    while let Some(folder) = folders.pop().or_else(|| links.pop_front()) {
        if std::fs::canonicalize(&folder).is_ok_and(|real| !entered.insert(real)) {
            left_out.push((folder, FolderKind::Repeated));
            continue;
        }
        let list = DataError::io(&folder, "list this folder");
        let entries: Result<Vec<_>, _> = std::fs::read_dir(&folder)
            .and_then(|entries| entries.map(|entry| Ok(entry?.path())).collect());
        let mut entries = entries.map_err(list)?;
        entries.sort();
        let mut inner = Vec::new();
        for path in entries {
            if !path.is_dir() {
                // A link that leads nowhere is a file that can't be read.
                each(&path);
            } else if is_hidden(&path) {
                left_out.push((path, FolderKind::Hidden));
            } else if !recursive {
                left_out.push((path, FolderKind::Inner));
            } else if path.is_symlink() {
                links.push_back(path);
            } else {
                inner.push(path);
            }
        }
        folders.extend(inner.into_iter().rev());
    }
    Ok(left_out)
}
