//! Loaders with a store of pixels.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use psp_data::{Batch, DecodeLimits, Loader, LoaderOptions, PixelStore};

use super::{Folder, tiny};

/// Pixels of one image at the size of [`tiny`].
pub(crate) const IMAGE_BYTES: u64 = 8 * 8 * 3;

/// The environment variable that tells a test in a process of its own where
/// the cache is.
pub(crate) const CACHE: &str = "PSP_TEST_CACHE";

/// Batches of 4, shuffled by seed 5, from two threads.
pub(crate) fn options() -> LoaderOptions {
    LoaderOptions {
        batch_size: 4,
        shuffle_seed: Some(5),
        threads: 2,
        ..LoaderOptions::default()
    }
}

/// [`options`] under which no image can be decoded.
pub(crate) fn without_decoding() -> LoaderOptions {
    LoaderOptions {
        decode: DecodeLimits { max_pixels: 1 },
        ..options()
    }
}

/// The store in `cache` of images at the size of [`tiny`].
pub(crate) fn open(cache: &Path) -> Arc<PixelStore> {
    limited(cache, 1 << 30)
}

pub(crate) fn limited(cache: &Path, max_bytes: u64) -> Arc<PixelStore> {
    Arc::new(PixelStore::open(cache, &tiny().resize, max_bytes).unwrap())
}

/// A loader over all images of a data set that is opened anew.
pub(crate) fn plain(folder: &Folder, options: LoaderOptions) -> Loader {
    let dataset = folder.open();
    let indices = (0..dataset.len()).collect();
    Loader::new(dataset, indices, tiny(), options).unwrap()
}

/// The same with a store.
pub(crate) fn stored(folder: &Folder, store: &Arc<PixelStore>, options: LoaderOptions) -> Loader {
    let loader = plain(folder, options);
    loader.with_pixels(Arc::clone(store)).unwrap()
}

pub(crate) fn batches(loader: &Loader, epoch: u64) -> Vec<Batch> {
    loader.epoch(epoch, 0).collect::<Result<_, _>>().unwrap()
}

/// Loads epochs 0 to 2 with and without `store`, which must make no difference.
#[track_caller]
pub(crate) fn assert_same_batches(folder: &Folder, store: &Arc<PixelStore>) {
    let (plain, stored) = (plain(folder, options()), stored(folder, store, options()));
    for epoch in 0..3 {
        assert!(
            batches(&stored, epoch) == batches(&plain, epoch),
            "epoch {epoch}"
        );
    }
}

/// All images come from the store in `cache`, as another process finds it.
#[track_caller]
pub(crate) fn assert_all_stored(folder: &Folder, cache: &Path) {
    let store = open(cache);
    let found = batches(&stored(folder, &store, without_decoding()), 0);
    assert!(found == batches(&plain(folder, options()), 0));
    assert_eq!(warnings(&store), [""; 0]);
}

pub(crate) fn warnings(store: &PixelStore) -> Vec<String> {
    let warnings = store.take_warnings();
    warnings.iter().map(ToString::to_string).collect()
}

/// The files in a store's folder whose names end in `.ending`, sorted.
pub(crate) fn files(store: &PixelStore, ending: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(store.dir()).unwrap();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension() == Some(OsStr::new(ending)));
    paths.sort();
    paths
}

/// The arguments that make a test program run its ignored test `name` alone.
pub(crate) fn arguments(name: &str) -> [&str; 4] {
    ["--exact", name, "--ignored", "--nocapture"]
}

/// Runs a command to its end, which must be a good one.
#[track_caller]
pub(crate) fn assert_passes(command: &mut Command) {
    let output = command.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}");
    assert!(text.contains("1 passed"), "{text}");
}
