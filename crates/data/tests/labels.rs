//! What the labels CSV may and may not hold.

use crate::support::shared::shared;
use crate::support::{Folder, assert_says};
use psp_data::{LabelRange, LabelTable, Part};

fn read(csv: &str) -> Result<LabelTable, String> {
    let folder = Folder::new();
    let path = folder.write("labels.csv", csv);
    let targets = ["hood".to_owned(), "door".to_owned()];
    LabelTable::read(&path, &targets, [0.0, 1.0]).map_err(|error| error.to_string())
}

#[track_caller]
fn refused(csv: &str, parts: &[&str]) {
    let message = read(csv).unwrap_err();
    assert_says(&message, &["labels.csv"]);
    assert_says(&message, parts);
}

#[test]
fn rows_are_read_in_order_with_their_line_numbers() {
    let table = read("filename,hood,door\na.jpg,0,1\nsub/b.jpg,0.25,-0.0\n").unwrap();
    assert_eq!(table.len(), 2);
    assert_eq!(table.targets(), ["hood", "door"]);
    let second = &table.samples()[1];
    assert_eq!(second.filename, "sub/b.jpg");
    assert_eq!(second.labels, [0.25, 0.0]);
    assert_eq!(second.row, 3);
    assert!(second.labels[1].is_sign_positive());
}

#[test]
fn columns_may_come_in_any_order_among_others_with_a_bom_and_crlf() {
    let table =
        read("\u{feff}door,note,hood,filename\r\n1,x,0.5,a.jpg\r\n\r\n0,,0,b.jpg\r\n").unwrap();
    assert_eq!(table.samples()[0].labels, [0.5, 1.0]);
    assert_eq!(table.samples()[1].filename, "b.jpg");
    assert!(table.split_column().is_none());
}

#[test]
fn blank_lines_and_line_breaks_in_quotes_do_not_shift_the_line_numbers() {
    let csv = "filename,note,hood,door\n\na.jpg,\"two\nlines\",0,0\n\n\nb.jpg,x,0,7\n";
    refused(csv, &["line 7", "`door`", "`7`", "out of range"]);
    let csv = "filename,hood,door\r\na.jpg,0,0\r\n\r\nb.jpg,0,7\r\n";
    refused(csv, &["line 4", "`door`"]);
    refused("\u{feff}filename,hood,door\r\na.jpg,0,7", &["line 2"]);
}

#[test]
fn a_missing_column_is_refused_with_the_present_ones_and_the_nearest() {
    refused(
        "filename,hoood,door\na.jpg,0,0\n",
        &[
            "line 1",
            "no column `hood`",
            "`filename`, `hoood`, `door`",
            "did you mean `hoood`?",
        ],
    );
    refused(
        "photo,hood,door\na.jpg,0,0\n",
        &["no column `filename`", "`photo`", "call the column"],
    );
    // Another target's column is not meant.
    let folder = Folder::new();
    let path = folder.write("labels.csv", "filename,hood,score_door\na.jpg,0,0\n");
    let targets = ["score_hood".to_owned(), "score_door".to_owned()];
    let refused = LabelTable::read(&path, &targets, [0.0, 1.0]).unwrap_err();
    let message = refused.to_string();
    assert_says(&message, &["no column `score_hood`"]);
    assert!(!message.contains("did you mean `score_door`"), "{message}");
}

#[test]
fn a_column_is_found_in_another_case_and_file_names_under_other_usual_names() {
    for name in ["image", "File_Name", "file name", "img", "PATH", "Filename"] {
        let table = read(&format!("{name},Hood,door\na.jpg,0.5,0\n")).unwrap();
        assert_eq!(table.samples()[0].filename, "a.jpg");
        assert_eq!(table.samples()[0].labels, [0.5, 0.0]);
    }
    refused(
        "image,path,hood,door\na.jpg,x,0,0\n",
        &["`image`, `path`", "call the column"],
    );
    let folder = Folder::new();
    let path = folder.write("l.csv", "Bild,filename,hood\na.jpg,x,0\n");
    let table = LabelTable::read_named(&path, &["hood".into()], [0.0, 1.0], Some("Bild")).unwrap();
    assert_eq!(table.samples()[0].filename, "a.jpg");
}

