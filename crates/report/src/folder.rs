//! A report's folder: written out of sight, then put in place.

mod earlier;

pub use earlier::check_place;

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use psp_files::sync_dir;
use tempfile::TempDir;

use crate::ReportError;

/// What a folder is known by as a report's.
const NUMBERS: &str = "metrics.json";
const PLOTS: &str = "plots";
/// What a report consists of, in the order in which it is put in place: first what
/// it is known by, so that one that was cut off can be replaced; last what a reader
/// opens.
const PIECES: [&str; 4] = [NUMBERS, PLOTS, "report.md", "index.html"];
/// Where an earlier report is kept until the new one is in its place.
const EARLIER: &str = "earlier";

/// A new report, in a hidden folder within the one that it is for. Nothing of an
/// older report is touched before all of the new one is on disk.
#[derive(Debug)]
pub(crate) struct Folder {
    out: PathBuf,
    new: TempDir,
}

/// From where a file or folder was moved, and where to.
type Moved = (PathBuf, PathBuf);

impl Folder {
    /// # Errors
    /// As [`check_place`].
    pub(crate) fn new(out: &Path) -> Result<Self, ReportError> {
        fs::create_dir_all(out).map_err(ReportError::io("create the folder", out))?;
        check_place(out)?;
        let new = tempfile::Builder::new()
            .prefix(".report-")
            .tempdir_in(out)
            .map_err(ReportError::io("write to the folder", out))?;
        for name in [PLOTS, EARLIER] {
            let path = new.path().join(name);
            fs::create_dir(&path).map_err(ReportError::io("create the folder", &path))?;
        }
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

    /// Puts the new report in the place of an older one, or leaves the older one as
    /// it was. What a reader may see in the moment between two renames is files of
    /// both, each of them whole.
    pub(crate) fn finish(self) -> Result<(), ReportError> {
        let new = self.new.path();
        sync(&new.join(PLOTS))?;
        sync(new)?;
        let mut moved = Vec::new();
        if let Err(error) = self.replace(&mut moved) {
            return Err(self.put_back(moved, error));
        }
        sync(&self.out)?;
        let gone = new.to_owned();
        self.new
            .close()
            .map_err(ReportError::io("remove the folder", &gone))
    }

    fn replace(&self, moved: &mut Vec<Moved>) -> Result<(), ReportError> {
        let kept = self.new.path().join(EARLIER);
        let is_there = |path: &Path| path.symlink_metadata().is_ok();
        // Copied, so that there is a whole file in each place at every moment.
        for name in PIECES.into_iter().filter(|name| *name != PLOTS) {
            let path = self.out.join(name);
            if is_there(&path) {
                fs::copy(&path, kept.join(name)).map_err(ReportError::io("replace", &path))?;
            }
        }
        for name in PIECES {
            let (path, earlier) = (self.out.join(name), kept.join(name));
            if is_there(&path) {
                // A folder can't be renamed over one that has files.
                if name == PLOTS {
                    fs::rename(&path, &earlier).map_err(ReportError::io("replace", &path))?;
                }
                moved.push((path.clone(), earlier));
            }
            let new = self.new.path().join(name);
            fs::rename(&new, &path).map_err(ReportError::io("put a new file at", &path))?;
            moved.push((new, path));
        }
        Ok(())
    }

    /// The error to be told when all is as it was, or can't be put back: then the
    /// hidden folder stays, with what was in it.
    fn put_back(self, moved: Vec<Moved>, cause: ReportError) -> ReportError {
        for (from, to) in moved.into_iter().rev() {
            if let Err(source) = fs::rename(&to, &from) {
                return ReportError::NotPutBack {
                    cause: Box::new(cause),
                    path: from,
                    kept: self.new.keep(),
                    source,
                };
            }
        }
        cause
    }
}

fn sync(folder: &Path) -> Result<(), ReportError> {
    sync_dir(folder).map_err(ReportError::io("sync the folder", folder))
}

#[cfg(test)]
mod tests {
    use super::*;

    const REPORT: [&str; 4] = ["index.html", "metrics.json", "plots", "report.md"];

