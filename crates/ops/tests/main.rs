//! The integration tests, as one program: linking one for each file takes minutes.
#![allow(clippy::unwrap_used)]

mod adamw;
mod batch_norm;
mod common;
mod conv;
mod layers;
mod linear;
mod tape;
