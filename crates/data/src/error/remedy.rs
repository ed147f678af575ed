//! Settings that may mend what is wrong with a data set.

use super::{CsvError, DataError, SplitError};

/// A setting that may mend what is wrong with a data set. Errors don't name it
/// themselves, since not everything that reads data takes settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Remedy {
    /// Key and value as a shell takes them, such as `data.labels=FILE`.
    pub setting: &'static str,
    /// What it does, as a verb phrase ("names the labels file").
    pub effect: &'static str,
}

impl Remedy {
    pub(crate) const LABELS: Self = Self {
        setting: "data.labels=FILE",
        effect: "names the labels file",
    };
    pub(crate) const IMAGES: Self = Self {
        setting: "data.images=FOLDER",
        effect: "names the image folder",
    };
    pub(crate) const FILENAME_COLUMN: Self = Self {
        setting: "data.filename_column=NAME",
        effect: "names the column of the file names",
    };
    pub(crate) const TARGETS: Self = Self {
        setting: "'data.targets=[\"NAME\"]'",
        effect: "names the columns to predict",
    };
    pub(crate) const DRAWN_SPLIT: Self = Self {
        setting: "data.split=random",
        effect: "draws a split instead",
    };
}

impl DataError {
    /// The setting that may mend it, where there is one.
    pub fn remedy(&self) -> Option<Remedy> {
        match self {
            Self::NoLabels { .. } | Self::SeveralLabels { .. } => Some(Remedy::LABELS),
            Self::NoImages { .. }
            | Self::SeveralImageFolders { .. }
            | Self::OutsideImages { .. }
            | Self::UnknownImages { .. } => Some(Remedy::IMAGES),
            Self::Csv(
                CsvError::MissingColumn { remedy, .. }
                | CsvError::SeveralFilenameColumns { remedy, .. },
            )
            | Self::Split(SplitError::UnknownPart { remedy, .. }) => *remedy,
            _ => None,
        }
    }
}
