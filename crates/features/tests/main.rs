//! The integration tests, as one program: linking one for each file takes minutes.
#![allow(clippy::unwrap_used)]

mod extract;
mod store;
