//! The engine against Burn, model by model and layer by layer.
#![allow(clippy::unwrap_used)]

mod layers;
mod models;
