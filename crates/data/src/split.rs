//! Which sample serves training, validation or test.

mod copies;
mod file;
mod fractions;
mod stratify;

use crate::error::{DataError, Remedy, SplitError};
use crate::hash::FieldHasher;
use crate::labels::LabelTable;
use crate::part::{self, Part};

pub use fractions::SplitFractions;

/// The part of every sample of one data set.
///
/// All functions take a [`LabelTable`]; a `&Dataset` serves as one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Splits {
    parts: Vec<Part>,
    fingerprint: String,
}

impl Splits {
    /// Splits at random, yet with the same mix of labels in each part.
    ///
    /// For every target, samples are binned: bin 0 holds the labels that equal
    /// the range's minimum ("not visible"), the rest fall into `bins` quantile
    /// bins. The samples that share all their bins form a stratum; strata too
    /// small to share out are pooled with others that have the same targets at
    /// the minimum. Each stratum is shuffled by ChaCha8 from `seed`; then the
    /// parts are dealt along the strata as evenly as whole samples allow, so
    /// that each stratum's shares and the totals follow the fractions. The same
    /// labels, fractions, seed and bins give the same split on any machine.
    ///
    /// A part with a fraction above 0 gets at least one sample.
    ///
    /// `copies` are groups of samples with the same image
    /// ([`Dataset::copies`](crate::Dataset::copies)). The first of each is dealt, and
    /// the others go to its part; so parts may then be larger or smaller than asked.
    ///
    /// # Errors
    /// Fractions that [`SplitFractions::validate`] refuses, `bins` of 0, or
    /// fewer samples than parts.
    pub fn stratified(
        data: &LabelTable,
        copies: &[Vec<usize>],
        fractions: SplitFractions,
        seed: u64,
        bins: usize,
    ) -> Result<Self, DataError> {
        let parts = stratify::stratify(data, copies, fractions, seed, bins)?;
        Ok(Self::new(parts, data))
    }

    /// Takes the labels file's own column `split` as it is.
    ///
    /// # Errors
    /// No such column, or a text in it that is no part's name, with the line.
    pub fn from_column(data: &LabelTable) -> Result<Self, DataError> {
        let remedy = Some(Remedy::DrawnSplit);
        let column = data
            .split_column()
            .ok_or_else(|| SplitError::NoSplitColumn {
                path: data.labels_path().to_owned(),
            })?;
        let parts = column
            .iter()
            .zip(data.samples())
            .map(|(text, sample)| part::parse(text, data.labels_path(), sample.row, remedy))
            .collect::<Result<Vec<Part>, _>>()?;
        Ok(Self::new(parts, data))
    }

    /// Splits for cross-validation: training and validation samples together are
    /// dealt into `folds` folds with the same mix of labels, as
    /// [`stratified`](Self::stratified) does, and split number *i* validates on
    /// fold *i* and trains on the others. Test samples stay test samples, and copies
    /// of one image go to one fold.
    ///
    /// # Errors
    /// Fewer than 2 folds, more folds than samples, or `bins` of 0.
    pub fn folds(
        &self,
        data: &LabelTable,
        copies: &[Vec<usize>],
        folds: usize,
        seed: u64,
        bins: usize,
    ) -> Result<Vec<Self>, DataError> {
        let fold_of = stratify::folds(data, copies, &self.parts, folds, seed, bins)?;
        let split = |fold: usize| {
            let parts = fold_of.iter().map(|own| match own {
                None => Part::Test,
                Some(own) if *own == fold => Part::Valid,
                Some(_) => Part::Train,
            });
            Self::new(parts.collect(), data)
        };
        Ok((0..folds).map(split).collect())
    }

    /// `count` samples of one part in the data set's order, drawn with the part's mix
    /// of labels, as [`stratified`](Self::stratified) mixes them; all of the part where
    /// it has no more.
    ///
    /// The same labels, split, count, seed and bins give the same samples on any
    /// machine.
    pub fn sample(
        &self,
        data: &LabelTable,
        part: Part,
        count: usize,
        seed: u64,
        bins: usize,
    ) -> Vec<usize> {
        let all = self.indices(part);
        if count >= all.len() {
            all
        } else {
            stratify::sample(data, &all, count, seed, bins)
        }
    }

    /// The same split with the validation samples moved into the training part.
    #[must_use]
    pub fn without_validation(&self, data: &LabelTable) -> Self {
        let parts = self.parts.iter().map(|part| match part {
            Part::Test => Part::Test,
            Part::Train | Part::Valid => Part::Train,
        });
        Self::new(parts.collect(), data)
    }

    fn new(parts: Vec<Part>, data: &LabelTable) -> Self {
        let mut hasher = FieldHasher::new("psp split 1");
        for (sample, part) in data.samples().iter().zip(&parts) {
            hasher.field(sample.filename.as_bytes());
            hasher.field(part.name().as_bytes());
        }
        Self {
            parts,
            fingerprint: hasher.hex(),
        }
    }

    /// The part of sample `index`.
    ///
    /// # Panics
    /// When `index` is not a sample of the data set, as slices do.
    pub fn part(&self, index: usize) -> Part {
        self.parts[index]
    }

    /// The samples of one part, in the data set's order.
    pub fn indices(&self, part: Part) -> Vec<usize> {
        (0..self.parts.len())
            .filter(|&index| self.parts[index] == part)
            .collect()
    }

    /// The number of samples in training, validation and test.
    pub fn counts(&self) -> [usize; 3] {
        Part::ALL.map(|part| self.parts.iter().filter(|&&p| p == part).count())
    }

    /// SHA-256, as 64 hex digits, over each sample's file name and part, in
    /// the order of the labels file.
    pub fn fingerprint(&self) -> String {
        self.fingerprint.clone()
    }
}
