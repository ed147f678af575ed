//! The forms in which `psp predict` gives scores.

use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;

use anyhow::{Context, Result};
use psp_schema::{write_atomic, write_new};
use serde::{Serialize, Serializer};

use crate::args::PredictArgs;
use crate::commands::refusals::exists_already;

/// How scores are written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// For reading.
    Text,
    /// `filename` and a column per score.
    Csv,
    /// An object per line.
    JsonLines,
    /// An array of these objects.
    Json,
}

impl Format {
    /// As the flags say, or else by the name of the file.
    pub(super) fn of(args: &PredictArgs) -> Self {
        let extension = args.out.as_deref().and_then(Path::extension);
        let extension = extension.map(|name| name.to_string_lossy().to_lowercase());
        match extension.as_deref() {
            Some("json") if !args.csv => Self::Json,
            Some("jsonl" | "ndjson") if !args.csv => Self::JsonLines,
            _ if args.json => Self::JsonLines,
            Some(_) => Self::Csv,
            None if args.csv || args.out.is_some() => Self::Csv,
            None => Self::Text,
        }
    }
}

/// Writes a file as a whole, where a link leads, or into what is no file, such as a pipe.
/// A file that has come there meanwhile is replaced only if `overwrite` says so.
fn write(path: &Path, content: &[u8], overwrite: bool) -> Result<()> {
    let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    if overwrite {
        return Ok(write_atomic(&path, |out| out.write_all(content))?);
    }
    if write_new(&path, |out| out.write_all(content))? {
        Ok(())
    } else {
        Err(exists_already(&path))
    }
}

/// One image in JSON, named as in CSV.
#[derive(Serialize)]
struct Line<'a> {
    filename: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    scores: Option<Scores<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a str>,
}

/// Scores by their names, in the order of the columns in CSV.
struct Scores<'a> {
    names: &'a [String],
    values: &'a [f32],
}

impl Serialize for Scores<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.names.iter().zip(self.values))
    }
}

/// Where scores go: to standard output as they come, or to a file once all are there.
pub(super) struct Output<'a> {
    format: Format,
    path: Option<&'a Path>,
    content: Vec<u8>,
    targets: &'a [String],
    /// Characters of the longest name.
    width: usize,
    /// Images in the JSON so far.
    images: usize,
    /// Images that have scores.
    scored: usize,
}

impl<'a> Output<'a> {
    pub(super) fn new(
        format: Format,
        path: Option<&'a Path>,
        targets: &'a [String],
        width: usize,
    ) -> Result<Self> {
        let mut out = Self {
            format,
            path,
            content: Vec::new(),
            targets,
            width,
            images: 0,
            scored: 0,
        };
        if format == Format::Csv {
            let names = targets.iter().map(String::as_str);
            out.row(std::iter::once("filename").chain(names))?;
        }
        Ok(out)
    }

    /// Whether a file is empty or begins as this output. So may labels, which are told by
    /// their name.
    pub(super) fn may_replace(&self, path: &Path) -> std::io::Result<bool> {
        let path = path.canonicalize()?;
        if path.ends_with("labels.csv") {
            return Ok(false);
        }
        let begin = match self.format {
            Format::Json => b"[\n{\"filename\":",
            Format::JsonLines => b"{\"filename\":".as_slice(),
            // Its header is there already.
            Format::Csv | Format::Text => &self.content,
        };
        let mut head = Vec::new();
        let file = File::open(&path)?;
        file.take(begin.len() as u64).read_to_end(&mut head)?;
        Ok(head.is_empty() || head == begin)
    }

    pub(super) fn scores(&mut self, file: &str, scores: &[f32]) -> Result<()> {
        self.scored += 1;
        let targets = self.targets.iter().map(String::as_str);
        match self.format {
            Format::Csv => {
                let values: Vec<String> = scores.iter().map(ToString::to_string).collect();
                self.row(std::iter::once(file).chain(values.iter().map(String::as_str)))
            }
            Format::Json | Format::JsonLines => self.json(&Line {
                filename: file,
                scores: Some(Scores {
                    names: self.targets,
                    values: scores,
                }),
                error: None,
            }),
            Format::Text => {
                let scores = targets.zip(scores);
                let scores: Vec<String> = scores
                    .map(|(name, score)| format!("{name} {score:.4}"))
                    .collect();
                let (scores, width) = (scores.join("  "), self.width);
                writeln!(self.content, "{file:<width$}  {scores}")?;
                self.print()
            }
        }
    }

    /// An image without scores has no row in CSV; standard error names it.
    pub(super) fn error(&mut self, file: &str, error: &str) -> Result<()> {
        match self.format {
            Format::Json | Format::JsonLines => self.json(&Line {
                filename: file,
                scores: None,
                error: Some(error),
            }),
            Format::Csv | Format::Text => Ok(()),
        }
    }

    /// Writes the file, if there is one and any image has scores: a file of earlier
    /// scores is not replaced by one without any. The answer is how many images have scores.
    pub(super) fn finish(mut self, overwrite: bool) -> Result<usize> {
        if self.format == Format::Json {
            let end = if self.images == 0 { "[]\n" } else { "\n]\n" };
            self.content.extend_from_slice(end.as_bytes());
        }
        match self.path {
            Some(path) if self.scored > 0 => write(path, &self.content, overwrite)?,
            Some(_) => {}
            None => self.print()?,
        }
        Ok(self.scored)
    }

    fn row<'b>(&mut self, fields: impl Iterator<Item = &'b str>) -> Result<()> {
        let mut writer = csv::Writer::from_writer(&mut self.content);
        writer.write_record(fields)?;
        writer.flush()?;
        drop(writer);
        self.print()
    }

    fn json(&mut self, line: &Line<'_>) -> Result<()> {
        if self.format == Format::Json {
            let before = if self.images == 0 { "[\n" } else { ",\n" };
            self.content.extend_from_slice(before.as_bytes());
        }
        self.images += 1;
        serde_json::to_writer(&mut self.content, line)?;
        if self.format == Format::JsonLines {
            self.content.push(b'\n');
        }
        self.print()
    }

    /// Passes on what is there, unless it goes to a file.
    fn print(&mut self) -> Result<()> {
        if self.path.is_none() {
            let mut out = std::io::stdout().lock();
            let written = out.write_all(&self.content).and_then(|()| out.flush());
            written.context("standard output")?;
            self.content.clear();
        }
        Ok(())
    }
}
