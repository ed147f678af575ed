//! File names in the labels that are not quite the files'.

use crate::support::{Folder, assert_says};
use psp_data::DataNotice;

/// A data set of these `files`, whose labels call them `names`.
fn folder(files: &[&str], names: &[&str]) -> Folder {
    let folder = Folder::new();
    for (index, file) in files.iter().enumerate() {
        folder.image(&format!("imgs/{file}"), index as u8);
    }
    let mut csv = "filename,a,b\n".to_owned();
    for name in names {
        csv += &format!("{name},0,1\n");
    }
    folder.write("labels.csv", csv);
    folder
}

#[test]
fn names_are_found_in_other_spellings_and_the_difference_is_told() {
    for (file, name, difference) in [
        ("Mu\u{308}ller.png", "M\u{fc}ller.png", "Unicode form"),
        ("a.JPG", "a.jpg", "case"),
        ("a.jpeg", "a.jpg", "extension"),
        ("a.png", "a", "extension"),
        ("a.png", " a.png ", "spaces"),
        ("a .png", "a.png", "spaces"),
        ("a.png", "a\u{200e}.png", "invisible characters"),
        ("car/a.png", "car\\a.png", "slashes"),
        ("a.png", "imgs/a.png", "folder"),
        ("a.png", "./imgs\\a.png", "folder"),
        ("a.png", "/home/someone/data/imgs/a.png", "folder"),
        ("a.png", "C:\\data\\imgs\\a.png", "folder"),
    ] {
        let folder = folder(&[file, "other.png"], &["other.png", name]);
        let dataset = folder.open();
        assert_eq!(dataset.image_path(1), folder.path(&format!("imgs/{file}")));
        assert_eq!(dataset.samples()[1].filename, name);
        let [notice] = dataset.notices() else {
            panic!("{name}: {:?}", dataset.notices())
        };
        let DataNotice::NearNames {
            count: 1,
            row: 3,
            difference: told,
            ..
        } = notice
        else {
            panic!("{name}: {notice}")
        };
        assert_eq!(*told, difference, "{name}");
        assert_says(&notice.to_string(), &["labels.csv: 1 file name is", file]);
    }
}

#[test]
fn a_missing_name_shows_its_invisible_characters() {
    let message = folder(&["b.png"], &["a\u{200b}.png"]).refusal();
    assert_says(&message, &["imgs/a\\u{200b}.png"]);
    let message = folder(&["b.png"], &["a\u{200b}.png", "c.png"]).refusal();
    assert_says(&message, &["`a\\u{200b}.png`"]);
}

#[test]
fn names_that_are_the_files_are_nothing_to_tell() {
    let folder = folder(
        &["a.png", "x/b.png", " c.png"],
        &["a.png", "x/../x/b.png", " c.png"],
    );
    assert!(folder.open().notices().is_empty());
}

#[test]
fn absolute_paths_into_the_image_folder_and_the_data_folder_are_taken() {
    let folder = folder(&["a.png"], &[]);
    folder.image("b.png", 7);
    let (a, b) = (folder.path("imgs/a.png"), folder.path("b.png"));
    let rows = format!("filename,a,b\n{},0,1\n{},1,0\n", a.display(), b.display());
    folder.write("labels.csv", rows);
    let dataset = folder.open();
    assert_eq!([dataset.image_path(0), dataset.image_path(1)], [a, b]);
    assert!(dataset.notices().is_empty());
}

#[test]
fn a_name_that_may_be_several_files_is_refused_with_them() {
    let folder = folder(&["a.png", "A.png"], &["a.PNG"]);
    assert_says(
        &folder.refusal(),
        &["line 2", "`a.PNG`", "`A.png`, `a.png`"],
    );
}

#[test]
fn two_rows_for_one_file_are_refused_however_they_are_spelled() {
    let folder = folder(&["a.png"], &["a.png", "A.png"]);
    assert_says(
        &folder.refusal(),
        &["line 3", "`A.png` is the same image as `a.png` on line 2"],
    );
}

#[test]
fn many_rows_without_an_image_are_counted_and_the_first_listed() {
    let names: Vec<String> = (0..9).map(|index| format!("{index}.png")).collect();
    let names: Vec<&str> = names
        .iter()
        .map(String::as_str)
        .chain(["../x.png"])
        .collect();
    let folder = folder(&["7.png"], &names);
    let message = folder.refusal();
    folder.assert_refused(&[], "data.images=FOLDER");
    assert_says(
        &message,
        &[
            "labels.csv: the images of 9 of 10 rows can't be found in",
            "line 2: `0.png`",
            "line 4: `2.png`",
            ", …",
        ],
    );
    assert!(!message.contains("3.png"), "{message}");
}

#[test]
fn a_name_with_folders_that_are_not_there_is_refused_with_the_file_that_may_be_meant() {
    for name in ["C:\\photos\\a.png", "photos/a.png", "photos\\A.PNG"] {
        let folder = folder(&["a.png", "b.png"], &[name]);
        assert_says(
            &folder.refusal(),
            &["line 2", "`a.png` is there, without the folders before it"],
        );
        let both = self::folder(&["a.png", "b.png"], &[name, "photos/b.png"]);
        assert_says(
            &both.refusal(),
            &["2 of 2 rows", "`b.png` is there, without the folders"],
        );
    }
    // Which of two is meant can't be told.
    let two = folder(&["x/a.png", "y/a.png"], &["photos/a.png"]);
    assert!(!two.refusal().contains("is there"), "{}", two.refusal());
}
