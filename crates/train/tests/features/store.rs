//! Stored features outlive the process, and damage to them.

use std::path::PathBuf;

use psp_data::Preprocessing;
use psp_models::{BackboneKind, DeviceSpec, HostTensor, ModelConfig, StateDict};
use psp_train::features::{Content, FeatureKey, FeatureStore, SHARES, share_of};
use tempfile::TempDir;

const WIDTH: usize = 512;

/// A key of ResNet18 that differs by `weight`.
fn key(weight: f32) -> FeatureKey {
    let tensor = HostTensor {
        shape: vec![1],
        data: vec![weight],
    };
    FeatureKey::new(
        &ModelConfig::new(BackboneKind::ResNet18, 2),
        &StateDict::from([("conv1.weight".to_owned(), tensor)]),
        &Preprocessing::imagenet(32),
        DeviceSpec::Flex,
    )
}

/// The content of an imagined image, and its features.
fn sample(number: u8) -> (Content, Vec<f32>) {
    let values = (0..WIDTH).map(|i| f32::from(number) + i as f32 / 7.0);
    ([number; 32], values.collect())
}

fn add(store: &mut FeatureStore, numbers: &[u8]) {
    let (contents, features): (Vec<_>, Vec<_>) = numbers.iter().map(|&n| sample(n)).unzip();
    store.add(&contents, &features.concat()).unwrap();
}

#[track_caller]
fn assert_holds(store: &FeatureStore, numbers: &[u8]) {
    for &number in numbers {
        let (content, features) = sample(number);
        assert_eq!(store.get(&content), Some(&features[..]), "{number}");
    }
}

fn open(dir: &TempDir) -> FeatureStore {
    FeatureStore::open(dir.path(), key(1.0)).unwrap()
}

/// The files of the store's only key, largest last.
fn segments(store: &FeatureStore) -> Vec<PathBuf> {
    let paths = std::fs::read_dir(store.dir().unwrap()).unwrap();
    let mut paths: Vec<PathBuf> = paths.map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|end| end == "safetensors"));
    paths.sort_by_key(|path| std::fs::metadata(path).unwrap().len());
    paths
}

#[test]
fn features_are_there_bit_for_bit_when_the_store_is_opened_again() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(&dir);
    add(&mut store, &[1, 2, 3]);
    add(&mut store, &[9]);
    assert_holds(&store, &[1, 2, 3, 9]);
    drop(store);
    let store = open(&dir);
    assert_holds(&store, &[1, 2, 3, 9]);
    let asked: Vec<Content> = [3, 4, 9, 5, 4].map(|n| [n; 32]).to_vec();
    assert_eq!(store.missing(&asked), [1, 3]);
    assert_eq!(store.get(&[4; 32]), None);
}

#[test]
fn features_of_other_weights_are_another_store() {
    let dir = tempfile::tempdir().unwrap();
    add(&mut open(&dir), &[1]);
    let other = FeatureStore::open(dir.path(), key(2.0)).unwrap();
    assert_eq!(other.missing(&[[1; 32]]), [0]);
}

#[test]
fn what_another_process_adds_is_found_after_a_refresh() {
    let dir = tempfile::tempdir().unwrap();
    let (mut one, mut two) = (open(&dir), open(&dir));
    add(&mut one, &[1]);
    // The same rows again: the same file.
    add(&mut two, &[1]);
    add(&mut two, &[2]);
    assert_eq!(one.get(&[2; 32]), None);
    one.refresh().unwrap();
    assert_holds(&one, &[1, 2]);
    assert_eq!(segments(&one).len(), 2);
}

