//! Settings that may mend what is wrong with a data set.

/// A setting that may mend what is wrong with a data set. Errors don't name it
/// themselves, since not everything that reads data takes settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remedy {
    /// Name the labels file.
    Labels,
    /// Name the image folder.
    Images,
    /// Name the column of the file names.
    FilenameColumn,
    /// Name the columns to predict.
    Targets,
    /// Draw a split.
    DrawnSplit,
    /// Take labels of any size.
    AnyLabel,
}

impl Remedy {
    /// Key and value as a shell takes them, such as `data.labels=FILE`.
    pub fn setting(self) -> &'static str {
        match self {
            Self::Labels => "data.labels=FILE",
            Self::Images => "data.images=FOLDER",
            Self::FilenameColumn => "data.filename_column=NAME",
            Self::Targets => "'data.targets=[\"NAME\"]'",
            Self::DrawnSplit => "data.split=random",
            Self::AnyLabel => "data.label_range=none",
        }
    }

    /// What the setting does, as a verb phrase.
    pub fn effect(self) -> &'static str {
        match self {
            Self::Labels => "names the labels file, by its path from here",
            Self::Images => "names the image folder, by its path from here",
            Self::FilenameColumn => "names the column of the file names",
            Self::Targets => "names the columns to predict",
            Self::DrawnSplit => "draws a split instead",
            Self::AnyLabel => "takes labels of any size",
        }
    }
}
