//! torchvision's `transform_input` of both Inceptions.

use super::value::Image;

/// ImageNet's means and standard deviations, which inputs are normalised by.
const MEAN: [f32; 3] = [0.485, 0.456, 0.406];
const STD: [f32; 3] = [0.229, 0.224, 0.225];

/// Where `wanted`, brings images `[batch, 3, h, w]` that were normalised by
/// ImageNet's mean and deviation to mean and deviation 0.5, which the networks
/// ported from TensorFlow were trained with.
pub fn transform_input_if<X: Image>(wanted: bool, x: X) -> X {
    if !wanted {
        return x;
    }
    x.scale_channels(
        STD.map(|std| std / 0.5),
        MEAN.map(|mean| (mean - 0.5) / 0.5),
    )
}
