//! Finding a data set's files, and the checks on its images.

use std::fs;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::support::{Folder, assert_says};
use psp_data::{DataError, DataNotice, Dataset, DatasetOptions, DecodeLimits};
use psp_schema::{Class, Classify};

const HEADER: &str = "filename,a,b\n";

#[test]
fn labels_and_images_are_found_in_their_usual_places() {
    for images in ["imgs/", "images/", ""] {
        let folder = Folder::new();
        folder.image(&format!("{images}one.png"), 1);
        folder.write("scores.csv", format!("{HEADER}one.png,0,1\n"));
        folder.write("split.csv", "filename,split\none.png,train\n");
        let dataset = folder.open();
        assert_eq!(dataset.len(), 1);
        assert_eq!(dataset.labels_path(), folder.path("scores.csv"));
        assert_eq!(dataset.image_path(0), dataset.images_dir().join("one.png"));
        assert!(dataset.image_path(0).is_file());
    }
}

#[test]
fn images_in_sub_folders_beside_the_labels_are_found() {
    let folder = Folder::new();
    folder.image("front/one.png", 1);
    folder.write("labels.csv", format!("{HEADER}front/one.png,0,1\n"));
    assert_eq!(folder.open().images_dir(), folder.0.path());
}

#[test]
fn labels_csv_wins_over_other_csv_files() {
    let folder = Folder::with_images(2);
    folder.write("notes.csv", "x\n");
    assert_eq!(folder.open().labels_path(), folder.path("labels.csv"));
}

#[test]
fn several_csv_files_are_refused_by_name_with_the_key_that_decides() {
    let folder = Folder::new();
    folder.write("one.csv", HEADER);
    folder.write("two.csv", HEADER);
    folder.assert_refused(&["`one.csv`, `two.csv`"], "data.labels=FILE");
}

#[test]
fn a_folder_without_labels_or_images_is_refused_with_what_was_looked_for() {
    let folder = Folder::new();
    folder.assert_refused(&["labels.csv"], "data.labels=FILE");
    folder.write("labels.csv", format!("{HEADER}one.png,0,1\n"));
    folder.assert_refused(&["`imgs/`", "`images/`"], "data.images=FOLDER");
    folder.image("imgs/one.png", 1);
    folder.image("images/one.png", 1);
    folder.assert_refused(&["both"], "data.images=FOLDER");
}

#[test]
fn named_labels_and_images_are_used_as_they_are() {
    let folder = Folder::new();
    folder.image("photos/one.png", 1);
    let labels = folder.write("elsewhere/l.csv", format!("{HEADER}one.png,0,1\n"));
    let mut options = folder.options();
    options.labels = Some(labels);
    options.images = Some(folder.path("photos"));
    assert_eq!(Dataset::open(&options).unwrap().len(), 1);
}

#[test]
fn a_missing_image_is_refused_with_its_line() {
    let folder = Folder::with_images(3);
    fs::remove_file(folder.path("imgs/1.png")).unwrap();
    assert_says(&folder.refusal(), &["labels.csv: line 3", "imgs/1.png"]);
}

#[test]
fn a_folder_in_place_of_an_image_is_refused() {
    let folder = Folder::with_images(2);
    fs::remove_file(folder.path("imgs/1.png")).unwrap();
    fs::create_dir(folder.path("imgs/1.png")).unwrap();
    assert_says(&folder.refusal(), &["line 3", "not a file"]);
}

#[test]
fn a_filename_that_leaves_the_image_folder_is_refused() {
    let folder = Folder::with_images(1);
    folder.image("secret.png", 9);
    let elsewhere = Folder::with_images(1);
    for name in [
        "../secret.png",
        "x/../../secret.png",
        &elsewhere.path("imgs/0.png").to_string_lossy(),
    ] {
        folder.write("labels.csv", format!("{HEADER}0.png,0,0\n{name},0,1\n"));
        assert_says(
            &folder.refusal(),
            &["line 3", name, "leads out of the image folder"],
        );
    }
}

