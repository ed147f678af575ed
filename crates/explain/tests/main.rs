//! The integration tests, as one program: linking one for each file takes minutes.
#![allow(clippy::unwrap_used)]

mod explain;
mod occlusion;
mod support;
mod torchvision;
