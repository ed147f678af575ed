//! The loader: order, resumption, errors, and what it leaves behind.

use std::time::{Duration, Instant};

use crate::support::{Folder, assert_says, tiny};
use psp_data::{Batch, BatchSampler, LastBatch, Loader, LoaderOptions};

fn options(batch_size: usize) -> LoaderOptions {
    LoaderOptions {
        batch_size,
        shuffle_seed: Some(5),
        ..LoaderOptions::default()
    }
}

fn loader(folder: &Folder, options: LoaderOptions) -> Loader {
    let dataset = folder.open();
    let indices = (0..dataset.len()).collect();
    Loader::new(dataset, indices, tiny(), options).unwrap()
}

fn batches(loader: &Loader, epoch: u64, first: usize) -> Vec<Batch> {
    loader
        .epoch(epoch, first)
        .collect::<Result<_, _>>()
        .unwrap()
}

#[test]
fn batches_hold_normalised_images_and_labels_of_their_indices() {
    let folder = Folder::with_images(10);
    let loader = loader(
        &folder,
        LoaderOptions {
            shuffle_seed: None,
            ..options(4)
        },
    );
    let found = batches(&loader, 0, 0);
    assert_eq!(found.iter().map(Batch::len).collect::<Vec<_>>(), [4, 4, 2]);
    for (number, batch) in found.iter().enumerate() {
        assert_eq!((batch.number, batch.epoch), (number, 0));
        assert_eq!((&batch.shape[..], batch.target_count), (&[3, 8, 8][..], 2));
        assert_eq!(batch.values.len(), batch.len() * 3 * 8 * 8);
        for (slot, &index) in batch.indices.iter().enumerate() {
            assert_eq!(index, number * 4 + slot);
            let sample = &loader.dataset().samples()[index];
            assert_eq!(batch.targets[slot * 2..][..2], sample.labels);
            let pixels = loader
                .preprocessing()
                .denormalise(&batch.values[slot * 192..][..192]);
            assert!(pixels.chunks(3).all(|pixel| usize::from(pixel[0]) == index));
        }
    }
}

#[test]
fn the_batches_are_identical_for_one_two_and_five_threads_with_seed_5() {
    let folder = Folder::with_images(23);
    let run = |threads| {
        batches(
            &loader(
                &folder,
                LoaderOptions {
                    threads,
                    ..options(4)
                },
            ),
            3,
            0,
        )
    };
    let one = run(1);
    assert_eq!(one.len(), 6);
    for threads in [0, 2, 5] {
        assert_eq!(run(threads), one);
    }
}

#[test]
fn starting_in_mid_epoch_yields_the_batches_of_an_undisturbed_epoch() {
    let folder = Folder::with_images(23);
    for last in [LastBatch::Keep, LastBatch::DropPartial] {
        let loader = loader(
            &folder,
            LoaderOptions {
                threads: 3,
                last,
                ..options(4)
            },
        );
        let whole = batches(&loader, 7, 0);
        for first in 0..whole.len() + 3 {
            assert_eq!(batches(&loader, 7, first), whole[first.min(whole.len())..]);
        }
    }
}

#[test]
fn an_epoch_visits_every_sample_once_in_the_announced_order() {
    let folder = Folder::with_images(23);
    let loader = loader(&folder, options(4));
    let visited: Vec<usize> = batches(&loader, 2, 0)
        .into_iter()
        .flat_map(|b| b.indices)
        .collect();
    assert_eq!(visited, loader.order(2));
    let mut sorted = visited;
    sorted.sort_unstable();
    assert_eq!(sorted, (0..23).collect::<Vec<_>>());
}

#[test]
fn the_order_depends_on_seed_and_epoch_alone() {
    let folder = Folder::with_images(23);
    let first = loader(&folder, options(4));
    let order = first.order(1);
    let _ = batches(&first, 0, 0);
    assert_eq!(first.order(1), order);
    assert_ne!(first.order(0), order);
    let other = loader(
        &folder,
        LoaderOptions {
            shuffle_seed: Some(6),
            ..options(4)
        },
    );
    assert_ne!(other.order(1), order);
    let given = loader(
        &folder,
        LoaderOptions {
            shuffle_seed: None,
            ..options(4)
        },
    );
    assert_eq!(given.order(1), (0..23).collect::<Vec<_>>());
}

#[test]
fn a_loader_over_some_samples_serves_these_in_the_given_order() {
    let folder = Folder::with_images(10);
    let options = LoaderOptions {
        shuffle_seed: None,
        ..options(2)
    };
    let loader = Loader::new(folder.open(), vec![8, 1, 5], tiny(), options).unwrap();
    let visited: Vec<usize> = batches(&loader, 0, 0)
        .into_iter()
        .flat_map(|b| b.indices)
        .collect();
    assert_eq!(visited, [8, 1, 5]);
}

