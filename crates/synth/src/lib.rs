//! Rendered car images with exact perspective scores.
//!
//! A scene (car, place, light, camera) is drawn from `(seed, index)`, rendered
//! by a small rasteriser, and scored from the part-id buffer of that same
//! render. No assets, no GPU:
//!
//! 1. [`Scene`]: what is where, drawn at random;
//! 2. `car`: proportions → mesh, and what each point of the shell shows;
//! 3. `raster`: which triangle each sample sees;
//! 4. `shade`, `light`, `backdrop`: colours;
//! 5. [`label`]: scores from visibility, viewing angle and size;
//! 6. [`write_dataset`]: JPEG files, `labels.csv` and `synth.json`.
//!
//! ```
//! use psp_synth::{Part, SynthOptions, render};
//!
//! let options = SynthOptions { count: 1, seed: 7, width: 64, height: 48 };
//! options.validate()?;
//! let rendered = render(&options, 0);
//! assert_eq!(rendered.part_ids.len(), 64 * 48);
//! assert!(rendered.part_ids.iter().any(|&id| id == Part::Wheel.id()));
//! # Ok::<(), psp_synth::SynthError>(())
//! ```

mod backdrop;
mod camera;
mod car;
mod dataset;
mod error;
pub mod label;
mod light;
mod math;
mod mesh;
mod noise;
mod options;
mod part;
mod raster;
mod render;
mod scene;
mod shade;
mod summary;

pub use camera::Camera;
pub use car::{CarShape, Livery, Style};
pub use dataset::{RENDERER_VERSION, Written, write_dataset};
pub use error::SynthError;
pub use label::PartMeasure;
pub use math::{Vec3, vec3};
pub use options::SynthOptions;
pub use part::Part;
pub use render::{Rendered, render};
pub use scene::Scene;
pub use summary::{Summary, TargetSummary};
