//! Scores of image files.

use std::path::Path;
use std::sync::mpsc::sync_channel;
use std::thread::ScopedJoinHandle;

use burn::tensor::{Tensor, TensorData};
use psp_data::{DataError, RgbImage, decode_file};
use psp_models::predict::to_host;

use super::Predictor;
use crate::error::ExportError;

/// One image's scores, or why it has none.
#[derive(Debug)]
pub struct Prediction<P, K = ()> {
    /// The image, as it was given.
    pub image: P,
    /// What was kept of it; `None` where it is unusable.
    pub kept: Option<K>,
    /// One per target.
    pub scores: Result<Scores, DataError>,
}

/// An image's scores.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scores {
    /// What the model predicts: clipped to the range of the labels.
    pub predictions: Vec<f32>,
    /// The same before they are clipped.
    pub raw: Vec<f32>,
}

/// An image as the model's input, `[3, height, width]`, and what is kept of it.
type Decoded<K> = Result<(Vec<f32>, K), DataError>;

impl Predictor {
    /// Scores image files in batches of `batch_size`, in the given order, and
    /// hands each to `each`. Images are taken from `images` and decoded, by `threads`
    /// threads, while the model works, so that no more than three batches are in memory at
    /// once, however many there are. An unusable image is reported in its place; the
    /// others are scored all the same.
    ///
    /// # Errors
    /// Only what stops the whole pass: a device that fails, or an error that
    /// `each` returns.
    pub fn predict_files<P, I, E>(
        &self,
        images: I,
        batch_size: usize,
        threads: usize,
        each: impl FnMut(Prediction<P>) -> Result<(), E>,
    ) -> Result<(), E>
    where
        P: AsRef<Path> + Send + Sync,
        I: IntoIterator<Item = P>,
        I::IntoIter: Send,
        E: From<ExportError>,
    {
        self.predict_files_keeping(images, batch_size, threads, &|_, _| (), each)
    }

    /// The same with what `keep` makes of each decoded image and of the model's input,
    /// `[3, height, width]`; it is called on the threads that decode.
    ///
    /// # Errors
    /// As [`Predictor::predict_files`].
    pub fn predict_files_keeping<P, I, K, E>(
        &self,
        images: I,
        batch_size: usize,
        threads: usize,
        keep: &(impl Fn(RgbImage, &[f32]) -> K + Sync),
        mut each: impl FnMut(Prediction<P, K>) -> Result<(), E>,
    ) -> Result<(), E>
    where
        P: AsRef<Path> + Send + Sync,
        I: IntoIterator<Item = P>,
        I::IntoIter: Send,
        K: Send,
        E: From<ExportError>,
    {
        let mut images = images.into_iter();
        let (sender, receiver) = sync_channel(1);
        std::thread::scope(|scope| {
            scope.spawn(move || {
                loop {
                    let batch: Vec<P> = images.by_ref().take(batch_size.max(1)).collect();
                    // Where the receiver is gone, it gave up on an error.
                    if batch.is_empty()
                        || sender.send(self.decode_all(batch, threads, keep)).is_err()
                    {
                        return;
                    }
                }
            });
            for decoded in receiver {
                for prediction in self.predict_decoded(decoded).map_err(E::from)? {
                    each(prediction)?;
                }
            }
            Ok(())
        })
    }

    fn decode_all<P, K>(
        &self,
        images: Vec<P>,
        threads: usize,
        keep: &(impl Fn(RgbImage, &[f32]) -> K + Sync),
    ) -> Vec<(P, Decoded<K>)>
    where
        P: AsRef<Path> + Sync,
        K: Send,
    {
        let share = images.len().div_ceil(threads.max(1)).max(1);
        let decode = |image: &P| {
            let image = decode_file(image.as_ref(), &self.limits)?;
            let pixels = self.preprocessing.apply(&image)?;
            let kept = keep(image, &pixels);
            Ok((pixels, kept))
        };
        let decoded: Vec<_> = std::thread::scope(|scope| {
            let decode_share = |images: &[P]| images.iter().map(decode).collect::<Vec<_>>();
            let workers: Vec<_> = images
                .chunks(share)
                .map(|images| scope.spawn(move || decode_share(images)))
                .collect();
            let join = |worker: ScopedJoinHandle<'_, Vec<_>>| {
                worker
                    .join()
                    .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            };
            workers.into_iter().flat_map(join).collect()
        });
        images.into_iter().zip(decoded).collect()
    }

    /// What is predicted for normalised images, `[batch, 3, height, width]`: `[batch, targets]`,
    /// not clipped.
    fn raw_scores(&self, images: Vec<f32>) -> Result<Vec<f32>, ExportError> {
        let (width, height) = self.preprocessing.output_size();
        let count = images.len() / self.preprocessing.values_per_image();
        let shape = [count, 3, height as usize, width as usize];
        if let Some(engine) = &self.engine {
            return Ok(engine.predict(&images));
        }
        let images = Tensor::<4>::from_data(TensorData::new(images, shape), &self.device);
        Ok(to_host(self.model()?.forward(images))?)
    }

    fn predict_decoded<P, K>(
        &self,
        decoded: Vec<(P, Decoded<K>)>,
    ) -> Result<Vec<Prediction<P, K>>, ExportError> {
        let usable: Vec<f32> = decoded
            .iter()
            .filter_map(|(_, decoded)| decoded.as_ref().ok())
            .flat_map(|(pixels, _)| pixels)
            .copied()
            .collect();
        let raw = if usable.is_empty() {
            Vec::new()
        } else {
            self.raw_scores(usable)?
        };
        let mut rows = raw.chunks(self.targets.len().max(1));
        let mut scores = || {
            let raw = rows.next().unwrap_or_default().to_vec();
            let clipped = raw.iter().map(|score| self.config.output.clip(*score));
            Scores {
                predictions: clipped.collect(),
                raw,
            }
        };
        Ok(decoded
            .into_iter()
            .map(|(image, decoded)| match decoded {
                Ok((_, kept)) => Prediction {
                    image,
                    kept: Some(kept),
                    scores: Ok(scores()),
                },
                Err(error) => Prediction {
                    image,
                    kept: None,
                    scores: Err(error),
                },
            })
            .collect())
    }
}
