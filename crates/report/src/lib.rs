//! Reports on studies and runs.

pub mod input;
