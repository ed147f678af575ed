//! The integration tests, as one program: linking one for each file takes minutes.
#![allow(clippy::unwrap_used)]

mod analysis;
mod browser;
mod common;
mod edge_cases;
mod escaping;
mod refit;
mod report;
mod verdict;
mod wording;
