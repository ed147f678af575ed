//! The whole folder.

use std::path::{Path, PathBuf};

use image::RgbImage;
use psp_schema::{create_folder, write_together};

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
/// is made if need be, and returns their paths, that of `metrics.json` first.
/// `images` gives the photo with a filename, `beside` a further file that is
/// to be replaced together with these.
///
/// All of it is written or, on a full disk, nothing; but if a photo cannot be read,
/// everything else than the samples page is there all the same. Whoever finds
/// `metrics.json` finds the rest of the same evaluation, also after a crash.
///
/// # Errors
/// [`EvalError::File`] with the file, or what the plots fail
/// with.
pub fn write_all<F, E>(
    folder: &Path,
    evaluation: &Evaluation,
    predictions: &Predictions,
    images: F,
    options: WriteOptions,
    beside: Option<(&str, Vec<u8>)>,
) -> Result<Vec<PathBuf>, EvalError>
where
    F: Fn(&str) -> Result<RgbImage, E>,
    E: Into<ImageSource>,
{
    evaluation.check_targets(predictions)?;
    create_folder(folder)?;
    let mut files: Vec<(PathBuf, Vec<u8>)> = Vec::new();
    let mut add = |name: &str, content: Vec<u8>| files.push((folder.join(name), content));
    // First, since results are known by it.
    add("metrics.json", evaluation.to_json()?.into_bytes());
    add("predictions.csv", predictions.to_csv()?);
    let scatter = plot::prediction_vs_label(predictions, evaluation)?;
    let histograms = plot::distributions(predictions, evaluation)?;
    for (names, figure) in PICTURES.chunks(2).zip([scatter, histograms]) {
        add(names[0], figure.to_svg()?.into_bytes());
        add(names[1], figure.to_png()?);
    }
    let WriteOptions { seed, sample_count } = options;
    let samples = (sample_count > 0).then(|| {
        let page = plot::samples(predictions, evaluation, images, seed, sample_count)?;
        Ok(page.to_png()?)
    });
    let unread: Option<EvalError> = match samples.transpose() {
        Ok(page) => {
            page.into_iter().for_each(|page| add(SAMPLES, page));
            None
        }
        Err(error) => Some(error),
    };
    let written: Vec<PathBuf> = files.iter().map(|(path, _)| path.clone()).collect();
    let page = folder.join(SAMPLES);
    let gone = (!written.contains(&page)).then_some(page);
    if let Some((name, content)) = beside {
        // Whose results these are stands there before they do.
        files.insert(1, (folder.join(name), content));
    }
    write_together(&files, gone.as_slice())?;
    if let Some(error) = unread {
        return Err(error);
    }
    Ok(written)
}
