//! From the file names of a labels CSV to files.
//!
//! A name is tried as it stands first. Where there is no such file, spellings that
//! people and their tools are known to leave in labels are tried: other slashes, the
//! image folder's name in front, another case, extension or Unicode form, URL escapes,
//! blanks, dots, invisible characters.

mod problem;

use std::collections::HashMap;
use std::io;
use std::path::{Component, Path, PathBuf};

use crate::error::DataError;
use crate::labels::LabelTable;
use crate::names::{Found, NameIndex, shown};
use crate::notice::DataNotice;
use crate::table::Table;
use crate::walk::walk;
use problem::{NameProblem, error_of};

/// Folder names that stand in front of an image's name in labels that were made
/// beside the image folder.
const USUAL_FOLDERS: [&str; 2] = ["imgs", "images"];

/// The image file of each row, and what was unusual about their names.
///
/// # Errors
/// Every row whose image is missing, ambiguous or outside of the image folder, and
/// two rows that name one image.
pub(crate) fn resolve(
    table: &LabelTable,
    images: &Path,
    dir: &Path,
) -> Result<(Vec<PathBuf>, Option<DataNotice>), DataError> {
    if !images.is_dir() {
        return Err(DataError::no_folder(images, "data.images"));
    }
    let mut resolver = Resolver::new(images, dir)?;
    let mut paths = Vec::with_capacity(table.len());
    let mut problems = Vec::new();
    let mut near: Option<DataNotice> = None;
    let mut owners: HashMap<PathBuf, usize> = HashMap::with_capacity(table.len());
    for (index, sample) in table.samples().iter().enumerate() {
        let place = match resolver.place(&sample.filename) {
            Ok(place) => place,
            Err(problem) => {
                problems.push((sample.row, shown(&sample.filename), problem));
                continue;
            }
        };
        if let Some(difference) = place.difference {
            match &mut near {
                Some(DataNotice::NearNames { count, .. }) => *count += 1,
                _ => {
                    near = Some(DataNotice::NearNames {
                        path: table.labels_path().to_owned(),
                        count: 1,
                        row: sample.row,
                        filename: shown(&sample.filename),
                        file: shown(&place.relative.to_string_lossy()),
                        difference,
                    });
                }
            }
        }
        let path = images.join(&place.relative);
        if let Some(first) = owners.insert(path.clone(), index) {
            let first = &table.samples()[first];
            return Err(DataError::DuplicateFilename {
                path: table.labels_path().to_owned(),
                filename: sample.filename.clone(),
                first_filename: first.filename.clone(),
                first_row: first.row,
                row: sample.row,
            });
        }
        paths.push(path);
    }
    if problems.is_empty() {
        Ok((paths, near))
    } else {
        Err(error_of(table, images, problems))
    }
}

/// The files that the rows of a labels CSV name.
#[derive(Debug, Default)]
pub struct NamedFiles {
    /// Each file with its name in the labels.
    pub names: HashMap<PathBuf, String>,
    /// Names that no file has.
    pub missing: Vec<String>,
}

/// The file that each row of a labels CSV names, in the column `filename_column` or a
/// usual one. Labels are not looked at.
///
/// # Errors
/// A file that can't be read as CSV, or without a column of file names.
pub(crate) fn named_files(
    labels: &Path,
    images: &Path,
    dir: &Path,
    filename_column: Option<&str>,
) -> Result<NamedFiles, DataError> {
    let mut table = Table::open(labels)?;
    let column = table.filename_column(filename_column, None)?;
    let mut resolver = Resolver::new(images, dir)?;
    let NamedFiles {
        mut names,
        mut missing,
    } = NamedFiles::default();
    table.rows(|row| {
        let name = row.raw(column);
        let place = resolver.place(name);
        if let Err(NameProblem::Missing(error)) = &place
            && error.kind() == io::ErrorKind::NotFound
            && !name.trim().is_empty()
            && !images.join(name).is_symlink()
        {
            missing.push(name.to_owned());
        }
        if let Ok(place) = place {
            let file = images.join(place.relative);
            // Of two names the one that is the file's.
            if place.difference.is_none() || !names.contains_key(&file) {
                names.insert(file, name.to_owned());
            }
        }
        Ok(())
    })?;
    Ok(NamedFiles { names, missing })
}

