//! Each damage of a data set is refused with its file, row and column before
//! anything is written.

use crate::support::trained::{eval, trained};
use crate::support::{Folder, run};

#[test]
fn a_missing_column_is_refused_by_name() {
    let folder = Folder::with_data();
    folder.edit_labels("perspective_score_hood", "perspective_score_hod");
    folder.assert_refuses_to_train(
        &[],
        &[
            "labels.csv: line 1",
            "no column `perspective_score_hood`",
            "perspective_score_hod`",
        ],
    );
}

#[test]
fn a_row_with_too_many_fields_is_refused_with_its_line() {
    let folder = Folder::with_data();
    folder.edit_labels("synth-000003.jpg,", "synth-000003.jpg,0.5,");
    folder.assert_refuses_to_train(&[], &["labels.csv: line 5: 4 fields; expected 3"]);
}

#[test]
fn a_row_with_too_few_fields_is_refused_with_its_line() {
    let folder = Folder::with_data();
    folder.edit_labels("synth-000003.jpg,", "");
    folder.assert_refuses_to_train(&[], &["labels.csv: line 5: 2 fields; expected 3"]);
}

#[test]
fn a_label_that_is_no_finite_number_is_refused_with_its_cell() {
    for (value, problem) in [
        ("NaN", "`NaN` is not finite"),
        ("inf", "`inf` is not finite"),
        ("-inf", "`-inf` is not finite"),
        ("", "is empty"),
        ("high", "`high` is not a number"),
    ] {
        let folder = Folder::with_data();
        set_hood(&folder, value);
        folder.assert_refuses_to_train(
            &[],
            &[
                "labels.csv: line 5",
                "column `perspective_score_hood`",
                problem,
            ],
        );
    }
}

#[test]
fn a_label_out_of_range_is_refused_with_its_cell_and_the_range() {
    for value in ["1.001", "-0.001"] {
        let folder = Folder::with_data();
        set_hood(&folder, value);
        folder.assert_refuses_to_train(
            &[],
            &[
                "labels.csv: line 5",
                "`perspective_score_hood`",
                value,
                "from 0 to 1",
            ],
        );
    }
}

#[test]
fn a_label_beyond_those_that_a_model_was_trained_on_is_refused_as_such() {
    let folder = Folder::with_data();
    set_hood(&folder, "630");
    let data = folder.data();
    let data = ["--data", data.to_str().unwrap()];
    run(&mut eval(&trained().run, &folder.path("out"), &data)).assert_refused(&[
        "labels.csv: line 5",
        "from 0 to 1, as all labels that the model was trained on",
    ]);
}

#[test]
fn a_filename_on_two_rows_is_refused_with_both_lines() {
    let folder = Folder::with_data();
    folder.edit_labels("synth-000007.jpg", "synth-000003.jpg");
    folder.assert_refuses_to_train(
        &[],
        &["labels.csv: line 9", "`synth-000003.jpg`", "on line 5"],
    );
}

#[test]
fn a_missing_image_is_refused_with_its_row() {
    let folder = Folder::with_data();
    std::fs::remove_file(folder.image("synth-000003.jpg")).unwrap();
    folder.assert_refuses_to_train(
        &[],
        &["labels.csv: line 5: no image file at", "synth-000003.jpg"],
    );
}

#[test]
fn a_truncated_image_is_refused_with_its_row_and_the_repaired_set_then_trains() {
    let folder = Folder::with_data();
    let path = folder.image("synth-000003.jpg");
    let whole = std::fs::read(&path).unwrap();
    std::fs::write(&path, &whole[..whole.len() / 2]).unwrap();
    folder.assert_refuses_to_train(
        &[],
        &[
            "labels.csv: line 5",
            "synth-000003.jpg: not a readable image",
        ],
    );
    std::fs::write(&path, whole).unwrap();
    folder.train("run", &[]).assert_done();
}

