//! Stored pixels: the same batches, decoded once. Seed 5 shuffles.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::thread;

use crate::support::pixels::*;
use crate::support::{self, Folder, assert_says, tiny};
use psp_data::{DecodeLimits, Loader, LoaderOptions, PixelStore, Preprocessing, Resize};

#[test]
fn the_batches_are_identical_with_and_without_a_store() {
    let folder = Folder::with_images(23);
    let cache = folder.path("cache");
    for threads in [1, 3] {
        let options = LoaderOptions {
            threads,
            ..options()
        };
        let (with, without) = (
            stored(&folder, &open(&cache), options.clone()),
            plain(&folder, options),
        );
        for epoch in 0..3 {
            assert_eq!(batches(&with, epoch), batches(&without, epoch));
        }
    }
}

#[test]
fn each_way_to_resize_has_a_store_of_its_own() {
    let folder = Folder::with_images(5);
    let crop = Resize::ShortestSideCenterCrop { resize: 8, crop: 8 };
    for resize in [tiny().resize, crop, tiny().resize, crop] {
        let preprocessing = Preprocessing { resize, ..tiny() };
        let loader = || {
            let preprocessing = preprocessing.clone();
            Loader::new(folder.open(), (0..5).collect(), preprocessing, options()).unwrap()
        };
        let store = PixelStore::open(&folder.path("cache"), &resize, 1 << 30).unwrap();
        let with = loader().with_pixels(Arc::new(store)).unwrap();
        assert_eq!(batches(&with, 0), batches(&loader(), 0));
    }
    assert_eq!(
        fs::read_dir(folder.path("cache/pixels")).unwrap().count(),
        2
    );
}

#[test]
fn what_one_process_has_decoded_the_next_one_does_not() {
    let folder = Folder::with_images(12);
    let cache = folder.path("cache");
    let error = stored(&folder, &open(&cache), without_decoding())
        .epoch(0, 0)
        .find_map(Result::err)
        .unwrap();
    assert_says(&error.to_string(), &["12x9 pixels", "at most 1 pixels"]);

    batches(&stored(&folder, &open(&cache), options()), 0);
    assert_all_stored(&folder, &cache);
}

#[test]
fn later_epochs_and_other_loaders_of_the_data_set_do_not_touch_the_files() {
    let folder = Folder::with_images(12);
    let store = open(&folder.path("cache"));
    let first = stored(&folder, &store, options());
    let expected = batches(&first, 0);
    let dataset = Arc::clone(first.dataset());
    let second = Loader::new(dataset, (0..12).collect(), tiny(), options())
        .and_then(|loader| loader.with_pixels(store))
        .unwrap();
    fs::remove_dir_all(folder.path("imgs")).unwrap();
    assert_eq!(batches(&first, 0), expected);
    assert_eq!(batches(&second, 0), expected);
}

#[test]
fn nothing_is_kept_in_memory_that_is_stored_and_what_does_not_fit_there_is() {
    let folder = Folder::with_images(12);
    let options = LoaderOptions {
        cache_bytes: 1 << 20,
        ..options()
    };
    let store = open(&folder.path("cache"));
    let loader = stored(&folder, &store, options.clone());
    batches(&loader, 0);
    assert_eq!((store.images(), loader.cached_bytes()), (12, 0));

    // A segment of 5 images takes 56 bytes and 36 for each besides the pixels.
    let limit = 56 + 5 * (36 + IMAGE_BYTES);
    let store = limited(&folder.path("small"), limit);
    let loader = stored(&folder, &store, options);
    let plain = plain(&folder, support::pixels::options());
    for epoch in 0..3 {
        assert_eq!(batches(&loader, epoch), batches(&plain, epoch));
    }
    assert_eq!(store.images(), 5);
    assert_eq!(loader.cached_bytes(), 7 * IMAGE_BYTES);
    let written = files(&store, "pixels");
    assert_eq!(written.len(), 1);
    assert_eq!(fs::metadata(&written[0]).unwrap().len(), limit);
    assert_says(
        &warnings(&store).concat(),
        &["1196 bytes of at most 1196", "raise the limit"],
    );
    assert_eq!(warnings(&store), [""; 0]);
}

#[test]
fn the_limit_counts_the_pixels_of_other_sizes() {
    let folder = Folder::with_images(12);
    let cache = folder.path("cache");
    assert_same_batches(&folder, &open(&cache));
    let small = Preprocessing::imagenet(4);
    let store = Arc::new(PixelStore::open(&cache, &small.resize, 2900).unwrap());
    let loader = Loader::new(folder.open(), (0..12).collect(), small, options())
        .and_then(|loader| loader.with_pixels(Arc::clone(&store)))
        .unwrap();
    batches(&loader, 0);
    // 2900 - (56 + 12 * 228) leaves 108 bytes: 56 and no 36 + 48.
    assert_eq!(store.images(), 0);
    assert_eq!(files(&store, "pixels").len(), 0);
    assert_eq!(warnings(&store).len(), 1);
}

#[test]
fn an_image_that_changed_under_its_name_is_decoded_anew() {
    let folder = Folder::with_images(6);
    let cache = folder.path("cache");
    assert_same_batches(&folder, &open(&cache));
    let before = batches(&plain(&folder, options()), 0);
    folder.image("imgs/2.png", 200);
    let store = open(&cache);
    let after = batches(&stored(&folder, &store, options()), 0);
    assert_eq!(after, batches(&plain(&folder, options()), 0));
    assert_ne!(after, before);
    // The old image's pixels stay, for whoever has the old file.
    assert_eq!(store.images(), 7);
}

