//! torchvision's weight files for the backbones: what they are, where they come
//! from, and a download that can be trusted and continued.

mod error;
mod fetch;
mod registry;
mod store;

pub use error::FetchError;
pub use fetch::{Fetched, Source, fetch};
pub use registry::{Interpolation, Pretrained};
pub use store::{default_dir, find, hash_of};