#[test]
fn semicolons_tabs_and_decimal_commas_are_read() {
    let want = [("a.jpg", [0.25, 1.0]), ("b.jpg", [0.0, 0.5])];
    for csv in [
        "filename;hood;door\na.jpg;0.25;1\nb.jpg;0;0.5\n",
        "filename;hood;door\na.jpg;0,25;1\nb.jpg;0;0,5\n",
        "filename\thood\tdoor\na.jpg\t0,25\t1\nb.jpg\t0\t0,5\n",
        "sep=;\r\nfilename;hood;door\r\na.jpg;0,25;1\r\nb.jpg;0;0,5\r\n",
        "filename,hood,door\na.jpg,\"0,25\",1\nb.jpg,0,\"0,5\"\n",
        "filename, \"hood\" , door\n \"a.jpg\", \"0.25\", 1\n\"b.jpg\" , 0, 0.5\n",
        "filename,hood,door\ra.jpg,0.25,1\rb.jpg,0,0.5\r",
    ] {
        let table = read(csv).unwrap();
        let got = table
            .samples()
            .iter()
            .map(|sample| (sample.filename.trim(), &sample.labels[..]));
        assert!(
            got.eq(want.iter().map(|(name, labels)| (*name, &labels[..]))),
            "{csv}"
        );
    }
    refused(
        "sep=;\nfilename;hood;door\na.jpg;0,5;7\n",
        &["line 3", "column `door`"],
    );
}

#[test]
fn decimal_commas_beside_points_and_separated_thousands_are_refused() {
    let header = "filename;hood;door\n";
    refused(
        &format!("{header}a.jpg;0,5;0\nb.jpg;0;0.5\n"),
        &["line 3", "`0.5`", "decimal point", "decimal comma"],
    );
    refused(
        &format!("{header}a.jpg;0.5;0,5\n"),
        &["line 2", "`0,5`", "decimal comma", "decimal point"],
    );
    refused(
        &format!("{header}a.jpg;1,000.5;0\n"),
        &["`1,000.5`", "thousands"],
    );
    refused(
        "filename,hood,door\na.jpg,0,5,1,0\n",
        &["line 2: 5 fields", "decimal commas", "semicolons"],
    );
}

#[test]
fn empty_columns_and_rows_of_a_spreadsheet_are_passed_over() {
    let csv = "filename,hood,door,,\na.jpg,0,1,,\n,,,,\nb.jpg,0,1\n , ,\nc.jpg,1,0,,,,\n";
    let table = read(csv).unwrap();
    let rows: Vec<u64> = table.samples().iter().map(|sample| sample.row).collect();
    assert_eq!(rows, [2, 4, 6]);
    // pandas puts row numbers in a first column without a name.
    assert_eq!(read(",filename,hood,door\n0,a.jpg,0,1\n").unwrap().len(), 1);
    refused(
        "filename,hood,door,\na.jpg,0,1,seen from behind\n",
        &["line 2", "`seen from behind`", "column 4", "no name"],
    );
}

#[test]
fn a_file_without_a_header_is_refused_with_what_is_missing() {
    for csv in ["a.jpg,0.0,0.0\nb.jpg,0,1\n", "a,0.5,1\n", "a;0,5;1\n"] {
        refused(csv, &["line 1 must name the columns"]);
    }
    refused("a.jpg,0.0,0.0\n", &["`a.jpg`", "filename"]);
}

#[test]
fn utf_16_is_read_and_a_spreadsheet_file_is_refused_as_one() {
    let folder = Folder::new();
    let text = "\u{feff}filename\thood\nM\u{fc}.jpg\t0,5\n";
    let bytes: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let path = folder.write("l.csv", bytes);
    let table = LabelTable::read(&path, &["hood".to_owned()], [0.0, 1.0]).unwrap();
    assert_eq!(table.samples()[0].filename, "M\u{fc}.jpg");
    let path = folder.write("l.xlsx", b"PK\x03\x04");
    let error = LabelTable::read(&path, &["hood".to_owned()], [0.0, 1.0]).unwrap_err();
    assert_says(&error.to_string(), &["spreadsheet", "save it as CSV"]);
}

#[test]
fn a_column_that_stands_twice_is_refused_with_both_positions() {
    refused(
        "filename,hood,door,hood\na.jpg,0,0,0\n",
        &["`hood`", "positions 2 and 4"],
    );
}

#[test]
fn a_row_with_a_field_too_many_or_too_few_is_refused() {
    refused(
        "filename,hood,door\na.jpg,0,0,0\n",
        &["line 2", "4 fields", "expected 3"],
    );
    refused(
        "filename,hood,door\na.jpg,0,0\nb.jpg,0\n",
        &["line 3", "2 fields", "expected 3"],
    );
}

