//! ONNX models on the CPU, by the engine rten.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rten::{LoadError, ModelOptions, NodeId, RunOptions, ThreadPool, ValueOrView};
use rten_tensor::prelude::*;
use rten_tensor::{NdTensor, NdTensorView, Tensor};

use crate::error::ExportError;
use crate::onnx::{IMAGES, PIXELS, SCORES};

/// An ONNX model that [`crate::onnx`] made.
pub(crate) struct OnnxModel {
    /// Its file, or what stands for it in messages.
    path: PathBuf,
    model: rten::Model,
    input: NodeId,
    output: NodeId,
    takes_pixels: bool,
    options: RunOptions,
}

impl OnnxModel {
    /// Reads the file, to compute on so many threads; 0: one per core.
    ///
    /// # Errors
    /// When it can't be read, or is no model of images and scores.
    pub(crate) fn open(path: &Path, threads: usize) -> Result<Self, ExportError> {
        let mut options = ModelOptions::with_all_ops();
        options.prepack_weights(true);
        Self::new(path, options.load_file(path), threads)
    }

    /// The model in `bytes`. With `is_whole` every value is computed that it names, to be asked
    /// for by [`OnnxModel::ranges`].
    ///
    /// # Errors
    /// As [`OnnxModel::open`].
    pub(crate) fn of_bytes(
        bytes: Vec<u8>,
        is_whole: bool,
        threads: usize,
    ) -> Result<Self, ExportError> {
        let mut options = ModelOptions::with_all_ops();
        options.enable_optimization(!is_whole).prepack_weights(true);
        Self::new(Path::new("the model as ONNX"), options.load(bytes), threads)
    }

    fn new(
        path: &Path,
        model: Result<rten::Model, LoadError>,
        threads: usize,
    ) -> Result<Self, ExportError> {
        let failed = failed(path);
        let model = model.map_err(|error| failed(&error))?;
        let cores = || std::thread::available_parallelism().map_or(1, usize::from);
        let threads = if threads > 0 { threads } else { cores() };
        let mut options = RunOptions::default();
        options.thread_pool = Some(Arc::new(ThreadPool::with_num_threads(threads)));
        let images = model.find_node(IMAGES);
        let input = images.or_else(|| model.find_node(PIXELS));
        let no_input = || failed(&format!("it has no input {IMAGES} or {PIXELS}"));
        Ok(Self {
            path: path.to_owned(),
            input: input.ok_or_else(no_input)?,
            output: model.node_id(SCORES).map_err(|error| failed(&error))?,
            takes_pixels: images.is_none(),
            options,
            model,
        })
    }

    /// The smallest and largest of each value that is called by a name, for images `[batch, 3,
    /// height, width]`.
    ///
    /// # Errors
    /// When the engine fails.
    pub(crate) fn ranges(
        &self,
        images: &[f32],
        shape: [usize; 4],
        names: &[String],
    ) -> Result<Vec<[f32; 2]>, ExportError> {
        let failed = failed(&self.path);
        let ids: Result<Vec<NodeId>, _> =
            names.iter().map(|name| self.model.node_id(name)).collect();
        let ids = ids.map_err(|error| failed(&error))?;
        let inputs = vec![(self.input, NdTensorView::from_data(shape, images).into())];
        let values = self
            .model
            .run(inputs, &ids, Some(self.options.clone()))
            .map_err(|error| failed(&error))?;
        let range = |value: rten::Value| {
            let tensor: Tensor<f32> = value.try_into().map_err(|error| failed(&error))?;
            let start = [f32::INFINITY, f32::NEG_INFINITY];
            let range = tensor.iter().fold(start, |[low, high], &value| {
                [low.min(value), high.max(value)]
            });
            Ok(range)
        };
        let ranges: Result<Vec<[f32; 2]>, ExportError> = values.into_iter().map(range).collect();
        let ranges = ranges?;
        let is_finite = |range: &[f32; 2]| range.iter().all(|bound| bound.is_finite());
        match ranges.iter().position(|range| !is_finite(range)) {
            Some(value) => Err(failed(&format!("{} is not finite", names[value]))),
            None => Ok(ranges),
        }
    }

    /// Whether it takes pixels and gives clipped scores.
    pub(crate) fn takes_pixels(&self) -> bool {
        self.takes_pixels
    }

    /// Normalised images, `[batch, 3, height, width]`, to scores, `[batch, targets]`, both
    /// row-major.
    ///
    /// # Errors
    /// When the engine fails.
    pub(crate) fn predict(
        &self,
        images: &[f32],
        shape: [usize; 4],
    ) -> Result<Vec<f32>, ExportError> {
        self.run(NdTensorView::from_data(shape, images).into())
    }

    /// Pixels, `[batch, height, width, 3]`, to clipped scores, `[batch, targets]`.
    ///
    /// # Errors
    /// When the engine fails.
    pub(crate) fn predict_pixels(
        &self,
        pixels: &[u8],
        shape: [usize; 4],
    ) -> Result<Vec<f32>, ExportError> {
        self.run(NdTensorView::from_data(shape, pixels).into())
    }

    fn run(&self, input: ValueOrView) -> Result<Vec<f32>, ExportError> {
        let failed = failed(&self.path);
        let inputs = vec![(self.input, input)];
        let [scores] = self
            .model
            .run_n(inputs, [self.output], Some(self.options.clone()))
            .map_err(|error| failed(&error))?;
        let scores: NdTensor<f32, 2> = scores.try_into().map_err(|error| failed(&error))?;
        Ok(scores.to_vec())
    }
}

impl fmt::Debug for OnnxModel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("OnnxModel").field(&self.path).finish()
    }
}

fn failed(path: &Path) -> impl Fn(&dyn fmt::Display) -> ExportError + use<> {
    let path = path.to_owned();
    move |reason| ExportError::Engine {
        path: path.clone(),
        reason: reason.to_string(),
    }
}