/// Where a name leads.
struct Place {
    /// Relative to the image folder; absolute where the file is in the data folder
    /// and not in the image folder.
    relative: PathBuf,
    /// In what the name differs from the file's, if it does.
    difference: Option<&'static str>,
}

impl Place {
    fn exact(relative: impl Into<PathBuf>) -> Self {
        Self {
            relative: relative.into(),
            difference: None,
        }
    }
}

struct Resolver {
    /// As it was given.
    images: PathBuf,
    /// Absolute, as it was given and with links followed.
    roots: [PathBuf; 2],
    /// The data folder in both forms.
    data: [PathBuf; 2],
    /// Made when the first name needs it.
    index: Option<NameIndex>,
}

impl Resolver {
    fn new(images: &Path, dir: &Path) -> Result<Self, DataError> {
        let forms = |path: &Path| {
            let absolute = std::path::absolute(path)?;
            let followed = std::fs::canonicalize(path)?;
            Ok([without_dots(&absolute), followed])
        };
        Ok(Self {
            images: images.to_owned(),
            roots: forms(images).map_err(DataError::io(images, "open the image folder"))?,
            // Labels and images may both lie elsewhere.
            data: forms(dir).unwrap_or_default(),
            index: None,
        })
    }

    fn place(&mut self, name: &str) -> Result<Place, NameProblem> {
        let path = Path::new(name);
        if path.is_absolute() {
            return self.absolute(path, name);
        }
        let asked = without_dots(&self.roots[0].join(path));
        let Ok(relative) = asked.strip_prefix(&self.roots[0]) else {
            return Err(NameProblem::Outside);
        };
        let relative = relative.to_owned();
        match look_at(&self.images.join(&relative)) {
            Ok(()) => Ok(Place::exact(relative)),
            Err(NameProblem::Missing(reason)) if reason.kind() == io::ErrorKind::NotFound => {
                self.near(name)?.ok_or(NameProblem::Missing(reason))
            }
            Err(problem) => Err(problem),
        }
    }

    /// A name that is an absolute path, into the image or the data folder or of the
    /// machine that the labels were made on.
    fn absolute(&mut self, path: &Path, name: &str) -> Result<Place, NameProblem> {
        let path = without_dots(path);
        let parent = path
            .parent()
            .and_then(|dir| std::fs::canonicalize(dir).ok());
        let followed = parent
            .zip(path.file_name())
            .map(|(dir, name)| dir.join(name));
        let forms: Vec<PathBuf> = [Some(path.clone()), followed]
            .into_iter()
            .flatten()
            .collect();
        let below = |roots: &[PathBuf; 2]| {
            let mut pairs = forms
                .iter()
                .flat_map(|form| roots.iter().map(move |r| (form, r)));
            pairs.find_map(|(form, root)| {
                if root.as_os_str().is_empty() {
                    None
                } else {
                    form.strip_prefix(root).ok().map(Path::to_owned)
                }
            })
        };
        let found = match (below(&self.roots), below(&self.data)) {
            (Some(relative), _) => Some((self.images.join(&relative), relative)),
            (None, Some(_)) => Some((path.clone(), path.clone())),
            (None, None) => None,
        };
        match found {
            Some((file, relative)) => match look_at(&file) {
                Ok(()) => Ok(Place::exact(relative)),
                Err(NameProblem::Missing(reason)) if reason.kind() == io::ErrorKind::NotFound => {
                    self.near(name)?.ok_or(NameProblem::Missing(reason))
                }
                Err(problem) => Err(problem),
            },
            None if path.exists() => Err(NameProblem::Outside),
            None => self.near(name)?.ok_or(NameProblem::Outside),
        }
    }

