//! The integration tests, as one program: linking one for each file takes minutes.
#![allow(clippy::panic, clippy::unwrap_used)]

mod large;
mod refit;
#[cfg(unix)]
mod supervise;