    /// What a report is known by, with a title to tell reports apart.
    fn numbers(title: &str) -> String {
        format!(
            r#"{{"schema_version": 1, "title": "{title}", "date": "", "settings": {{"seed": 0}},
                "targets": ["hood"], "candidates": [{{}}], "caveats": [], "later": null}}"#
        )
    }

    fn begun(out: &Path, text: &str, plot: &str) -> Folder {
        let folder = Folder::new(out).unwrap();
        folder.put(NUMBERS, numbers(text).as_bytes()).unwrap();
        folder.put("report.md", text.as_bytes()).unwrap();
        folder.put(&format!("plots/{plot}"), b"").unwrap();
        folder
    }

    fn report(out: &Path, text: &str, plot: &str) {
        let folder = begun(out, text, plot);
        folder.put("index.html", text.as_bytes()).unwrap();
        folder.finish().unwrap();
    }

    fn read(out: &Path, name: &str) -> String {
        fs::read_to_string(out.join(name)).unwrap()
    }

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        let mut names: Vec<String> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    /// That the earlier report, `old`, is all that is there.
    fn assert_is_old(out: &Path) {
        assert_eq!(names(out), REPORT);
        assert_eq!(names(&out.join(PLOTS)), ["old.svg"]);
        assert_eq!(read(out, NUMBERS), numbers("old"));
        assert_eq!(read(out, "report.md"), "old");
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
        assert_eq!(read(out.path(), "index.html"), "new");
        assert_eq!(read(out.path(), NUMBERS), numbers("new"));
    }

    #[test]
    fn what_no_report_wrote_is_refused_by_name_and_stays() {
        let refused = |name: &str, content: Option<&str>| {
            let out = tempfile::tempdir().unwrap();
            let path = out.path().join(name);
            match content {
                None => fs::create_dir(&path).unwrap(),
                Some(content) => fs::write(&path, content).unwrap(),
            }
            let error = Folder::new(out.path()).unwrap_err().to_string();
            assert!(error.contains(path.to_str().unwrap()), "{error}");
            assert!(error.contains("name another folder"), "{error}");
            assert_eq!(names(out.path()), [name]);
        };
        refused(PLOTS, None);
        refused(NUMBERS, None);
        refused(NUMBERS, Some("{\"loss\": 0.1}"));
        // An evaluation's, not a report's.
        refused(NUMBERS, Some("{\"schema_version\": 1, \"targets\": []}"));
        refused("report.md", Some("mine"));
        refused("index.html", Some(&numbers("in the wrong place")));
    }

    #[test]
    fn plots_beside_numbers_of_another_kind_are_no_reports() {
        let out = tempfile::tempdir().unwrap();
        report(out.path(), "old", "a.svg");
        fs::write(out.path().join(NUMBERS), "[1, 2]").unwrap();
        let error = Folder::new(out.path()).unwrap_err();
        assert!(matches!(error, ReportError::Foreign(_)), "{error}");
        assert_eq!(names(&out.path().join(PLOTS)), ["a.svg"]);
    }

    #[test]
    fn a_report_of_another_version_is_replaced() {
        let out = tempfile::tempdir().unwrap();
        let newer = numbers("old").replace("\"schema_version\": 1", "\"schema_version\": 9");
        fs::write(out.path().join(NUMBERS), newer).unwrap();
        report(out.path(), "new", "a.svg");
        assert_eq!(read(out.path(), "index.html"), "new");
    }

    #[test]
    fn what_was_put_in_place_before_a_rename_fails_is_put_back() {
        let out = tempfile::tempdir().unwrap();
        report(out.path(), "old", "old.svg");
        // There is no new page to be put in the place of the old one.
        let error = begun(out.path(), "new", "new.svg").finish().unwrap_err();
        assert!(error.to_string().contains("index.html"), "{error}");
        assert_is_old(out.path());
        assert_eq!(read(out.path(), "index.html"), "old");
    }

    #[test]
    fn of_a_first_report_that_fails_nothing_stays() {
        let out = tempfile::tempdir().unwrap();
        fs::write(out.path().join("notes.txt"), "mine").unwrap();
        begun(out.path(), "new", "a.svg").finish().unwrap_err();
        assert_eq!(names(out.path()), ["notes.txt"]);
    }

    #[test]
    fn a_folder_in_the_place_of_the_page_is_an_error_that_changes_nothing() {
        let out = tempfile::tempdir().unwrap();
        report(out.path(), "old", "old.svg");
        fs::remove_file(out.path().join("index.html")).unwrap();
        fs::create_dir(out.path().join("index.html")).unwrap();
        let folder = begun(out.path(), "new", "new.svg");
        folder.put("index.html", b"new").unwrap();
        let error = folder.finish().unwrap_err();
        assert!(error.to_string().contains("index.html"), "{error}");
        assert_is_old(out.path());
    }

    #[cfg(unix)]
    #[test]
    fn plots_that_are_a_link_are_replaced_and_not_what_it_leads_to() {
        let (out, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        fs::write(other.path().join("mine.svg"), "").unwrap();
        fs::write(out.path().join(NUMBERS), numbers("old")).unwrap();
        std::os::unix::fs::symlink(other.path(), out.path().join(PLOTS)).unwrap();
        report(out.path(), "new", "a.svg");
        assert_eq!(names(&out.path().join(PLOTS)), ["a.svg"]);
        assert_eq!(names(other.path()), ["mine.svg"]);
    }

    #[test]
    fn a_report_that_is_not_finished_leaves_the_old_one_and_nothing_else() {
        let out = tempfile::tempdir().unwrap();
        report(out.path(), "old", "old.svg");
        let folder = Folder::new(out.path()).unwrap();
        folder.put("index.html", b"half").unwrap();
        drop(folder);
        assert_is_old(out.path());
        assert_eq!(read(out.path(), "index.html"), "old");
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
