//! Studies: a space of configurations, trials drawn from it, and a folder in
//! which any number of processes on any number of machines work on them.
//!
//! [`Study::begin`] writes the folder, [`Worker`] works in it, [`supervise`]
//! runs workers as processes and survives their death, and [`Study::select`]
//! chooses a model when all is done.

mod begin;
mod beginning;
pub mod choose;
mod config;
mod devices;
mod difference;
mod draw;
mod error;
mod event;
mod finalists;
mod folder;
mod keys;
mod launch;
mod memory;
mod moved;
mod overview;
mod plan;
mod pruner;
mod records;
mod refit;
mod retry;
mod select;
mod snapshot;
mod study;
mod supervise;
mod task;
mod unchanged;
mod under_way;
mod weights;
mod worker;

pub use config::{RefitSection, SearchConfig, StudySection};
pub use error::SearchError;
pub use event::WorkerEvent;
pub use finalists::{FinalSeed, Finalist, Finalists};
pub use folder::{StudyDir, TrialDir};
pub use launch::{KubernetesJob, SlurmJob};
pub use memory::available_memory;
pub use overview::{Overview, TrialRow};
pub use plan::{Plan, PlannedTrial};
pub use pruner::Pruner;
pub use psp_schema::{PrunerName, SamplerName};
pub use records::{FailedAttempt, Record, RungRecord, TrialOutcome};
pub use refit::Refit;
pub use retry::Failure;
pub use select::{FinalRun, RankedFinalist, RefitRun, Selection, TestRecord};
pub use study::Study;
pub use supervise::{StudyEvent, SuperviseEnd, supervise};
pub use weights::Weights;
pub use worker::{WorkEnd, Worker, WorkerSettings};
