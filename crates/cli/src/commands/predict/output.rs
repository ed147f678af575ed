//! The forms in which `psp predict` gives scores.

use std::fs::File;
use std::io::{Read, Seek, Write};
use std::path::Path;

use anyhow::{Context, Result, bail};
use psp_schema::{write_atomic, write_new};
use serde::{Serialize, Serializer};
use tempfile::{SpooledTempFile, spooled_tempfile};

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
            _ if args.csv => Self::Csv,
            _ if args.jsonl => Self::JsonLines,
            Some("json") => Self::Json,
            Some("jsonl" | "ndjson") => Self::JsonLines,
            _ if args.json => Self::JsonLines,
            None if args.out.is_none() => Self::Text,
            _ => Self::Csv,
        }
    }
}

/// What the names of the columns of bounds end in.
const BOUNDS: [&str; 2] = ["low", "high"];

/// Where scores wait for the end, in messages.
const SPOOL: &str = "the temporary file for the scores (its folder: TMPDIR)";

/// Bytes of a file's content that are kept in memory; more go to a temporary file.
const IN_MEMORY: usize = 4 << 20;

/// Writes a file as a whole, where a link leads, or into what is no file, such as a pipe.
/// A file that has come there meanwhile is replaced only if `overwrite` says so.
fn write(path: &Path, content: &mut SpooledTempFile, overwrite: bool) -> Result<()> {
    let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    content.rewind().context(SPOOL)?;
    let mut copy = |out: &mut dyn Write| std::io::copy(content, out).map(drop);
    if overwrite {
        return Ok(write_atomic(&path, copy)?);
    }
    if write_new(&path, &mut copy)? {
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
    scores: Option<Named<'a, f32>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    intervals: Option<Named<'a, [f32; 2]>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a str>,
}

/// Values by the scores' names, in the order of the columns in CSV.
struct Named<'a, T> {
    names: &'a [String],
    values: &'a [T],
}

impl<T: Serialize> Serialize for Named<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.names.iter().zip(self.values))
    }
}

/// Where scores go: to standard output as they come, or to a file once all are there.
pub(super) struct Output<'a> {
    format: Format,
    path: Option<&'a Path>,
    /// What is to be passed on.
    pending: Vec<u8>,
    /// The content of the file so far.
    content: SpooledTempFile,
    targets: &'a [String],
    /// Whether scores have bounds.
    has_bounds: bool,
    /// Characters of the longest name so far.
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
        has_bounds: bool,
        width: usize,
    ) -> Result<Self> {
        let mut out = Self {
            format,
            path,
            pending: Vec::new(),
            content: spooled_tempfile(IN_MEMORY),
            targets,
            has_bounds,
            width,
            images: 0,
            scored: 0,
        };
        if format == Format::Csv {
            let header = out.header();
            let is_repeated = |name: &&String| header.iter().filter(|one| one == name).count() > 1;
            if let Some(name) = header.iter().find(is_repeated) {
                bail!("--interval: there would be two columns `{name}`; use --jsonl instead");
            }
            out.row(&header)?;
        }
        Ok(out)
    }

    /// Whether a file is empty or begins as this output. So may labels, which are told by
    /// their name.
    pub(super) fn may_replace(&self, path: &Path) -> Result<bool> {
        let path = path.canonicalize()?;
        if path.ends_with("labels.csv") {
            return Ok(false);
        }
        let begin = match self.format {
            Format::Json => b"[\n{\"filename\":".to_vec(),
            Format::JsonLines => b"{\"filename\":".to_vec(),
            Format::Csv | Format::Text => csv_line(&self.header())?,
        };
        let mut head = Vec::new();
        let file = File::open(&path)?;
        file.take(begin.len() as u64).read_to_end(&mut head)?;
        Ok(head.is_empty() || head == begin)
    }

    /// An image's scores, and their bounds where these are given.
    pub(super) fn scores(
        &mut self,
        file: &str,
        scores: &[f32],
        bounds: Option<&[[f32; 2]]>,
    ) -> Result<()> {
        self.scored += 1;
        let names = self.targets;
        let bounds_of = |target: usize| bounds.map(|bounds| bounds[target]);
        match self.format {
            Format::Csv => {
                let mut row = vec![file.to_owned()];
                for (target, score) in scores.iter().enumerate() {
                    let ends = bounds_of(target).into_iter().flatten();
                    row.extend(
                        std::iter::once(*score)
                            .chain(ends)
                            .map(|one| one.to_string()),
                    );
                }
                self.row(&row)
            }
            Format::Json | Format::JsonLines => self.json(&Line {
                filename: file,
                scores: Some(Named {
                    names,
                    values: scores,
                }),
                intervals: bounds.map(|values| Named { names, values }),
                error: None,
            }),
            Format::Text => {
                let scores = names.iter().zip(scores).enumerate();
                let scores: Vec<String> = scores
                    .map(|(target, (name, score))| match bounds_of(target) {
                        Some([low, high]) => format!("{name} {score:.4} [{low:.4}, {high:.4}]"),
                        None => format!("{name} {score:.4}"),
                    })
                    .collect();
                self.width = self.width.max(file.chars().count());
                let (scores, width) = (scores.join("  "), self.width);
                writeln!(self.pending, "{file:<width$}  {scores}")?;
                self.pass_on()
            }
        }
    }

    /// An image without scores has no row in CSV; standard error names it.
    pub(super) fn error(&mut self, file: &str, error: &str) -> Result<()> {
        match self.format {
            Format::Json | Format::JsonLines => self.json(&Line {
                filename: file,
                scores: None,
                intervals: None,
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
            self.pending.extend_from_slice(end.as_bytes());
        }
        self.pass_on()?;
        if let Some(path) = self.path.filter(|_| self.scored > 0) {
            write(path, &mut self.content, overwrite)?;
        }
        Ok(self.scored)
    }

    /// The names of the columns.
    fn header(&self) -> Vec<String> {
        let mut names = vec!["filename".to_owned()];
        for target in self.targets {
            names.push(target.clone());
            if self.has_bounds {
                names.extend(BOUNDS.map(|end| format!("{target}_{end}")));
            }
        }
        names
    }

    fn row(&mut self, fields: &[String]) -> Result<()> {
        self.pending.extend(csv_line(fields)?);
        self.pass_on()
    }

    fn json(&mut self, line: &Line<'_>) -> Result<()> {
        if self.format == Format::Json {
            let before = if self.images == 0 { "[\n" } else { ",\n" };
            self.pending.extend_from_slice(before.as_bytes());
        }
        self.images += 1;
        serde_json::to_writer(&mut self.pending, line)?;
        if self.format == Format::JsonLines {
            self.pending.push(b'\n');
        }
        self.pass_on()
    }

    /// Passes on what is pending: to standard output, or to what becomes the file.
    fn pass_on(&mut self) -> Result<()> {
        if self.path.is_some() {
            self.content.write_all(&self.pending).context(SPOOL)?;
        } else {
            let mut out = std::io::stdout().lock();
            let written = out.write_all(&self.pending).and_then(|()| out.flush());
            written.context("standard output")?;
        }
        self.pending.clear();
        Ok(())
    }
}

/// A line of CSV.
fn csv_line(fields: &[String]) -> Result<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(fields)?;
    Ok(writer
        .into_inner()
        .map_err(csv::IntoInnerError::into_error)?)
}