#[test]
fn a_label_that_is_no_number_in_the_range_is_refused_with_line_column_and_value() {
    let advice = "from 0 to 1; correct it, or remove the row";
    for (value, problem, told) in [
        ("much", "is not a number", advice),
        ("NaN", "is not finite", advice),
        ("inf", "is not finite", advice),
        ("1.0001", "is out of range", "from 0 to 1"),
        ("-0.1", "is out of range", "from 0 to 1"),
    ] {
        let csv = format!("filename,hood,door\na.jpg,0,0\nb.jpg,0,{value}\n");
        let value = format!("`{value}`");
        refused(&csv, &["line 3", "column `door`", &value, problem, told]);
    }
    refused(
        "filename,hood,door\na.jpg,0,0\nb.jpg,0,\n",
        &["line 3", "column `door` is empty", advice],
    );
    let csv = "\"filename,hood,door\"\n\"a.jpg,0,0\"\n";
    refused(csv, &["line 1", "stands in quotes as a whole"]);
}

#[test]
fn labels_too_close_together_for_single_precision_are_refused() {
    let csv = "filename,hood,door\na.jpg,0,1e-39\nb.jpg,1,2e-39\n";
    refused(csv, &["`door`", "within 1.0e-39", "scale the column up"]);
    assert!(read(&csv.replace("e-39", "e-35")).is_ok());
}

#[test]
fn a_duplicate_filename_is_refused_with_both_rows() {
    refused(
        "filename,hood,door\na.jpg,0,0\nb.jpg,0,0\na.jpg,1,1\n",
        &["`a.jpg`", "line 4", "line 2"],
    );
}

#[test]
fn an_empty_filename_is_refused() {
    refused(
        "filename,hood,door\n ,0,0\n",
        &["line 2", "`filename` is empty"],
    );
}

#[test]
fn a_table_without_rows_is_refused() {
    refused("filename,hood,door\n", &["no rows"]);
    refused("", &["no column `filename`"]);
}

#[test]
fn bytes_that_are_not_utf_8_are_refused_with_their_line() {
    let folder = Folder::new();
    let path = folder.write("labels.csv", b"filename,hood\na.jpg,0\nb\xff.jpg,0\n");
    let message = LabelTable::read(&path, &["hood".to_owned()], [0.0, 1.0]).unwrap_err();
    assert_says(&message.to_string(), &["line 3", "UTF-8"]);
}

#[test]
fn targets_and_ranges_that_cannot_work_are_refused() {
    let folder = Folder::new();
    let path = folder.write("labels.csv", "filename,hood\na.jpg,0\n");
    let read = |targets: &[&str], range| {
        let targets: Vec<String> = targets.iter().map(|&t| t.to_owned()).collect();
        LabelTable::read(&path, &targets, range)
            .unwrap_err()
            .to_string()
    };
    assert_says(&read(&[], [0.0, 1.0]), &["targets", "at least one"]);
    assert_says(&read(&["hood"], [1.0, 0.0]), &["label_range", "[1, 0]"]);
    assert_says(&read(&["hood"], [0.0, f32::NAN]), &["label_range"]);
}

#[test]
fn targets_that_are_one_column_or_have_another_use_are_refused() {
    let folder = Folder::new();
    let path = folder.write("labels.csv", "image,hood,split\n1,0,train\n");
    let read = |targets: [&str; 2]| {
        let targets = targets.map(str::to_owned);
        let error = LabelTable::read(&path, &targets, [0.0, 1.0]).unwrap_err();
        error.to_string()
    };
    assert_says(&read(["hood", "hood"]), &["targets", "`hood` twice"]);
    let parts = ["`hood` and `Hood`", "one column of", "labels.csv"];
    assert_says(&read(["hood", "Hood"]), &parts);
    let parts = ["targets", "`Split`", "the parts", "labels.csv"];
    assert_says(&read(["hood", "Split"]), &parts);
    let names = ["targets", "`image`", "the file names", "labels.csv"];
    assert_says(&read(["hood", "image"]), &names);
}

