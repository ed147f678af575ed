//! Writing a data set: images, labels, and the record that lets an
//! interrupted run continue.

use std::fmt;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use image::codecs::jpeg::JpegEncoder;
use psp_schema::{FileError, create_folder, remove};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::error::SynthError;
use crate::options::SynthOptions;
use crate::render::{Rendered, render};
use crate::summary::Summary;

/// The version of what the renderer draws and how it scores; it changes
/// whenever the same options give other bytes.
pub const RENDERER_VERSION: u32 = 1;

const IMAGES: &str = "imgs";
const LABELS: &str = "labels.csv";
const RECORD: &str = "synth.json";
const HEADER: [&str; 3] = [
    "filename",
    "perspective_score_hood",
    "perspective_score_backdoor_left",
];
const JPEG_QUALITY: u8 = 90;
/// Files in the making have this prefix; one that a killed run left behind is
/// nobody else's and is removed.
const TEMPORARY: &str = ".psp-synth-";

/// The contents of `synth.json`.
#[derive(Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
struct Record {
    renderer_version: u32,
    count: usize,
    seed: u64,
    width: u32,
    height: u32,
}

impl fmt::Display for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let images = if self.count == 1 { "image" } else { "images" };
        write!(
            f,
            "{} {images} of {}x{} pixels with seed {} by renderer {}",
            self.count, self.width, self.height, self.seed, self.renderer_version
        )
    }
}

impl Record {
    fn of(options: &SynthOptions) -> Self {
        Self {
            renderer_version: RENDERER_VERSION,
            count: options.count,
            seed: options.seed,
            width: options.width,
            height: options.height,
        }
    }
}

/// A data set that is complete on disk.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Written {
    /// Its labels' statistics.
    pub summary: Summary,
    /// Whether it was complete before, and nothing was rendered.
    pub was_complete: bool,
}

/// Renders the data set that `options` describes into the folder `out`:
/// `imgs/synth-000000.jpg` and so on, `labels.csv` in the order of the images
/// (`filename,perspective_score_hood,perspective_score_backdoor_left`, six
/// decimals), and `synth.json` with the parameters.
///
/// Every file appears whole or not at all, and `labels.csv` comes last. A
/// folder with an interrupted run of the same parameters is continued: images
/// that are there stay, and the result equals that of an uninterrupted run byte
/// for byte; a complete one is left as it is. No file is replaced. Work is spread
/// over rayon's current pool.
///
/// `progress` hears `(done, count)` after each image, from any thread;
/// `cancelled` is looked at before each image.
///
/// # Errors
///
/// Invalid options; [`SynthError::Occupied`] for a folder that holds anything
/// else, which is left as it is; [`SynthError::Differs`] for a file of an incomplete
/// set that is not as it would be written; [`SynthError::Cancelled`]; and failures to
/// encode, read or write.
pub fn write_dataset(
    out: &Path,
    options: &SynthOptions,
    progress: &(dyn Fn(usize, usize) + Sync),
    cancelled: &AtomicBool,
) -> Result<Written, SynthError> {
    options.validate()?;
    prepare(out, options)?;
    if let Some(scores) = finished(out, options.count) {
        progress(options.count, options.count);
        return Ok(Written {
            summary: Summary::of(&scores),
            was_complete: true,
        });
    }
    let images = out.join(IMAGES);
    let done = AtomicUsize::new(0);
    let scores = (0..options.count)
        .into_par_iter()
        .map(|index| {
            if cancelled.load(Ordering::Relaxed) {
                return Err(SynthError::Cancelled {
                    done: done.load(Ordering::Relaxed),
                    count: options.count,
                });
            }
            let rendered = render(options, index);
            write_image(&images.join(file_name(index)), &rendered)?;
            progress(done.fetch_add(1, Ordering::Relaxed) + 1, options.count);
            Ok((
                as_written(rendered.hood),
                as_written(rendered.backdoor_left),
            ))
        })
        .collect::<Result<Vec<_>, _>>()?;
    write_labels(&out.join(LABELS), &scores)?;
    Ok(Written {
        summary: Summary::of(&scores),
        was_complete: false,
    })
}

/// The score as a reader of `labels.csv` gets it: to six decimals.
fn as_written(score: f32) -> f32 {
    (f64::from(score) * 1e6).round() as f32 / 1e6
}

