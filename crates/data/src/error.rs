//! Everything that can be wrong with a data set.

use std::io;
use std::path::{Path, PathBuf};

use psp_schema::{Access, Class, Classify, FileError};

mod labels;
mod remedy;
mod split;
mod table;

pub use labels::LabelError;
pub(crate) use labels::OUT_OF_RANGE;
pub use remedy::Remedy;
pub use split::SplitError;
pub use table::CsvError;

/// What was wrong, where (file, line, column), and what to do about it.
///
/// Line numbers count from 1, so a CSV's header is line 1.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DataError {
    /// A file or folder could not be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// A setting has a value that can't work.
    #[error("`{name}` is {value}; expected {expected}")]
    Setting {
        /// The setting's name as it appears in configurations.
        name: &'static str,
        /// The refused value, or what about it was refused.
        value: String,
        /// What would be accepted.
        expected: String,
    },

    /// The data set's folder holds no labels file.
    #[error(
        "{dir}: no labels file; expected `labels.csv` or a single other `.csv` in this folder \
         (`split.csv` does not count)"
    )]
    NoLabels {
        /// The data set's folder.
        dir: PathBuf,
    },
    /// The data set's folder holds several CSV files and none is `labels.csv`.
    #[error("{dir}: several CSV files ({found}); call the one that holds the labels `labels.csv`")]
    SeveralLabels {
        /// The data set's folder.
        dir: PathBuf,
        /// The files' names, comma-separated.
        found: String,
    },
    /// The data set's images were found in no usual place.
    #[error(
        "{dir}: no images; looked for the folders `imgs/` and `images/` and for image files in \
         the folder itself"
    )]
    NoImages {
        /// The data set's folder.
        dir: PathBuf,
    },
    /// Both usual image folders exist.
    #[error("{dir}: both `imgs/` and `images/` exist; expected one of them")]
    SeveralImageFolders {
        /// The data set's folder.
        dir: PathBuf,
    },
    /// A file stands where a folder should.
    #[error("{path}: is a file; pass the folder that it lies in to {option}")]
    FileForFolder {
        /// The file.
        path: PathBuf,
        /// The flag or key that takes the folder.
        option: &'static str,
    },
    /// A folder stands where a CSV file should.
    #[error("{path}: is a folder; expected a CSV file")]
    FolderForFile {
        /// The folder.
        path: PathBuf,
    },

    /// A CSV file can't be read, or lacks a column.
    #[error(transparent)]
    Csv(#[from] CsvError),
    /// A label can't be used.
    #[error(transparent)]
    Label(#[from] LabelError),
    /// A row names no image.
    #[error("{path}: line {row}: column `{column}` is empty; expected an image's file name")]
    EmptyFilename {
        /// The CSV file.
        path: PathBuf,
        /// The line.
        row: u64,
        /// The column of file names.
        column: String,
    },
    /// Two rows name the same image.
    #[error(
        "{path}: line {row}: `{filename}` is the same image as `{first_filename}` on line \
         {first_row}; an image may have only one row, so remove one"
    )]
    DuplicateFilename {
        /// The CSV file.
        path: PathBuf,
        /// The name on the later row.
        filename: String,
        /// The name on the earlier row; differs when two names lead to one file.
        first_filename: String,
        /// The earlier line.
        first_row: u64,
        /// The later line.
        row: u64,
    },
    /// A CSV has a header and nothing else.
    #[error("{path}: no rows below the header; expected at least one image")]
    Empty {
        /// The CSV file.
        path: PathBuf,
    },

    /// A row's image does not exist or can't be reached.
    #[error(
        "{path}: line {row}: no image file at {image}: {source}; add the file or remove the row"
    )]
    MissingImage {
        /// The labels file.
        path: PathBuf,
        /// The line.
        row: u64,
        /// Where the image should be.
        image: PathBuf,
        /// The operating system's reason.
        source: io::Error,
    },
    /// A row's image lies elsewhere in the image folder than its file name says.
    #[error(
        "{path}: line {row}: no image file `{filename}`; `{found}` is there, without the folders \
         before it: write that, if it is the one"
    )]
    OtherFolders {
        /// The labels file.
        path: PathBuf,
        /// The line.
        row: u64,
        /// The name in the labels.
        filename: String,
        /// The file that there is, within the image folder.
        found: String,
    },
    /// A row's file name leads out of the image folder.
    #[error(
        "{path}: line {row}: `{filename}` leads out of the image folder {images}; expected a path \
         relative to it"
    )]
    OutsideImages {
        /// The labels file.
        path: PathBuf,
        /// The line.
        row: u64,
        /// The refused name.
        filename: String,
        /// The image folder.
        images: PathBuf,
    },
    /// A row's file name is not quite that of any file, and nearly that of several.
    #[error(
        "{path}: line {row}: no image file `{filename}`, and several that differ little ({found}); \
         write the name as the file has it"
    )]
    AmbiguousImage {
        /// The labels file.
        path: PathBuf,
        /// The line.
        row: u64,
        /// The name.
        filename: String,
        /// The files, quoted and comma-separated.
        found: String,
    },
    /// The images of several rows can't be found.
    #[error(
        "{path}: the images of {count} of {rows} rows can't be found in {images}: {examples}; \
         correct the names, add the files or remove the rows"
    )]
    UnknownImages {
        /// The labels file.
        path: PathBuf,
        /// How many rows.
        count: usize,
        /// Of how many.
        rows: usize,
        /// The image folder.
        images: PathBuf,
        /// The first of them, with their lines and what is wrong with each.
        examples: String,
    },
    /// A row's image can't be used.
    #[error(
        "{path}: line {row}: {source}; {} or remove the row",
        advice_on_image(source)
    )]
    Image {
        /// The labels file.
        path: PathBuf,
        /// The line.
        row: u64,
        /// What is wrong with the image; names the file.
        source: Box<DataError>,
    },
    /// An image's content can't be decoded.
    #[error("{file}: not a readable image: {reason}; expected a whole JPEG, PNG, WebP or BMP file")]
    Decode {
        /// The file, or the name that the caller gave to the bytes.
        file: String,
        /// What the decoder found.
        reason: String,
    },
    /// A kind of image that is not read.
    #[error("{file}: {kind} is not read; save it as PNG or JPEG")]
    UnreadKind {
        /// The file, or the name that the caller gave to the bytes.
        file: String,
        /// The format, or what of it is not read.
        kind: &'static str,
    },
    /// An image is larger than the limit; only its header was read.
    #[error(
        "{file}: {width}x{height} pixels; expected at most {max_pixels} pixels in all: shrink \
         the image or raise the limit to {} megapixels (`data.max_megapixels`; \
         `psp predict --max-megapixels`)",
        (u64::from(*width) * u64::from(*height)).div_ceil(1_000_000)
    )]
    TooManyPixels {
        /// The file, or the name that the caller gave to the bytes.
        file: String,
        /// Width by the header, in pixels.
        width: u32,
        /// Height by the header, in pixels.
        height: u32,
        /// The limit.
        max_pixels: u64,
    },
    /// An image can't be brought to the network's input size.
    #[error("an image of {width}x{height} pixels can't be resized: {reason}")]
    Resize {
        /// The image's width in pixels.
        width: u32,
        /// The image's height in pixels.
        height: u32,
        /// Why.
        reason: String,
    },

    /// A split does not fit the data set.
    #[error(transparent)]
    Split(#[from] SplitError),

    /// A loading thread failed in a way that is a bug, not a bad file.
    #[error("loading {what} failed inside: {reason}; please report this with the file")]
    Internal {
        /// What was being loaded.
        what: String,
        /// The panic's message.
        reason: String,
    },
}

