//! `psp predict -` scores images as their names come, and `--interval` gives bounds.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::support::trained::{TARGETS, export, predict, trained};
use crate::support::{Folder, Ran, assert_says, json, json_lines, ran, run};

/// `psp predict` with names on its standard input.
fn streamed(model: &Path, more: &[&str]) -> Command {
    let mut command = predict(model, &[], more);
    command.arg("-").stdin(Stdio::piped());
    command
}

fn begin(command: &mut Command) -> Child {
    command.spawn().unwrap()
}

/// The end of a process that is given these names.
fn given(command: &mut Command, names: &[u8]) -> Ran {
    let mut child = begin(command);
    child.stdin.take().unwrap().write_all(names).unwrap();
    ran(child.wait_with_output().unwrap())
}

fn image(index: usize) -> String {
    let name = format!("imgs/synth-{index:06}.jpg");
    trained().data.join(name).display().to_string()
}

#[test]
fn names_on_standard_input_are_scored_in_order_like_those_of_the_command_line() {
    let names: Vec<String> = [5, 2, 9, 2, 0].map(image).into();
    let paths: Vec<&Path> = names.iter().map(Path::new).collect();
    let want = run(&mut predict(&trained().bundle, &paths, &["--csv"])).assert_done();
    let lines = names.join("\r\n") + "\n\n";
    let got = given(
        &mut streamed(&trained().bundle, &["--csv", "--batch-size=2"]),
        lines.as_bytes(),
    );
    assert_eq!(got.assert_done().stdout, want.stdout);
    let nul = names.join("\0");
    for flag in ["-0", "--null"] {
        let mut command = streamed(&trained().bundle, &["--csv", flag]);
        let got = given(&mut command, nul.as_bytes()).assert_done();
        assert_eq!(
            (got.stdout, got.stderr),
            (want.stdout.clone(), String::new())
        );
    }
    // Between others, in its place.
    let mut command = predict(&trained().bundle, &[paths[0]], &["--csv"]);
    command.arg("-").arg(paths[4]).stdin(Stdio::piped());
    let got = given(&mut command, names[1..4].join("\n").as_bytes()).assert_done();
    assert_eq!(got.stdout, want.stdout);
}

#[test]
fn an_image_is_scored_before_the_next_is_named() {
    let mut child = begin(&mut streamed(
        &trained().bundle,
        &["--jsonl", "--batch-size=1"],
    ));
    let mut names = child.stdin.take().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    for index in [3, 1, 2] {
        writeln!(names, "{}", image(index)).unwrap();
        let line: Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
        assert_eq!(line["filename"], image(index));
        assert!(line["scores"][TARGETS[0]].is_f64(), "{line}");
    }
    drop(names);
    assert!(lines.next().is_none() && child.wait().unwrap().success());
}

#[test]
fn a_name_that_is_no_image_is_a_row_with_its_error() {
    let folder = Folder::new();
    let broken = folder.write("broken.jpg", "x").display().to_string();
    let names = [
        image(0),
        "absent.jpg".to_owned(),
        broken,
        ".".to_owned(),
        image(1),
    ];
    let out = folder.path("scores.jsonl");
    let mut command = streamed(&trained().bundle, &["--out", out.to_str().unwrap()]);
    let got = given(&mut command, names.join("\n").as_bytes());
    got.assert_refused(&[
        "absent.jpg",
        "broken.jpg",
        "3 of 5 images could not be scored",
    ]);
    let rows = json_lines(&out);
    let has_error: Vec<bool> = rows.iter().map(|row| row["error"].is_string()).collect();
    assert_eq!(has_error, [false, true, true, true, false]);
    // One that is no text is named as well as it can be.
    let got = given(&mut streamed(&trained().bundle, &["--jsonl"]), b"\xff.jpg");
    got.assert_refused(&["not valid UTF-8", "1 of 1 image could not be scored"]);
    assert!(
        got.stdout.starts_with("{\"filename\":\"\u{fffd}.jpg\""),
        "{got:#?}"
    );
}

#[test]
fn standard_input_is_read_once_and_may_be_empty() {
    let got = given(&mut streamed(&trained().bundle, &["--jsonl"]), b"").assert_done();
    assert_eq!(got.stdout, "");
    assert_says(&got.stderr, &["standard input names no images"]);
    let mut twice = streamed(&trained().bundle, &["-"]);
    run(&mut twice).assert_refused(&["standard input can be read once"]);
    let image = image(0);
    let mut null = predict(&trained().bundle, &[Path::new(&image)], &["--null"]);
    run(&mut null).assert_refused(&["--null", "add `-`"]);
}

#[test]
fn json_lines_are_an_object_a_line_in_every_file_and_json_an_array_in_its_own() {
    let folder = Folder::new();
    let image = image(0);
    let shown = |flag: &str| {
        let mut command = predict(&trained().bundle, &[Path::new(&image)], &[flag]);
        run(&mut command).assert_done().stdout
    };
    assert_eq!(shown("--jsonl"), shown("--json"));
    for (flag, name, is_array) in [("--jsonl", "a.json", false), ("--json", "b.json", true)] {
        let out = folder.path(name);
        let more = [flag, "--out", out.to_str().unwrap()];
        run(&mut predict(&trained().bundle, &[Path::new(&image)], &more)).assert_done();
        assert_eq!(json(&out).is_array(), is_array, "{flag}");
    }
}

