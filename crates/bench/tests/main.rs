//! The integration tests, as one program: linking one for each file takes minutes.
#![allow(clippy::unwrap_used)]

mod export;
mod imagenet;
#[path = "../../data/tests/support/shared.rs"]
mod shared;
mod torchvision;
