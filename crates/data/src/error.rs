//! Everything that can be wrong with a data set.

use std::io;
use std::path::PathBuf;

use psp_files::WriteError;

/// What was wrong, where (file, line, column), and what to do about it.
///
/// Line numbers count from 1, so a CSV's header is line 1.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DataError {
    /// The operating system refused to read a file or folder.
    #[error("{path}: could not {action}: {source}")]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What was attempted, as a verb phrase.
        action: &'static str,
        /// The operating system's reason.
        source: io::Error,
    },
    /// A file could not be written.
    #[error(transparent)]
    Write(#[from] WriteError),
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
         (`split.csv` does not count), or name one with `--labels`"
    )]
    NoLabels {
        /// The data set's folder.
        dir: PathBuf,
    },
    /// The data set's folder holds several CSV files and none is `labels.csv`.
    #[error(
        "{dir}: several CSV files ({found}); name the one that holds the labels with `--labels`"
    )]
    SeveralLabels {
        /// The data set's folder.
        dir: PathBuf,
        /// The files' names, comma-separated.
        found: String,
    },
    /// The data set's images were found in no usual place.
    #[error(
        "{dir}: no images; looked for the folders `imgs/` and `images/` and for image files in \
         the folder itself; name the image folder with `--images`"
    )]
    NoImages {
        /// The data set's folder.
        dir: PathBuf,
    },
    /// Both usual image folders exist.
    #[error(
        "{dir}: both `imgs/` and `images/` exist; name the one that holds the images with `--images`"
    )]
    SeveralImageFolders {
        /// The data set's folder.
        dir: PathBuf,
    },
    /// A folder that should hold images holds none.
    #[error("{dir}: no image files; expected names ending in .jpg, .jpeg, .png, .webp or .bmp")]
    EmptyFolder {
        /// The folder that was listed.
        dir: PathBuf,
    },

    /// A CSV file breaks the rules of its format.
    #[error("{path}: line {row}: not readable as CSV: {reason}; expected UTF-8, comma-separated")]
    Csv {
        /// The CSV file.
        path: PathBuf,
        /// The line.
        row: u64,
        /// What the CSV reader found.
        reason: String,
    },
    /// A CSV's header lacks a column.
    #[error("{path}: line 1: no column `{column}`; the columns are {present}{hint}")]
    MissingColumn {
        /// The CSV file.
        path: PathBuf,
        /// The column that was looked for.
        column: String,
        /// The columns that are there, quoted and comma-separated.
        present: String,
        /// "; did you mean `…`?" or nothing.
        hint: String,
    },
    /// A CSV's header names a column twice.
    #[error(
        "{path}: line 1: the column `{column}` stands at positions {first} and {second}; \
         rename or remove one"
    )]
    DuplicateColumn {
        /// The CSV file.
        path: PathBuf,
        /// The column's name.
        column: String,
        /// Position of the first, counting from 1.
        first: usize,
        /// Position of the second, counting from 1.
        second: usize,
    },
    /// A row has more or fewer fields than the header.
    #[error("{path}: line {row}: {found} fields; expected {expected}, as in the header")]
    FieldCount {
        /// The CSV file.
        path: PathBuf,
        /// The line.
        row: u64,
        /// Fields in the header.
        expected: usize,
        /// Fields in the row.
        found: usize,
    },
    /// A label is not a number within the range.
    #[error(
        "{path}: line {row}: column `{column}`: `{value}` {problem}; expected {}",
        valid_labels(*low, *high)
    )]
    Label {
        /// The labels file.
        path: PathBuf,
        /// The line.
        row: u64,
        /// The target's column.
        column: String,
        /// The refused text.
        value: String,
        /// Why it was refused ("is not a number").
        problem: &'static str,
        /// The smallest value that is accepted.
        low: f32,
        /// The largest value that is accepted.
        high: f32,
    },
    /// A label outside the range that nearly all lie in.
    #[error(
        "{path}: line {row}: column `{column}`: `{value}` is out of range, since {inside} of \
         {total} labels lie from 0 to 1; correct it, or set data.label_range = \"none\" or \
         [low, high] if it is right"
    )]
    StrayLabel {
        /// The labels file.
        path: PathBuf,
        /// The line.
        row: u64,
        /// The target's column.
        column: String,
        /// The label.
        value: f32,
        /// Labels in the range.
        inside: usize,
        /// All labels.
        total: usize,
    },
    /// A row names no image.
    #[error("{path}: line {row}: column `filename` is empty; expected an image's file name")]
    EmptyFilename {
        /// The CSV file.
        path: PathBuf,
        /// The line.
        row: u64,
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
    /// A row's file name leads out of the image folder.
    #[error(
        "{path}: line {row}: `{filename}` leads out of the image folder {images}; expected a \
         relative path without `..` whose links stay inside"
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
    /// A row's image can't be used.
    #[error("{path}: line {row}: {source}; replace the file or remove the row")]
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

    /// A split names a part that does not exist.
    #[error("{path}: line {row}: column `split`: `{value}`; expected `train`, `valid` or `test`")]
    UnknownPart {
        /// The split file or the labels file.
        path: PathBuf,
        /// The line.
        row: u64,
        /// The refused text.
        value: String,
    },
    /// A split file names an image that the data set lacks.
    #[error(
        "{path}: line {row}: `{filename}` is not in {labels}; the split belongs to other labels: remake it"
    )]
    NotInDataset {
        /// The split file.
        path: PathBuf,
        /// The line.
        row: u64,
        /// The unknown name.
        filename: String,
        /// The labels file.
        labels: PathBuf,
    },
    /// A split file leaves out images of the data set.
    #[error(
        "{path}: {count} images of the data set have no row, the first is `{filename}` (line \
         {row} of {labels}); add them or remake the split"
    )]
    NotInSplit {
        /// The split file.
        path: PathBuf,
        /// How many images are left out.
        count: usize,
        /// The first of them.
        filename: String,
        /// Its line in the labels file.
        row: u64,
        /// The labels file.
        labels: PathBuf,
    },
    /// The labels file has no `split` column.
    #[error(
        "{path}: line 1: no column `split`; add one with train, valid or test on each row, or use a split file"
    )]
    NoSplitColumn {
        /// The labels file.
        path: PathBuf,
    },
    /// A split was made for another data set than the one given.
    #[error(
        "the split does not belong to {labels}: its samples are others; remake or reread it for these labels"
    )]
    OtherDataset {
        /// The labels file.
        labels: PathBuf,
    },
    /// A different split stands where one was to be written.
    #[error(
        "{path}: a different split is already there; keep it, choose another file or allow overwriting"
    )]
    SplitExists {
        /// The split file.
        path: PathBuf,
    },

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
    /// For `map_err` on file operations.
    pub(crate) fn io(
        path: &std::path::Path,
        action: &'static str,
    ) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io {
            path: path.to_owned(),
            action,
            source,
        }
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

fn valid_labels(low: f32, high: f32) -> String {
    match low.is_finite() && high.is_finite() {
        true => format!("a number from {low} to {high}"),
        false => "a number".to_owned(),
    }
}