/// The rows of CSV by their columns' names.
fn rows(csv: &str) -> Vec<std::collections::BTreeMap<String, String>> {
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    reader.deserialize().map(Result::unwrap).collect()
}

/// A run with so many images for validation, and its export.
fn with_validation(folder: &Folder, fractions: &str) -> [std::path::PathBuf; 2] {
    folder.train("run", &[fractions]).assert_done();
    let bundle = folder.path("bundle");
    let more = ["--format=safetensors"];
    run(&mut export(&folder.path("run"), &bundle, &more)).assert_done();
    [folder.path("run"), bundle]
}

#[test]
fn bounds_are_those_of_the_validation_residuals_of_a_run_and_of_its_export() {
    let folder = Folder::with_data();
    let [run_dir, bundle] = with_validation(&folder, "data.fractions=[0.4, 0.5, 0.1]");
    let stored = std::fs::read_to_string(run_dir.join("predictions/valid.csv")).unwrap();
    let valid = rows(&stored);
    assert!(valid.len() >= 9, "{stored}");
    // ⌈(n + 1) · 0.9⌉.
    let place = ((valid.len() + 1) as f64 * 0.9 - 1e-9).ceil() as usize;
    let radius = |target: &str| {
        let number = |row: &std::collections::BTreeMap<String, String>, column: &str| -> f64 {
            row[column].parse().unwrap()
        };
        let residual =
            |row| (number(row, &format!("{target}_predicted")) - number(row, target)).abs();
        let mut residuals: Vec<f64> = valid.iter().map(residual).collect();
        residuals.sort_by(f64::total_cmp);
        residuals[place - 1]
    };
    let data = folder.data();
    let flags = ["--csv", "--interval", "0.9"];
    let of_run = run(&mut predict(&run_dir, &[&data], &flags))
        .assert_done()
        .stdout;
    let of_bundle = run(&mut predict(&bundle, &[&data], &flags))
        .assert_done()
        .stdout;
    assert_eq!(of_run, of_bundle);
    let [hood, door] = TARGETS;
    let header = format!("filename,{hood},{hood}_low,{hood}_high,{door},{door}_low,{door}_high");
    assert_eq!(of_run.lines().next(), Some(&*header));
    for row in rows(&of_run) {
        for target in TARGETS {
            let number = |column: &str| row[column].parse::<f64>().unwrap();
            let (score, radius) = (number(target), radius(target));
            let near = |end: &str, want: f64| {
                let found = number(&format!("{target}_{end}"));
                assert!((found - want.clamp(0.0, 1.0)).abs() < 1e-6, "{row:?}");
            };
            near("low", score - radius);
            near("high", score + radius);
        }
    }
    let flags = ["--jsonl", "--interval", "0.9"];
    let lines = run(&mut predict(&bundle, &[&data], &flags))
        .assert_done()
        .stdout;
    let line: Value = serde_json::from_str(lines.lines().next().unwrap()).unwrap();
    let first = &rows(&of_run)[0];
    for target in TARGETS {
        let ends = line["intervals"][target].as_array().unwrap();
        for (end, column) in ends.iter().zip(["low", "high"]) {
            let want: f64 = first[&format!("{target}_{column}")].parse().unwrap();
            assert!((end.as_f64().unwrap() - want).abs() < 1e-6, "{line}");
        }
    }
}

#[test]
fn a_level_that_the_validation_images_do_not_reach_is_refused_with_their_number() {
    let image = image(0);
    for model in [&trained().run, &trained().bundle] {
        let refused = |level: &str| {
            let flags = ["--interval", level];
            run(&mut predict(model, &[Path::new(&image)], &flags))
        };
        refused("0.99").assert_refused(&[
            "--interval 0.99: takes at least 99 validation images",
            "the highest level of these is 0.",
        ]);
        assert_eq!(refused("1").code, Some(2));
    }
}

#[test]
fn without_residuals_the_reason_and_the_way_out_are_told() {
    let folder = Folder::with_data();
    let [run_dir, bundle] = with_validation(&folder, "data.fractions=[0.4, 0.5, 0.1]");
    let image = folder.image("synth-000000.jpg");
    let flags = ["--interval", "0.5"];
    let refused = |model: &Path, said: &[&str]| {
        run(&mut predict(model, &[&image], &flags)).assert_refused(said);
    };
    // As an older psp wrote it.
    let path = bundle.join("bundle.json");
    let mut old = json(&path);
    for key in ["residuals", "sha256"] {
        old.as_object_mut().unwrap().remove(key).unwrap();
    }
    std::fs::write(&path, old.to_string()).unwrap();
    run(&mut predict(&bundle, &[&image], &[])).assert_done();
    refused(
        &bundle,
        &["holds no residuals", "psp export RUN --out", "--overwrite"],
    );
    let more = ["--no-residuals", "--format=safetensors", "--overwrite"];
    run(&mut export(&run_dir, &bundle, &more)).assert_done();
    refused(&bundle, &["holds no residuals"]);
    // With neither predictions nor data to make them of.
    std::fs::remove_dir_all(run_dir.join("predictions")).unwrap();
    std::fs::rename(folder.data(), folder.path("moved")).unwrap();
    let more = ["--format=safetensors", "--overwrite"];
    let told = run(&mut export(&run_dir, &bundle, &more)).assert_done();
    assert_says(
        &told.stderr,
        &["note: without residuals, which psp predict --interval needs"],
    );
}
