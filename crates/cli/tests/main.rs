//! The integration tests, as one program: linking one for each file takes minutes.
#![allow(clippy::panic, clippy::unwrap_used)]

mod backbones;
mod bench;
mod bundle;
mod circles;
mod continuing;
mod damaged_data;
mod damaged_settings;
mod edited_run;
#[path = "../../models/tests/support/mod.rs"]
mod files;
mod floors;
mod machine_faults;
mod max_hours;
mod messages;
mod models;
mod one_convention;
mod output;
mod precision;
mod predict_folder;
mod predictions;
mod refit;
mod report;
mod resume;
mod run_folder;
mod search;
mod search_by_results;
mod search_continued;
mod search_lost;
mod search_trouble;
mod slurm;
mod small_data;
mod study_file;
mod support;
mod training;
mod weights;