#[test]
fn text_under_an_images_name_is_refused_with_its_row() {
    let folder = Folder::with_data();
    std::fs::write(
        folder.image("synth-000003.jpg"),
        "a car, seen from the left\n",
    )
    .unwrap();
    folder.assert_refuses_to_train(
        &[],
        &[
            "labels.csv: line 5",
            "synth-000003.jpg: not a readable image",
        ],
    );
}

#[test]
fn a_filename_that_leaves_the_image_folder_is_refused_with_its_row() {
    let absolute = std::env::temp_dir().join("x.jpg").display().to_string();
    for name in ["../x.jpg", "a/../../x.jpg", &absolute] {
        let folder = Folder::with_data();
        // The image exists there, so only its place is at fault.
        std::fs::copy(
            folder.image("synth-000003.jpg"),
            folder.data().join("x.jpg"),
        )
        .unwrap();
        folder.edit_labels("synth-000003.jpg", name);
        folder.assert_refuses_to_train(
            &[],
            &[
                "labels.csv: line 5",
                &format!("`{name}` leads out of the image folder"),
            ],
        );
    }
}

#[test]
fn a_decompression_bomb_is_refused_by_its_header() {
    let folder = Folder::with_data();
    std::fs::write(folder.image("bomb.png"), bomb(40_000)).unwrap();
    folder.edit_labels("synth-000003.jpg", "bomb.png");
    folder.assert_refuses_to_train(
        &[],
        &[
            "labels.csv: line 5",
            "bomb.png: 40000x40000 pixels",
            "at most 179000000",
        ],
    );
}

#[test]
fn a_split_with_an_unknown_name_is_refused_with_its_line() {
    let folder = Folder::with_data();
    let split = split_file(&folder, &["elsewhere.jpg"], 24);
    folder.assert_refuses_to_train(
        &[&format!("data.split={split}")],
        &["parts.csv: line 26", "`elsewhere.jpg`", "labels.csv"],
    );
}

#[test]
fn a_split_that_leaves_images_out_is_refused_with_the_first() {
    let folder = Folder::with_data();
    let split = split_file(&folder, &[], 22);
    folder.assert_refuses_to_train(
        &[&format!("data.split={split}")],
        &["parts.csv: 2 images", "`synth-000022.jpg`", "line 24"],
    );
}

/// Puts `value` in place of the hood label of `synth-000003.jpg`, line 5.
fn set_hood(folder: &Folder, value: &str) {
    let path = folder.data().join("labels.csv");
    let text = std::fs::read_to_string(&path).unwrap();
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let door = lines[4].rsplit(',').next().unwrap().to_owned();
    lines[4] = format!("synth-000003.jpg,{value},{door}");
    std::fs::write(&path, lines.join("\n") + "\n").unwrap();
}

/// A split file over the first `count` images and some `others`.
fn split_file(folder: &Folder, others: &[&str], count: usize) -> String {
    let mut text = "filename,split\n".to_owned();
    for index in 0..count {
        let part = ["train", "train", "valid", "test"][index % 4];
        text += &format!("synth-{index:06}.jpg,{part}\n");
    }
    for name in others {
        text += &format!("{name},train\n");
    }
    folder.write("parts.csv", text).display().to_string()
}

/// A PNG of a few bytes whose header says `side` x `side` pixels of RGB.
fn bomb(side: u32) -> Vec<u8> {
    let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
    let size = side.to_be_bytes();
    // 8 bits, RGB, deflate, adaptive filters, not interlaced.
    let header = [&size[..], &size, &[8, 2, 0, 0, 0]].concat();
    // An empty deflate stream.
    let content = [0x78, 0x01, 0x03, 0, 0, 0, 0, 1];
    for (kind, data) in [(b"IHDR", &header[..]), (b"IDAT", &content), (b"IEND", &[])] {
        png.extend((data.len() as u32).to_be_bytes());
        let start = png.len();
        png.extend(kind);
        png.extend(data);
        let checksum = crc32(&png[start..]);
        png.extend(checksum.to_be_bytes());
    }
    png
}

/// PNG's CRC-32.
fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32, _| (crc >> 1) ^ (0xEDB8_8320 & (crc & 1).wrapping_neg());
    !bytes
        .iter()
        .fold(!0, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), step))
}