    /// The file that `name`, of which there is none, may stand for.
    fn near(&mut self, name: &str) -> Result<Option<Place>, NameProblem> {
        let slashed = name.trim().replace('\\', "/");
        let parts: Vec<&str> = slashed
            .split('/')
            .filter(|part| !matches!(*part, "" | "."))
            .collect();
        if parts.contains(&"..") || parts.is_empty() {
            return Ok(None);
        }
        let is_absolute = slashed.starts_with('/') || slashed.as_bytes().get(1) == Some(&b':');
        let whole = (!is_absolute).then_some((0, "slashes"));
        let folders = [&self.roots[0], &self.roots[1], &self.data[0], &self.data[1]];
        let folders: Vec<&str> = folders
            .iter()
            .filter_map(|path| path.file_name()?.to_str())
            .chain(USUAL_FOLDERS)
            .collect();
        let after_folder = (1..parts.len()).filter(|&at| folders.contains(&parts[at - 1].trim()));
        let starts: Vec<(usize, &str)> = whole
            .into_iter()
            .chain(after_folder.map(|at| (at, "folder")))
            .collect();
        if self.index.is_none() {
            // A folder that can't be listed has no near names.
            self.index = Some(NameIndex::new(names_below(&self.images)));
        }
        let Some(index) = &self.index else {
            return Ok(None);
        };
        for (start, otherwise) in starts {
            let tried = parts[start..].join("/");
            if look_at(&self.images.join(&tried)).is_ok() {
                let difference = match otherwise {
                    "slashes" if !name.contains('\\') => "spaces",
                    other => other,
                };
                return Ok(Some(Place {
                    relative: tried.into(),
                    difference: Some(difference),
                }));
            }
            match index.find(&tried) {
                Found::One(file, difference) => {
                    return Ok(Some(Place {
                        relative: file.into(),
                        difference: Some(difference),
                    }));
                }
                Found::Several(files) => {
                    let files = files.into_iter().map(str::to_owned).collect();
                    return Err(NameProblem::Ambiguous(files));
                }
                Found::Nothing => {}
            }
        }
        match index.find(parts[parts.len() - 1]) {
            Found::One(file, _) if parts.len() > 1 => {
                Err(NameProblem::OtherFolders(file.to_owned()))
            }
            _ => Ok(None),
        }
    }
}

/// Whether a file is there, links followed.
fn look_at(path: &Path) -> Result<(), NameProblem> {
    match std::fs::metadata(path) {
        Ok(metadata) if metadata.is_file() => Ok(()),
        Ok(_) => {
            let reason = io::Error::new(io::ErrorKind::InvalidInput, "not a file");
            Err(NameProblem::Missing(reason))
        }
        Err(error) => {
            let link = std::fs::read_link(path).ok();
            Err(NameProblem::Missing(match link {
                // As with data that DVC or git-annex has not fetched yet.
                Some(target) => io::Error::other(format!(
                    "a symbolic link to {}, which can't be read: {error}",
                    target.display()
                )),
                None => error,
            }))
        }
    }
}

/// The files below the image folder, relative to it, with `/` between folders.
fn names_below(images: &Path) -> Vec<String> {
    let mut names = Vec::new();
    // What can't be listed can't be found there either; the row is then refused.
    let _ = walk(images, true, &mut |path| {
        let relative = path.strip_prefix(images).ok().and_then(Path::to_str);
        if let Some(name) = relative {
            names.push(name.replace(std::path::MAIN_SEPARATOR, "/"));
        }
    });
    names
}

/// The path without `.` and `..`, told by its text alone.
fn without_dots(path: &Path) -> PathBuf {
    let mut clean = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                clean.pop();
            }
            part => clean.push(part),
        }
    }
    clean
}
