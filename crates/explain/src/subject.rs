//! A model in evaluation and an image that it takes.

use burn::module::Module;
use burn::tensor::{Device, Tensor, TensorData};
use psp_models::nn::Noise;
use psp_models::{Backbone, Precision, Regressor};

use crate::ExplainError;

/// What is explained.
pub(crate) struct Subject {
    /// Outside autodiff.
    pub(crate) model: Regressor,
    device: Device,
    /// `[3, height, width]`.
    pub(crate) pixels: Vec<f32>,
    pub(crate) height: usize,
    pub(crate) width: usize,
}

impl Subject {
    /// `image` is `[1, 3, height, width]`, normalised, on any device.
    pub(crate) fn new(model: &Regressor, image: Tensor<4>) -> Result<Self, ExplainError> {
        let [1, 3, height, width] = image.dims() else {
            return Err(ExplainError::Shape { got: image.dims() });
        };
        check_size(&model.backbone, height, width)?;
        let pixels = to_host(image)?;
        let wrong = pixels.iter().position(|value| !value.is_finite());
        if let Some(index) = wrong {
            let value = pixels[index];
            return Err(ExplainError::Pixel { index, value });
        }
        let devices = model.devices();
        let device = devices.first().cloned().unwrap_or_default();
        // A model outside autodiff evaluates as it is; `valid` would turn off the
        // flag that says that its norms are folded.
        let model = if device.is_autodiff() {
            model.valid()
        } else {
            model.clone()
        };
        Ok(Self {
            model,
            device: device.without_autodiff(),
            pixels,
            height,
            width,
        })
    }

    /// The image, `[1, 3, height, width]`, on the model's device.
    pub(crate) fn image(&self) -> Tensor<4> {
        self.images(self.pixels.clone())
    }

    /// Images of the image's size, one after the other, as a batch.
    pub(crate) fn images(&self, values: Vec<f32>) -> Tensor<4> {
        let shape = [values.len() / self.pixels.len(), 3, self.height, self.width];
        let images = Tensor::from_data(TensorData::new(values, shape), &self.device);
        Precision::Fp32.images(images)
    }

    /// The scores of a batch, `[batch, targets]`, row-major, not clipped.
    pub(crate) fn scores(&self, images: Tensor<4>) -> Result<Scores, ExplainError> {
        let scores = self.model.forward(images, &mut Noise::off());
        let [_, targets] = scores.dims();
        Ok(Scores {
            targets,
            values: to_host(scores)?,
        })
    }
}

/// `[images, targets]`, row-major.
pub(crate) struct Scores {
    pub(crate) targets: usize,
    pub(crate) values: Vec<f32>,
}

fn check_size(backbone: &Backbone, height: usize, width: usize) -> Result<(), ExplainError> {
    let kind = backbone.kind();
    let smallest = kind.smallest_input(false) as usize;
    let (fits, expected) = match backbone {
        Backbone::VitB16(vit) => {
            let size = vit.image_size();
            ([height, width] == [size; 2], format!("{size}x{size}"))
        }
        _ => (
            height.min(width) >= smallest,
            format!("at least {smallest}x{smallest}"),
        ),
    };
    if fits {
        Ok(())
    } else {
        Err(ExplainError::Size {
            backbone: kind,
            expected,
            width,
            height,
        })
    }
}

/// A tensor's values in host memory, row-major.
pub(crate) fn to_host<const D: usize>(tensor: Tensor<D>) -> Result<Vec<f32>, ExplainError> {
    tensor
        .into_data_as::<f32>()
        .try_into_vec::<f32>()
        .map_err(|error| ExplainError::Device(format!("{error:?}")))
}
