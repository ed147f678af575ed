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

impl Settings {
    pub(crate) fn size(&self) -> usize {
        match self.size {
            0 => self.backbone.input_size() as usize,
            size => size as usize,
        }
    }

    pub(crate) fn check(&self) -> Result<(), BenchError> {
        let fail = |reason: String| Err(BenchError::Settings(reason));
        if self.batch == 0 || self.runs == 0 || self.steps == 0 {
            return fail("batch, runs and steps must be at least 1".to_owned());
        }
        let (smallest, multiple) = (
            self.backbone.smallest_input(false),
            self.backbone.input_multiple(),
        );
        let size = self.size() as u32;
        if size < smallest || !size.is_multiple_of(multiple) {
            return fail(format!(
                "{} takes images of {smallest} pixels or more, a multiple of {multiple}, not {size}",
                self.backbone
            ));
        }
        Ok(())
    }
}
