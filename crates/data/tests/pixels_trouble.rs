//! Folders that can't be used: the same batches, and one warning.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use crate::support::pixels::*;
use crate::support::{Folder, assert_says};
use psp_data::{PixelStore, PixelWarning};

const IMAGES: usize = 12;

#[track_caller]
fn assert_goes_on_with_one_warning(folder: &Folder, store: &Arc<PixelStore>) -> PixelWarning {
    assert_same_batches(folder, store);
    assert_same_batches(folder, store);
    let mut warnings = store.take_warnings();
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert_same_batches(folder, store);
    assert!(store.take_warnings().is_empty());
    warnings.remove(0)
}

#[test]
fn a_folder_that_cannot_be_made_is_done_without() {
    let folder = Folder::with_images(IMAGES);
    folder.write("cache", "a file");
    let store = open(&folder.path("cache"));
    let warning = assert_goes_on_with_one_warning(&folder, &store);
    assert!(matches!(warning, PixelWarning::Folder { .. }));
    assert_says(
        &warning.to_string(),
        &["cache/pixels/squash-8x8-", "not stored any more"],
    );
    assert_eq!(fs::read(folder.path("cache")).unwrap(), b"a file");
}

#[test]
fn a_folder_that_vanishes_before_anything_is_stored_is_done_without() {
    let folder = Folder::with_images(IMAGES);
    let store = open(&folder.path("cache"));
    fs::remove_dir_all(folder.path("cache")).unwrap();
    let warning = assert_goes_on_with_one_warning(&folder, &store);
    assert!(matches!(warning, PixelWarning::Folder { .. }));
    assert!(!folder.path("cache").exists());
}

#[test]
fn a_folder_that_vanishes_later_still_serves_what_was_mapped() {
    let folder = Folder::with_images(IMAGES);
    let cache = folder.path("cache");
    assert_same_batches(&folder, &open(&cache));
    let store = open(&cache);
    fs::remove_dir_all(&cache).unwrap();
    let loader = stored(&folder, &store, without_decoding());
    assert_eq!(batches(&loader, 0), batches(&plain(&folder, options()), 0));
    assert_goes_on_with_one_warning(&folder, &store);
}

#[test]
fn a_folder_that_vanishes_in_mid_epoch_is_done_without() {
    let folder = Folder::with_images(40);
    let store = open(&folder.path("cache"));
    let mut epoch = stored(&folder, &store, options()).epoch(0, 0);
    let first = epoch.next().unwrap().unwrap();
    fs::remove_dir_all(folder.path("cache")).unwrap();
    let rest: Vec<_> = epoch.map(Result::unwrap).collect();
    let expected = batches(&plain(&folder, options()), 0);
    assert!(first == expected[0] && rest == expected[1..]);
    assert_goes_on_with_one_warning(&folder, &store);
}

#[cfg(unix)]
#[test]
fn a_segment_that_cannot_be_opened_is_done_without() {
    // A link to itself can't be opened by anyone, root included.
    let folder = Folder::with_images(IMAGES);
    let cache = folder.path("cache");
    let dir = open(&cache).dir().to_owned();
    for name in ["loop.pixels", "other.pixels"] {
        std::os::unix::fs::symlink(name, dir.join(name)).unwrap();
    }
    let store = open(&cache);
    let warning = assert_goes_on_with_one_warning(&folder, &store);
    assert!(matches!(warning, PixelWarning::Unreadable { count: 2, .. }));
    assert_says(&warning.to_string(), &["loop.pixels", "(2 in all)"]);
    assert_eq!(store.images(), IMAGES);
    assert!(dir.join("loop.pixels").is_symlink());
}

#[cfg(unix)]
#[test]
fn a_read_only_folder_is_read_and_not_written() {
    use std::os::unix::fs::PermissionsExt;
    use std::os::unix::process::CommandExt;

    let folder = Folder::with_images(IMAGES);
    let cache = folder.path("cache");
    let dir = open(&cache).dir().to_owned();
    let allow = |path: &Path, mode| {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    };
    // The program too must be where anybody may run it.
    let program = folder.path("program");
    fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
    let pixels = folder.path("cache/pixels");
    for path in [folder.0.path(), &program, &cache, &pixels] {
        allow(path, 0o755);
    }
    allow(&dir, 0o555);
    // Permissions do not bind root, so the tests then run as somebody else.
    let is_root = fs::write(dir.join("probe"), "").is_ok();
    let assert_passes_here = |test| {
        let mut command = Command::new(&program);
        command.args(arguments(test)).env(CACHE, &cache);
        if is_root {
            command.uid(65534);
        }
        assert_passes(&mut command);
    };
    assert_passes_here("pixels_trouble::goes_on_without_writing");

    allow(&dir, 0o755);
    assert_same_batches(&folder, &open(&cache));
    allow(&dir, 0o555);
    assert_passes_here("pixels_trouble::reads_what_is_there");
    allow(&dir, 0o755);
}

#[cfg(unix)]
#[test]
fn a_full_disk_leaves_no_half_written_file() {
    let folder = Folder::with_images(IMAGES);
    let cache = folder.path("cache");
    // Files may have 1 or 2 KiB, as the shell counts; the segment takes 2.7.
    let script = r#"trap "" XFSZ; ulimit -f 2; exec "$0" "$@""#;
    let mut command = Command::new("sh");
    command
        .args(["-c", script])
        .arg(std::env::current_exe().unwrap());
    command
        .args(arguments("pixels_trouble::goes_on_without_writing"))
        .env(CACHE, &cache);
    assert_passes(&mut command);
    let store = open(&cache);
    assert_eq!(fs::read_dir(store.dir()).unwrap().count(), 0);
}

fn cache_of_this_process() -> Arc<PixelStore> {
    open(Path::new(&std::env::var_os(CACHE).unwrap()))
}

#[test]
#[ignore = "run by the tests of a read-only folder and a full disk"]
fn goes_on_without_writing() {
    let store = cache_of_this_process();
    let warning = assert_goes_on_with_one_warning(&Folder::with_images(IMAGES), &store);
    assert!(matches!(warning, PixelWarning::Write(_)), "{warning}");
    assert_says(&warning.to_string(), &["not stored any more"]);
}

#[test]
#[ignore = "run by the test of a read-only folder"]
fn reads_what_is_there() {
    let store = cache_of_this_process();
    let folder = Folder::with_images(IMAGES);
    let loader = stored(&folder, &store, without_decoding());
    assert_eq!(batches(&loader, 0), batches(&plain(&folder, options()), 0));
    assert_eq!(warnings(&store), [""; 0]);
}
