//! File names that lead to no image.

use std::io::{self, ErrorKind};
use std::path::Path;

use psp_schema::FileError;

use crate::error::DataError;
use crate::labels::LabelTable;

/// Why a name in the labels leads to no image.
#[derive(Debug)]
pub(super) enum NameProblem {
    /// There is no file, or it can't be reached.
    Missing(io::Error),
    /// There is no file, but this one without the folders before it.
    OtherFolders(String),
    /// It leads out of the image folder.
    Outside,
    /// These files differ little from it.
    Ambiguous(Vec<String>),
}

/// How many of many rows are listed.
const LISTED: usize = 3;

/// The error of the rows whose names have `problems`, at least one.
pub(super) fn error_of(
    table: &LabelTable,
    images: &Path,
    mut problems: Vec<(u64, String, NameProblem)>,
) -> DataError {
    let path = table.labels_path().to_owned();
    let is_barred = |problem: &NameProblem| match problem {
        NameProblem::Missing(reason) => reason.kind() == ErrorKind::PermissionDenied,
        _ => false,
    };
    if let Some(place) = problems.iter().position(|(.., problem)| is_barred(problem))
        && let (_, filename, NameProblem::Missing(source)) = problems.swap_remove(place)
    {
        return FileError::read(&images.join(filename))(source).into();
    }
    if problems.len() > 1 {
        let listed = problems
            .iter()
            .take(LISTED)
            .map(|(row, filename, problem)| {
                let reason = match problem {
                    NameProblem::Missing(source) if source.kind() == ErrorKind::NotFound => {
                        "no such file".to_owned()
                    }
                    NameProblem::Missing(source) => source.to_string(),
                    NameProblem::OtherFolders(file) => {
                        format!("`{file}` is there, without the folders before it")
                    }
                    NameProblem::Outside => "leads out of the image folder".to_owned(),
                    NameProblem::Ambiguous(files) => format!("may be {}", quoted(files)),
                };
                format!("line {row}: `{filename}` ({reason})")
            });
        let more = if problems.len() > LISTED { ", …" } else { "" };
        return DataError::UnknownImages {
            path,
            count: problems.len(),
            rows: table.len(),
            images: images.to_owned(),
            examples: listed.collect::<Vec<_>>().join(", ") + more,
        };
    }
    match problems.pop() {
        Some((row, filename, NameProblem::Missing(source))) => DataError::MissingImage {
            path,
            row,
            image: images.join(filename),
            source,
        },
        Some((row, filename, NameProblem::OtherFolders(found))) => DataError::OtherFolders {
            path,
            row,
            filename,
            found,
        },
        Some((row, filename, NameProblem::Ambiguous(files))) => DataError::AmbiguousImage {
            path,
            row,
            filename,
            found: quoted(&files),
        },
        Some((row, filename, NameProblem::Outside)) => DataError::OutsideImages {
            path,
            row,
            filename,
            images: images.to_owned(),
        },
        None => DataError::Empty { path },
    }
}

fn quoted(names: &[String]) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use psp_schema::{Class, Classify};

    #[test]
    fn an_image_that_may_not_be_read_is_the_machines_fault_and_not_the_rows() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("labels.csv");
        std::fs::write(&path, "filename,x\na.jpg,1\nb.jpg,2\n").unwrap();
        let table = LabelTable::read(&path, &["x".to_owned()], [0.0, 9.0]).unwrap();
        let missing = |row, name: &str, kind: ErrorKind| {
            let problem = NameProblem::Missing(kind.into());
            (row, name.to_owned(), problem)
        };
        let barred = missing(3, "b.jpg", ErrorKind::PermissionDenied);
        let problems = vec![missing(2, "a.jpg", ErrorKind::NotFound), barred];
        let error = error_of(&table, dir.path(), problems);
        assert_eq!(error.class(), Class::Passing);
        assert!(
            error.to_string().contains("b.jpg: could not read it"),
            "{error}"
        );
    }
}
