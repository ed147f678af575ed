//! Whether models differ: a permutation test over the rows of two, Holm's correction
//! where several pairs are asked about, and the noise between seeds.

mod holm;
mod permutation;
mod seeds;

pub use holm::holm;
pub use permutation::sign_flip_test;
pub use seeds::{SeedSummary, t_quantile};