#[cfg(unix)]
#[test]
fn links_are_followed_out_of_the_image_folder_and_to_one_content_under_two_names() {
    use std::os::unix::fs::symlink;
    let folder = Folder::new();
    folder.image("blobs/0.png", 9);
    fs::create_dir_all(folder.path("real")).unwrap();
    symlink("real", folder.path("imgs")).unwrap();
    for name in ["one.png", "two.png"] {
        symlink("../blobs/0.png", folder.path("real").join(name)).unwrap();
    }
    folder.write("labels.csv", format!("{HEADER}one.png,0,1\ntwo.png,0,1\n"));
    assert_eq!(folder.open().copies().unwrap(), [[0, 1]]);

    fs::remove_file(folder.path("blobs/0.png")).unwrap();
    folder.write("labels.csv", format!("{HEADER}one.png,0,1\n"));
    assert_says(
        &folder.refusal(),
        &[
            "line 2",
            "imgs/one.png",
            "a symbolic link to ../blobs/0.png",
        ],
    );
}

#[test]
fn two_spellings_of_one_image_are_refused_as_duplicates() {
    let folder = Folder::with_images(1);
    folder.write("labels.csv", format!("{HEADER}0.png,0,1\n./0.png,0,1\n"));
    assert_says(
        &folder.refusal(),
        &["`./0.png`", "`0.png`", "line 3", "line 2"],
    );
}

#[test]
fn checking_images_reports_the_lowest_bad_row_for_any_thread_count() {
    let folder = Folder::with_images(30);
    folder.write("imgs/11.png", "not an image");
    folder.write("imgs/12.png", "");
    folder.write("imgs/25.png", "not an image");
    let dataset = folder.open();
    let all: Vec<usize> = (0..30).collect();
    for threads in [0, 1, 2, 5] {
        let error = dataset
            .check_images(&all, threads, &DecodeLimits::default(), &|_, _| {})
            .unwrap_err();
        assert_says(&error.to_string(), &["labels.csv: line 13", "11.png"]);
    }
}

#[test]
fn checking_images_counts_the_chosen_ones() {
    let folder = Folder::with_images(20);
    folder.write("imgs/11.png", "not an image, and not chosen");
    let chosen = [3, 0, 5, 19, 10, 12, 8];
    let (calls, last) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let progress = |done, total| {
        assert_eq!(total, 7);
        calls.fetch_add(1, Ordering::Relaxed);
        last.fetch_max(done, Ordering::Relaxed);
    };
    folder
        .open()
        .check_images(&chosen, 3, &DecodeLimits::default(), &progress)
        .unwrap();
    assert_eq!((calls.into_inner(), last.into_inner()), (7, 7));
}

#[test]
fn the_fingerprint_changes_with_targets_names_labels_and_pixels_and_nothing_else() {
    let folder = Folder::with_images(5);
    let original = folder.open().fingerprint().unwrap();
    assert_eq!(original.len(), 64);
    assert_eq!(folder.open().fingerprint().unwrap(), original);

    let mut options = folder.options();
    options.targets.reverse();
    let swapped = Dataset::open(&options).unwrap().fingerprint().unwrap();
    assert_ne!(swapped, original);

    let csv = fs::read_to_string(folder.path("labels.csv")).unwrap();
    folder.write(
        "labels.csv",
        csv.replace("\n1.png,0.2,", "\n1.png,0.20000002,"),
    );
    assert_ne!(folder.open().fingerprint().unwrap(), original);
    folder.write("labels.csv", csv.replace('\n', "\r\n"));
    assert_eq!(folder.open().fingerprint().unwrap(), original);

    folder.image("imgs/3.png", 77);
    assert_ne!(folder.open().fingerprint().unwrap(), original);
}

