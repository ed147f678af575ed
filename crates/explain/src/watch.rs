//! Telling how far the work is, and being told to stop.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::ExplainError;

/// Counts images that have been through the model.
pub(crate) struct Watch<'a> {
    cancelled: &'a AtomicBool,
    observe: &'a mut dyn FnMut(usize, usize),
    done: usize,
    total: usize,
}

impl<'a> Watch<'a> {
    pub(crate) fn new(
        total: usize,
        cancelled: &'a AtomicBool,
        observe: &'a mut dyn FnMut(usize, usize),
    ) -> Self {
        Self {
            cancelled,
            observe,
            done: 0,
            total,
        }
    }

    /// Refuses to go on once cancelled.
    pub(crate) fn check(&self) -> Result<(), ExplainError> {
        if self.cancelled.load(Ordering::Relaxed) {
            Err(ExplainError::Cancelled)
        } else {
            Ok(())
        }
    }

    /// `images` more are done.
    pub(crate) fn advance(&mut self, images: usize) {
        self.done += images;
        (self.observe)(self.done, self.total);
    }
}
