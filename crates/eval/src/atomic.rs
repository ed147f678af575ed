//! Files that are there as a whole or not at all.

use std::{io::Write, path::Path};

use tempfile::Builder;

use crate::EvalError;

/// Writes `bytes` to `path`: into a temporary file in the same folder, through
/// to the disk, then under the final name, over any older file of that name.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<(), EvalError> {
    // `parent` of a bare file name is the empty path, which cannot be opened.
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    replace(folder, path, bytes).map_err(EvalError::io("write", path))
}

fn replace(folder: &Path, path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut builder = Builder::new();
    builder.prefix(".psp-").suffix(".tmp");
    // Temporary files are private by default; a report is not. The umask still
    // applies.
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    let mut file = builder.tempfile_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    // The rename itself is only safe once the folder has reached the disk.
    #[cfg(unix)]
    std::fs::File::open(folder)?.sync_all()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_older_file_is_replaced_and_nothing_else_is_left() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.txt");
        write(&path, b"old").unwrap();
        write(&path, b"new").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"new");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_missing_folder_is_an_error_that_names_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("missing/a.txt");
        let error = write(&path, b"").unwrap_err().to_string();
        assert!(error.contains("missing/a.txt"), "{error}");
    }

    #[cfg(unix)]
    #[test]
    fn others_may_read_what_is_written_as_far_as_the_umask_allows() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let mode = |name: &str| {
            let data = std::fs::metadata(folder.path().join(name)).unwrap();
            data.permissions().mode() & 0o777
        };
        std::fs::write(folder.path().join("plain"), b"").unwrap();
        write(&folder.path().join("atomic"), b"").unwrap();
        assert_eq!(mode("atomic"), mode("plain"));
    }
}
