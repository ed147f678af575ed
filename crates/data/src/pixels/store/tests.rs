//! Segments, refreshing and threads, with images of 4x2 pixels.

use std::path::PathBuf;
use std::thread;

use tempfile::TempDir;

use super::*;

const RESIZE: Resize = Resize::Squash {
    width: 4,
    height: 2,
};
const ENTRY: usize = 24;

/// A store without a limit whose segments hold three images.
fn open(cache: &TempDir) -> PixelStore {
    PixelStore::with_segments_of(3 * ENTRY, cache.path(), &RESIZE, u64::MAX).unwrap()
}

/// The content of an imagined image, and its pixels.
fn image(number: u8) -> (Content, Arc<[u8]>) {
    ([number; 32], vec![number; ENTRY].into())
}

fn offer(store: &PixelStore, numbers: impl IntoIterator<Item = u8>) {
    for (content, pixels) in numbers.into_iter().map(image) {
        assert!(store.offer(content, &pixels));
    }
}

#[track_caller]
fn assert_has(store: &PixelStore, numbers: impl IntoIterator<Item = u8>) {
    for (content, pixels) in numbers.into_iter().map(image) {
        assert_eq!(store.get(&content).as_deref(), Some(&*pixels));
    }
}

fn segments(store: &PixelStore) -> Vec<PathBuf> {
    store.folder.segments().unwrap()
}

#[test]
fn a_segment_is_written_as_soon_as_it_is_full_and_the_rest_when_flushed() {
    let cache = tempfile::tempdir().unwrap();
    let store = open(&cache);
    offer(&store, 0..8);
    assert_eq!((segments(&store).len(), store.images()), (2, 6));
    // Those that wait are found too.
    assert_has(&store, 0..8);
    store.flush();
    assert_eq!((segments(&store).len(), store.images()), (3, 8));
    store.flush();
    assert_eq!(segments(&store).len(), 3);
    assert_has(&open(&cache), 0..8);
    assert!(store.get(&image(8).0).is_none());
    assert!(store.take_warnings().is_empty());
}

#[test]
fn what_another_process_has_added_is_found_and_not_stored_again() {
    let cache = tempfile::tempdir().unwrap();
    let (one, other) = (open(&cache), open(&cache));
    offer(&one, 0..3);
    assert!(other.get(&image(0).0).is_none());
    // Noticed by an image that is missing, once some time has passed.
    *lock(&other.refreshed) -= REFRESH_AFTER;
    assert_has(&other, 0..3);

    offer(&one, 3..6);
    offer(&other, 3..6);
    assert_eq!(segments(&one).len(), 2);
    assert_has(&other, 0..6);
}

#[test]
fn what_is_stored_in_part_is_added_in_part() {
    let cache = tempfile::tempdir().unwrap();
    let (one, other) = (open(&cache), open(&cache));
    offer(&one, 0..3);
    offer(&other, 2..5);
    let sizes: Vec<u64> = segments(&one)
        .iter()
        .map(|path| std::fs::metadata(path).unwrap().len())
        .collect();
    let size = |images| segment::size(&one.key, images);
    assert_eq!(sizes.iter().sum::<u64>(), size(3) + size(2));
    assert_has(&open(&cache), 0..5);
}

#[test]
fn many_threads_may_offer_and_ask_at_once() {
    let cache = tempfile::tempdir().unwrap();
    let store = open(&cache);
    thread::scope(|scope| {
        for first in 0..6 {
            let store = &store;
            scope.spawn(move || {
                for number in (first..200).step_by(4) {
                    let (content, pixels) = image(number);
                    match store.get(&content) {
                        Some(found) => assert_eq!(*found, *pixels),
                        None => assert!(store.offer(content, &pixels)),
                    }
                }
                store.flush();
            });
        }
    });
    assert_eq!(store.images(), 200);
    assert_has(&open(&cache), 0..200);
    assert!(store.take_warnings().is_empty());
}

#[test]
fn a_limit_leaves_room_for_as_many_images_as_it_says_and_is_told_once() {
    let cache = tempfile::tempdir().unwrap();
    let key = PixelKey::new(RESIZE).unwrap();
    let limit = segment::size(&key, 3) + segment::size(&key, 2) - 1;
    let store = PixelStore::with_segments_of(3 * ENTRY, cache.path(), &RESIZE, limit).unwrap();
    offer(&store, 0..6);
    assert_eq!(store.images(), 4);
    assert!(store.folder.used().unwrap() <= limit);
    for number in 0..9 {
        let (content, pixels) = image(number);
        assert!(!store.offer(content, &pixels));
    }
    store.flush();
    let warnings = store.take_warnings();
    assert!(matches!(warnings[..], [PixelWarning::Full { max_bytes, .. }] if max_bytes == limit));
    assert_eq!(store.images(), 4);
}
