//! torchvision's `transform_input` of both Inceptions.

use burn::tensor::{FloatDType, Tensor, TensorData};

/// ImageNet's means and standard deviations, which inputs are normalised by.
const MEAN: [f32; 3] = [0.485, 0.456, 0.406];
const STD: [f32; 3] = [0.229, 0.224, 0.225];

/// Where `wanted`, brings images `[batch, 3, h, w]` that were normalised by
/// ImageNet's mean and deviation to mean and deviation 0.5, which the networks
/// ported from TensorFlow were trained with.
pub fn transform_input_if(wanted: bool, x: Tensor<4>) -> Tensor<4> {
    if !wanted {
        return x;
    }
    let device = x.device();
    let dtype: FloatDType = x.dtype().into();
    let per_channel = |values: [f32; 3]| {
        Tensor::<4>::from_data(TensorData::new(values.to_vec(), [1, 3, 1, 1]), &device).cast(dtype)
    };
    x * per_channel(STD.map(|std| std / 0.5)) + per_channel(MEAN.map(|mean| (mean - 0.5) / 0.5))
}
