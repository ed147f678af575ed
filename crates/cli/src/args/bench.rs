//! Arguments of `psp bench`.

use clap::{Args as ClapArgs, Subcommand};

use super::numbers::{positive, whole};
use super::predict::Engine;
use psp_models::{BackboneKind, DeviceSpec, Precision};

#[derive(Debug, Subcommand)]
pub(crate) enum BenchCommand {
    /// Optimiser steps: forward, backward, AdamW.
    Train(BenchArgs),
    /// Forward passes of a model for prediction.
    Infer(InferArgs),
}

#[derive(Debug, ClapArgs)]
pub(crate) struct InferArgs {
    #[command(flatten)]
    pub(crate) bench: BenchArgs,
    /// Which engine runs the forward passes.
    #[arg(long, value_enum, default_value_t = Engine::Auto)]
    pub(crate) engine: Engine,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct BenchArgs {
    /// The backbone.
    #[arg(long, default_value = "resnet18")]
    pub(crate) backbone: BackboneKind,
    /// auto, flex, libtorch, libtorch:cuda:N or cuda:N.
    #[arg(long, default_value = "auto")]
    pub(crate) device: DeviceSpec,
    /// fp32, or bf16 on LibTorch.
    #[arg(long, default_value = "fp32")]
    pub(crate) precision: Precision,
    /// Images per step.
    #[arg(long, default_value_t = 16, value_parser = positive::<usize>)]
    pub(crate) batch: usize,
    /// Side of the square images in pixels; default: the backbone's own.
    #[arg(long, default_value_t = 0, hide_default_value = true, value_parser = whole::<u32>)]
    pub(crate) size: u32,
    /// Steps before measuring.
    #[arg(long, default_value_t = 3, value_parser = whole::<usize>)]
    pub(crate) warmup: usize,
    /// Runs, of which the median is printed.
    #[arg(long, default_value_t = 5, value_parser = positive::<usize>)]
    pub(crate) runs: usize,
    /// Steps per run.
    #[arg(long, default_value_t = 2, value_parser = positive::<usize>)]
    pub(crate) steps: usize,
    /// Print JSON.
    #[arg(long)]
    pub(crate) json: bool,
}
