//! What to measure.

use psp_models::{BackboneKind, DeviceSpec, Precision};
use serde::Serialize;

use crate::BenchError;

/// What is measured, and how often.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Settings {
    /// The backbone, with the perspective-score project's head for two scores.
    pub backbone: BackboneKind,
    /// Where.
    pub device: DeviceSpec,
    /// What it computes in.
    pub precision: Precision,
    /// Images per step.
    pub batch: usize,
    /// Side of the square images in pixels; 0: the backbone's own.
    pub size: u32,
    /// Steps that are not counted: memory is found and kernels are chosen in
    /// the first.
    pub warmup: usize,
    /// Runs, of which the median is given.
    pub runs: usize,
    /// Steps per run.
    pub steps: usize,
}

/// More images per step are asked for by mistake.
const LARGEST_BATCH: usize = 65_536;

impl Settings {
    pub(crate) fn size(&self) -> usize {
        match self.size {
            0 => self.backbone.input_size() as usize,
            size => size as usize,
        }
    }

    /// Bytes that a step takes at least: the images, and what the first layer makes of them,
    /// which is no smaller.
    ///
    /// # Errors
    /// [`BenchError::Settings`] for numbers out of range, or a size that the backbone doesn't
    /// take.
    pub fn least_memory(&self) -> Result<u64, BenchError> {
        self.check()?;
        let numbers = self.batch * 3 * self.size().pow(2);
        Ok((2 * numbers * size_of::<f32>()) as u64)
    }

    pub(crate) fn check(&self) -> Result<(), BenchError> {
        let fail = |reason: String| Err(BenchError::Settings(reason));
        if !(1..=LARGEST_BATCH).contains(&self.batch) || self.runs == 0 || self.steps == 0 {
            return fail(format!(
                "a batch has 1 to {LARGEST_BATCH} images; runs and steps are 1 or more"
            ));
        }
        let (backbone, size) = (self.backbone, self.size() as u32);
        if !backbone.takes(size, false) {
            let sizes = backbone.sizes(false);
            return fail(format!("{backbone} takes images of {sizes}, not {size}"));
        }
        Ok(())
    }
}