#[test]
fn a_damaged_file_is_removed_and_told_of_and_the_others_stay() {
    type Damage = fn(&mut Vec<u8>);
    let damages: [(&str, Damage); 4] = [
        ("a changed value", |bytes| {
            let last = bytes.len() - 40;
            bytes[last] ^= 1;
        }),
        ("a torn file", |bytes| bytes.truncate(bytes.len() / 2)),
        ("an empty file", Vec::clear),
        ("a foreign file", |bytes| *bytes = b"not features".to_vec()),
    ];
    for (name, damage) in damages {
        let dir = tempfile::tempdir().unwrap();
        let mut store = open(&dir);
        add(&mut store, &[1]);
        add(&mut store, &[2, 3]);
        let path = segments(&store).pop().unwrap();
        drop(store);
        let mut bytes = std::fs::read(&path).unwrap();
        damage(&mut bytes);
        std::fs::write(&path, bytes).unwrap();

        let mut store = open(&dir);
        let discarded = store.take_discarded();
        assert_eq!(discarded.len(), 1, "{name}: {discarded:?}");
        assert_eq!(discarded[0].0, path, "{name}");
        assert!(!path.exists(), "{name}");
        assert_holds(&store, &[1]);
        assert_eq!(
            store.missing(&[[1; 32], [2; 32], [3; 32]]),
            [1, 2],
            "{name}"
        );
        add(&mut store, &[2, 3]);
        assert_holds(&open(&dir), &[1, 2, 3]);
    }
}

#[test]
fn a_file_that_cannot_be_opened_is_an_error_and_stays() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(&dir);
    add(&mut store, &[1]);
    // A link into itself: even root can't open it.
    let path = store.dir().unwrap().join("x.safetensors");
    std::os::unix::fs::symlink(&path, &path).unwrap();
    let error = FeatureStore::open(dir.path(), key(1.0)).unwrap_err();
    assert!(error.to_string().contains("x.safetensors"), "{error}");
    assert!(path.symlink_metadata().is_ok(), "it was removed");
}

#[test]
fn a_file_of_another_key_is_not_taken_for_ones_own() {
    let dir = tempfile::tempdir().unwrap();
    let mut other = FeatureStore::open(dir.path(), key(2.0)).unwrap();
    add(&mut other, &[1]);
    let foreign = segments(&other).pop().unwrap();
    let store = open(&dir);
    std::fs::copy(&foreign, store.dir().unwrap().join("x.safetensors")).unwrap();
    let mut store = open(&dir);
    assert_eq!(store.get(&[1; 32]), None);
    assert!(store.take_discarded()[0].1.contains("another key"));
}

#[test]
fn one_process_at_a_time_computes_a_share_and_others_compute_other_shares() {
    let dir = tempfile::tempdir().unwrap();
    let (mut one, mut two) = (open(&dir), open(&dir));
    let lock = one.try_lock(3);
    assert!(lock.is_some());
    assert!(two.try_lock(3).is_none());
    assert!(two.try_lock(4).is_some());
    drop(lock);
    assert!(two.try_lock(3).is_some());
}

#[test]
fn what_cannot_be_stored_is_kept_in_memory_and_said_once() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(&dir);
    add(&mut store, &[1]);
    assert_eq!(store.take_trouble(), None);
    // Nobody, root included, can write into a folder that is gone.
    std::fs::remove_dir_all(store.dir().unwrap()).unwrap();
    add(&mut store, &[2]);
    assert_holds(&store, &[1, 2]);
    let trouble = store.take_trouble().unwrap();
    assert!(trouble.contains("could not"), "{trouble}");
    assert_eq!(store.take_trouble(), None);
    assert!(store.try_lock(0).is_some());
    store.refresh().unwrap();
    assert_eq!(store.missing(&[[1; 32], [2; 32], [3; 32]]), [2]);
}

#[test]
fn a_store_whose_folder_cannot_be_made_is_in_memory() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    std::fs::write(&file, "").unwrap();
    let error = FeatureStore::open(&file, key(1.0)).unwrap_err();
    let mut store = FeatureStore::in_memory(key(1.0), &error);
    assert!(store.take_trouble().unwrap().contains("data.cache_dir"));
    add(&mut store, &[1]);
    assert_holds(&store, &[1]);
    assert!(
        FeatureStore::open_existing(&file, key(1.0))
            .unwrap()
            .is_none()
    );
}

#[test]
fn every_image_falls_into_one_of_the_shares() {
    let shares: Vec<u8> = (0..=255).map(|first| share_of(&[first; 32])).collect();
    for share in 0..SHARES {
        let count = shares.iter().filter(|&&own| own == share).count();
        assert_eq!(count, 256 / usize::from(SHARES));
    }
}
