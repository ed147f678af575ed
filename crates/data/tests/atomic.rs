//! Writing a file in one step.
#![allow(clippy::unwrap_used)]

mod support;

use std::fs;
use std::io;

use psp_data::write_atomic;
use support::{Folder, assert_says};

fn names(folder: &Folder) -> Vec<String> {
    let entries = fs::read_dir(folder.0.path()).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn a_file_is_created_and_then_replaced_whole() {
    let folder = Folder::new();
    let path = folder.path("out.json");
    write_atomic(&path, |out| out.write_all(b"a long first version")).unwrap();
    write_atomic(&path, |out| write!(out, "short")).unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"short");
    assert_eq!(names(&folder), ["out.json"]);
}

#[test]
fn a_failed_write_leaves_the_old_file_and_no_temporary_one() {
    let folder = Folder::new();
    let path = folder.write("out.json", "old");
    let error = write_atomic(&path, |out| {
        out.write_all(b"half of the ne")?;
        Err(io::Error::other("the disk is full"))
    })
    .unwrap_err();
    assert_says(&error.to_string(), &["out.json", "the disk is full"]);
    assert_eq!(fs::read(&path).unwrap(), b"old");
    assert_eq!(names(&folder), ["out.json"]);
}

#[test]
fn a_missing_folder_and_a_path_without_a_name_are_errors() {
    let folder = Folder::new();
    let error = write_atomic(&folder.path("no/such/file"), |_| Ok(())).unwrap_err();
    assert_says(&error.to_string(), &["no/such/file", "temporary file"]);
    assert!(write_atomic(&folder.path(".."), |_| Ok(())).is_err());
}

#[cfg(unix)]
#[test]
fn the_file_is_as_readable_as_an_ordinary_new_file() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::new();
    let ordinary = folder.write("ordinary", "x");
    let atomic = folder.path("atomic");
    write_atomic(&atomic, |out| out.write_all(b"x")).unwrap();
    let mode = |path| fs::metadata(path).unwrap().permissions().mode();
    assert_eq!(mode(&atomic), mode(&ordinary));
}
