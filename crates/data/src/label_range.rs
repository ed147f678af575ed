//! Which labels are valid.

use std::fmt;
use std::path::Path;

use serde::de::{self, Deserializer, SeqAccess, Visitor};
use serde::ser::{SerializeTuple, Serializer};
use serde::{Deserialize, Serialize};

use crate::error::LabelError;
use crate::far_label::far_label;
use crate::notice::LabelNotice;
use crate::sample::Sample;
use crate::stray_label::StrayLabel;

/// Which labels are valid, and with it what predictions are clipped to: `"auto"`,
/// `"none"` or `[low, high]` in a file.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum LabelRange {
    /// 0 to 1 where all labels lie in it, and any otherwise. A few labels outside it
    /// are taken for mistakes.
    #[default]
    Auto,
    /// Every finite label is valid.
    Unbounded,
    /// From the first to the second, both included.
    Given([f32; 2]),
}

/// What scores usually lie in.
const USUAL: [f32; 2] = [0.0, 1.0];

/// Share of labels in the usual range from which on the others are taken for mistakes.
const NEARLY_ALL: f64 = 0.9;

/// Share from which on the others may be mistakes.
const MOST: f64 = 0.5;

impl LabelRange {
    /// Whether the range, where one is given, is one.
    pub fn is_valid(self) -> bool {
        match self {
            Self::Auto | Self::Unbounded => true,
            Self::Given([low, high]) => low.is_finite() && high.is_finite() && low < high,
        }
    }

    /// Smallest and largest label that can be accepted before all are known.
    pub(crate) fn limits(self) -> [f32; 2] {
        match self {
            Self::Auto | Self::Unbounded => [f32::NEG_INFINITY, f32::INFINITY],
            Self::Given(range) => range,
        }
    }

    /// The range in effect for these samples, if there is one, and a word about labels
    /// outside the usual one that most lie in, or far from all others.
    ///
    /// # Errors
    /// [`LabelError::Stray`] of the first label outside the usual range, where
    /// nearly all lie in it.
    pub(crate) fn resolve(
        self,
        path: &Path,
        targets: &[String],
        samples: &[Sample],
    ) -> Result<(Option<[f32; 2]>, Vec<LabelNotice>), LabelError> {
        let far = || -> Vec<LabelNotice> {
            let columns = targets.iter().enumerate();
            let far = columns.filter_map(|(i, column)| far_label(path, column, samples, i));
            far.collect()
        };
        match self {
            Self::Given(range) => return Ok((Some(range), Vec::new())),
            Self::Unbounded => return Ok((None, far())),
            Self::Auto => {}
        }
        let [low, high] = USUAL;
        let is_outside = |label: &f32| !(low..=high).contains(label);
        let labels = || samples.iter().flat_map(|sample| &sample.labels);
        let total = samples.len() * targets.len();
        let inside = total - labels().filter(|&label| is_outside(label)).count();
        let first = samples.iter().find_map(|sample| {
            let target = sample.labels.iter().position(is_outside)?;
            Some((sample, target))
        });
        let Some((sample, target)) = first else {
            return Ok((Some(USUAL), Vec::new()));
        };
        let stray = StrayLabel {
            path: path.to_owned(),
            row: sample.row,
            column: targets[target].clone(),
            value: sample.labels[target],
            inside,
            total,
        };
        let share = inside as f64 / total as f64;
        if share >= NEARLY_ALL {
            return Err(LabelError::Stray(stray));
        }
        // Grades and counts may be 0 and 1, too, and are nothing in between.
        let are_scores = labels().any(|label| *label > low && *label < high);
        let mut notices = far();
        if are_scores && share >= MOST {
            notices.push(LabelNotice::Stray(stray));
        }
        Ok((None, notices))
    }
}

impl From<[f32; 2]> for LabelRange {
    fn from(range: [f32; 2]) -> Self {
        Self::Given(range)
    }
}

/// The range in effect: `None` is unbounded.
impl From<Option<[f32; 2]>> for LabelRange {
    fn from(range: Option<[f32; 2]>) -> Self {
        range.map_or(Self::Unbounded, Self::Given)
    }
}

impl fmt::Display for LabelRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.write_str(AUTO),
            Self::Unbounded => f.write_str(UNBOUNDED),
            Self::Given([low, high]) => write!(f, "[{low}, {high}]"),
        }
    }
}

const AUTO: &str = "auto";
const UNBOUNDED: &str = "none";

impl Serialize for LabelRange {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Auto => serializer.serialize_str(AUTO),
            Self::Unbounded => serializer.serialize_str(UNBOUNDED),
            Self::Given(range) => {
                let mut tuple = serializer.serialize_tuple(2)?;
                for end in range {
                    tuple.serialize_element(end)?;
                }
                tuple.end()
            }
        }
    }
}

impl<'de> Deserialize<'de> for LabelRange {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RangeVisitor)
    }
}

struct RangeVisitor;

impl<'de> Visitor<'de> for RangeVisitor {
    type Value = LabelRange;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("\"auto\", \"none\" or [low, high]")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<LabelRange, E> {
        match text {
            AUTO => Ok(LabelRange::Auto),
            UNBOUNDED => Ok(LabelRange::Unbounded),
            _ => Err(E::invalid_value(de::Unexpected::Str(text), &self)),
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<LabelRange, A::Error> {
        let mut end = |count| {
            let value = seq.next_element::<f32>()?;
            value.ok_or_else(|| de::Error::invalid_length(count, &self))
        };
        let range = [end(0)?, end(1)?];
        match seq.next_element::<de::IgnoredAny>()? {
            None => Ok(LabelRange::Given(range)),
            Some(_) => Err(de::Error::invalid_length(3, &self)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is said of labels without a range.
    fn told(labels: &[f32]) -> Option<String> {
        let samples = Sample::of_one_target(labels);
        let path = std::path::Path::new("labels.csv");
        let resolved = LabelRange::Auto.resolve(path, &["hood".to_owned()], &samples);
        let (range, notices) = resolved.unwrap();
        assert_eq!(range, None);
        notices.last().map(LabelNotice::to_string)
    }

    #[test]
    fn a_label_beyond_the_range_of_most_is_told_of_unless_they_are_grades_or_few_lie_in_it() {
        let note = told(&[0.5, -3.0, 1.0]).unwrap();
        for part in ["2 of 3 labels", "`-3`", "`hood`", "line 3"] {
            assert!(note.contains(part), "{note}");
        }
        assert_eq!(told(&[0.0, 3.0, 1.0]), None);
        assert_eq!(told(&[0.5, -3.0, 7.0]), None);
    }
}
