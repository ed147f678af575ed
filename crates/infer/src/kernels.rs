//! What the steps of a model compute.

pub(crate) mod activation;
pub(crate) mod conv;
pub(crate) mod depthwise;
pub(crate) mod elementwise;
pub(crate) mod expanded;
pub(crate) mod pool;
pub(crate) mod product;
mod register;
pub(crate) mod tokens;
pub(crate) mod winograd;
