//! Training runs.

pub mod optim;
