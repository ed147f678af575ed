//! Errors of the JPEG decoder.

/// Why a JPEG is refused.
#[derive(Debug, thiserror::Error)]
pub(crate) enum JpegError {
    #[error("the file is cut off: {0}")]
    CutOff(&'static str),
    #[error("the file is damaged: {0}")]
    Damaged(&'static str),
    #[error("the JPEG has {0}, which psp does not read")]
    Unsupported(String),
}
