//! Copies of one image in a split.

use super::Splits;
use crate::dataset::Dataset;
use crate::error::DataError;
use crate::notice::DataNotice;

impl Splits {
    /// Images that have a copy in another part, or with other labels, if there are
    /// any.
    ///
    /// # Errors
    /// An image that can't be read.
    pub fn copy_notices(&self, data: &Dataset) -> Result<Vec<DataNotice>, DataError> {
        let copies = data.copies()?;
        let samples = data.samples();
        let name = |index: usize| samples[index].filename.clone();
        let across = differing(&copies, |one, other| self.part(one) == self.part(other));
        let labels = |index: usize| &samples[index].labels;
        let contradicting = differing(&copies, |one, other| labels(one) == labels(other));
        let across = across.map(|(count, pair)| DataNotice::CopiesAcrossParts {
            path: data.labels_path().to_owned(),
            count,
            example: pair.map(|index| (name(index), self.part(index))),
        });
        let contradicting = contradicting.map(|(count, pair)| DataNotice::CopiesWithOtherLabels {
            path: data.labels_path().to_owned(),
            count,
            example: pair.map(|index| (name(index), samples[index].row)),
        });
        Ok(across.into_iter().chain(contradicting).collect())
    }
}

/// How many samples have a copy that is not `alike`, and the first two such.
fn differing(
    copies: &[Vec<usize>],
    alike: impl Fn(usize, usize) -> bool,
) -> Option<(usize, [usize; 2])> {
    let mut count = 0;
    let mut example = None;
    for group in copies {
        let other_of = |&one: &usize| group.iter().find(|&&other| !alike(one, other));
        let Some(&other) = group.first().and_then(other_of) else {
            continue;
        };
        // Where one differs from the first, each differs from one of the two.
        count += group.len();
        example.get_or_insert([group[0], other]);
    }
    example.map(|pair| (count, pair))
}
