//! Forward passes on the CPU, where nothing is to be learned.
//!
//! A model's [`Graph`](psp_models::graph::Graph) becomes a list of steps for images of one size:
//! activations and sums are computed by the convolution before them while its output is in
//! registers, branches write into the maps that they are concatenated to, weights are laid out
//! for the processor's registers once, and values that are needed no more leave their buffers
//! to later ones. Channels lie side by side, so that a pixel and a kernel's column fill whole
//! registers of whatever width.
//!
//! A score is computed in one order whatever the number of threads and of images, so that it is
//! the same to the last bit.

mod buffer;
mod engine;
mod error;
mod fuse;
mod kernels;
mod place;
mod shape;
mod step;
mod view;

pub use engine::{Engine, is_fast};
pub use error::EngineError;
