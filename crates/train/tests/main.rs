//! The integration tests, as one program: linking one for each file takes minutes.
#![allow(clippy::panic, clippy::unwrap_used)]

mod features;
mod frozen;
mod labels;
mod optimizers;
mod paused;
mod replicas;
mod session;
mod support;
mod train_images;
mod unvalidated;
