//! Writing a file in one step.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::io;

use psp_schema::{check_folder, check_is_file, sync_dir, write_atomic, write_new, write_together};
use tempfile::TempDir;

fn names(folder: &TempDir) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn a_file_is_created_and_then_replaced_whole() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out.json");
    write_atomic(&path, |out| out.write_all(b"a long first version")).unwrap();
    write_atomic(&path, |out| write!(out, "short")).unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"short");
    assert_eq!(names(&folder), ["out.json"]);
}

#[test]
fn a_failed_write_leaves_the_old_file_and_no_temporary_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out.json");
    fs::write(&path, "old").unwrap();
    let error = write_atomic(&path, |out| {
        out.write_all(b"half of the ne")?;
        Err(io::Error::other("the disk is full"))
    })
    .unwrap_err();
    let message = error.to_string();
    assert!(message.contains("out.json") && message.contains("the disk is full"));
    assert_eq!(fs::read(&path).unwrap(), b"old");
    assert_eq!(names(&folder), ["out.json"]);
}

#[test]
fn a_missing_folder_a_folder_and_a_path_without_a_name_are_errors() {
    let folder = tempfile::tempdir().unwrap();
    let error = write_atomic(&folder.path().join("no/such/file"), |_| Ok(())).unwrap_err();
    let message = error.to_string();
    let missing = folder.path().join("no/such");
    let said = format!("there is no folder {}", missing.display());
    assert!(
        message.contains("no/such/file") && message.ends_with(&said),
        "{message}"
    );
    let error = write_atomic(folder.path(), |_| Ok(())).unwrap_err();
    let message = error.to_string();
    assert!(
        message.ends_with("it is a folder; name a file in it"),
        "{message}"
    );
    let own = format!("{}: could", folder.path().display());
    assert!(message.starts_with(&own), "{message}");
    assert!(write_atomic(&folder.path().join(".."), |_| Ok(())).is_err());
}

#[cfg(unix)]
#[test]
fn the_file_is_as_readable_as_an_ordinary_new_file() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let ordinary = folder.path().join("ordinary");
    fs::write(&ordinary, "x").unwrap();
    let atomic = folder.path().join("atomic");
    write_atomic(&atomic, |out| out.write_all(b"x")).unwrap();
    let mode = |path| fs::metadata(path).unwrap().permissions().mode();
    assert_eq!(mode(&atomic), mode(&ordinary));
}

#[test]
fn a_new_file_is_written_by_the_first_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("claim");
    assert!(write_new(&path, |out| write!(out, "first")).unwrap());
    assert!(!write_new(&path, |out| write!(out, "second")).unwrap());
    assert_eq!(fs::read(&path).unwrap(), b"first");
    assert_eq!(names(&folder), ["claim"]);
}

#[test]
fn a_folder_that_is_not_there_cannot_be_synced_and_no_name_is_the_current_one() {
    let folder = tempfile::tempdir().unwrap();
    assert!(sync_dir(folder.path()).is_ok());
    assert!(sync_dir("".as_ref()).is_ok());
    assert!(sync_dir(&folder.path().join("missing")).is_err());
}

#[test]
fn a_folder_that_can_be_made_is_told_from_one_that_cannot_and_neither_is() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    check_folder(folder.path()).unwrap();
    check_folder(&folder.path().join("a/b")).unwrap();
    let error = check_folder(&file.join("a")).unwrap_err().to_string();
    let said = format!("{}: could not make files in this folder", file.display());
    assert!(error.starts_with(&said), "{error}");
    assert_eq!(names(&folder), ["file"]);
}

#[test]
fn of_files_that_belong_together_none_is_written_where_one_cannot_be() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let files = |second: &str| {
        [
            (path("a"), b"new".to_vec()),
            (path(second), b"new".to_vec()),
        ]
    };
    for name in ["a", "old"] {
        std::fs::write(path(name), "old").unwrap();
    }
    let error = write_together(&files("none/b"), &[path("old")]).unwrap_err();
    assert_eq!(error.path, path("none/b"));
    assert_eq!(std::fs::read(path("a")).unwrap(), b"old");
    assert_eq!(names(&folder), ["a", "old"]);
    write_together(&files("b"), &[path("old")]).unwrap();
    for name in ["a", "b"] {
        assert_eq!(std::fs::read(path(name)).unwrap(), b"new");
    }
    assert_eq!(names(&folder), ["a", "b"]);
}

#[test]
fn the_file_that_others_are_known_by_is_never_beside_others_than_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    std::fs::write(path("metrics"), "old").unwrap();
    // A folder in its place keeps the second file from being replaced.
    std::fs::create_dir(path("plot")).unwrap();
    let files = ["metrics", "table", "plot"].map(|name| (path(name), b"new".to_vec()));
    let error = write_together(&files, &[]).unwrap_err();
    assert_eq!(error.path, path("plot"));
    assert_eq!(std::fs::read(path("metrics")).unwrap(), b"old");
    std::fs::remove_dir(path("plot")).unwrap();
    // What fails once it has begun leaves nothing that the others are known by.
    std::fs::create_dir(path("gone")).unwrap();
    write_together(&files, &[path("gone")]).unwrap_err();
    assert!(!path("metrics").exists());
    std::fs::remove_dir(path("gone")).unwrap();
    write_together(&files, &[]).unwrap();
    assert_eq!(names(&folder), ["metrics", "plot", "table"]);
}

#[cfg(unix)]
#[test]
fn a_pipe_gets_the_content_and_stays_a_pipe() {
    use std::os::unix::fs::FileTypeExt;

    let folder = tempfile::tempdir().unwrap();
    let (pipe, link) = (folder.path().join("pipe"), folder.path().join("link"));
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.unwrap().success());
    std::os::unix::fs::symlink(&pipe, &link).unwrap();
    for path in [&pipe, &link] {
        let reader = std::thread::spawn({
            let pipe = pipe.clone();
            move || std::fs::read(pipe).unwrap()
        });
        write_atomic(path, |out| out.write_all(b"scores")).unwrap();
        assert_eq!(reader.join().unwrap(), b"scores");
        assert!(std::fs::metadata(path).unwrap().file_type().is_fifo());
    }
    assert!(link.is_symlink());
    let error = write_together(&[(pipe.clone(), b"new".to_vec())], &[]).unwrap_err();
    assert!(
        error.to_string().contains("pipe, socket or device"),
        "{error}"
    );
    let error = check_is_file(&pipe).unwrap_err();
    assert!(error.to_string().contains("not a file"), "{error}");
    assert_eq!(names(&folder), ["link", "pipe"]);
}
