//! What a model looks at in an image, as heat maps.
//!
//! Three methods, of which [`explain`] runs those that fit the backbone
//! ([`fitting`]):
//! - [`grad_cam`] (Selvaraju et al., ICCV 2017): the places of the last feature
//!   map that raise a score, by the score's gradient. Convolutional backbones.
//! - [`attention_rollout`] (Abnar & Zuidema, ACL 2020): the patches that the
//!   class token takes from through all blocks; it knows no score. ViT.
//! - [`occlusion`] (Zeiler & Fergus, ECCV 2014): how far a score falls when a
//!   patch of the image is covered. Every backbone; slow, but it asks the model
//!   itself where the other two read its insides, so it is their check.
//!
//! A map says what the model's score hangs on, not whether it should: a model
//! that has learnt the background shows the background.

mod error;
mod explain;
mod grad_cam;
mod method;
mod occlusion;
mod rollout;
mod subject;
mod watch;

pub use error::ExplainError;
pub use explain::explain;
pub use grad_cam::grad_cam;
pub use method::fitting;
pub use occlusion::{Occlusion, occlusion};
pub use psp_eval::{HeatMap, Method};
pub use rollout::attention_rollout;
