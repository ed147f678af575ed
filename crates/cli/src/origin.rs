//! What the results in a folder are of, so that those of another run are not replaced
//! without a word.

use std::fs::{File, TryLockError};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use psp_data::{DataError, DataFolder, list_images};
use psp_schema::{FileError, create_folder, shell_quoted, write_new};
use psp_search::StudyDir;
use psp_train::RunDir;
use psp_train::bundle::BUNDLE_JSON;
use serde::{Deserialize, Serialize};

/// Says it, beside the results.
const FILE: &str = "source.json";
/// By which results are known.
const RESULTS: [&str; 2] = ["metrics.json", "predictions.csv"];

const EVALUATION: &str = "evaluation";

/// What results are made from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Origin {
    /// [`EVALUATION`] or `report`.
    kind: String,
    /// Runs, models or a study.
    sources: Vec<PathBuf>,
    /// The data folder, where it is not the runs' own.
    data: Option<PathBuf>,
    /// The part of the data, of an evaluation.
    part: Option<String>,
    /// SHA-256 over the data's targets, file names, labels and images, of an evaluation; an
    /// earlier version stored none.
    #[serde(default)]
    fingerprint: Option<String>,
}

/// A results folder that no other psp writes to while this lives.
#[derive(Debug)]
pub(crate) struct Claim {
    /// The origin's file, where it is to take the place of another together with the results.
    pub(crate) beside: Option<(&'static str, Vec<u8>)>,
    _lock: Option<File>,
}

impl Origin {
    /// That of an evaluation of `model` on a part of its own data or of `data`, with its
    /// fingerprint.
    pub(crate) fn evaluation(
        model: &Path,
        data: Option<&Path>,
        part: &str,
        fingerprint: &str,
    ) -> Self {
        Self {
            kind: EVALUATION.to_owned(),
            sources: vec![whole(model)],
            data: data.map(whole),
            part: Some(part.to_owned()),
            fingerprint: Some(fingerprint.to_owned()),
        }
    }

    /// That of a report.
    pub(crate) fn report(sources: &[PathBuf]) -> Self {
        let mut sources: Vec<PathBuf> = sources.iter().map(|path| whole(path)).collect();
        sources.sort();
        Self {
            kind: "report".to_owned(),
            sources,
            data: None,
            part: None,
            fingerprint: None,
        }
    }

    /// Whether both are of the same, but for what the data held.
    fn is_like(&self, earlier: &Self) -> bool {
        let fingerprint = self.fingerprint.clone();
        *self
            == Self {
                fingerprint,
                ..earlier.clone()
            }
    }

    /// Whether results of this origin take the place of earlier ones unasked.
    fn is_same(&self, earlier: &Self) -> bool {
        self.is_like(earlier)
            && (earlier.fingerprint.is_none() || earlier.fingerprint == self.fingerprint)
    }

    /// Whether results of this origin may be written into `out`: it holds none, or
    /// those of the same origin, or `overwrite` says so.
    ///
    /// # Errors
    /// Says what the folder holds, and names another; or that it is none, or that
    /// nothing can be written there.
    pub(crate) fn check(&self, out: &Path, overwrite: bool) -> Result<()> {
        check_is_no_others(out)?;
        if out.exists() && !out.is_dir() {
            bail!(
                "{}: is a file, not a folder; name a folder with --out",
                out.display()
            );
        }
        let earlier = Self::read(out)?;
        let is_data = |data: DataFolder| !matches!(data.names, Err(DataError::NoLabels { .. }));
        if earlier.is_none() && DataFolder::of(&whole(out), None).is_some_and(is_data) {
            return refuse(out, "a data set's");
        }
        if earlier.is_none() && !RESULTS.iter().any(|name| out.join(name).exists()) {
            check_has_no_images(out)?;
        }
        psp_schema::check_folder(out)?;
        let is_known = earlier.is_some() || self.kind != EVALUATION;
        // A report and an evaluation have files that the other would leave behind.
        let other_kind = earlier.as_ref().filter(|earlier| earlier.kind != self.kind);
        if (overwrite && is_known && other_kind.is_none())
            || earlier
                .as_ref()
                .is_some_and(|earlier| self.is_same(earlier))
        {
            return Ok(());
        }
        let mut names = RESULTS.to_vec();
        if earlier.is_none() {
            names.push(FILE);
            if self.kind == EVALUATION {
                names.extend(psp_eval::PICTURES);
            }
        }
        let held = names.iter().find(|name| out.join(name).exists());
        let Some(name) = held else { return Ok(()) };
        let other = shell_quoted(&self.other_folder(out, earlier.as_ref()));
        if let Some(earlier) = other_kind {
            bail!(
                "{}: holds {earlier}; name another folder, such as --out {other}",
                out.display()
            );
        }
        match earlier {
            Some(earlier) => bail!(
                "{}: holds {earlier}{}; keep it and name another folder, such as --out {other}, \
                 or replace it with --overwrite",
                out.display(),
                if self.is_like(&earlier) {
                    ", whose labels or images were others than they are now"
                } else {
                    ""
                }
            ),
            None if is_known => bail!(
                "{}: holds {name}, and nothing says what of; name another folder, such as \
                 --out {other}, or replace it with --overwrite",
                out.display()
            ),
            None => bail!(
                "{}: holds {name}, and no {FILE} of psp says that an evaluation wrote it; name \
                 another folder, such as --out {other}, or move it away",
                out.display()
            ),
        }
    }

