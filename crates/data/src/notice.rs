//! What is worth telling about a data set that can be used all the same.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::part::Part;
use crate::plural::plural;
use crate::separator::Separator;

mod labels;

pub use labels::LabelNotice;

/// Something about a data set that its user should know: how a file was read that
/// could be read in two ways, and what was left out.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum DataNotice {
    /// A CSV is not separated by commas, or not in UTF-8.
    Separator {
        /// The CSV file.
        path: PathBuf,
        /// What stands between its columns.
        separator: Separator,
        /// Whether it is in UTF-16.
        is_utf16: bool,
    },
    /// Numbers have decimal commas, or points that might separate thousands.
    DecimalMark {
        /// The CSV file.
        path: PathBuf,
        /// What a decimal mark is there: "comma" or "point".
        mark: &'static str,
        /// The first number with one, as it stands there.
        example: String,
    },
    /// A column was found under another name.
    Column {
        /// The CSV file.
        path: PathBuf,
        /// The name that was looked for.
        wanted: String,
        /// The column's name.
        found: String,
    },
    /// Labels that may be mistakes, or of which little can be learned.
    Label(LabelNotice),
    /// Columns without a name or rows without a value were passed over.
    EmptyCells {
        /// The CSV file.
        path: PathBuf,
        /// Columns without a name or a value.
        columns: usize,
        /// Rows without a value.
        rows: usize,
    },
    /// File names in the CSV are spelled differently from the files'.
    NearNames {
        /// The labels file.
        path: PathBuf,
        /// Names that are spelled differently.
        count: usize,
        /// The line of the first.
        row: u64,
        /// Its name in the CSV, invisible characters escaped.
        filename: String,
        /// The file that it stands for, relative to the image folder.
        file: String,
        /// In what the two differ.
        difference: &'static str,
    },
    /// Images that no row names.
    Unlabelled {
        /// The labels file.
        path: PathBuf,
        /// The image folder.
        images: PathBuf,
        /// Images that no row names.
        count: usize,
        /// One of them.
        example: String,
    },
    /// A column holds nothing but the names of parts, and is not called `split`.
    UnusedSplitColumn {
        /// The labels file.
        path: PathBuf,
        /// The column.
        column: String,
    },
    /// The labels' own column `split` is used, and not the file `split.csv`.
    UnusedSplitFile {
        /// The split file.
        path: PathBuf,
        /// The labels file.
        labels: PathBuf,
    },
    /// A split was found, and keys say how another one would be drawn.
    UnusedSplitKeys {
        /// The file that it stands in.
        split: PathBuf,
        /// The keys, such as `data.fractions`.
        keys: Vec<&'static str>,
    },
    /// A part to measure on has one image.
    SingleImage {
        /// The file or folder that the split comes from.
        split: PathBuf,
        /// The validation or the test part.
        part: Part,
    },
    /// Copies of one image are in two parts of the split.
    CopiesAcrossParts {
        /// The labels file.
        path: PathBuf,
        /// Images that have a copy in another part.
        count: usize,
        /// Two copies and their parts.
        example: [(String, Part); 2],
    },
    /// Copies of one image have different labels.
    CopiesWithOtherLabels {
        /// The labels file.
        path: PathBuf,
        /// Images that have a copy with other labels.
        count: usize,
        /// Two copies and their lines.
        example: [(String, u64); 2],
    },
    /// Fewer training images than the configuration asks for.
    FewerTrainImages {
        /// `data.train_images`.
        wanted: usize,
        /// Images of the training part.
        available: usize,
    },
    /// Rows that were added to a run's data since it began.
    AddedRows {
        /// The labels file.
        path: PathBuf,
        /// Rows that the run's split does not name.
        count: usize,
    },
    /// Training images that no batch of an epoch holds.
    LeftOutOfEpochs {
        /// How many, of each epoch.
        count: usize,
        /// Images of the training part.
        of: usize,
        /// Whether that was asked for by `train.drop_last`; else it is a last batch of
        /// one image, over which batch norm has nothing to average.
        is_configured: bool,
    },
}

impl DataNotice {
    /// Whether results may be worse for it, or not mean what they seem to.
    pub fn is_warning(&self) -> bool {
        matches!(
            self,
            Self::CopiesAcrossParts { .. }
                | Self::CopiesWithOtherLabels { .. }
                | Self::UnusedSplitFile { .. }
        ) || matches!(self, Self::Label(notice) if notice.is_warning())
    }
}

