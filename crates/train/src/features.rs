//! Features of frozen backbones.
//!
//! A backbone that is not trained makes the same features of an image every
//! time. They are computed once, stored, and shared by every run and process
//! that asks for the same: [`FeatureKey`] says what "the same" is,
//! [`FeatureStore`] keeps them by their image's content, [`Extraction`] computes
//! what is missing, and [`FeatureLoader`] serves them as batches, in the order in
//! which a [`psp_data::Loader`] serves the images.

mod error;
mod extract;
mod key;
mod loader;
mod segment;
mod store;

pub use error::FeatureError;
pub use extract::{Extracted, Extraction};
pub use key::FeatureKey;
pub use loader::{FeatureEpoch, FeatureLoader};
pub use store::{FeatureStore, SHARES, ShareLock, share_of};

/// SHA-256 of an image file.
pub type Content = [u8; 32];
