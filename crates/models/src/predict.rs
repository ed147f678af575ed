//! Running a model over images.

use burn::tensor::{Device, Tensor, TensorData};
use psp_data::{Batch, DataError};
use thiserror::Error;

use crate::inference::InferenceModel;
use crate::regressor::Input;

/// Why predictions could not be computed.
#[derive(Debug, Error)]
pub enum PredictError {
    /// An image could not be loaded.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The device failed to give the result back.
    #[error("the predictions could not be read from the device: {0}")]
    Device(String),
}

/// What a batch holds, on `device`; its values are moved there.
///
/// Samples of rank 3 are images, `[3, height, width]`; others are features.
pub fn input(batch: &mut Batch, device: &Device) -> Input {
    let len = batch.len();
    let data = |batch: &mut Batch, shape: &[usize]| {
        TensorData::new(std::mem::take(&mut batch.values), shape.to_vec())
    };
    match batch.shape[..] {
        [channels, height, width] => {
            let data = data(batch, &[len, channels, height, width]);
            Input::Images(Tensor::from_data(data, device))
        }
        _ => {
            let width = batch.shape.iter().product();
            let data = data(batch, &[len, width]);
            Input::Features(Tensor::from_data(data, device))
        }
    }
}

/// A `[batch, targets]` tensor's values in host memory, row-major.
///
/// # Errors
/// [`PredictError::Device`].
pub fn to_host(tensor: Tensor<2>) -> Result<Vec<f32>, PredictError> {
    tensor
        .into_data_as::<f32>()
        .try_into_vec::<f32>()
        .map_err(|error| PredictError::Device(format!("{error:?}")))
}

impl InferenceModel {
    /// What the model predicts for images or their features (`[batch, features]`):
    /// `[batch, targets]`, row-major, in the labels' unit and clipped to their
    /// range.
    ///
    /// # Errors
    /// [`PredictError::Device`].
    pub fn predict(&self, input: impl Into<Input>) -> Result<Vec<f32>, PredictError> {
        let mut scores = to_host(self.forward(input))?;
        self.clip(&mut scores);
        Ok(scores)
    }
}

/// Predicts every batch and hands `(batch, predictions)` to `each`;
/// predictions are those of [`InferenceModel::predict`]. The batch's values have
/// been moved to the device.
///
/// `model` must be on `device`.
///
/// # Errors
/// The first image or device that fails, or what `each` returns.
pub fn predict_epoch<E: From<PredictError>>(
    model: &InferenceModel,
    batches: impl Iterator<Item = Result<Batch, DataError>>,
    device: &Device,
    mut each: impl FnMut(&Batch, Vec<f32>) -> Result<(), E>,
) -> Result<(), E> {
    for batch in batches {
        let mut batch = batch.map_err(PredictError::from)?;
        let input = input(&mut batch, device);
        each(&batch, model.predict(input)?)?;
    }
    Ok(())
}
