//! A data set on disk: complete, reproducible, continued, never clobbered.

// Helpers outside of the test functions may fail the test too.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use psp_synth::{SynthError, SynthOptions, Written, render, write_dataset};

fn options(count: usize) -> SynthOptions {
    SynthOptions {
        count,
        seed: 3,
        width: 64,
        height: 48,
    }
}

fn write(out: &Path, options: &SynthOptions) -> Result<Written, SynthError> {
    write_dataset(out, options, &|_, _| {}, &AtomicBool::new(false))
}

fn write_with_threads(out: &Path, options: &SynthOptions, threads: usize) -> Written {
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build()
        .unwrap();
    pool.install(|| write(out, options)).unwrap()
}

/// All files below a folder with their bytes.
fn contents(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            for (inner, bytes) in contents(&path) {
                files.insert(format!("{name}/{inner}"), bytes);
            }
        } else {
            files.insert(name, fs::read(path).unwrap());
        }
    }
    files
}

#[test]
fn the_bytes_do_not_depend_on_the_number_of_threads() {
    let folder = tempfile::tempdir().unwrap();
    let (one, three) = (folder.path().join("one"), folder.path().join("three"));
    let summary = write_with_threads(&one, &options(9), 1);
    assert_eq!(summary, write_with_threads(&three, &options(9), 3));
    assert!(contents(&one) == contents(&three));
}

#[test]
fn a_data_set_holds_images_labels_and_its_parameters() {
    let folder = tempfile::tempdir().unwrap();
    let Written { summary, .. } = write(folder.path(), &options(4)).unwrap();
    assert_eq!(summary.count, 4);
    let files = contents(folder.path());
    assert_eq!(files.len(), 6, "{:?}", files.keys());
    let labels = String::from_utf8(files["labels.csv"].clone()).unwrap();
    let lines: Vec<&str> = labels.lines().collect();
    assert_eq!(
        lines[0],
        "filename,perspective_score_hood,perspective_score_backdoor_left"
    );
    for (index, line) in lines[1..].iter().enumerate() {
        let seen = render(&options(4), index);
        let expected = format!(
            "synth-{index:06}.jpg,{:.6},{:.6}",
            seen.hood, seen.backdoor_left
        );
        assert_eq!(*line, expected);
        let image = image::load_from_memory(&files[&format!("imgs/synth-{index:06}.jpg")]);
        assert_eq!(
            (64, 48),
            (image.as_ref().unwrap().width(), image.unwrap().height())
        );
    }
    let record: serde_json::Value = serde_json::from_slice(&files["synth.json"]).unwrap();
    assert_eq!(record["count"], 4);
    assert_eq!(record["seed"], 3);
    assert_eq!(record["renderer_version"], psp_synth::RENDERER_VERSION);
}

#[test]
fn an_interrupted_run_continues_and_ends_like_an_uninterrupted_one() {
    let folder = tempfile::tempdir().unwrap();
    let (whole, broken) = (folder.path().join("whole"), folder.path().join("broken"));
    let expected = write(&whole, &options(12)).unwrap();

    let cancelled = AtomicBool::new(false);
    let stop = |done: usize, _: usize| {
        if done >= 4 {
            cancelled.store(true, Ordering::Relaxed);
        }
    };
    let error = write_dataset(&broken, &options(12), &stop, &cancelled).unwrap_err();
    assert!(
        matches!(error, SynthError::Cancelled { count: 12, .. }),
        "{error}"
    );
    assert!(!broken.join("labels.csv").exists());
    // What a killed run may leave behind.
    fs::write(broken.join("imgs/.psp-synth-x1"), b"half").unwrap();

    assert_eq!(write(&broken, &options(12)).unwrap(), expected);
    assert!(contents(&broken) == contents(&whole));
    assert!(write(&broken, &options(12)).unwrap().was_complete);
}

#[test]
fn a_complete_data_set_is_not_rendered_again_unless_a_file_is_missing() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    let expected = write(&out, &options(12)).unwrap();
    let before = contents(&out);
    // Rendering would look at this before the first image.
    let cancelled = AtomicBool::new(true);
    let again = write_dataset(&out, &options(12), &|_, _| {}, &cancelled);
    let again = again.unwrap();
    assert!(again.was_complete && !expected.was_complete);
    assert_eq!(again.summary, expected.summary);

    fs::remove_file(out.join("imgs/synth-000007.jpg")).unwrap();
    let error = write_dataset(&out, &options(12), &|_, _| {}, &cancelled).unwrap_err();
    assert!(matches!(error, SynthError::Cancelled { .. }), "{error}");
    assert_eq!(write(&out, &options(12)).unwrap(), expected);
    assert!(contents(&out) == before);
}

#[test]
fn a_foreign_folder_is_refused_and_left_untouched() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("thesis.txt"), "years of work").unwrap();
    let before = contents(folder.path());
    let error = write(folder.path(), &options(2)).unwrap_err();
    assert!(matches!(error, SynthError::Occupied { .. }), "{error}");
    assert!(contents(folder.path()) == before);
}

#[test]
fn a_run_with_other_parameters_is_refused_and_left_untouched() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), &options(2)).unwrap();
    let before = contents(folder.path());
    let error = write(folder.path(), &options(3)).unwrap_err();
    assert!(error.to_string().contains("says 2 images of "), "{error}");
    assert!(contents(folder.path()) == before);
}

#[test]
fn a_file_of_somebodys_own_is_named_and_not_replaced() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), &options(4)).unwrap();
    let labels = folder.path().join("labels.csv");
    let image = folder.path().join("imgs/synth-000002.jpg");
    let text = fs::read_to_string(&labels).unwrap();
    let whole = contents(folder.path());

    // Numbers are anybody's to correct; other rows make it another set.
    fs::write(&labels, text.replacen(".jpg,0", ".jpg,1", 1)).unwrap();
    write(folder.path(), &options(4)).unwrap();
    for own in [
        text.replacen("synth-000001.jpg", "mine.jpg", 1),
        String::new(),
    ] {
        fs::write(&labels, &own).unwrap();
        let error = write(folder.path(), &options(4)).unwrap_err();
        assert!(error.to_string().contains("labels.csv: differs"), "{error}");
        assert_eq!(fs::read_to_string(&labels).unwrap(), own);
    }

    // An interrupted run has no labels yet.
    fs::remove_file(&labels).unwrap();
    fs::write(&image, "a photo").unwrap();
    let error = write(folder.path(), &options(4)).unwrap_err();
    assert!(
        error.to_string().contains("synth-000002.jpg: differs"),
        "{error}"
    );
    fs::remove_file(&image).unwrap();
    write(folder.path(), &options(4)).unwrap();
    assert!(contents(folder.path()) == whole);
}

#[test]
fn progress_hears_of_every_image() {
    let folder = tempfile::tempdir().unwrap();
    let heard = AtomicUsize::new(0);
    let progress = |_: usize, count: usize| {
        assert_eq!(count, 5);
        heard.fetch_add(1, Ordering::Relaxed);
    };
    write_dataset(
        folder.path(),
        &options(5),
        &progress,
        &AtomicBool::new(false),
    )
    .unwrap();
    assert_eq!(heard.into_inner(), 5);
}

#[test]
fn image_i_is_the_same_in_data_sets_of_different_length() {
    let (short, long) = (render(&options(3), 2), render(&options(300), 2));
    assert!(short.image == long.image);
    assert_eq!(short.part_ids, long.part_ids);
}