impl DataError {
    /// Whether a label lies beyond the range that was asked for.
    pub fn is_out_of_range(&self) -> bool {
        matches!(self, Self::Label(error) if error.is_out_of_range())
    }

    /// The setting that may mend it, where there is one.
    pub fn remedy(&self) -> Option<Remedy> {
        match self {
            Self::NoLabels { .. } | Self::SeveralLabels { .. } => Some(Remedy::Labels),
            Self::NoImages { .. }
            | Self::SeveralImageFolders { .. }
            | Self::OutsideImages { .. }
            | Self::UnknownImages { .. } => Some(Remedy::Images),
            Self::Csv(
                CsvError::MissingColumn { remedy, .. }
                | CsvError::SeveralFilenameColumns { remedy, .. },
            )
            | Self::Split(SplitError::UnknownPart { remedy, .. }) => *remedy,
            Self::Label(error) if error.is_out_of_range() => Some(Remedy::AnyLabel),
            _ => None,
        }
    }

    /// What is wrong with `path`, which is no folder that can be opened; `option` is
    /// what took it.
    pub(crate) fn no_folder(path: &Path, option: &'static str) -> Self {
        match std::fs::metadata(path) {
            Ok(_) => Self::FileForFolder {
                path: path.to_owned(),
                option,
            },
            Err(source) => Self::io(path, "open this folder")(source),
        }
    }

    /// For `map_err` on file operations.
    pub(crate) fn io(path: &Path, action: &'static str) -> impl FnOnce(io::Error) -> Self {
        let wrap = FileError::at(path, Access::Read(action));
        move |source| wrap(source).into()
    }

    /// A refused setting.
    pub(crate) fn setting(
        name: &'static str,
        value: impl Into<String>,
        expected: impl Into<String>,
    ) -> Self {
        Self::Setting {
            name,
            value: value.into(),
            expected: expected.into(),
        }
    }
}

/// What can be done about an image that can't be used, but for leaving it out.
fn advice_on_image(error: &DataError) -> &'static str {
    match error {
        DataError::File(_) => "make it readable",
        _ => "replace the file",
    }
}

impl Classify for DataError {
    fn class(&self) -> Class {
        match self {
            Self::File(error) => error.class(),
            other => Class::of_cause(other),
        }
    }
}
