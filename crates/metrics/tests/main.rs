//! The integration tests, as one program: linking one for each file takes minutes.
#![allow(clippy::unwrap_used)]

mod accumulator;
mod bootstrap;
mod bootstrap_coverage;
mod compare;
mod conformal;
mod detailed;
mod detailed_reference;
mod labels;
mod scikit_learn;
mod settings;
#[path = "../../data/tests/support/shared.rs"]
mod shared;
mod support;