    /// Checks the same again and writes the origin down, before the results; where it takes
    /// the place of another, it is what is to be written together with them.
    ///
    /// # Errors
    /// As [`Origin::check`], or when it can't be written.
    pub(crate) fn claim(&self, out: &Path, overwrite: bool) -> Result<Claim> {
        self.check(out, overwrite)?;
        create_folder(out)?;
        // Not every file system knows locks, and not every system those of folders.
        let lock = File::open(out).ok();
        if let Some(Err(TryLockError::WouldBlock)) = lock.as_ref().map(File::try_lock) {
            bail!(
                "{}: another psp is writing results here; name another folder with --out",
                out.display()
            );
        }
        // It may have ended just now.
        self.check(out, overwrite)?;
        let path = out.join(FILE);
        let mut text = serde_json::to_vec_pretty(self)?;
        text.push(b'\n');
        let is_first = write_new(&path, |file| file.write_all(&text))?;
        // Whoever claimed it before wrote no results.
        let is_others = !is_first && Self::read(out)?.as_ref() != Some(self);
        Ok(Claim {
            beside: is_others.then_some((FILE, text)),
            _lock: lock,
        })
    }

    fn read(out: &Path) -> Result<Option<Self>> {
        let path = out.join(FILE);
        match std::fs::read(&path) {
            // What is another program's is no origin.
            Ok(text) => Ok(serde_json::from_slice(&text).ok()),
            Err(error)
                if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) =>
            {
                Ok(None)
            }
            Err(error) => Err(FileError::read(&path)(error).into()),
        }
    }

    /// A folder beside `out`, with what differs from the `earlier` origin in its name: the
    /// part, or else more of the first source's path and the data's.
    fn other_folder(&self, out: &Path, earlier: Option<&Self>) -> PathBuf {
        if let (Some(earlier), Some(part)) = (earlier, &self.part)
            && (&earlier.sources, &earlier.data) == (&self.sources, &self.data)
            && earlier.part != self.part
        {
            let mut name = out.file_name().unwrap_or_default().to_os_string();
            name.push(format!("-{part}"));
            return out.with_file_name(name);
        }
        let source = self.sources.first().map(PathBuf::as_path);
        let parent = source.and_then(Path::parent).and_then(Path::file_name);
        let data = self.data.as_deref().and_then(Path::file_name);
        let mut name = out.file_name().unwrap_or_default().to_os_string();
        for part in [parent, data].into_iter().flatten() {
            let mut longer = part.to_os_string();
            longer.push("-");
            longer.push(&name);
            name = longer;
        }
        out.with_file_name(name)
    }
}

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let sources = self.sources.iter().map(|path| path.display().to_string());
        let sources: Vec<String> = sources.collect();
        let article = match self.kind.as_str() {
            EVALUATION => "the evaluation of",
            _ => "the report on",
        };
        write!(f, "{article} {}", sources.join(", "))?;
        if let Some(part) = &self.part {
            write!(f, " ({part})")?;
        }
        match &self.data {
            Some(data) => write!(f, " with the data in {}", data.display()),
            None => Ok(()),
        }
    }
}

/// Refuses to fill a study's, a run's or a model's folder with results.
fn check_is_no_others(out: &Path) -> Result<()> {
    let what = if StudyDir::new(out).is_study() {
        "a study's"
    } else if RunDir::new(out).is_begun() && RunDir::new(out).manifest().exists() {
        "a run's"
    } else if out.join(BUNDLE_JSON).exists() {
        "an exported model's"
    } else {
        return Ok(());
    };
    refuse(out, what)
}

/// Refuses to fill the folder of data with results.
///
/// # Errors
/// Names the folder.
pub(crate) fn check_is_no_data<'a>(
    out: &Path,
    data: impl IntoIterator<Item = &'a Path>,
) -> Result<()> {
    let mut data = data.into_iter();
    if data.any(|data| !data.as_os_str().is_empty() && whole(data) == whole(out)) {
        return refuse(out, "the data");
    }
    Ok(())
}

/// Refuses to put pictures of results among others.
fn check_has_no_images(out: &Path) -> Result<()> {
    let images = list_images(out, false).map_or_else(|_| Vec::new(), |listing| listing.images);
    let others = images.iter().find(|image| {
        let name = image.file_name().unwrap_or_default();
        !psp_eval::PICTURES.iter().any(|own| name == *own)
    });
    match others {
        None => Ok(()),
        Some(image) => bail!(
            "{}: holds images, such as {}; name an empty or a new folder with --out",
            out.display(),
            image.file_name().unwrap_or_default().display()
        ),
    }
}

fn refuse(out: &Path, whose: &str) -> Result<()> {
    bail!(
        "{}: is {whose} folder; name another one with --out, which the results fill",
        out.display()
    )
}

/// The one path of what may have several.
pub(crate) fn whole(path: &Path) -> PathBuf {
    path.canonicalize()
        .or_else(|_| std::path::absolute(path))
        .unwrap_or_else(|_| path.to_owned())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
