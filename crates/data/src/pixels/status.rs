//! Whether a store still adds, and what there is to tell about it.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use super::locks::lock;
use super::warning::PixelWarning;

/// It begins with a folder that can be used and has room; both can be lost, and
/// neither comes back.
#[derive(Debug, Default)]
pub(super) struct Status {
    is_full: AtomicBool,
    has_failed: AtomicBool,
    warnings: Mutex<Vec<PixelWarning>>,
}

impl Status {
    /// Whether the folder can be used and has room.
    pub(super) fn is_adding(&self) -> bool {
        !self.is_full.load(Ordering::Relaxed) && !self.has_failed()
    }

    /// Whether the folder can't be used.
    pub(super) fn has_failed(&self) -> bool {
        self.has_failed.load(Ordering::Relaxed)
    }

    /// Adds nothing from now on, for lack of room.
    pub(super) fn fill(&self, warning: PixelWarning) {
        if !self.is_full.swap(true, Ordering::Relaxed) {
            self.warn(warning);
        }
    }

    /// Leaves the folder alone from now on.
    pub(super) fn fail(&self, warning: PixelWarning) {
        if !self.has_failed.swap(true, Ordering::Relaxed) {
            self.warn(warning);
        }
    }

    pub(super) fn warn(&self, warning: PixelWarning) {
        lock(&self.warnings).push(warning);
    }

    /// The warnings since this was last called.
    pub(super) fn take_warnings(&self) -> Vec<PixelWarning> {
        std::mem::take(&mut lock(&self.warnings))
    }
}
