//! Running a model over images.

use burn::tensor::{Device, Tensor, TensorData};
use psp_data::{Batch, DataError, Epoch};
use thiserror::Error;

use crate::nn::Noise;
use crate::regressor::Regressor;

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

/// A batch's images as a tensor `[batch, 3, height, width]` on `device`.
pub fn image_tensor(batch: &mut Batch, device: &Device) -> Tensor<4> {
    let shape = [batch.indices.len(), 3, batch.height, batch.width];
    let images = std::mem::take(&mut batch.images);
    Tensor::from_data(TensorData::new(images, shape), device)
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

/// Predicts every batch of an epoch and hands `(batch, predictions)` to
/// `each`; predictions are `[batch, targets]`, row-major, not clipped. The
/// batch's images have been moved to the device.
///
/// `model` must be in evaluation mode (`model.valid()`), on `device`.
///
/// # Errors
/// The first image or device that fails, or what `each` returns.
pub fn predict_epoch<E: From<PredictError>>(
    model: &Regressor,
    epoch: Epoch,
    device: &Device,
    mut each: impl FnMut(&Batch, Vec<f32>) -> Result<(), E>,
) -> Result<(), E> {
    for batch in epoch {
        let mut batch = batch.map_err(PredictError::from)?;
        let images = image_tensor(&mut batch, device);
        let predictions = to_host(model.forward(images, &mut Noise::off()))?;
        each(&batch, predictions)?;
    }
    Ok(())
}
