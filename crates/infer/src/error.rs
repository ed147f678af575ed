//! Why a model can't be computed.

use rayon::ThreadPoolBuildError;

/// Why a model can't be computed.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The images are too small for the model, or of another size than it is for.
    #[error("the model takes no images of {} × {} pixels", size[0], size[1])]
    Size {
        /// Height and width.
        size: [usize; 2],
    },
    /// A step that no kernel computes.
    #[error("the CPU engine can't compute {0}")]
    Unsupported(String),
    /// No threads.
    #[error("can't start threads")]
    Threads(#[source] ThreadPoolBuildError),
}
