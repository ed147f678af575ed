//! The integration tests, as one program: linking one for each file takes minutes.
#![allow(clippy::panic, clippy::unwrap_used)]

mod dataset;
mod decode;
mod file_names;
mod jpeg;
mod labels;
mod listing;
mod loader;
mod orientation;
mod pixels;
mod pixels_damage;
mod pixels_trouble;
mod preprocess;
mod split;
mod support;