#[test]
fn options_read_from_json_take_defaults_and_refuse_unknown_keys() {
    let options: DatasetOptions = serde_json::from_str(r#"{"dir": "cars"}"#).unwrap();
    assert_eq!(options, DatasetOptions::new("cars"));
    assert!(serde_json::from_str::<DatasetOptions>(r#"{"dir": "cars", "label": "x"}"#).is_err());
}

#[test]
fn a_file_in_place_of_a_folder_and_a_folder_in_place_of_a_file_are_told_and_do_not_pass() {
    let folder = Folder::with_images(1);
    let labels = folder.path("labels.csv");
    let refused = |options: &DatasetOptions| -> DataError { Dataset::open(options).unwrap_err() };
    let mut options = folder.options();
    options.dir.clone_from(&labels);
    let error = refused(&options);
    assert_says(&error.to_string(), &["labels.csv: is a file", "--data"]);
    assert_ne!(error.class(), Class::Passing);

    let mut options = folder.options();
    options.labels = Some(folder.path("imgs"));
    let error = refused(&options);
    assert_says(&error.to_string(), &["imgs: is a folder", "CSV file"]);
    assert_ne!(error.class(), Class::Passing);

    let mut options = folder.options();
    options.images = Some(labels);
    let error = refused(&options);
    assert_says(
        &error.to_string(),
        &["labels.csv: is a file", "data.images"],
    );
    assert_ne!(error.class(), Class::Passing);

    options.images = Some(folder.path("absent"));
    assert_ne!(refused(&options).class(), Class::Passing);
}

#[test]
fn images_that_no_row_names_are_counted() {
    let folder = Folder::with_images(2);
    assert_eq!(folder.open().unlabelled().unwrap(), None);
    folder.image("imgs/sub/2.png", 2);
    folder.write("imgs/.hidden.png", "");
    folder.write("imgs/notes.txt", "");
    assert_eq!(folder.open().unlabelled().unwrap(), None);
    folder.image("imgs/3.PNG", 3);
    folder.image("imgs/4.jpg", 4);
    let notice = folder.open().unlabelled().unwrap().unwrap();
    assert!(matches!(&notice, DataNotice::Unlabelled { count: 2, .. }));
    assert_says(
        &notice.to_string(),
        &[
            "imgs: 2 images are in no row of labels.csv",
            "`3.PNG`",
            "left out",
        ],
    );
}

#[test]
fn a_column_that_names_parts_on_each_row_and_is_not_called_split_is_told_of() {
    let folder = Folder::with_images(2);
    for (second, count) in [("val", 1), ("left", 0)] {
        let csv = format!("filename,a,b,part\n0.png,0,1,Train\n1.png,0,1,{second}\n");
        folder.write("labels.csv", csv);
        let dataset = folder.open();
        assert_eq!(dataset.notices().len(), count, "{second}");
        if let Some(notice) = dataset.notices().first() {
            assert_says(&notice.to_string(), &["`part`", "call it `split`"]);
        }
    }
}

#[test]
fn a_column_whose_labels_single_precision_does_not_tell_apart_is_told_of() {
    let folder = Folder::with_images(3);
    for (labels, count) in [
        (["100000000", "100000001", "100000002"], 1),
        (["0.500000001", "0.500000002", "0.500000003"], 1),
        (["0", "100000001", "100000002"], 0),
        (["100000001", "100000001", "100000001"], 0),
        (["1999.9", "2000", "2024"], 0),
    ] {
        let [first, second, third] = labels;
        let csv = format!("filename,a,b\n0.png,{first},0\n1.png,{second},1\n2.png,{third},1\n");
        folder.write("labels.csv", csv);
        let dataset = folder.open();
        assert_eq!(dataset.notices().len(), count, "{labels:?}");
        if let Some(notice) = dataset.notices().first() {
            assert!(notice.is_warning());
            assert_says(&notice.to_string(), &["labels.csv", "`a`", "subtract"]);
        }
    }
}

#[cfg(unix)]
#[test]
fn a_link_that_leads_nowhere_is_refused_and_not_taken_for_absent() {
    for name in ["labels.csv", "imgs"] {
        let folder = Folder::with_images(2);
        folder.write("other.csv", "filename,a,b\n0.png,0,1\n");
        folder.image("0.png", 0);
        fs::rename(folder.path(name), folder.path("moved")).unwrap();
        std::os::unix::fs::symlink("/absent/place", folder.path(name)).unwrap();
        let link = format!("{name}: could not open it: it is a symbolic link to /absent/place");
        assert_says(&folder.refusal(), &[&link, "which does not exist"]);
    }
}