#[test]
fn an_image_replaced_after_the_fingerprint_was_taken_ends_the_epoch() {
    let folder = Folder::with_images(6);
    let store = open(&folder.path("cache"));
    let loaders = [
        plain(&folder, options()),
        stored(&folder, &store, options()),
    ];
    for loader in &loaders {
        loader.dataset().fingerprint().unwrap();
    }
    folder.image("imgs/2.png", 200);
    for loader in loaders {
        let error = loader.epoch(0, 0).find_map(Result::err).unwrap();
        assert_says(
            &error.to_string(),
            &["labels.csv: line 4", "2.png", "has changed"],
        );
    }
}

#[test]
fn an_image_under_two_names_is_stored_once() {
    let folder = Folder::with_images(6);
    fs::copy(folder.path("imgs/0.png"), folder.path("imgs/3.png")).unwrap();
    let store = open(&folder.path("cache"));
    assert_same_batches(&folder, &store);
    assert_eq!(store.images(), 5);
}

#[test]
fn an_epoch_dropped_early_leaves_what_it_decoded_and_nothing_half_written() {
    let folder = Folder::with_images(60);
    let cache = folder.path("cache");
    for taken in [1, 4, 0, 2] {
        let store = open(&cache);
        let before = store.images();
        let mut epoch = stored(&folder, &store, options()).epoch(taken, 0);
        for _ in 0..taken {
            epoch.next().unwrap().unwrap();
        }
        drop(epoch);
        assert!(store.images() >= before);
        assert!(store.images() >= 4 * taken as usize, "{taken} batches");
        assert_eq!(files(&store, "tmp").len(), 0);
        assert_eq!(open(&cache).images(), store.images());
    }
    assert_same_batches(&folder, &open(&cache));
    assert_all_stored(&folder, &cache);
}

#[test]
fn bad_images_are_reported_as_without_a_store() {
    let folder = Folder::with_images(12);
    let store = open(&folder.path("cache"));
    let assert_same_refusal = |options: LoaderOptions, reason: &str| {
        let refusal = |loader: Loader| {
            fs::remove_file(folder.path("imgs/7.png")).unwrap();
            let mut epoch = loader.epoch(0, 0);
            let error = epoch.find_map(Result::err).unwrap().to_string();
            assert!(epoch.next().is_none());
            folder.image("imgs/7.png", 7);
            error
        };
        let refused = refusal(stored(&folder, &store, options.clone()));
        assert_eq!(refused, refusal(plain(&folder, options)));
        assert_says(&refused, &["labels.csv: line ", reason]);
    };
    let small = DecodeLimits { max_pixels: 50 };
    let limited = LoaderOptions {
        decode: small,
        ..options()
    };
    assert_same_refusal(limited, "at most 50 pixels");
    assert_same_refusal(options(), "could not read this image");
    let first = plain(&folder, options()).order(0)[0];
    folder.write(&format!("imgs/{first}.png"), "not an image");
    assert_same_refusal(options(), "not a readable image");
    // The others are stored nevertheless, those from before the error.
    assert!((1..12).contains(&store.images()), "{}", store.images());
}

#[test]
fn a_store_of_images_that_were_resized_differently_is_refused() {
    let folder = Folder::with_images(3);
    let other = Preprocessing::imagenet(9).resize;
    let store = PixelStore::open(&folder.path("cache"), &other, 1 << 30).unwrap();
    let error = plain(&folder, options())
        .with_pixels(Arc::new(store))
        .unwrap_err();
    assert_says(&error.to_string(), &["pixels", "width: 9", "width: 8"]);
    let nothing = Resize::Squash {
        width: 0,
        height: 1,
    };
    let error = PixelStore::open(&folder.path("cache"), &nothing, 1).unwrap_err();
    assert_says(&error.to_string(), &["resize", "0x1 pixels"]);
}

#[test]
fn two_loaders_in_two_threads_may_fill_one_folder_at_once() {
    let folder = Folder::with_images(60);
    let cache = folder.path("cache");
    let one_store = open(&cache);
    thread::scope(|scope| {
        // Two as in one process, one as in another.
        for store in [Arc::clone(&one_store), one_store, open(&cache)] {
            let folder = &folder;
            scope.spawn(move || assert_same_batches(folder, &store));
        }
    });
    assert_all_stored(&folder, &cache);
}

#[test]
fn two_processes_may_fill_one_folder_at_once() {
    let folder = Folder::with_images(60);
    let cache = folder.path("cache");
    let program = std::env::current_exe().unwrap();
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let mut command = Command::new(&program);
                command.args(arguments("pixels::one_of_two_processes"));
                assert_passes(command.env(CACHE, &cache));
            });
        }
    });
    assert_all_stored(&folder, &cache);
}

#[test]
#[ignore = "run by two_processes_may_fill_one_folder_at_once"]
fn one_of_two_processes() {
    let store = open(Path::new(&std::env::var_os(CACHE).unwrap()));
    assert_same_batches(&Folder::with_images(60), &store);
    assert_eq!(warnings(&store), [""; 0]);
}
