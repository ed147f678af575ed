//! Training runs: configuration, optimisers, checkpoints, run folders and the
//! loop itself.
//!
//! [`trainer::start`] begins a run and [`trainer::resume`] continues it; both
//! report through [`Event`] and write everything into one [`RunDir`].

pub mod bundle;
pub mod checkpoint;
pub mod config;
mod early_stopping;
mod error;
mod events;
pub mod features;
pub mod initial_weights;
pub mod inputs;
mod log;
mod machine;
pub mod optim;
pub mod run_dir;
pub mod seen;
mod session;
mod source;
mod step;
mod tensorboard;
pub mod trainer;

pub use checkpoint::{Checkpoint, CheckpointError};
pub use config::{Change, ConfigError, RunConfig};
pub use early_stopping::EarlyStopping;
pub use error::TrainError;
pub use events::{Event, Preparation};
pub use inputs::Inputs;
pub use machine::{Machine, ResolvedRun};
pub use run_dir::{EXPERIMENTS, Manifest, RunDir};
pub use session::Session;
pub use step::Forward;
pub use trainer::{Control, IntermediateResult, Outcome};
