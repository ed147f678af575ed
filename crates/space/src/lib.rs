//! Search spaces and the samplers that draw points from them.
//!
//! A space is read from the tables `[space]` and `[[exclude]]` of a TOML
//! document ([`Space::parse`]):
//!
//! ```toml
//! [space]
//! model.backbone = ["resnet18", "vit_b_16"]                  # each of these
//! train.learning_rate = { log = [1e-5, 1e-2], points = 7 }   # equal ratios
//! model.dropout = { range = [0.0, 0.5], points = 6 }         # equal distances
//! model.hidden = { int = [64, 512], step = 64 }              # or log = true, points = N
//! train.batch_size = { values = [8, 16, 32], when = { model.backbone = "vit_b_16" } }
//!
//! [[exclude]]                                # points that match all of these
//! model.backbone = ["vit_b_16"]              # a value, a list of values,
//! train.batch_size = { min = 32 }            # or a range, ends included
//! ```
//!
//! A list in a condition is always a list of values; a value that is itself a
//! list is written `[["head"]]`. Conditions see only dimensions that exist in a
//! point, and fixed values.
//!
//! Its grid is counted exactly, and any point is found by its number, without
//! listing them. Samplers draw from the grid ([`Grid`], [`RandomGrid`]) or from
//! the ranges behind it ([`Random`], [`tpe::suggest`]). What they draw depends
//! on the space and the seed, for `tpe` on the results so far, and on nothing
//! else.

mod check;
mod condition;
mod count;
mod dimension;
mod domain;
mod error;
mod importance;
mod order;
mod point;
mod read;
mod rng;
mod samplers;
mod seen;
mod source;
mod space;
mod steps;
pub mod tpe;
mod value;

pub use condition::{Condition, Term, Test};
pub use dimension::Dimension;
pub use domain::Domain;
pub use error::SpaceError;
pub use importance::importance;
pub use point::{Point, point_text};
pub use samplers::{Grid, Random, RandomGrid, Sampler};
pub use seen::Seen;
pub use space::Space;
pub use value::value_text;
