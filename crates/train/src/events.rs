//! What a run reports while it works.

use std::path::Path;

use psp_schema::EpochRecord;

use crate::checkpoint::CheckpointError;
use crate::config::{Change, RunConfig};

/// What a run is about to do.
#[derive(Clone, Copy, Debug)]
pub struct Preparation<'a> {
    /// The run folder.
    pub run: &'a Path,
    /// All settings, with the devices in use.
    pub config: &'a RunConfig,
    /// Images in train, valid and test.
    pub counts: [usize; 3],
    /// Where the split comes from: a CSV, or the data folder for a drawn one.
    pub split_source: &'a Path,
    /// Stages that are trained at first, the head among them.
    pub stages: &'a [&'static str],
    /// Optimiser steps per epoch.
    pub steps: usize,
    /// What predictions are clipped to, if to anything.
    pub range: Option<[f32; 2]>,
}

/// Something that happened in a run; the caller decides how to show it.
#[derive(Debug)]
pub enum Event<'a> {
    /// Something about the data that does not stop the run.
    Data(&'a psp_data::DataNotice),
    /// Images are being checked before training: `done` of `total`.
    Checking {
        /// Images decoded.
        done: usize,
        /// Images to decode.
        total: usize,
    },
    /// Another process computes the features that are needed.
    WaitingForFeatures,
    /// Stored features that are damaged were removed; they are computed again.
    DamagedFeatures {
        /// The file.
        path: &'a Path,
        /// What is wrong with it.
        reason: &'a str,
    },
    /// Features can't be stored and are kept in memory, for this process alone.
    UnstoredFeatures {
        /// Why, and what would help.
        reason: &'a str,
    },
    /// Something about the stored pixels that does not stop the run.
    PixelWarning(&'a psp_data::PixelWarning),
    /// Features of images are being computed: `done` of `total`.
    Features {
        /// Images done.
        done: usize,
        /// Images without stored features.
        total: usize,
    },
    /// The run begins or continues.
    Started {
        /// Epoch to work on, counted from 1.
        epoch: u64,
        /// Batches of it already done.
        batch: usize,
        /// Epochs in all.
        epochs: u64,
        /// Training batches per epoch.
        batches: usize,
        /// Devices that compute batches.
        devices: usize,
        /// Checkpoints newer than the one continued from that are damaged.
        damaged: &'a [CheckpointError],
    },
    /// Something that does not stop the run, and that its user should know of.
    Warning {
        /// What, in a sentence without its full stop.
        text: &'a str,
    },
    /// The initial weights were read; what a user should know of how, a sentence each.
    Weights(&'a [String]),
    /// Everything is checked, and the work begins.
    Prepared(Preparation<'a>),
    /// The run goes on with other settings than it was last worked on with.
    Changed(&'a [Change]),
    /// From this epoch on these stages are trained.
    Stages {
        /// Epoch, counted from 1.
        epoch: u64,
        /// Names of the backbone's stages, and the head.
        stages: &'a [&'static str],
    },
    /// A training batch is done.
    Step {
        /// Epoch, counted from 1.
        epoch: u64,
        /// Batches of the epoch done.
        batch: usize,
        /// MSE of this batch, of predictions that are not clipped.
        loss: f64,
        /// R² over the epoch's batches so far, where defined.
        r2: Option<f64>,
        /// Training images per second in this epoch.
        images_per_second: f64,
    },
    /// A validation batch is done.
    Validation {
        /// Images predicted.
        done: usize,
        /// Images to predict.
        total: usize,
    },
    /// An epoch is done and validated; its checkpoint may follow with the next.
    Epoch(&'a EpochRecord),
}
