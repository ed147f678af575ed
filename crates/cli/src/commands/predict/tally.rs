//! What is kept of all predictions together.

use std::path::PathBuf;

use psp_eval::ScoreSpans;
use psp_export::Scores;

use super::photos::Photo;
use crate::origin::whole;

/// What is known of the images so far, however many they are.
pub(super) struct Tally {
    /// How many there are.
    pub(super) images: usize,
    /// Whether any is another file than the first.
    pub(super) are_several: bool,
    /// How many have names that are not valid UTF-8.
    pub(super) lost_names: usize,
    /// The ranges of their scores.
    pub(super) spans: ScoreSpans,
    first: Option<PathBuf>,
}

impl Tally {
    pub(super) fn new(targets: usize) -> Self {
        Self {
            images: 0,
            are_several: false,
            lost_names: 0,
            spans: ScoreSpans::new(targets),
            first: None,
        }
    }

    /// Adds an image, with its scores if it has any.
    pub(super) fn add(&mut self, photo: &Photo, scores: Option<&Scores>) {
        self.images += 1;
        self.lost_names += usize::from(photo.path.to_str().is_none());
        if !self.are_several {
            let path = whole(&photo.path);
            self.are_several = *self.first.get_or_insert_with(|| path.clone()) != path;
        }
        if let Some(scores) = scores {
            // Clipped ones may be the same of images that the model tells apart.
            self.spans.add(&scores.raw);
        }
    }
}
