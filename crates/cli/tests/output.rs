//! What a training run prints into a pipe and writes for others to read.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::support::{self, Folder, assert_says, json_lines, psp};
use serde_json::Value;

const TARGETS: [&str; 2] = ["perspective_score_hood", "perspective_score_backdoor_left"];

#[test]
fn in_a_pipe_each_epoch_is_one_plain_line() {
    let folder = Folder::with_data();
    let ran = folder.train("run", &["train.epochs=3"]).assert_done();
    let lines: Vec<&str> = ran.stdout.lines().collect();
    assert_eq!(
        lines.len(),
        14,
        "what will be done, three epochs, the result and two hints: {lines:#?}"
    );
    assert_eq!(lines[0], format!("run {}", folder.path("run").display()));
    for (line, (name, text)) in lines[1..8].iter().zip([
        ("model", "mobilenet_v2, from scratch"),
        ("trains", "the whole model"),
        ("input", "32x32 pixels"),
        ("device", &support::device()),
        ("images", "(split: drawn, seed 0)"),
        ("steps", "per epoch, of up to 4 images; 3 epochs"),
        ("scores", "clipped to [0, 1] (data.label_range)"),
    ]) {
        let (start, end) = (format!("  {name:<7} "), text);
        assert!(line.starts_with(&start) && line.ends_with(end), "{line}");
    }
    for (number, line) in (1..).zip(&lines[8..11]) {
        assert!(
            line.starts_with(&format!("epoch   {number}/3  train MSE ")),
            "{line}"
        );
        assert_says(line, &[" R² ", "  valid MSE ", " s  ", " images/s"]);
    }
    assert!(
        lines[11].starts_with("finished after 3 epochs"),
        "{}",
        lines[11]
    );
    // 17 images in batches of 4.
    let note = "note: 1 image of 17 left out of each epoch: ";
    assert!(ran.stderr.starts_with(note), "{}", ran.stderr);
    assert_eq!(ran.stderr.lines().count(), 1, "{}", ran.stderr);
    let is_control = |c: char| c.is_control() && c != '\n';
    assert!(!ran.stdout.contains(is_control), "{:?}", ran.stdout);
}

#[test]
fn what_is_trained_later_and_the_split_that_was_used_are_said() {
    let folder = Folder::with_data();
    let split = folder.path("own split.csv");
    let mut command = psp(&["data", "split", "--seed", "7", "--data"]);
    command.arg(folder.data()).arg("--out").arg(&split);
    support::run(&mut command).assert_done();
    let from = format!("data.split={}", split.display());
    let sets = ["train.unfreeze_every=0.5", "train.epochs=2", &from];
    let ran = folder.train("run", &sets).assert_done();
    let told =
        "  trains  head at first, and one layer more every 0.5 epochs (train.unfreeze_every)";
    let from = format!("test (split: {})", split.display());
    assert_says(&ran.stdout, &[told, &from]);
    let frozen = folder
        .train("frozen", &["model.unfreeze=['head']"])
        .assert_done();
    assert_says(&frozen.stdout, &["  trains  head; the rest is frozen"]);
}

