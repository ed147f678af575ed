//! Operations, beside their plain definitions.

mod adamw;
mod batch_norm;
mod common;
mod conv;
mod layers;
mod linear;
mod tape;
