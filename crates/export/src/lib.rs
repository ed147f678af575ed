//! psp-export