#[test]
fn metrics_and_tensorboard_tell_the_same_story_of_every_epoch() {
    let folder = Folder::with_data();
    let sets = [
        "train.epochs=3",
        "train.schedule=cosine",
        "train.learning_rate=0.01",
    ];
    folder.train("run", &sets).assert_done();
    let records = json_lines(&folder.path("run/metrics.jsonl"));
    let events = events(&folder.path("run/tensorboard"));
    assert_eq!(records.len(), 3);
    assert_eq!(events[0].version.as_deref(), Some("brain.Event:2"));
    assert_eq!(events.len(), 4, "the version and one event per epoch");
    let mut rates = Vec::new();
    for (index, (record, event)) in records.iter().zip(&events[1..]).enumerate() {
        assert_eq!(record["epoch"], index as u64 + 1);
        assert_eq!(event.step, index as u64 + 1);
        let mut expected = BTreeMap::new();
        for part in ["train", "valid"] {
            assert_eq!(record[part]["count"], [16, 4][usize::from(part == "valid")]);
            for metric in ["mse", "mae", "rmse", "r2"] {
                let value = number(&record[part]["overall"][metric]);
                expected.insert(format!("{metric}/{part}"), value);
            }
            for (place, target) in TARGETS.iter().enumerate() {
                for metric in ["mse", "r2"] {
                    let value = number(&record[part]["targets"][place][metric]);
                    expected.insert(format!("{metric}_{target}/{part}"), value);
                }
            }
        }
        for key in ["learning_rate", "images_per_second"] {
            expected.insert(key.to_owned(), number(&record[key]));
        }
        assert!(number(&record["seconds"]) > 0.0 && expected["images_per_second"] > 0.0);
        rates.push(expected["learning_rate"]);
        let got: BTreeSet<_> = event.scalars.keys().collect();
        assert_eq!(got, expected.keys().collect());
        for (tag, value) in expected {
            assert_eq!(event.scalars[&tag], value as f32, "{tag}");
        }
    }
    // Half a cosine over 12 steps, at the last step of each epoch.
    let cosine = |step: f64| 0.005 * (1.0 + (std::f64::consts::PI * step / 12.0).cos());
    for (rate, step) in rates.iter().zip([3.0, 7.0, 11.0]) {
        assert!((rate - cosine(step)).abs() < 1e-12, "{rate} at step {step}");
    }
}

fn number(value: &Value) -> f64 {
    value
        .as_f64()
        .unwrap_or_else(|| panic!("{value} is not a number"))
}

/// The fields of TensorFlow's `Event` that psp writes.
#[derive(Default)]
struct Event {
    version: Option<String>,
    step: u64,
    scalars: BTreeMap<String, f32>,
}

/// All events of the only event file in a folder.
fn events(dir: &Path) -> Vec<Event> {
    let files: Vec<_> = std::fs::read_dir(dir)
        .unwrap()
        .map(|e| e.unwrap().path())
        .collect();
    let [file] = &files[..] else {
        panic!("expected one event file: {files:?}")
    };
    let name = file.file_name().unwrap().to_string_lossy();
    assert!(
        name.starts_with("events.out.tfevents."),
        "{name}: not seen by TensorBoard"
    );
    records(&std::fs::read(file).unwrap())
        .into_iter()
        .map(|data| event(&data))
        .collect()
}

/// The TFRecords of a file, each checksum verified
/// (`tensorflow/core/lib/io/record_writer.h`).
fn records(mut bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    while !bytes.is_empty() {
        let length = checked(&mut bytes, 8);
        let length = u64::from_le_bytes(length.try_into().unwrap()) as usize;
        found.push(checked(&mut bytes, length));
    }
    found
}

/// Takes `length` bytes and their masked CRC-32C.
fn checked(bytes: &mut &[u8], length: usize) -> Vec<u8> {
    let (data, rest) = bytes.split_at(length);
    let (mask, rest) = rest.split_at(4);
    let crc = crc32c::crc32c(data);
    let masked = crc.rotate_right(15).wrapping_add(0xA282_EAD8);
    assert_eq!(
        u32::from_le_bytes(mask.try_into().unwrap()),
        masked,
        "checksum"
    );
    *bytes = rest;
    data.to_vec()
}

/// Field numbers of `event.proto` and `summary.proto`.
fn event(data: &[u8]) -> Event {
    let mut event = Event::default();
    for (field, value) in fields(data) {
        match (field, value) {
            (1, Field::Fixed64(time)) => assert!(f64::from_bits(time) > 1.7e9, "wall time"),
            (2, Field::Varint(step)) => event.step = step,
            (3, Field::Bytes(text)) => event.version = Some(String::from_utf8(text).unwrap()),
            (5, Field::Bytes(summary)) => {
                for (_, value) in fields(&summary) {
                    let Field::Bytes(value) = value else {
                        panic!("a summary of no values")
                    };
                    let (tag, scalar) = scalar(&value);
                    assert!(event.scalars.insert(tag, scalar).is_none(), "a tag twice");
                }
            }
            (field, _) => panic!("unexpected field {field}"),
        }
    }
    event
}

