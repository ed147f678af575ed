//! `psp predict`.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use psp_data::list_images;
use psp_export::Predictor;
use serde::Serialize;

use crate::args::PredictArgs;

/// One line of `--json`.
#[derive(Serialize)]
struct Line<'a> {
    file: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    scores: Option<BTreeMap<&'a str, f32>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

pub(crate) fn predict(args: &PredictArgs) -> Result<ExitCode> {
    let device = args.device.open_for(args.precision)?;
    let mut predictor = Predictor::open(&args.model, &device, args.precision)?;
    if let Some(megapixels) = args.max_megapixels {
        predictor.limits.max_pixels = u64::from(megapixels) * 1_000_000;
    }
    let mut paths: Vec<PathBuf> = Vec::new();
    for path in &args.images {
        if path.is_dir() {
            paths.extend(list_images(path)?);
        } else {
            paths.push(path.clone());
        }
    }
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let mut out = Output {
        args,
        targets: &predictor.targets,
        csv: csv::Writer::from_writer(std::io::stdout().lock()),
        width: paths
            .iter()
            .map(|path| path.to_string_lossy().chars().count())
            .max()
            .unwrap_or(0),
        failed: 0,
    };
    out.header()?;
    predictor.predict_files(&paths, args.batch_size.into(), threads, |prediction| {
        let file = prediction.path.to_string_lossy().into_owned();
        match prediction.scores {
            Ok(scores) if args.raw => out.scores(file, &scores.raw),
            Ok(scores) => out.scores(file, &scores.predictions),
            Err(error) => out.error(file, &error.to_string()),
        }
    })?;
    out.csv.flush()?;
    if out.failed > 0 {
        eprintln!(
            "error: {} of {} images could not be scored",
            out.failed,
            paths.len()
        );
        return Ok(ExitCode::FAILURE);
    }
    Ok(ExitCode::SUCCESS)
}

struct Output<'a, W: Write> {
    args: &'a PredictArgs,
    targets: &'a [String],
    csv: csv::Writer<W>,
    width: usize,
    failed: usize,
}

impl<W: Write> Output<'_, W> {
    fn header(&mut self) -> Result<()> {
        if self.args.csv {
            let names = self.targets.iter().map(String::as_str);
            self.csv
                .write_record(std::iter::once("filename").chain(names))?;
        }
        Ok(())
    }

    fn scores(&mut self, file: String, scores: &[f32]) -> Result<()> {
        if self.args.csv {
            let values = scores.iter().map(ToString::to_string);
            self.csv.write_record(std::iter::once(file).chain(values))?;
        } else if self.args.json {
            let names = self.targets.iter().map(String::as_str);
            self.json(&Line {
                file,
                scores: Some(names.zip(scores.iter().copied()).collect()),
                error: None,
            })?;
        } else {
            let scores: Vec<String> = self
                .targets
                .iter()
                .zip(scores)
                .map(|(name, score)| format!("{name} {score:.4}"))
                .collect();
            println!("{file:<width$}  {}", scores.join("  "), width = self.width);
        }
        Ok(())
    }

    /// An unusable image leaves no row in CSV; standard error names it.
    fn error(&mut self, file: String, error: &str) -> Result<()> {
        self.failed += 1;
        if self.args.json {
            self.json(&Line {
                file,
                scores: None,
                error: Some(error.to_owned()),
            })?;
        }
        eprintln!("error: {error}");
        Ok(())
    }

    fn json(&mut self, line: &Line<'_>) -> Result<()> {
        println!("{}", serde_json::to_string(line)?);
        Ok(())
    }
}
