//! A file that can't be read or written, and whose fault an error is.

use std::error::Error;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error as ThisError;

/// A file or folder that could not be read or written.
#[derive(Debug, ThisError)]
#[error("{}: could not {access}: {source}{}", path.display(), self.advice())]
pub struct FileError {
    /// The file or folder.
    pub path: PathBuf,
    /// What was attempted.
    pub access: Access,
    /// The operating system's reason, or that of the caller that made the content.
    pub source: io::Error,
}

/// What was attempted with a file or folder, as a verb phrase.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Nothing was to change there: "read it", "list this folder", "start it".
    Read(&'static str),
    /// It was to be changed: "create a temporary file beside it".
    Write(&'static str),
}

/// Whose fault an error is, which decides what becomes of the work that met it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// The input's: the same work fails again, wherever it is done.
    Input,
    /// This machine's, or that of what it is given: other work would fail here, too, and
    /// this work may succeed on another machine.
    Machine,
    /// This machine's, at this time: the same work may succeed here later.
    Passing,
}

/// An error that knows whose fault it is.
pub trait Classify {
    /// Whose fault it is.
    fn class(&self) -> Class;
}

impl Class {
    /// That of the system's refusal behind an error; the input's where there is none.
    pub fn of_cause(error: &(dyn Error + 'static)) -> Self {
        let causes = std::iter::successors(Some(error), |cause| (*cause).source());
        let mut refusals = causes.filter_map(|cause| {
            let of_a_file = cause.downcast_ref().map(FileError::class);
            of_a_file.or_else(|| cause.downcast_ref().map(io::Error::class))
        });
        refusals.next().unwrap_or(Self::Input)
    }
}

impl fmt::Display for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self::Read(what) | Self::Write(what)) = self;
        f.write_str(what)
    }
}

impl FileError {
    /// Wraps what the system says of reading `path`.
    pub fn read(path: &Path) -> impl Fn(io::Error) -> Self + use<> {
        Self::at(path, Access::Read("read it"))
    }

    /// Wraps what the system says of listing the folder `path`.
    pub fn list(path: &Path) -> impl Fn(io::Error) -> Self + use<> {
        Self::at(path, Access::Read("list this folder"))
    }

    /// Wraps what the system says of a `step` of writing `path`.
    pub fn write(path: &Path, step: &'static str) -> impl Fn(io::Error) -> Self + use<> {
        Self::at(path, Access::Write(step))
    }

    /// Wraps what the system says of accessing `path`.
    pub fn at(path: &Path, access: Access) -> impl Fn(io::Error) -> Self + use<> {
        let path = path.to_owned();
        move |source| Self {
            path: path.clone(),
            access,
            source,
        }
    }

    /// Whether a folder stands where the file should: trying again won't help.
    pub fn is_a_folder(&self) -> bool {
        self.source.kind() == io::ErrorKind::IsADirectory
    }

    /// What may help to write it, where the reason doesn't say it.
    fn advice(&self) -> &'static str {
        use io::ErrorKind::{PermissionDenied, QuotaExceeded, ReadOnlyFilesystem, StorageFull};
        let is_of_the_disk = matches!(
            self.source.kind(),
            PermissionDenied | QuotaExceeded | ReadOnlyFilesystem | StorageFull
        );
        match self.access {
            Access::Write(_) if is_of_the_disk => {
                "; check free space and permissions of the folder"
            }
            _ => "",
        }
    }
}

impl Classify for FileError {
    fn class(&self) -> Class {
        let is_gone = self.source.kind() == io::ErrorKind::NotFound;
        match self.access {
            // The folder may be on a share that comes back.
            Access::Write(_) if is_gone => Class::Passing,
            _ => self.source.class(),
        }
    }
}

impl Classify for io::Error {
    /// What lies with the path that was given, such as a file in place of a folder, is the
    /// machine's as long as the system says so, and not whoever read the content.
    fn class(&self) -> Class {
        use io::ErrorKind::{
            AlreadyExists, InvalidData, InvalidFilename, InvalidInput, IsADirectory, NotADirectory,
            NotFound, Other, UnexpectedEof, Unsupported,
        };
        match self.kind() {
            InvalidData | InvalidInput | Other | UnexpectedEof if self.raw_os_error().is_none() => {
                Class::Input
            }
            AlreadyExists | NotFound | NotADirectory | IsADirectory | InvalidFilename
            | InvalidInput | InvalidData | UnexpectedEof | Unsupported => Class::Machine,
            _ => Class::Passing,
        }
    }
}
