//! Images that are copies of one another.

use std::fs;

use psp_data::{DataNotice, Splits};

use super::{fractions, stratified, table};
use crate::support::{Folder, assert_says};

/// 40 images, of which the last 20 are copies of the first, with other labels.
fn with_copies() -> Folder {
    let folder = Folder::with_images(40);
    for index in 0..20 {
        let copy = folder.path(&format!("imgs/{}.png", 20 + index));
        fs::copy(folder.path(&format!("imgs/{index}.png")), copy).unwrap();
    }
    folder
}

#[test]
fn a_drawn_split_and_its_folds_keep_copies_together_under_ten_seeds() {
    let folder = with_copies();
    let data = folder.open();
    let copies = data.copies().unwrap();
    assert_eq!(copies.len(), 20);
    for seed in 0..10 {
        let shares = fractions(0.7, 0.15, 0.15);
        let splits = Splits::stratified(&data, &copies, shares, seed, 4).unwrap();
        assert_eq!(splits.counts(), [28, 6, 6]);
        let folds = splits.folds(&data, &copies, 3, seed, 4).unwrap();
        for splits in folds.iter().chain([&splits]) {
            let apart = |index: &usize| splits.part(*index) != splits.part(index + 20);
            assert_eq!((0..20).find(apart), None, "seed {seed}");
        }
        let notices = splits.copy_notices(&data).unwrap();
        assert!(matches!(
            notices[..],
            [DataNotice::CopiesWithOtherLabels { count: 40, .. }]
        ));
    }
}

#[test]
fn copies_in_two_parts_of_a_given_split_are_told() {
    let folder = Folder::with_images(4);
    fs::copy(folder.path("imgs/0.png"), folder.path("imgs/3.png")).unwrap();
    let csv = "filename,a,b,split\n0.png,0,1,train\n1.png,0,1,train\n2.png,0,1,Valid\n\
               3.png,0,1,test\n";
    folder.write("labels.csv", csv);
    let data = folder.open();
    let notices = Splits::from_column(&data)
        .unwrap()
        .copy_notices(&data)
        .unwrap();
    let [notice] = &notices[..] else {
        panic!("{notices:?}")
    };
    assert!(notice.is_warning());
    assert_says(
        &notice.to_string(),
        &[
            "labels.csv: 2 images",
            "`0.png` in train and `3.png` in test",
            "data.split=random",
        ],
    );
}

#[test]
fn a_split_without_copies_is_what_it_was_before_they_counted() {
    let splits = stratified(&table(30), 7);
    assert_eq!(&splits.fingerprint()[..16], "625c11517def1fe3");
}
