//! Export of a trained model as a bundle, and the one door through which a
//! trained model is opened, whether bundle or run folder.

mod error;
mod int8;
mod look;
pub mod onnx;
mod onnx_model;
mod parts;
mod predictor;
mod residuals;
mod verification;
mod write;

pub use error::ExportError;
pub use int8::Int8Settings;
pub use look::seen;
pub use parts::{predict_part, stored_predictions};
pub use predictor::{Prediction, Predictor, Scores};
pub use psp_train::bundle::Bundle;
pub use residuals::validation_residuals;
pub use write::{Contents, check_place, export};
