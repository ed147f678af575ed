//! The integration tests, as one program: linking one for each file takes minutes.
#![allow(clippy::unwrap_used)]

mod damaged_pytorch_files;
mod fetch;
mod inference;
mod inside;
mod ops;
mod pytorch_files;
mod support;
mod torchvision_files;
