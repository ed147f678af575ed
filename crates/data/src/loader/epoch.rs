//! One pass over the samples.

use std::sync::Arc;
use std::thread::{self, JoinHandle};

use crossbeam_channel::{Receiver, Sender};

use super::batch::Batch;
use super::pipeline::{Ordered, Outcome, batch_channel};
use super::shared::Shared;
use crate::error::DataError;
use crate::parallel::resolve_threads;
use crate::pixels::{PixelStore, Pixels};

type Loaded = Result<Pixels, DataError>;

/// The batches of one epoch, in order.
///
/// Decoding threads and one thread that assembles batches work ahead of the
/// consumer: at most `max(1, prefetch)` finished batches, one in the making,
/// and four decoded samples per thread exist at a time. An error ends the
/// iteration. Dropping an epoch early ends its threads before it returns.
/// What was decoded for a [`PixelStore`] is on disk when the epoch ends or is
/// dropped.
#[derive(Debug)]
pub struct Epoch {
    batches: Option<Receiver<Result<Batch, DataError>>>,
    assembler: Option<JoinHandle<()>>,
    failed_start: Option<DataError>,
    remaining: usize,
    pixels: Option<Arc<PixelStore>>,
}

impl Epoch {
    pub(super) fn start(
        shared: Arc<Shared>,
        pixels: Option<Arc<PixelStore>>,
        epoch: u64,
        first_batch: usize,
    ) -> Self {
        let sampler = &shared.sampler;
        let total = sampler.batches_per_epoch();
        let places = sampler.places(epoch, first_batch);

        if let Some(store) = &pixels {
            store.refresh();
        }
        let threads = resolve_threads(shared.options.threads);
        let (images, store) = (Arc::clone(&shared), pixels.clone());
        let load = move |place: usize| images.load(place, store.as_deref());
        let assembler = Assembler {
            shared,
            epoch,
            number: first_batch,
        };
        let remaining = total.saturating_sub(first_batch);
        let mut epoch = Self::spawn(assembler, threads, places, remaining, load);
        epoch.pixels = pixels;
        epoch
    }

    fn spawn<F>(
        assembler: Assembler,
        threads: usize,
        places: Vec<usize>,
        remaining: usize,
        load: F,
    ) -> Self
    where
        F: Fn(usize) -> Loaded + Send + Sync + 'static,
    {
        let mut epoch = Self {
            batches: None,
            assembler: None,
            failed_start: None,
            remaining,
            pixels: None,
        };
        if remaining == 0 {
            return epoch;
        }
        let (sender, receiver) = batch_channel(assembler.shared.options.prefetch);
        let order = places.clone();
        let started = Ordered::start(threads, places, load).and_then(|samples| {
            thread::Builder::new()
                .name("psp-batch".to_owned())
                .spawn(move || assembler.run(&order, samples, &sender))
        });
        match started {
            Ok(handle) => {
                epoch.batches = Some(receiver);
                epoch.assembler = Some(handle);
            }
            Err(source) => {
                epoch.failed_start = Some(DataError::Internal {
                    what: "images".to_owned(),
                    reason: format!("a thread could not be started: {source}"),
                });
            }
        }
        epoch
    }

    /// Ends the threads and waits for them.
    fn stop(&mut self) {
        self.remaining = 0;
        // The assembler finds the channel closed, drops the decoding threads'
        // job queue and joins them.
        self.batches = None;
        if let Some(handle) = self.assembler.take() {
            let _ = handle.join();
        }
        if let Some(store) = self.pixels.take() {
            store.flush();
        }
    }
}

impl Iterator for Epoch {
    type Item = Result<Batch, DataError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.remaining == 0 {
            return None;
        }
        let received = self
            .batches
            .as_ref()
            .and_then(|batches| batches.recv().ok());
        let item = received.unwrap_or_else(|| {
            Err(self
                .failed_start
                .take()
                .unwrap_or_else(|| DataError::Internal {
                    what: "a batch".to_owned(),
                    reason: "the thread that assembles batches has ended".to_owned(),
                }))
        });
        self.remaining -= 1;
        if item.is_err() || self.remaining == 0 {
            self.stop();
        }
        Some(item)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.remaining.min(1), Some(self.remaining))
    }
}

impl Drop for Epoch {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Turns samples into batches.
struct Assembler {
    shared: Arc<Shared>,
    epoch: u64,
    number: usize,
}

impl Assembler {
    fn run(
        mut self,
        order: &[usize],
        mut samples: Ordered<Loaded>,
        batches: &Sender<Result<Batch, DataError>>,
    ) {
        for places in order.chunks(self.shared.sampler.batch_size()) {
            let batch = self.assemble(places, &mut samples);
            let failed = batch.is_err();
            if batches.send(batch).is_err() || failed {
                return;
            }
            self.number += 1;
        }
    }

