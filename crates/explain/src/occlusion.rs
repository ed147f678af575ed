//! Occlusion.
//!
//! Zeiler & Fergus, "Visualizing and Understanding Convolutional Networks",
//! ECCV 2014 (arXiv 1311.2901), section 4.2.

use std::ops::Range;
use std::sync::atomic::AtomicBool;

use burn::tensor::Tensor;
use psp_models::Regressor;

use crate::subject::Subject;
use crate::watch::Watch;
use crate::{ExplainError, HeatMap, Method};

/// Which patches are covered, and how many at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Occlusion {
    /// Patches along each side of the image, which they divide as evenly as
    /// whole pixels can, without gap or overlap. Its square is the number of
    /// covered images.
    pub patches_per_side: usize,
    /// Covered images in a forward pass.
    pub batch_size: usize,
}

impl Default for Occlusion {
    /// 7 patches along each side (32 pixels at 224), 8 images in a pass.
    fn default() -> Self {
        Self {
            patches_per_side: 7,
            batch_size: 8,
        }
    }
}

impl Occlusion {
    /// Images that go through the model: the patches, and the image itself.
    pub(crate) fn passes(&self) -> usize {
        self.patches_per_side.saturating_pow(2).saturating_add(1)
    }

    pub(crate) fn check(&self, subject: &Subject) -> Result<(), ExplainError> {
        let shorter = subject.height.min(subject.width);
        let setting = |name, value, expected| ExplainError::Setting {
            name,
            value,
            expected,
        };
        if !(1..=shorter).contains(&self.patches_per_side) {
            let expected = format!("1 to {shorter}, the pixels of the image's shorter side");
            let value = self.patches_per_side;
            return Err(setting("patches_per_side", value, expected));
        }
        if self.batch_size == 0 {
            return Err(setting("batch_size", 0, "at least 1".to_owned()));
        }
        Ok(())
    }
}

/// One map per target of `model` for `image` (`[1, 3, height, width]`,
/// normalised), one value per patch.
///
/// A covered patch is 0 after normalisation: the mean colour of what the model
/// was normalised for. The values are the score of the whole image less the
/// score with the patch covered, in units of the score, not clipped: positive
/// where what is in the patch raises the score, negative where it lowers it.
///
/// Patches are covered one at a time: of two that show the model the same,
/// neither alone is missed, and both stay near 0. The edge of a covered patch is
/// itself something to see, so small values of either sign mean little.
/// `observe(done, total)` is told of each batch, in images.
///
/// # Errors
/// An image that the model can't take, settings that can't work, scores that are
/// not finite, a device that fails, or [`ExplainError::Cancelled`] once
/// `cancelled` is true.
pub fn occlusion(
    model: &Regressor,
    image: Tensor<4>,
    settings: &Occlusion,
    cancelled: &AtomicBool,
    observe: &mut dyn FnMut(usize, usize),
) -> Result<Vec<HeatMap>, ExplainError> {
    let subject = Subject::new(model, image)?;
    let mut watch = Watch::new(settings.passes(), cancelled, observe);
    maps(&subject, settings, &mut watch)
}

pub(crate) fn maps(
    subject: &Subject,
    settings: &Occlusion,
    watch: &mut Watch<'_>,
) -> Result<Vec<HeatMap>, ExplainError> {
    settings.check(subject)?;
    let side = settings.patches_per_side;
    // The image itself goes first, so that its score is computed as theirs are.
    let covered: Vec<Option<usize>> = [None]
        .into_iter()
        .chain((0..side * side).map(Some))
        .collect();
    let (mut values, mut targets) = (Vec::new(), 0);
    for batch in covered.chunks(settings.batch_size) {
        watch.check()?;
        let mut images = Vec::with_capacity(batch.len() * subject.pixels.len());
        for &patch in batch {
            let start = images.len();
            images.extend_from_slice(&subject.pixels);
            if let Some(patch) = patch {
                cover(subject, side, patch, &mut images[start..]);
            }
        }
        let scores = subject.scores(subject.images(images))?;
        targets = scores.targets;
        values.extend(scores.values);
        watch.advance(batch.len());
    }
    let (whole, covered) = values.split_at(targets);
    let of_target = |target: usize| {
        let drops = covered.iter().skip(target).step_by(targets);
        let values = drops.map(|score| whole[target] - score).collect();
        Ok(HeatMap::new(
            Method::Occlusion,
            Some(target),
            [side, side],
            values,
        )?)
    };
    (0..targets).map(of_target).collect()
}

/// Sets patch `patch` of `side` by `side`, counted along rows, to 0 in `pixels`.
fn cover(subject: &Subject, side: usize, patch: usize, pixels: &mut [f32]) {
    let rows = part(subject.height, side, patch / side);
    let columns = part(subject.width, side, patch % side);
    for channel in pixels.chunks_exact_mut(subject.height * subject.width) {
        for row in rows.clone() {
            channel[row * subject.width..][columns.clone()].fill(0.0);
        }
    }
}

/// The pixels of part `index` of `parts` of a side.
fn part(pixels: usize, parts: usize, index: usize) -> Range<usize> {
    index * pixels / parts..(index + 1) * pixels / parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patches_divide_a_side_without_gap_or_overlap() {
        for (pixels, parts) in [(224, 7), (299, 7), (7, 7), (33, 4), (40, 1)] {
            let mut end = 0;
            for index in 0..parts {
                let part = part(pixels, parts, index);
                assert_eq!(part.start, end);
                assert!([pixels / parts, pixels / parts + 1].contains(&part.len()));
                end = part.end;
            }
            assert_eq!(end, pixels);
        }
    }
}
