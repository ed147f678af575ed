//! The whole folder.

use std::path::{Path, PathBuf};

use image::RgbImage;
use psp_files::{remove, write_atomic};

use crate::{EvalError, Evaluation, ImageSource, Predictions, plot};

/// The page of photos.
const SAMPLES: &str = "samples.png";

/// The files of [`write_all`] that show its results.
pub const PICTURES: [&str; 5] = [
    "prediction_vs_label.svg",
    "prediction_vs_label.png",
    "distributions.svg",
    "distributions.png",
    SAMPLES,
];

/// What [`write_all`] leaves to the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WriteOptions {
    /// Chooses the photos of the samples page.
    pub seed: u64,
    /// How many photos to show, at most [`plot::MOST_SAMPLES`]; 0 leaves the
    /// samples page out.
    pub sample_count: usize,
}

impl Default for WriteOptions {
    /// Sixteen photos, chosen with seed 0.
    fn default() -> Self {
        Self {
            seed: 0,
            sample_count: 16,
        }
    }
}

/// Writes `metrics.json`, `predictions.csv` and the plots into `folder`, which
/// is made if need be, and returns their paths in the order in which they were
/// written. `images` gives the photo with a filename.
///
/// The samples page comes last: if a photo cannot be read, everything else is
/// there all the same. An older page never stays beside newer metrics.
///
/// # Errors
/// [`EvalError::Io`] and [`EvalError::Write`] with the file, or what the plots fail
/// with.
pub fn write_all<F, E>(
    folder: &Path,
    evaluation: &Evaluation,
    predictions: &Predictions,
    images: F,
    options: WriteOptions,
) -> Result<Vec<PathBuf>, EvalError>
where
    F: Fn(&str) -> Result<RgbImage, E>,
    E: Into<ImageSource>,
{
    evaluation.check_targets(predictions)?;
    std::fs::create_dir_all(folder).map_err(EvalError::io("create the folder", folder))?;
    let samples = folder.join(SAMPLES);
    remove(&samples).map_err(EvalError::io("remove", &samples))?;
    let mut written = Vec::new();
    let mut save = |name: &str, bytes: &[u8]| {
        let path = folder.join(name);
        write_atomic(&path, |out| out.write_all(bytes))?;
        written.push(path);
        Ok::<(), EvalError>(())
    };
    save("metrics.json", evaluation.to_json()?.as_bytes())?;
    save("predictions.csv", &predictions.to_csv()?)?;
    let scatter = plot::prediction_vs_label(predictions, evaluation)?;
    let histograms = plot::distributions(predictions, evaluation)?;
    for (names, figure) in PICTURES.chunks(2).zip([scatter, histograms]) {
        save(names[0], figure.to_svg()?.as_bytes())?;
        save(names[1], &figure.to_png()?)?;
    }
    if options.sample_count > 0 {
        let WriteOptions { seed, sample_count } = options;
        let page = plot::samples(predictions, evaluation, images, seed, sample_count)?;
        save(SAMPLES, &page.to_png()?)?;
    }
    Ok(written)
}
