//! A folder that is filled out of sight.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use psp_files::sync_dir;
use tempfile::TempDir;

use crate::ReportError;

/// The files of a report; the last is what a reader opens.
const FILES: [&str; 3] = ["metrics.json", "report.md", "index.html"];
const PLOTS: &str = "plots";

/// A new report, in a hidden folder within the one that it is for. Nothing of an
/// older report is touched before all of the new one is on disk.
#[derive(Debug)]
pub(crate) struct Folder {
    out: PathBuf,
    new: TempDir,
}

impl Folder {
    pub(crate) fn new(out: &Path) -> Result<Self, ReportError> {
        fs::create_dir_all(out).map_err(ReportError::io("create the folder", out))?;
        let new = tempfile::Builder::new()
            .prefix(".report-")
            .tempdir_in(out)
            .map_err(ReportError::io("write to the folder", out))?;
        let plots = new.path().join(PLOTS);
        fs::create_dir(&plots).map_err(ReportError::io("create the folder", &plots))?;
        Ok(Self {
            out: out.to_owned(),
            new,
        })
    }

    /// Writes one file through to the disk.
    pub(crate) fn put(&self, name: &str, bytes: &[u8]) -> Result<(), ReportError> {
        let path = self.new.path().join(name);
        let write = || {
            let mut file = File::create(&path)?;
            file.write_all(bytes)?;
            file.sync_all()
        };
        write().map_err(ReportError::io("write", &path))
    }

    /// Puts the new report in the place of an older one. What a reader may see in
    /// the moment between two renames is files of both, each of them whole.
    pub(crate) fn finish(self) -> Result<(), ReportError> {
        let new = self.new.path();
        sync(&new.join(PLOTS))?;
        sync(new)?;
        let plots = self.out.join(PLOTS);
        // A folder cannot be renamed over one that has files.
        if plots.symlink_metadata().is_ok() {
            let old = new.join("old-plots");
            fs::rename(&plots, &old).map_err(ReportError::io("replace", &plots))?;
        }
        let place = |name: &str| {
            let path = self.out.join(name);
            fs::rename(new.join(name), &path).map_err(ReportError::io("replace", &path))
        };
        place(PLOTS)?;
        FILES.into_iter().try_for_each(place)?;
        sync(&self.out)?;
        let gone = new.to_owned();
        self.new
            .close()
            .map_err(ReportError::io("remove the folder", &gone))
    }
}

fn sync(folder: &Path) -> Result<(), ReportError> {
    sync_dir(folder).map_err(ReportError::io("sync the folder", folder))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(out: &Path, text: &str, plot: &str) {
        let folder = Folder::new(out).unwrap();
        for name in FILES {
            folder.put(name, text.as_bytes()).unwrap();
        }
        folder.put(&format!("plots/{plot}"), b"").unwrap();
        folder.finish().unwrap();
    }

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        let mut names: Vec<String> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_new_report_replaces_an_old_one_and_leaves_other_files_alone() {
        let out = tempfile::tempdir().unwrap();
        fs::write(out.path().join("notes.txt"), "mine").unwrap();
        report(out.path(), "old", "gone.svg");
        report(out.path(), "new", "here.svg");
        assert_eq!(
            names(out.path()),
            [
                "index.html",
                "metrics.json",
                "notes.txt",
                "plots",
                "report.md"
            ]
        );
        assert_eq!(names(&out.path().join("plots")), ["here.svg"]);
        let index = fs::read_to_string(out.path().join("index.html")).unwrap();
        assert_eq!(index, "new");
    }

    #[test]
    fn a_report_that_is_not_finished_leaves_the_old_one_and_nothing_else() {
        let out = tempfile::tempdir().unwrap();
        report(out.path(), "old", "a.svg");
        let folder = Folder::new(out.path()).unwrap();
        folder.put("index.html", b"half").unwrap();
        drop(folder);
        assert_eq!(
            names(out.path()),
            ["index.html", "metrics.json", "plots", "report.md"]
        );
        let index = fs::read_to_string(out.path().join("index.html")).unwrap();
        assert_eq!(index, "old");
    }

    #[test]
    fn a_file_in_the_way_is_an_error_that_names_it() {
        let out = tempfile::tempdir().unwrap();
        let file = out.path().join("file");
        fs::write(&file, "").unwrap();
        let error = Folder::new(&file).unwrap_err();
        assert!(error.to_string().contains("file"), "{error}");
    }

    #[cfg(unix)]
    #[test]
    fn others_may_read_a_report_as_far_as_the_umask_allows() {
        use std::os::unix::fs::PermissionsExt;
        let out = tempfile::tempdir().unwrap();
        report(out.path(), "x", "a.svg");
        fs::create_dir(out.path().join("plain")).unwrap();
        let mode = |name: &str| {
            let data = fs::metadata(out.path().join(name)).unwrap();
            data.permissions().mode() & 0o777
        };
        assert_eq!(mode("plots"), mode("plain"));
    }
}
