//! All maps that fit a backbone.

use std::sync::atomic::AtomicBool;

use burn::tensor::Tensor;
use psp_models::Regressor;

use crate::subject::Subject;
use crate::watch::Watch;
use crate::{ExplainError, HeatMap, Method, Occlusion, fitting, grad_cam, occlusion, rollout};

/// The heat maps of `model` for `image` (`[1, 3, height, width]`, normalised as
/// the model's training images were, on any device), by every method that fits
/// its backbone: per target one of [`grad_cam`](grad_cam()) and one of
/// [`occlusion`](occlusion()), or one of
/// [`attention_rollout`](crate::attention_rollout) and per target one of
/// occlusion.
///
/// The model evaluates, whatever its device: norms use their running statistics
/// and nothing is dropped. A model whose norms are folded
/// ([`InferenceModel::regressor`](psp_models::InferenceModel::regressor)) has
/// the same maps.
///
/// `observe(done, total)` is told how many images have been through the model:
/// one each for Grad-CAM and roll-out, the rest for occlusion.
///
/// # Errors
/// An image that the model can't take, settings that can't work, weights that
/// are not finite, a device that fails, or [`ExplainError::Cancelled`] once
/// `cancelled` is true; a forward pass that has begun is finished.
pub fn explain(
    model: &Regressor,
    image: Tensor<4>,
    settings: &Occlusion,
    cancelled: &AtomicBool,
    observe: &mut dyn FnMut(usize, usize),
) -> Result<Vec<HeatMap>, ExplainError> {
    let subject = Subject::new(model, image)?;
    settings.check(&subject)?;
    let methods = fitting(subject.model.backbone.kind());
    let passes = |method: &Method| match method {
        Method::GradCam | Method::AttentionRollout => 1,
        Method::Occlusion => settings.passes(),
    };
    let total = methods.iter().map(passes).sum();
    let mut watch = Watch::new(total, cancelled, observe);
    let mut maps = Vec::new();
    for method in methods {
        watch.check()?;
        match method {
            Method::GradCam => {
                maps.extend(grad_cam::maps(&subject)?);
                watch.advance(1);
            }
            Method::AttentionRollout => {
                maps.push(rollout::map(&subject, &mut || watch.check())?);
                watch.advance(1);
            }
            Method::Occlusion => maps.extend(occlusion::maps(&subject, settings, &mut watch)?),
        }
    }
    Ok(maps)
}
