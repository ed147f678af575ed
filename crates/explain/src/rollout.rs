//! Attention roll-out.
//!
//! Abnar & Zuidema, "Quantifying Attention Flow in Transformers", ACL 2020
//! (arXiv 2005.00928).

use burn::tensor::Tensor;
use psp_models::{Backbone, Regressor};

use crate::subject::{Subject, to_host};
use crate::{ExplainError, HeatMap, Method};

/// The map of `model`, whose backbone is a ViT, for `image` (`[1, 3, size,
/// size]`, normalised), one value per patch.
///
/// A block's attention `W` (mean of the heads, rows sum to 1) mixes tokens, and
/// the residual connection around it adds each token to itself, so what a token
/// holds is mixed by `(W + I) / 2`. The product of these over all blocks says
/// how much of each input token is in each output token; the raw values are the
/// class token's row, which the features are made of, without its first element,
/// the class token itself. They sum to 1 less that element.
///
/// Roll-out follows where values come from, not what is made of them: it knows
/// no target, has no sign and sees neither the values' sizes nor the MLPs.
///
/// # Errors
/// An image that the model can't take, a backbone that is not a ViT, weights
/// that are not finite, or a device that fails.
pub fn attention_rollout(model: &Regressor, image: Tensor<4>) -> Result<HeatMap, ExplainError> {
    map(&Subject::new(model, image)?, &mut || Ok(()))
}

/// Asks `check` before each block whether to go on.
pub(crate) fn map(
    subject: &Subject,
    check: &mut dyn FnMut() -> Result<(), ExplainError>,
) -> Result<HeatMap, ExplainError> {
    let method = Method::AttentionRollout;
    let Backbone::VitB16(vit) = &subject.model.backbone else {
        return Err(ExplainError::Misfit {
            method,
            backbone: subject.model.backbone.kind(),
        });
    };
    let mut x = vit.embed(subject.image());
    let [_, tokens, _] = x.dims();
    let identity = Tensor::<2>::eye(tokens, &x.device());
    let mut rollout = identity.clone();
    for block in vit.blocks() {
        check()?;
        let attention = block.attention_weights(x.clone()).mean_dim(1);
        let mixed = attention.reshape([tokens, tokens]) + identity.clone();
        rollout = mixed.mul_scalar(0.5).matmul(rollout);
        x = block.forward(x);
    }
    let raw = to_host(rollout.narrow(0, 0, 1).narrow(1, 1, tokens - 1))?;
    let side = raw.len().isqrt();
    Ok(HeatMap::new(method, None, [side, side], raw)?)
}