/// The scores of a set that is complete: its labels, which come last, are
/// there for every image, and so is every image.
fn finished(out: &Path, count: usize) -> Option<Vec<(f32, f32)>> {
    let images = out.join(IMAGES);
    let mut reader = csv::Reader::from_path(out.join(LABELS)).ok()?;
    let scores = reader
        .deserialize::<(String, f32, f32)>()
        .enumerate()
        .map(|(index, row)| {
            let (name, hood, door) = row.ok()?;
            let there = name == file_name(index) && images.join(&name).is_file();
            there.then_some((hood, door))
        })
        .collect::<Option<Vec<_>>>()?;
    (scores.len() == count).then_some(scores)
}

fn file_name(index: usize) -> String {
    format!("synth-{index:06}.jpg")
}

/// Makes `out` ready: an empty folder gets its record, a folder with the same
/// record is taken up, anything else is refused before it is touched.
fn prepare(out: &Path, options: &SynthOptions) -> Result<(), SynthError> {
    let record = Record::of(options);
    let path = out.join(RECORD);
    let names = entries(out)?;
    if names.iter().any(|name| !name.starts_with(TEMPORARY)) {
        let occupied = |reason: String| SynthError::Occupied {
            path: out.to_owned(),
            reason,
        };
        if !names.iter().any(|name| name == RECORD) {
            return Err(occupied(format!("has no {RECORD}")));
        }
        let bytes = fs::read(&path).map_err(FileError::read(&path))?;
        let found: Record = serde_json::from_slice(&bytes)
            .map_err(|e| occupied(format!("its {RECORD} is not readable ({e})")))?;
        if found != record {
            return Err(occupied(format!(
                "its {RECORD} says {found}, while this run is to be {record}"
            )));
        }
    }
    let images = out.join(IMAGES);
    create_folder(out)?;
    for folder in [out, &images] {
        for name in entries(folder)?.iter().filter(|n| n.starts_with(TEMPORARY)) {
            remove(&folder.join(name))?;
        }
    }
    if !names.iter().any(|name| name == RECORD) {
        let mut json = serde_json::to_vec_pretty(&record)
            .map_err(|e| FileError::write(&path, "make its content")(e.into()))?;
        json.push(b'\n');
        write_atomically(&path, &json)?;
    }
    Ok(create_folder(&images)?)
}

/// The names in a folder; none if it does not exist.
fn entries(folder: &Path) -> Result<Vec<String>, SynthError> {
    let listing = match fs::read_dir(folder) {
        Ok(listing) => listing,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(e) => return Err(FileError::list(folder)(e).into()),
    };
    listing
        .map(|entry| {
            let entry = entry.map_err(FileError::list(folder))?;
            Ok(entry.file_name().to_string_lossy().into_owned())
        })
        .collect()
}

fn write_image(path: &Path, rendered: &Rendered) -> Result<(), SynthError> {
    let mut jpeg = Vec::new();
    rendered
        .image
        .write_with_encoder(JpegEncoder::new_with_quality(&mut jpeg, JPEG_QUALITY))
        .map_err(|source| SynthError::Encode {
            path: path.to_owned(),
            source,
        })?;
    write_once(path, &jpeg)
}

fn write_labels(path: &Path, scores: &[(f32, f32)]) -> Result<(), SynthError> {
    let write = FileError::write(path, "make its content");
    let failed = |e: csv::Error| write(std::io::Error::other(e));
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(HEADER).map_err(failed)?;
    for (index, (hood, door)) in scores.iter().enumerate() {
        writer
            .write_record([file_name(index), format!("{hood:.6}"), format!("{door:.6}")])
            .map_err(failed)?;
    }
    let bytes = writer
        .into_inner()
        .map_err(|e| write(std::io::Error::other(e.to_string())))?;
    write_once(path, &bytes)
}

/// Writes a file unless an earlier run did. Somebody's own is not replaced.
fn write_once(path: &Path, bytes: &[u8]) -> Result<(), SynthError> {
    match fs::read(path) {
        Ok(there) if there == bytes => Ok(()),
        Ok(_) => Err(SynthError::Differs {
            path: path.to_owned(),
        }),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => write_atomically(path, bytes),
        Err(error) => Err(FileError::read(path)(error).into()),
    }
}

/// Writes a file beside its place and moves it there.
fn write_atomically(path: &Path, bytes: &[u8]) -> Result<(), SynthError> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let write = || -> std::io::Result<()> {
        let mut builder = tempfile::Builder::new();
        builder.prefix(TEMPORARY);
        // Temporary files are private by default; a data set is not.
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            builder.permissions(fs::Permissions::from_mode(0o644));
        }
        let mut file = builder.tempfile_in(folder)?;
        file.write_all(bytes)?;
        file.as_file().sync_data()?;
        file.persist(path)?;
        Ok(())
    };
    Ok(write().map_err(FileError::write(path, "write it"))?)
}
