//! What a report is computed with.

use serde::{Deserialize, Serialize};

/// The settings of a report; the defaults are meant for everyone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Resamples of each bootstrap: 10 000.
    pub resamples: u32,
    /// Draws of each permutation test: 10 000.
    pub permutations: u32,
    /// Confidence of all intervals: 0.95.
    pub confidence: f64,
    /// A difference is shown if its corrected p-value is at most this: 0.05.
    pub level: f64,
    /// The coverage that a prediction interval is to have in tables: 0.9.
    pub coverage: f64,
    /// Chooses resamples, permutations and random images: 0.
    pub seed: u64,
    /// Images in each gallery: 12.
    pub images: usize,
    /// The longer side of a photo in the page, in pixels: 480.
    pub photo_side: u32,
    /// Models that are compared pair by pair, at most: 6. Beyond, each backbone is
    /// represented by its best.
    pub compared: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            resamples: 10_000,
            permutations: 10_000,
            confidence: 0.95,
            level: 0.05,
            coverage: 0.9,
            seed: 0,
            images: 12,
            photo_side: 480,
            compared: 6,
        }
    }
}