#[test]
fn the_challenge_labels_are_read_as_they_are_known() {
    let Some(path) = shared("data/challenge_labels.csv") else {
        return;
    };
    let targets = psp_data::DEFAULT_TARGETS.map(str::to_owned);
    let table = LabelTable::read(&path, &targets, [0.0, 1.0]).unwrap();
    assert_eq!(table.len(), 4000);
    let zeros = |t: usize| {
        table
            .samples()
            .iter()
            .filter(|s| s.labels[t] == 0.0)
            .count()
    };
    assert_eq!([zeros(0), zeros(1)], [2103, 2086]);
}

/// `count` labels from 0 to 1 in the column `hood`, and then `more`.
fn scores_and(count: usize, more: &[f32]) -> String {
    let scores = (0..count).map(|index| index as f32 / count as f32);
    let labels = scores.chain(more.iter().copied()).enumerate();
    let rows = labels.map(|(index, label)| format!("{index}.jpg,{label}\n"));
    "filename,hood\n".to_owned() + &rows.collect::<String>()
}

fn read_auto(csv: &str) -> Result<LabelTable, String> {
    let folder = Folder::new();
    let path = folder.write("labels.csv", csv);
    LabelTable::read(&path, &["hood".to_owned()], LabelRange::Auto).map_err(|e| e.to_string())
}

#[test]
fn labels_from_0_to_1_have_that_range_and_others_have_none() {
    let range = |csv: &str| read_auto(csv).unwrap().label_range();
    assert_eq!(range(&scores_and(20, &[])), Some([0.0, 1.0]));
    assert_eq!(range("filename,hood\na.jpg,1\nb.jpg,5\nc.jpg,3\n"), None);
    assert_eq!(range("filename,hood\na.jpg,-300\nb.jpg,700\n"), None);
    assert_eq!(range(&scores_and(20, &[1.5, 2.0, 2.5])), None);
}

#[test]
fn a_few_labels_beyond_the_range_of_nearly_all_are_refused_with_the_key_that_allows_them() {
    let message = read_auto(&scores_and(20, &[1.5])).unwrap_err();
    assert_says(
        &message,
        &["line 22", "`hood`", "`1.5`", "20 of 21", "data.label_range"],
    );
    let folder = Folder::new();
    let path = folder.write("labels.csv", scores_and(20, &[1.5]));
    let table = LabelTable::read(&path, &["hood".to_owned()], LabelRange::Unbounded).unwrap();
    assert_eq!(table.label_range(), None);
}

#[test]
fn a_column_that_is_the_same_on_all_training_images_is_told_of() {
    let csv = "filename,hood,door\na.jpg,0.5,0\nb.jpg,0.5,1\nc.jpg,0.25,1\n";
    let table = read(csv).unwrap();
    let notices = table.same_labels(Part::Train, &[0, 1]);
    let [notice] = &notices[..] else {
        panic!("{notices:?}")
    };
    assert!(notice.is_warning());
    let parts = ["labels.csv", "`hood`", "0.5 on all 2", "data.targets"];
    assert_says(&notice.to_string(), &parts);
    assert_eq!(table.same_labels(Part::Train, &[0, 1, 2]), []);
    let of_valid = table.same_labels(Part::Valid, &[0, 1]);
    let parts = [
        "labels.csv",
        "`hood`",
        "0.5 on all 2",
        "valid part",
        "R² is undefined",
    ];
    assert_says(&of_valid[0].to_string(), &parts);
    // One image is too few to say so.
    assert_eq!(table.same_labels(Part::Train, &[0]), []);
}

#[test]
fn a_label_range_is_read_and_written_as_a_word_or_two_numbers() {
    #[derive(Debug, serde::Serialize, serde::Deserialize)]
    struct Data {
        range: LabelRange,
    }
    let read = |text: &str| serde_json::from_str::<Data>(&format!("{{\"range\":{text}}}"));
    for (text, range) in [
        ("\"auto\"", LabelRange::Auto),
        ("\"none\"", LabelRange::Unbounded),
        ("[-1.5,5.0]", LabelRange::Given([-1.5, 5.0])),
    ] {
        let data = read(text).unwrap();
        assert_eq!(data.range, range);
        let written = serde_json::to_string(&data).unwrap();
        assert_eq!(written, format!("{{\"range\":{text}}}"));
    }
    assert_eq!(read("[1, 5]").unwrap().range, LabelRange::Given([1.0, 5.0]));
    for text in ["\"any\"", "[1]", "[1, 2, 3]", "3"] {
        let message = read(text).unwrap_err().to_string();
        assert!(
            message.contains("\"auto\", \"none\" or [low, high]"),
            "{message}"
        );
    }
}
