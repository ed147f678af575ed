//! AdamW.

use burn::backend::LibTorch;

use crate::adamw::AdamWKernel;

impl AdamWKernel for LibTorch {}
