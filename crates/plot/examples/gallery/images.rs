//! Images with labels and predictions.

use std::path::{Path, PathBuf};

use image::{Rgb, RgbImage};
use psp_plot::{Metrics, Pairs, Photo};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::Failure;

/// A data set with predictions.
pub(crate) struct Images {
    pub(crate) pairs: Vec<Pairs>,
    pub(crate) names: Vec<String>,
    /// None for made-up photos.
    folder: Option<PathBuf>,
}

impl Images {
    /// 4000 images: half of the labels 0, many about 0.9, the rest between.
    pub(crate) fn synthetic() -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let mut score = |_| match rng.random_range(0..4) {
            0 | 1 => 0.0,
            2 => rng.random_range(0.88..0.93),
            _ => rng.random_range(0.02..0.9),
        };
        let targets = ["perspective_score_hood", "perspective_score_backdoor_left"];
        let name = |index| format!("{index:08x}-f403-4821-a370-8a3d72e200f9-front-left.jpg");
        let labels = targets.map(|target| (target.to_owned(), (0..4000).map(&mut score).collect()));
        Self {
            pairs: predicted(labels.into()),
            names: (0..4000).map(name).collect(),
            folder: None,
        }
    }

    /// Real labels and photos.
    pub(crate) fn read(labels: &Path, folder: &Path) -> Result<Self, Failure> {
        let mut reader = csv::Reader::from_path(labels)?;
        let headers = reader.headers()?.clone();
        let mut columns: Vec<(String, Vec<f64>)> = headers
            .iter()
            .skip(1)
            .map(|name| (name.to_owned(), Vec::new()))
            .collect();
        let mut names = Vec::new();
        for record in reader.records() {
            let record = record?;
            names.push(record[0].to_owned());
            for (column, cell) in columns.iter_mut().zip(record.iter().skip(1)) {
                column.1.push(cell.parse()?);
            }
        }
        Ok(Self {
            pairs: predicted(columns),
            names,
            folder: Some(folder.to_owned()),
        })
    }

    pub(crate) fn photo(&self, index: usize) -> Result<Photo, Failure> {
        let photo = match &self.folder {
            Some(folder) => image::open(folder.join(&self.names[index]))?.to_rgb8(),
            None => pattern(index),
        };
        Ok(Photo::new(&photo)?)
    }

    /// The mean squared error of each image.
    pub(crate) fn errors(&self) -> Vec<f64> {
        let error = |index: usize| {
            let squares = self
                .pairs
                .iter()
                .map(|p| (p.predictions[index] - p.labels[index]).powi(2));
            squares.sum::<f64>()
        };
        (0..self.names.len()).map(error).collect()
    }
}

/// A sum of uniform numbers, which is nearly normal.
pub(crate) fn normal(rng: &mut ChaCha8Rng) -> f64 {
    (0..12).map(|_| rng.random_range(-0.5..0.5)).sum()
}

/// Predictions as a network makes them: good on the zeros, unsure between, and
/// now and then quite wrong.
fn predicted(columns: Vec<(String, Vec<f64>)>) -> Vec<Pairs> {
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    let mut predict = |label: f64| {
        let wild = if rng.random_range(0..60) == 0 {
            5.0
        } else {
            1.0
        };
        let width = if label == 0.0 { 0.03 } else { 0.08 };
        0.01 + 0.96 * label + wild * width * normal(&mut rng)
    };
    columns
        .into_iter()
        .map(|(target, labels)| {
            let predictions: Vec<f64> = labels.iter().map(|label| predict(*label)).collect();
            let mean = labels.iter().sum::<f64>() / labels.len() as f64;
            let squares = |other: &dyn Fn(usize) -> f64| -> f64 {
                labels
                    .iter()
                    .enumerate()
                    .map(|(i, l)| (other(i) - l).powi(2))
                    .sum()
            };
            let (error, spread) = (squares(&|i| predictions[i]), squares(&|_| mean));
            Pairs {
                metrics: Some(Metrics {
                    mse: error / labels.len() as f64,
                    r2: Some(1.0 - error / spread),
                }),
                target,
                labels,
                predictions,
            }
        })
        .collect()
}

/// A gradient with a disc in it: wide, square or tall.
fn pattern(index: usize) -> RgbImage {
    let (width, height) = [(674, 506), (512, 512), (300, 500), (900, 300)][index % 4];
    RgbImage::from_fn(width, height, |x, y| {
        let (right, down) = (
            f64::from(x) / f64::from(width),
            f64::from(y) / f64::from(height),
        );
        if (right - 0.5).hypot(down - 0.6) < 0.2 {
            return Rgb([170, 40, 30]);
        }
        Rgb([90 + (right * 120.0) as u8, 150, 120 + (down * 100.0) as u8])
    })
}
