//! Reports on studies and runs: plain data in, a folder to read out.
//!
//! An [`Input`] holds everything that is known of a study, or of single runs: trials,
//! predictions beside labels, costs, how it was made. [`analyse`] computes what can
//! be said of it, and [`write()`] leaves a folder:
//!
//! | file | content |
//! |---|---|
//! | `index.html` | one page that loads nothing: the report to read |
//! | `report.md` | the same as Markdown |
//! | `metrics.json` | the [`Analysis`]: all numbers |
//! | `plots/*.svg`, `plots/*.png` | all pictures as files |
//!
//! The report says how uncertain each number is, what a difference between models is
//! worth, and what should not be concluded. It works with whatever there is: a study
//! that is still running, one whose trials all failed, runs without test
//! predictions. The same input gives the same bytes; the date is part of the input.
//!
//! ```
//! use psp_report::input::{Data, Input};
//! use psp_report::{PhotoError, Settings};
//!
//! let input = Input {
//!     title: "an empty study".to_owned(),
//!     data: Data {
//!         targets: vec!["hood".to_owned()],
//!         training_means: vec![0.3],
//!         ..Data::default()
//!     },
//!     ..Input::default()
//! };
//! let photos = |name: &str| Err(PhotoError::from(format!("no {name} here")));
//! let out = tempfile::tempdir()?;
//! let written = psp_report::write(&input, &photos, out.path(), &Settings::default())?;
//! assert!(written.index.ends_with("index.html"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod analysis;
mod document;
mod error;
mod figures;
mod folder;
mod format;
mod html;
pub mod input;
mod markdown;
mod names;
mod numbers;
mod photos;
mod pictures;
mod project;
mod sections;
mod settings;
mod write;

pub use analysis::{Analysis, SCHEMA_VERSION, analyse};
pub use error::ReportError;
pub use folder::check_place;
pub use input::Input;
pub use photos::{PhotoError, Photos};
pub use project::{Project, perspective_scores};
pub use settings::Settings;
pub use write::{Written, write};
