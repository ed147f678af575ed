//! The integration tests, as one program: linking one for each file takes minutes.
#![allow(clippy::panic, clippy::unwrap_used)]

mod count;
mod errors;
mod importance;
mod read;
mod samplers;
mod support;
mod tpe;
