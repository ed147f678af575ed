//! What is worth telling about labels.

use std::fmt;
use std::path::PathBuf;

use crate::part::Part;
use crate::stray_label::StrayLabel;

/// Labels that may be mistakes, or of which little can be learned.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum LabelNotice {
    /// A label outside the range that most lie in.
    Stray(StrayLabel),
    /// Labels that lie apart from all others of their column, such as codes for missing ones.
    Far {
        /// The labels file.
        path: PathBuf,
        /// The first line with one.
        row: u64,
        /// The target's column.
        column: String,
        /// The label there.
        value: f32,
        /// Labels that lie so far, of all rows.
        count: usize,
        /// The smallest of the others.
        low: f32,
        /// The largest of the others.
        high: f32,
    },
    /// Labels of a column are rounded so much that they can't be told apart.
    Rounded {
        /// The labels file.
        path: PathBuf,
        /// The target's column.
        column: String,
        /// The largest difference between a label and what it is rounded to.
        error: f64,
        /// The difference between the largest and the smallest label.
        spread: f64,
        /// The smallest label.
        low: f64,
    },
    /// All images of a part have the same label in a column.
    SameLabel {
        /// The labels file.
        path: PathBuf,
        /// The target's column.
        column: String,
        /// The label.
        value: f32,
        /// Which part the images are.
        part: Part,
        /// Images with that label, all of the part.
        count: usize,
    },
}

impl LabelNotice {
    /// Whether results may be worse for it.
    pub fn is_warning(&self) -> bool {
        !matches!(self, Self::Stray(_))
    }
}

impl fmt::Display for LabelNotice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stray(StrayLabel {
                path,
                row,
                column,
                value,
                inside,
                total,
            }) => write!(
                f,
                "{}: {inside} of {total} labels lie from 0 to 1, and `{value}` in column `{column}` \
                 on line {row} does not, so labels are read as numbers of any size and not as \
                 scores from 0 to 1 (data.label_range); remove such a row if its label is missing",
                path.display()
            ),
            Self::Far {
                path,
                row,
                column,
                value,
                count,
                low,
                high,
            } => {
                let others = match count {
                    1 => String::new(),
                    count => format!(", and so do {} more", count - 1),
                };
                write!(
                    f,
                    "{}: line {row}: column `{column}`: `{value}` lies apart from the other labels \
                     ({low} to {high}){others}; remove such a row if its label is missing",
                    path.display()
                )
            }
            Self::Rounded {
                path,
                column,
                error,
                spread,
                low,
            } => write!(
                f,
                "{}: column `{column}`: labels are kept in single precision, which moves these by \
                 up to {error:.1e}, where all lie within {spread:.1e}; subtract a constant from \
                 the column, such as {low:?}, or scale it up if its labels are tiny",
                path.display()
            ),
            Self::SameLabel {
                path,
                column,
                value,
                part: Part::Train,
                count,
            } => write!(
                f,
                "{}: column `{column}` is {value} on all {count} training images, so nothing \
                 can be learned about it; leave it out of data.targets, or train on other images",
                path.display()
            ),
            Self::SameLabel {
                path,
                column,
                value,
                part,
                count,
            } => write!(
                f,
                "{}: column `{column}` is {value} on all {count} images of the {part} part, where \
                 its R² is undefined; draw another split, or leave it out of data.targets",
                path.display()
            ),
        }
    }
}
