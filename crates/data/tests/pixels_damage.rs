//! Damage to stored pixels is found, told and repaired.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::support::pixels::*;
use crate::support::{Folder, assert_says};
use psp_data::{PixelStore, PixelWarning, Resize};

const IMAGES: usize = 12;

/// A data set, its cache with one segment, and that segment.
fn filled() -> (Folder, PathBuf, PathBuf) {
    let folder = Folder::with_images(IMAGES);
    let cache = folder.path("cache");
    let store = open(&cache);
    assert_same_batches(&folder, &store);
    let [segment] = files(&store, "pixels").try_into().unwrap();
    (folder, cache, segment)
}

/// Makes a file look as if it had been written `hours` hours ago.
fn age(path: &Path, hours: u64) {
    let then = SystemTime::now() - Duration::from_secs(hours * 3600);
    let file = File::options().append(true).open(path).unwrap();
    file.set_modified(then).unwrap();
}

/// Opens the store, in which one file is not as it should be: one warning that
/// says `reason`, the file gone, the same batches, and all is stored again.
#[track_caller]
fn assert_repaired(folder: &Folder, damaged: &Path, reason: &str) {
    let cache = folder.path("cache");
    let store = open(&cache);
    assert_same_batches(folder, &store);
    let warnings = warnings(&store);
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    let name = damaged.file_name().unwrap().to_str().unwrap();
    assert_says(&warnings[0], &[name, reason, "put out of use"]);
    assert!(!damaged.exists());
    assert_all_stored(folder, &cache);
    // So that the next case begins with an empty store.
    fs::remove_dir_all(store.dir()).unwrap();
    fs::create_dir(store.dir()).unwrap();
}

#[test]
fn a_segment_cut_off_anywhere_is_rebuilt() {
    let (folder, _, segment) = filled();
    let whole = fs::read(&segment).unwrap();
    let last = [whole.len() - 1];
    for length in (0..whole.len()).step_by(97).chain(1..60).chain(last) {
        fs::write(&segment, &whole[..length]).unwrap();
        assert_repaired(&folder, &segment, "it is cut off");
    }
}

#[test]
fn a_segment_with_any_bit_flipped_is_rebuilt() {
    let (folder, _, segment) = filled();
    let whole = fs::read(&segment).unwrap();
    let head = 56 + 36 * IMAGES;
    for at in (0..60).step_by(2).chain((60..whole.len()).step_by(53)) {
        let mut bytes = whole.clone();
        bytes[at] ^= 1 << (at % 8);
        fs::write(&segment, bytes).unwrap();
        let reason = match at {
            0..8 => "no file of pixels",
            8..12 => "another version's",
            // A wrong number of images makes a wrong length.
            12..16 => "it is",
            16..52 => "prepared differently",
            at if at < head => "its head",
            _ => "its pixels",
        };
        assert_repaired(&folder, &segment, reason);
    }
}

#[test]
fn a_segment_that_lost_its_pixels_to_zeros_is_rebuilt() {
    let (folder, _, segment) = filled();
    let mut bytes = fs::read(&segment).unwrap();
    bytes[56 + 36 * IMAGES..].fill(0);
    fs::write(&segment, bytes).unwrap();
    assert_repaired(&folder, &segment, "its pixels");
}

#[test]
fn a_segment_with_something_behind_it_is_rebuilt() {
    let (folder, _, segment) = filled();
    let mut bytes = fs::read(&segment).unwrap();
    bytes.push(0);
    fs::write(&segment, bytes).unwrap();
    assert_repaired(&folder, &segment, "longer");
}

#[test]
fn a_foreign_file_and_one_of_another_size_are_put_out_of_use() {
    let (folder, cache, segment) = filled();
    let foreign = segment.with_file_name("holiday.pixels");
    fs::write(&foreign, "x".repeat(5000)).unwrap();
    assert_repaired(&folder, &foreign, "no file of pixels");

    let other = Resize::Squash {
        width: 16,
        height: 4,
    };
    let other = PixelStore::open(&cache, &other, 1 << 30).unwrap();
    let (folder, _, of_8x8) = filled();
    let misplaced = other.dir().join(of_8x8.file_name().unwrap());
    fs::copy(of_8x8, &misplaced).unwrap();
    let other = PixelStore::open(&cache, other.resize(), 1 << 30).unwrap();
    assert_eq!(other.images(), 0);
    assert_says(&warnings(&other).concat(), &["prepared differently"]);
    assert!(!misplaced.exists());
    drop(folder);
}

#[test]
fn files_of_other_kinds_are_left_alone_but_for_what_dead_writers_left() {
    let (folder, cache, segment) = filled();
    let file = |name: &str, hours: u64| {
        let path = segment.with_file_name(name);
        fs::write(&path, "?").unwrap();
        age(&path, hours);
        path
    };
    let kept = [
        file("notes.txt", 1000),
        file("notes.tmp", 1000),
        file(".0123.pixels.abcdef.tmp", 23),
        file("0123.damaged", 23),
    ];
    let removed = [
        file(".4567.pixels.abcdef.tmp", 25),
        file("4567.damaged", 25),
    ];
    assert_all_stored(&folder, &cache);
    assert!(kept.iter().all(|path| path.exists()));
    assert!(!removed.iter().any(|path| path.exists()));
}

#[test]
fn damage_found_in_use_leaves_the_segment_to_those_who_read_it() {
    let (folder, cache, segment) = filled();
    let mut bytes = fs::read(&segment).unwrap();
    // The last image.
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(&segment, bytes).unwrap();
    age(&segment, 1000);
    let (finder, reader) = (open(&cache), open(&cache));
    assert_eq!((finder.images(), reader.images()), (IMAGES, IMAGES));

    assert_same_batches(&folder, &finder);
    let warnings = finder.take_warnings();
    assert!(
        matches!(&warnings[..], [PixelWarning::Damaged { path, left: None, .. }] if *path == segment),
        "{warnings:?}"
    );
    assert_eq!(finder.images(), IMAGES);
    // Another machine may have it mapped, so it is only renamed; its age counts
    // from now, however old it is.
    let aside = segment.with_extension("damaged");
    let modified = fs::metadata(&aside).unwrap().modified().unwrap();
    assert!(modified.elapsed().unwrap() < Duration::from_secs(3600));

    // Who has it open reads its good images, and the bad one from where the
    // finder has put it.
    let repaired = files(&finder, "pixels");
    let loader = stored(&folder, &reader, without_decoding());
    assert_eq!(batches(&loader, 0), batches(&plain(&folder, options()), 0));
    assert_eq!(reader.take_warnings().len(), 1);
    assert_eq!(files(&reader, "pixels"), repaired);
    assert_all_stored(&folder, &cache);
}
