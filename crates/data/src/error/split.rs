//! Errors of splits.

use std::path::PathBuf;

use super::Remedy;
use crate::plural::plural;

/// Why a split does not fit its data set or can't be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SplitError {
    /// A split names a part that does not exist.
    #[error("{path}: line {row}: column `split`: `{value}`; expected `train`, `valid` or `test`")]
    UnknownPart {
        /// The split file or the labels file.
        path: PathBuf,
        /// The line.
        row: u64,
        /// The refused text.
        value: String,
        /// How to do without the column, where that can be.
        remedy: Option<Remedy>,
    },
    /// A split file names an image that the data set lacks.
    #[error(
        "{path}: line {row}: `{filename}` is not in {labels}; {}",
        way_out(near.as_deref())
    )]
    NotInDataset {
        /// The split file.
        path: PathBuf,
        /// The line.
        row: u64,
        /// The unknown name.
        filename: Box<str>,
        /// The labels file.
        labels: PathBuf,
        /// The one name there that is spelled a little differently.
        near: Option<Box<str>>,
    },
    /// A split file leaves out images of the data set.
    #[error(
        "{path}: {} without a row here, the first is `{filename}` (line {row} of {labels}); \
         complete it or remake the split",
        plural(*count, "image")
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
    /// A split was to be drawn of fewer images than it has parts.
    #[error(
        "{labels}: too few different images ({images}) for {parts} parts with at least one in \
         each; add images, or leave a part out by a 0 in data.fractions"
    )]
    TooFewImages {
        /// The labels file.
        labels: PathBuf,
        /// Images, of which copies count once.
        images: usize,
        /// Parts that get a share.
        parts: usize,
    },
    /// The labels file has no `split` column.
    #[error(
        "{path}: line 1: no column `split`; add one with train, valid or test on each row, or use \
         a split file"
    )]
    NoSplitColumn {
        /// The labels file.
        path: PathBuf,
    },
    /// A split was made for another data set than the one given.
    #[error(
        "the split does not belong to {labels}: its samples are others; remake or reread it for \
         these labels"
    )]
    OtherDataset {
        /// The labels file.
        labels: PathBuf,
    },
    /// Something else stands where a split was to be written.
    #[error(
        "{path}: is not a split (a CSV of the columns `filename` and `split` alone), so it is not \
         replaced; choose another file with --out"
    )]
    NoSplit {
        /// The file.
        path: PathBuf,
    },
    /// A different split stands where one was to be written.
    #[error(
        "{path}: a different split is already there; keep it, choose another file with --out, or \
         replace it with --overwrite"
    )]
    SplitExists {
        /// The split file.
        path: PathBuf,
    },
}

fn way_out(near: Option<&str>) -> String {
    match near {
        Some(name) => format!("it has `{name}`: spell the names here as there"),
        None => "remove this line too where the row was removed there, or remake the split where \
                 it belongs to other labels"
            .to_owned(),
    }
}
