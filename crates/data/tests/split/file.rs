//! Splits as files and as a column of the labels.

use std::fs;

use psp_data::{LabelTable, Part, Splits};

use super::{stratified, table};
use crate::support::{Folder, assert_says};

#[test]
fn a_written_split_reads_back_the_same() {
    let data = table(50);
    let folder = Folder::new();
    let path = folder.path("split.csv");
    let splits = stratified(&data, 1);
    splits.write(&path, &data, false).unwrap();
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.starts_with("filename,split\n0.png,"));
    let back = Splits::read(&path, &data).unwrap();
    assert_eq!(back, splits);
    assert_eq!(back.fingerprint(), splits.fingerprint());
}

#[test]
fn a_different_split_is_replaced_only_when_allowed() {
    let data = table(50);
    let folder = Folder::new();
    let path = folder.path("split.csv");
    let (first, second) = (stratified(&data, 1), stratified(&data, 2));
    first.write(&path, &data, false).unwrap();
    first.write(&path, &data, false).unwrap();
    let error = second.write(&path, &data, false).unwrap_err().to_string();
    assert_says(&error, &["split.csv", "a different split is already there"]);
    assert_eq!(Splits::read(&path, &data).unwrap(), first);
    second.write(&path, &data, true).unwrap();
    assert_eq!(Splits::read(&path, &data).unwrap(), second);
}

#[test]
fn what_is_no_split_is_never_replaced() {
    let data = table(50);
    let folder = Folder::new();
    for (name, text) in [
        ("labels.csv", "filename,hood,split\n0.png,0.5,train\n"),
        ("notes.txt", "split later"),
    ] {
        let path = folder.path(name);
        fs::write(&path, text).unwrap();
        for overwrite in [false, true] {
            let written = stratified(&data, 1).write(&path, &data, overwrite);
            assert_says(
                &written.unwrap_err().to_string(),
                &[name, "is not a split", "--out"],
            );
        }
        assert_eq!(fs::read_to_string(&path).unwrap(), text);
    }
    let by_hand = folder.path("by_hand.csv");
    fs::write(&by_hand, "split;image\ntrain;0.png\n").unwrap();
    stratified(&data, 1).write(&by_hand, &data, true).unwrap();
}

#[cfg(unix)]
#[test]
fn a_link_that_leads_nowhere_is_not_replaced() {
    let data = table(50);
    let folder = Folder::new();
    let path = folder.path("split.csv");
    std::os::unix::fs::symlink("away.csv", &path).unwrap();
    let write = |overwrite| stratified(&data, 1).write(&path, &data, overwrite);
    for overwrite in [false, true] {
        let error = write(overwrite).unwrap_err().to_string();
        assert_says(
            &error,
            &["split.csv", "link to away.csv, which does not exist"],
        );
    }
    fs::write(folder.path("away.csv"), "").unwrap();
    write(true).unwrap();
}

#[test]
fn a_split_is_not_written_for_a_data_set_it_was_not_made_for() {
    let folder = Folder::new();
    let splits = stratified(&table(50), 1);
    let error = splits
        .write(&folder.path("s.csv"), &table(40), false)
        .unwrap_err();
    assert_says(&error.to_string(), &["does not belong"]);
}

#[test]
fn a_split_file_is_refused_with_the_line_that_is_wrong() {
    let data = table(3);
    let folder = Folder::new();
    let read = |body: &str| {
        let path = folder.write("split.csv", format!("filename,split\n0.png,train\n{body}"));
        Splits::read(&path, &data).unwrap_err().to_string()
    };
    assert_says(
        &read("1.png,dev\n"),
        &["line 3", "`dev`", "`train`, `valid` or `test`"],
    );
    assert_says(&read("9.png,test\n"), &["line 3", "`9.png`", "labels.csv"]);
    assert_says(
        &read("1.png,test\n0.png,test\n"),
        &["line 4", "`0.png`", "line 2"],
    );
    assert_says(&read("1.png\n"), &["line 3", "1 field;", "expected 2"]);
    assert_says(&read(",test\n"), &["line 3", "`filename` is empty"]);
    assert_says(
        &read("2.png,val\n"),
        &["1 image without a row here", "`1.png`", "line 3 of"],
    );
    let path = folder.write("split.csv", "Image,split\n,train\n");
    let error = Splits::read(&path, &data).unwrap_err().to_string();
    assert_says(&error, &["line 2", "`Image` is empty"]);
    let path = folder.write("split.csv", "filename,part\n0.png,train\n");
    let error = Splits::read(&path, &data).unwrap_err().to_string();
    assert_says(&error, &["no column `split`"]);
}

#[test]
fn parts_are_read_in_any_case_and_in_other_usual_spellings() {
    let data = table(3);
    let folder = Folder::new();
    let path = folder.write(
        "s.csv",
        "filename,split\n2.png,val\n0.png,validation\n1.png,valid\n",
    );
    assert_eq!(Splits::read(&path, &data).unwrap().counts(), [0, 3, 0]);
    assert_eq!("val".parse::<Part>().unwrap().to_string(), "valid");
    assert_eq!("Train".parse::<Part>().unwrap(), Part::Train);
    assert_eq!("training".parse::<Part>().unwrap(), Part::Train);
    assert_eq!("testing".parse::<Part>().unwrap(), Part::Test);
    assert!("learn".parse::<Part>().is_err());
}

#[test]
fn the_labels_own_split_column_is_used_as_it_is() {
    let folder = Folder::new();
    let open = |parts: [&str; 3]| {
        let [a, b, c] = parts;
        let csv = format!("filename,split,a\n1.png,{a},0\n2.png,{b},1\n3.png,{c},1\n");
        let path = folder.write("labels.csv", csv);
        LabelTable::read(&path, &["a".to_owned()], [0.0, 1.0]).unwrap()
    };
    let splits = Splits::from_column(&open(["test", "train", "val"])).unwrap();
    assert_eq!(
        [0, 1, 2].map(|i| splits.part(i)),
        [Part::Test, Part::Train, Part::Valid]
    );
    let error = Splits::from_column(&open(["test", "", "val"]))
        .unwrap_err()
        .to_string();
    assert_says(&error, &["labels.csv", "line 3", "``"]);
    let error = Splits::from_column(&table(3)).unwrap_err().to_string();
    assert_says(&error, &["no column `split`"]);
}

#[test]
fn a_name_in_another_spelling_is_refused_with_that_of_the_labels() {
    let data = table(50);
    let folder = Folder::new();
    let path = folder.path("split.csv");
    for (name, way_out) in [
        ("0.PNG", "it has `0.png`: spell the names here as there"),
        ("./0.png", "it has `0.png`: spell the names here as there"),
        (
            "C:\\cars\\0.png",
            "it has `0.png`: spell the names here as there",
        ),
        (
            "/data/imgs/0.PNG",
            "it has `0.png`: spell the names here as there",
        ),
        ("51.png", "remove this line too"),
    ] {
        fs::write(&path, format!("filename,split\n{name},train\n")).unwrap();
        let error = Splits::read(&path, &data).unwrap_err().to_string();
        assert_says(&error, &["line 2", name, way_out]);
    }
}
