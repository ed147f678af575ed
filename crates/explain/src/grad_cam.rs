//! Grad-CAM.
//!
//! Selvaraju et al., "Grad-CAM: Visual Explanations from Deep Networks via
//! Gradient-based Localization", ICCV 2017 (arXiv 1610.02391).

use burn::module::Module;
use burn::tensor::Tensor;
use psp_models::Regressor;
use psp_models::nn::{Noise, global_avg_pool2d};
use psp_models::ops::Tape;

use crate::subject::{Subject, to_host};
use crate::{ExplainError, HeatMap, Method};

/// One map per target of `model`, which has a convolutional backbone, for
/// `image` (`[1, 3, height, width]`, normalised).
///
/// With `A` the last feature map (the output of torchvision's `layer4`,
/// `inception5b`, `Mixed_7c` or `features.8`) and `y` the target's score, not
/// clipped, the raw values are
/// `relu(Σ_channel A[channel] · mean over places of ∂y/∂A[channel])`, one for
/// each place of `A`. The paper's `y` is the score of a class; here it is the
/// regression's output, so a map shows what makes that number larger.
///
/// A place whose sum is negative is evidence against: what is there lowers the
/// score. The ReLU cuts it to 0, and 0 means "does not raise the score", be it
/// that the place lowers it or that it does not matter. An image with a low
/// score may have an empty map, `range` `[0, 0]`, where every place lowers it;
/// which places do is seen by [`occlusion`](crate::occlusion()), which keeps the
/// sign. The sum is linear around this image and says nothing about how large a
/// change would be if a place were different.
///
/// # Errors
/// An image that the model can't take, a ViT, weights that are not finite, or a
/// device that fails.
pub fn grad_cam(model: &Regressor, image: Tensor<4>) -> Result<Vec<HeatMap>, ExplainError> {
    maps(&Subject::new(model, image)?)
}

pub(crate) fn maps(subject: &Subject) -> Result<Vec<HeatMap>, ExplainError> {
    let Regressor { backbone, head, .. } = &subject.model;
    let map = backbone
        .feature_map(subject.image())
        .ok_or(ExplainError::Misfit {
            method: Method::GradCam,
            backbone: backbone.kind(),
        })?;
    let [_, _, height, width] = map.dims();
    let features = global_avg_pool2d(map.clone());
    let [_, targets] = head.forward(features, &mut Noise::off()).dims();

    // Only what follows the map is differentiated, and by the map alone.
    let head = head.clone().no_grad().train();
    let of_target = |target| {
        let tape = Tape::new();
        let leaf = tape.leaf(map.clone());
        let scores = head.forward(global_avg_pool2d(leaf.clone()), &mut Noise::off());
        let score = scores.narrow(1, target, 1).reshape([1]);
        let raw = match tape.backward(score).take(&leaf) {
            Some(gradient) => {
                let weights = gradient.mean_dim(3).mean_dim(2);
                to_host((map.clone() * weights).sum_dim(1))?
            }
            // A score that does not depend on the map.
            None => vec![0.0; height * width],
        };
        let raised: Vec<f32> = raw.into_iter().map(relu).collect();
        Ok(HeatMap::new(
            Method::GradCam,
            Some(target),
            [height, width],
            raised,
        )?)
    };
    (0..targets).map(of_target).collect()
}

/// Unlike `f32::max`, which takes a NaN for 0.
fn relu(value: f32) -> f32 {
    if value < 0.0 { 0.0 } else { value }
}