    fn assemble(
        &self,
        places: &[usize],
        samples: &mut Ordered<Loaded>,
    ) -> Result<Batch, DataError> {
        let shared = &self.shared;
        let (width, height) = shared.preprocessing.output_size();
        let values = shared.preprocessing.values_per_image();
        let target_count = shared.dataset.targets().len();
        let mut batch = Batch {
            values: vec![0.0; places.len() * values],
            shape: vec![3, height as usize, width as usize],
            targets: Vec::with_capacity(places.len() * target_count),
            indices: places.iter().map(|&place| shared.indices[place]).collect(),
            number: self.number,
            epoch: self.epoch,
            target_count,
        };
        for (slot, &index) in batch.values.chunks_exact_mut(values).zip(&batch.indices) {
            let pixels = self.receive(index, samples.next())?;
            shared.preprocessing.normalise_into(&pixels, slot);
            let labels = &shared.dataset.samples()[index].labels;
            batch.targets.extend_from_slice(labels);
        }
        Ok(batch)
    }

    /// Unpacks what a decoding thread gave for sample `index`.
    fn receive(&self, index: usize, outcome: Option<Outcome<Loaded>>) -> Loaded {
        let panicked = |reason| {
            let error = DataError::Internal {
                what: self.shared.dataset.image_path(index).display().to_string(),
                reason,
            };
            Err(self.shared.dataset.image_error(index, error))
        };
        match outcome {
            Some(Ok(pixels)) => pixels,
            Some(Err(reason)) => panicked(reason),
            None => panicked("fewer images were decoded than ordered".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use super::*;
    use crate::{Dataset, DatasetOptions, Loader, LoaderOptions, Preprocessing};

    fn loaded(values: usize) -> Loaded {
        Ok(Arc::<[u8]>::from(vec![0; values]).into())
    }

    /// An epoch of 40 one-sample batches over three threads whose images come
    /// from `load`; the data set's files are empty.
    fn epoch_of(prefetch: usize, load: impl Fn(usize) -> Loaded + Send + Sync + 'static) -> Epoch {
        let dir = tempfile::tempdir().unwrap();
        let mut csv = String::from("filename,score\n");
        std::fs::create_dir(dir.path().join("imgs")).unwrap();
        for index in 0..40 {
            std::fs::write(dir.path().join(format!("imgs/{index}.png")), "").unwrap();
            csv += &format!("{index}.png,0.5\n");
        }
        std::fs::write(dir.path().join("labels.csv"), csv).unwrap();
        let mut options = DatasetOptions::new(dir.path());
        options.targets = vec!["score".to_owned()];
        let dataset = Arc::new(Dataset::open(&options).unwrap());
        let options = LoaderOptions {
            batch_size: 1,
            prefetch,
            ..LoaderOptions::default()
        };
        let preprocessing = Preprocessing::imagenet(4);
        let loader = Loader::new(dataset, (0..40).collect(), preprocessing, options).unwrap();
        let assembler = Assembler {
            shared: Arc::clone(&loader.shared),
            epoch: 0,
            number: 0,
        };
        Epoch::spawn(assembler, 3, (0..40).collect(), 40, load)
    }

    #[test]
    fn a_panic_in_a_decoding_thread_is_an_error_with_file_and_row_and_no_hang() {
        let mut epoch = epoch_of(2, |place| {
            assert!(place != 5, "the decoder lost its way");
            loaded(48)
        });
        assert_eq!(epoch.by_ref().take(5).filter(Result::is_ok).count(), 5);
        let error = epoch.next().unwrap().unwrap_err();
        assert!(matches!(error, DataError::Image { row: 7, .. }), "{error}");
        let message = error.to_string();
        assert!(
            message.contains("5.png") && message.contains("lost its way"),
            "{message}"
        );
        assert!(epoch.next().is_none());
    }

    #[test]
    fn a_panic_while_assembling_a_batch_is_an_error_and_no_hang() {
        // 47 values are no image of 4x4 pixels.
        let mut epoch = epoch_of(2, |place| loaded(48 - usize::from(place == 3)));
        assert_eq!(epoch.by_ref().take(3).filter(Result::is_ok).count(), 3);
        assert!(matches!(
            epoch.next(),
            Some(Err(DataError::Internal { .. }))
        ));
        assert!(epoch.next().is_none());
    }

    #[test]
    fn a_slow_consumer_holds_back_decoding() {
        for prefetch in [0, 1, 4] {
            let begun = Arc::new(AtomicUsize::new(0));
            let counter = Arc::clone(&begun);
            let mut epoch = epoch_of(prefetch, move |_| {
                counter.fetch_add(1, Ordering::SeqCst);
                loaded(48)
            });
            for taken in 1..=10 {
                epoch.next().unwrap().unwrap();
                std::thread::sleep(Duration::from_millis(5));
                // Finished batches of one sample, then four samples per thread.
                let ahead = begun.load(Ordering::SeqCst) - taken;
                assert!(
                    ahead <= prefetch.max(1) + 4 * 3,
                    "prefetch {prefetch}: {ahead}"
                );
            }
        }
    }
}