#[test]
fn a_last_batch_is_kept_or_left_out_as_asked() {
    let sampler = |samples, last| BatchSampler::new(samples, 4, Some(1), last).unwrap();
    for (samples, last, batches, left_out) in [
        (10, LastBatch::Keep, 3, 0),
        (10, LastBatch::DropSingle, 3, 0),
        (10, LastBatch::DropPartial, 2, 2),
        (9, LastBatch::Keep, 3, 0),
        (9, LastBatch::DropSingle, 2, 1),
        (8, LastBatch::DropPartial, 2, 0),
        (3, LastBatch::DropPartial, 1, 0),
        (1, LastBatch::DropSingle, 1, 0),
    ] {
        let sampler = sampler(samples, last);
        assert_eq!(sampler.batches_per_epoch(), batches, "{samples} {last:?}");
        assert_eq!(sampler.left_out(), left_out, "{samples} {last:?}");
        assert_eq!(sampler.samples_per_epoch(), samples - left_out);
        assert_eq!(sampler.order(0).len(), samples);
        assert_eq!(sampler.places(0, 0).len(), samples - left_out);
    }
}

#[test]
fn a_loader_leaves_out_the_samples_at_the_end_of_its_order() {
    let folder = Folder::with_images(10);
    let options = LoaderOptions {
        last: LastBatch::DropPartial,
        ..options(4)
    };
    let loader = loader(&folder, options);
    let served = batches(&loader, 0, 0);
    assert!(served.iter().all(|batch| batch.len() == 4));
    let served: Vec<usize> = served.into_iter().flat_map(|batch| batch.indices).collect();
    assert_eq!(served, loader.order(0)[..8]);
}

#[test]
fn settings_that_cannot_work_are_refused_at_construction() {
    let folder = Folder::with_images(3);
    let refusal = |indices: Vec<usize>, options| {
        Loader::new(folder.open(), indices, tiny(), options)
            .unwrap_err()
            .to_string()
    };
    assert_says(&refusal(vec![0], options(0)), &["batch_size"]);
    assert_says(&refusal(vec![], options(1)), &["indices", "empty"]);
    assert_says(&refusal(vec![0, 3], options(1)), &["indices", "below 3"]);
}

#[test]
fn a_bad_image_in_mid_epoch_is_an_error_with_file_and_row_and_ends_the_iteration() {
    let folder = Folder::with_images(12);
    folder.write("imgs/6.png", "not an image");
    for threads in [1, 4] {
        let options = LoaderOptions {
            shuffle_seed: None,
            threads,
            ..options(2)
        };
        let mut epoch = loader(&folder, options).epoch(0, 0);
        for _ in 0..3 {
            epoch.next().unwrap().unwrap();
        }
        let error = epoch.next().unwrap().unwrap_err().to_string();
        assert_says(&error, &["labels.csv: line 8", "6.png", "replace the file"]);
        assert!(epoch.next().is_none());
        assert!(epoch.next().is_none());
    }
}

#[test]
fn the_cache_yields_the_same_bytes_and_stays_within_its_limit() {
    let folder = Folder::with_images(12);
    let image_bytes = 8 * 8 * 3;
    let plain = loader(&folder, options(4));
    let cached = loader(
        &folder,
        LoaderOptions {
            cache_bytes: 5 * image_bytes + 7,
            threads: 3,
            ..options(4)
        },
    );
    for epoch in 0..3 {
        assert_eq!(batches(&cached, epoch, 0), batches(&plain, epoch, 0));
        assert_eq!(cached.cached_bytes(), 5 * image_bytes);
    }
    assert_eq!(plain.cached_bytes(), 0);
}

#[test]
fn a_full_cache_serves_later_epochs_without_the_files() {
    let folder = Folder::with_images(12);
    let cached = loader(
        &folder,
        LoaderOptions {
            cache_bytes: 1 << 20,
            ..options(4)
        },
    );
    let first = batches(&cached, 0, 0);
    std::fs::remove_dir_all(folder.path("imgs")).unwrap();
    assert_eq!(batches(&cached, 0, 0), first);
}

#[test]
fn an_epoch_dropped_early_ends_its_threads_at_once() {
    let folder = Folder::with_images(200);
    let loader = loader(
        &folder,
        LoaderOptions {
            threads: 3,
            ..options(2)
        },
    );
    let weak = std::sync::Arc::downgrade(loader.dataset());
    let held = weak.strong_count();
    for taken in [0, 1, 5] {
        let mut epoch = loader.epoch(0, 0);
        for _ in 0..taken {
            epoch.next().unwrap().unwrap();
        }
        let before = Instant::now();
        drop(epoch);
        assert!(before.elapsed() < Duration::from_secs(5));
    }
    // Each thread holds the loader's innards, which hold the data set.
    assert_eq!(weak.strong_count(), held);
    drop(loader);
    assert_eq!(weak.strong_count(), 0);
}

#[test]
fn an_epoch_outlives_its_loader() {
    let folder = Folder::with_images(9);
    let mut epoch = loader(&folder, options(2)).epoch(0, 0);
    assert_eq!(
        epoch
            .by_ref()
            .map(|batch| batch.unwrap().len())
            .sum::<usize>(),
        9
    );
}
