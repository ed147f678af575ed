//! What decides which numbers a reference file holds.

use psp_models::BackboneKind;

use crate::verify::{Reference, VerifyError};

/// Targets of the reference models.
pub(crate) const TARGETS: usize = 2;

/// What decides which numbers come out.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// The backbone.
    pub backbone: BackboneKind,
    /// Seed of all generated numbers.
    pub seed: u64,
    /// Images in the batch.
    pub batch: usize,
    /// Side of the square input in pixels.
    pub size: u32,
    /// Factor of the generated running variances.
    pub running_var_scale: f64,
    /// Width of the head's hidden layer.
    pub head_hidden: usize,
    /// Pooled features that are recorded of each image.
    pub feature_columns: usize,
    /// The optimiser steps.
    pub adamw: AdamWSettings,
}

/// Settings of AdamW; every parameter is decayed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdamWSettings {
    /// Learning rate.
    pub lr: f64,
    /// Decay rates of the moments.
    pub betas: [f64; 2],
    /// Added to the second moment's root.
    pub eps: f64,
    /// Decoupled weight decay.
    pub weight_decay: f64,
    /// Losses that are recorded, one before each step.
    pub steps: usize,
}

impl Settings {
    /// Those with which torchvision's numbers were recorded at the backbone's
    /// own input size.
    pub fn standard(backbone: BackboneKind) -> Self {
        let (lr, steps) = match backbone {
            BackboneKind::VitB16 => (1e-5, 3),
            _ => (2e-5, 4),
        };
        Self {
            backbone,
            seed: 1,
            batch: 2,
            size: backbone.input_size(),
            running_var_scale: backbone.spec().recorded_variance,
            head_hidden: 256,
            feature_columns: 16,
            adamw: AdamWSettings {
                lr,
                betas: [0.9, 0.999],
                eps: 1e-8,
                weight_decay: 0.01,
                steps,
            },
        }
    }

    /// Those of a reference.
    ///
    /// # Errors
    /// When its backbone is unknown.
    pub fn of(reference: &Reference) -> Result<Self, VerifyError> {
        let adamw = &reference.adamw;
        Ok(Self {
            backbone: reference.model.parse().map_err(VerifyError::Backbone)?,
            seed: reference.seed,
            batch: reference.batch,
            size: reference.size,
            running_var_scale: reference.running_var_scale,
            head_hidden: reference.head_hidden,
            feature_columns: reference.eval.features_head.first().map_or(0, Vec::len),
            adamw: AdamWSettings {
                lr: adamw.lr,
                betas: adamw.betas,
                eps: adamw.eps,
                weight_decay: adamw.weight_decay,
                steps: adamw.mse_per_step.len(),
            },
        })
    }

    /// Refuses what the backbone can't compute.
    pub(crate) fn check(&self) -> Result<(), VerifyError> {
        let Self { backbone, size, .. } = *self;
        if size < backbone.smallest_input(false)
            || !size.is_multiple_of(backbone.spec().input_multiple)
        {
            return Err(VerifyError::Size { backbone, size });
        }
        if self.batch == 0 {
            return Err(VerifyError::EmptyBatch);
        }
        Ok(())
    }
}
