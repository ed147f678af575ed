//! The data set.

mod pile;

use psp_plot::PartLabels;

use crate::numbers::ends;

/// The images and labels.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Data {
    /// The folder, as given.
    pub folder: String,
    /// SHA-256 over targets, file names, labels and images.
    pub fingerprint: String,
    /// SHA-256 over which image is in which part.
    pub split_fingerprint: String,
    /// The columns that are predicted, at least one.
    pub targets: Vec<String>,
    /// The range of valid labels, to which predictions are clipped; `None`: they are
    /// not.
    pub label_range: Option<[f64; 2]>,
    /// Mean label of each target over the images that the model shown in detail was
    /// trained on; of none, those of the training part.
    pub training_means: Vec<f64>,
    /// How many images these are.
    pub trained_on: usize,
    /// Labels of the parts `train`, `valid` and `test`, a row per image.
    pub parts: Vec<PartLabels>,
    /// What a reader has to know about where images and labels come from, a
    /// sentence each: `The images are rendered, not photographed.` They stand
    /// among what should not be overlooked.
    pub notes: Vec<String>,
}

impl Data {
    /// What labels lie in: their range, or else from the lowest to the highest.
    pub fn span(&self) -> [f64; 2] {
        if let Some(range) = self.label_range {
            return range;
        }
        let labels = self.parts.iter().flat_map(|part| &part.labels).flatten();
        let [low, high] = ends(labels.copied());
        if low < high {
            [low, high]
        } else if low.is_finite() {
            // All labels are the same.
            [low - 0.5, low + 0.5]
        } else {
            [0.0, 1.0]
        }
    }
}
