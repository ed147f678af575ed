//! Every flag and every key that a message names exists.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::support::{psp, run};

/// Flags of other programs that psp starts or tells about.
const OTHER_PROGRAMS: &[&str] = &[
    // Slurm's.
    "array",
    "cpus-per-task",
    "job-name",
    "nodes",
    "ntasks",
    "time",
    "open-mode",
    "output",
    "parsable",
    "requeue",
    "signal",
    // cargo's, and those of scripts/libtorch.sh.
    "cuda",
    "features",
    "release",
];

/// What follows a section's name in the name of a file.
const EXTENSIONS: &[&str] = &[
    "toml",
    "json",
    "csv",
    "safetensors",
    "bpk",
    "onnx",
    "pth",
    "jsonl",
    "svg",
];

#[test]
fn every_flag_in_a_message_is_one_of_the_command_lines() {
    let mut known = flags();
    assert!(known.len() > 30, "{known:?}");
    known.extend(OTHER_PROGRAMS.iter().map(|&flag| flag.to_owned()));
    let unknown: Vec<String> = messages()
        .into_iter()
        .flat_map(|(file, text)| {
            let flags = after(&text, "--", |c| c.is_ascii_lowercase() || c == '-');
            let unknown = flags.into_iter().filter(|flag| !known.contains(flag));
            unknown
                .map(|flag| format!("{file}: --{flag}"))
                .collect::<Vec<_>>()
        })
        .collect();
    assert!(unknown.is_empty(), "{unknown:#?}");
}

#[test]
fn every_key_in_a_message_is_one_of_the_configurations() {
    // Those of bundle.json.
    let bundle = ["model.targets", "model.input_size", "model.output"];
    let mut known = BTreeSet::from(bundle.map(str::to_owned));
    for name in ["train.toml", "search.toml"] {
        let path = workspace().join("configs").join(name);
        let table: toml::Table = std::fs::read_to_string(path).unwrap().parse().unwrap();
        for (section, value) in table {
            let keys = value.as_table().into_iter().flat_map(|table| table.keys());
            known.extend(keys.map(|key| format!("{section}.{key}")));
        }
    }
    let mut unknown = Vec::new();
    for (file, text) in messages() {
        // Records have keys of their own, such as `train.mse`.
        if file.starts_with("crates/bench/src/verify") {
            continue;
        }
        for section in ["data", "preprocess", "model", "train", "study"] {
            let keys = after(&text, &format!("{section}."), |c| {
                c.is_ascii_lowercase() || c == '_'
            });
            let is_known = |key: &String| {
                EXTENSIONS.contains(&key.as_str()) || known.contains(&format!("{section}.{key}"))
            };
            let wrong = keys.into_iter().filter(|key| !is_known(key));
            unknown.extend(wrong.map(|key| format!("{file}: {section}.{key}")));
        }
    }
    assert!(unknown.is_empty(), "{unknown:#?}");
}

/// The long flags of all commands, which the completions of a shell list.
fn flags() -> BTreeSet<String> {
    let script = run(&mut psp(&["completions", "bash"])).assert_done().stdout;
    let words = script.split(|c: char| c.is_whitespace() || "\"|)".contains(c));
    let flags = words.filter_map(|word| word.strip_prefix("--"));
    flags
        .filter(|flag| !flag.is_empty())
        .map(str::to_owned)
        .collect()
}

/// The words of `text` that follow `start`, where that begins a word itself.
fn after(text: &str, start: &str, belongs: impl Fn(char) -> bool) -> Vec<String> {
    let begins = |at: usize| {
        let before = text[..at].chars().next_back();
        !before.is_some_and(|c| c.is_alphanumeric() || "-_./".contains(c))
    };
    let found = text.match_indices(start).filter(|(at, _)| begins(*at));
    let words = found.map(|(at, _)| {
        let rest = &text[at + start.len()..];
        rest.split(|c| !belongs(c)).next().unwrap_or_default()
    });
    let words = words.map(|word| word.trim_end_matches(['-', '_']));
    words
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

fn workspace() -> PathBuf {
    PathBuf::from("../..")
}

/// Every string literal of the sources with the file that it is in, but for tests.
fn messages() -> Vec<(String, String)> {
    let mut files = Vec::new();
    for krate in std::fs::read_dir(workspace().join("crates")).unwrap() {
        collect_sources(&krate.unwrap().path().join("src"), &mut files);
    }
    assert!(files.len() > 100, "{} files", files.len());
    let mut messages = Vec::new();
    for path in files {
        let source = std::fs::read_to_string(&path).unwrap();
        let code = source
            .split("#[cfg(test)]\nmod tests")
            .next()
            .unwrap_or_default();
        let name = path
            .strip_prefix(workspace())
            .unwrap()
            .display()
            .to_string();
        messages.extend(literals(code).into_iter().map(|text| (name.clone(), text)));
    }
    messages
}

fn collect_sources(dir: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            collect_sources(&path, files);
        } else if name.ends_with(".rs") && name != "tests.rs" {
            files.push(path);
        }
    }
}

/// The string literals of Rust code, their line breaks taken out as the compiler does.
fn literals(code: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = code;
    while let Some(at) = rest.find(['"', '/', '\'']) {
        let tail = &rest[at..];
        if tail.starts_with("//") {
            rest = tail.split_once('\n').map_or("", |(_, after)| after);
        } else if let Some(quote) = ["'\"'", "'\\\"'", "b'\"'"]
            .iter()
            .find(|q| tail.starts_with(**q))
        {
            rest = &tail[quote.len()..];
        } else if let Some(inner) = tail.strip_prefix('"') {
            let mut text = String::new();
            let mut chars = inner.char_indices();
            let mut end = inner.len();
            while let Some((place, c)) = chars.next() {
                match c {
                    '"' => {
                        end = place + 1;
                        break;
                    }
                    '\\' => match chars.next() {
                        Some((place, '\n')) => {
                            let indent = inner[place..].len() - inner[place..].trim_start().len();
                            for _ in 1..indent {
                                chars.next();
                            }
                        }
                        Some((_, escaped)) => text.push(escaped),
                        None => {}
                    },
                    c => text.push(c),
                }
            }
            found.push(text);
            rest = &inner[end..];
        } else {
            rest = &tail[1..];
        }
    }
    found
}