impl fmt::Display for DataNotice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Separator {
                path,
                separator,
                is_utf16,
            } => {
                let encoding = if *is_utf16 { ", in UTF-16" } else { "" };
                write!(f, "{}: separated by {separator}{encoding}", path.display())
            }
            Self::DecimalMark {
                path,
                mark,
                example,
            } => {
                let path = path.display();
                write!(f, "{path}: decimal {mark}s, such as `{example}`")?;
                if *mark == "comma" {
                    write!(f, " for {}", example.replace(',', "."))
                } else {
                    let thousands = example.replace('.', "");
                    write!(f, ", which is not {thousands}: thousands have no separator")
                }
            }
            Self::Column {
                path,
                wanted,
                found,
            } => write!(
                f,
                "{}: the column `{found}` is used as `{wanted}`",
                path.display()
            ),
            Self::Label(notice) => notice.fmt(f),
            Self::EmptyCells {
                path,
                columns,
                rows,
            } => {
                let counted = [(columns, "empty column"), (rows, "empty row")];
                let counted = counted.into_iter().filter(|(count, _)| **count > 0);
                let counted: Vec<String> =
                    counted.map(|(count, what)| plural(*count, what)).collect();
                write!(f, "{}: {} ignored", path.display(), counted.join(" and "))
            }
            Self::NearNames {
                path,
                count,
                row,
                filename,
                file,
                difference,
            } => write!(
                f,
                "{}: {} spelled differently from the {}, such as `{filename}` on line {row} for \
                 `{file}` ({difference})",
                path.display(),
                match count {
                    1 => "1 file name is".to_owned(),
                    count => format!("{count} file names are"),
                },
                if *count == 1 { "file's" } else { "files'" },
            ),
            Self::Unlabelled {
                path,
                images,
                count,
                example,
            } => write!(
                f,
                "{}: {} in no row of {}, such as `{example}`; left out",
                images.display(),
                match count {
                    1 => "1 image is".to_owned(),
                    count => format!("{count} images are"),
                },
                name_of(path),
            ),
            Self::UnusedSplitColumn { path, column } => write!(
                f,
                "{}: the column `{column}` names parts of a split and is not used; to use it, call \
                 it `split`",
                path.display(),
            ),
            Self::UnusedSplitFile { path, labels } => write!(
                f,
                "{}: not used, since {} has a column `split`; pass --set data.split={} to use \
                 the file",
                path.display(),
                labels.display(),
                path.display(),
            ),
            Self::UnusedSplitKeys { split, keys } => write!(
                f,
                "{}: the split is the one in this file, and {} {} not used; --set \
                 data.split=random draws another",
                split.display(),
                keys.join(", "),
                if keys.len() == 1 { "is" } else { "are" },
            ),
            Self::SingleImage { split, part } => write!(
                f,
                "{}: the {part} part has one image, so that R² is undefined there; draw another \
                 split, or add images",
                split.display()
            ),
            Self::CopiesAcrossParts {
                path,
                count,
                example: [(one, its_part), (other, other_part)],
            } => write!(
                f,
                "{}: {count} images have a copy in another part of the split, such as `{one}` in \
                 {its_part} and `{other}` in {other_part}; scores on such images say little about \
                 new ones (--set data.split=random keeps copies together)",
                path.display(),
            ),
            Self::CopiesWithOtherLabels {
                path,
                count,
                example: [(one, its_row), (other, other_row)],
            } => write!(
                f,
                "{}: {count} images have a copy with other labels, such as `{one}` on line \
                 {its_row} and `{other}` on line {other_row}",
                path.display(),
            ),
            Self::FewerTrainImages { wanted, available } => write!(
                f,
                "data.train_images = {wanted}: the training part has {available}, and all are used"
            ),
            Self::AddedRows { path, count } => write!(
                f,
                "{}: {}",
                path.display(),
                match count {
                    1 => "1 row was added since the run began; it is left out".to_owned(),
                    count =>
                        format!("{count} rows were added since the run began; they are left out"),
                }
            ),
            Self::LeftOutOfEpochs {
                count,
                of,
                is_configured,
            } => {
                let reason = if *is_configured {
                    "train.drop_last leaves out a batch that is not full; \
                     --set train.drop_last=false keeps it"
                } else {
                    "batch norm can't be trained on a last batch of one"
                };
                let images = plural(*count, "image");
                write!(f, "{images} of {of} left out of each epoch: {reason}")
            }
        }
    }
}

fn name_of(path: &Path) -> String {
    let name = path.file_name().unwrap_or(path.as_os_str());
    name.to_string_lossy().into_owned()
}