fn scalar(data: &[u8]) -> (String, f32) {
    match &fields(data)[..] {
        [(1, Field::Bytes(tag)), (2, Field::Fixed32(bits))] => (
            String::from_utf8(tag.clone()).unwrap(),
            f32::from_bits(*bits),
        ),
        other => panic!("not a scalar: {} fields", other.len()),
    }
}

/// A protocol buffer's value by wire type.
enum Field {
    Varint(u64),
    Fixed64(u64),
    Bytes(Vec<u8>),
    Fixed32(u32),
}

fn fields(mut data: &[u8]) -> Vec<(u64, Field)> {
    let mut found = Vec::new();
    while !data.is_empty() {
        let key = varint(&mut data);
        let value = match key & 7 {
            0 => Field::Varint(varint(&mut data)),
            1 => Field::Fixed64(u64::from_le_bytes(take(&mut data, 8).try_into().unwrap())),
            2 => {
                let length = varint(&mut data) as usize;
                Field::Bytes(take(&mut data, length).to_vec())
            }
            5 => Field::Fixed32(u32::from_le_bytes(take(&mut data, 4).try_into().unwrap())),
            other => panic!("wire type {other}"),
        };
        found.push((key >> 3, value));
    }
    found
}

fn varint(data: &mut &[u8]) -> u64 {
    let mut value = 0;
    for place in 0.. {
        let byte = take(data, 1)[0];
        value |= u64::from(byte & 0x7F) << (7 * place);
        if byte < 0x80 {
            break;
        }
    }
    value
}

fn take<'a>(data: &mut &'a [u8], length: usize) -> &'a [u8] {
    let (taken, rest) = data.split_at(length);
    *data = rest;
    taken
}

#[test]
fn a_command_whose_output_nobody_reads_ends_without_a_word() {
    for args in [&["models"][..], &["config", "show"], &["models", "--json"]] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let ended = psp(args).stdout(writer).output().unwrap();
        assert!(!ended.status.success(), "{args:?}");
        let said = String::from_utf8_lossy(&ended.stderr);
        assert_eq!(said, "", "{args:?}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn results_that_cannot_be_printed_are_an_error_and_no_panic() {
    let full = || std::fs::File::create("/dev/full").unwrap();
    for args in [
        &["models"][..],
        &["models", "--json"],
        &["config", "show"],
        &["--help"],
        &["completions", "bash"],
    ] {
        let ended = psp(args).stdout(full()).output().unwrap();
        let said = String::from_utf8_lossy(&ended.stderr);
        assert_eq!(ended.status.code(), Some(75), "{args:?}: {said}");
        assert!(said.starts_with("error: standard output: "), "{said}");
        // Nor where there is nowhere to say it.
        let ended = psp(args).stdout(full()).stderr(full()).output().unwrap();
        assert_eq!(ended.status.code(), Some(75), "{args:?}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_run_trains_to_its_end_whether_it_can_print_or_not() {
    let folder = Folder::with_data();
    let full = || std::fs::File::create("/dev/full").unwrap();
    let mut command = folder.training("run", &["train.epochs=2"]);
    let ended = command.stdout(full()).stderr(full()).output().unwrap();
    assert_eq!(ended.status.code(), Some(75));
    assert_eq!(json_lines(&folder.path("run/metrics.jsonl")).len(), 2);
    assert!(folder.path("run/result.json").exists());
}

#[test]
fn completions_of_every_shell_name_the_commands() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let ran = support::run(&mut psp(&["completions", shell])).assert_done();
        for part in ["search", "resume", "weights"] {
            assert!(ran.stdout.contains(part), "{shell}: no {part}");
        }
    }
}
