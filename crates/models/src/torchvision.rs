//! What torchvision's files need before they fit.

use crate::backbone_kind::BackboneKind;
use crate::state::{HostTensor, StateDict};

const POS_EMBEDDING: &str = "encoder.pos_embedding";

/// Brings a torchvision `state_dict` to the names and sizes of a model with
/// these `shapes`; what needs nothing stays as it is.
pub(crate) fn modernise(
    kind: BackboneKind,
    state: StateDict,
    shapes: &[(String, Vec<usize>)],
) -> StateDict {
    if kind != BackboneKind::VitB16 {
        return state;
    }
    let mut state = with_modern_names(kind, state);
    let wanted = shapes.iter().find(|(key, _)| key == POS_EMBEDDING);
    if let (Some((_, shape)), Some(tensor)) = (wanted, state.get_mut(POS_EMBEDDING))
        && let Some(resized) = interpolate_embeddings(tensor, shape)
    {
        *tensor = resized;
    }
    state
}

/// The same tensors under the names that torchvision gives them today.
pub(crate) fn with_modern_names(kind: BackboneKind, state: StateDict) -> StateDict {
    if kind != BackboneKind::VitB16 {
        return state;
    }
    let tensors = state.into_iter();
    tensors
        .map(|(key, tensor)| (modern_name(&key), tensor))
        .collect()
}

/// The official ViT files were saved when the layers of an MLP were called
/// `linear_1` and `linear_2`; torchvision renames them to `0` and `3`.
fn modern_name(key: &str) -> String {
    key.replace(".mlp.linear_1.", ".mlp.0.")
        .replace(".mlp.linear_2.", ".mlp.3.")
}

/// `torchvision.models.vision_transformer.interpolate_embeddings`: the class
/// token's embedding stays, those of the square grid of patches are resized
/// bicubically with aligned corners. `None` where there is nothing to resize.
fn interpolate_embeddings(tensor: &HostTensor, shape: &[usize]) -> Option<HostTensor> {
    let (&[1, old, width], &[1, new, wanted]) = (tensor.shape.as_slice(), shape) else {
        return None;
    };
    let side = |length: usize| {
        let side = length.checked_sub(1)?.isqrt();
        (side > 0 && side * side + 1 == length).then_some(side)
    };
    let (from, to) = (side(old)?, side(new)?);
    if old == new || width != wanted {
        return None;
    }
    let (class, grid) = tensor.data.split_at(width);
    // [from, from, width] to [to, from, width] to [to, to, width].
    let rows = resize(grid, 1, from, to, from * width);
    let columns = resize(&rows, to, from, to, width);
    Some(HostTensor {
        shape: shape.to_vec(),
        data: [class, &columns].concat(),
    })
}

/// Resizes the middle dimension of `[outer, from, inner]` to `to`.
fn resize(values: &[f32], outer: usize, from: usize, to: usize, inner: usize) -> Vec<f32> {
    let step = match to {
        1 => 0.0,
        _ => (from - 1) as f64 / (to - 1) as f64,
    };
    let mut out = Vec::with_capacity(outer * to * inner);
    for block in values.chunks(from * inner).take(outer) {
        for target in 0..to {
            let position = step * target as f64;
            let base = position.floor();
            let weights = cubic(position - base);
            let sources = [-1.0, 0.0, 1.0, 2.0]
                .map(|offset| (base + offset).clamp(0.0, (from - 1) as f64) as usize);
            out.extend((0..inner).map(|i| {
                let terms = weights.iter().zip(sources);
                let sum: f64 = terms
                    .map(|(weight, source)| weight * f64::from(block[source * inner + i]))
                    .sum();
                sum as f32
            }));
        }
    }
    out
}

/// Weights of the four neighbours at distance `t` from the second: cubic
/// convolution with a = -0.75, PyTorch's choice (Keys, 1981).
fn cubic(t: f64) -> [f64; 4] {
    const A: f64 = -0.75;
    let near = |x: f64| ((A + 2.0) * x - (A + 3.0)) * x * x + 1.0;
    let far = |x: f64| ((A * x - 5.0 * A) * x + 8.0 * A) * x - 4.0 * A;
    [far(t + 1.0), near(t), near(1.0 - t), far(2.0 - t)]
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// `[1, length, 2]`.
    fn embeddings(length: usize) -> HostTensor {
        let value = |i: usize, j: usize| ((i * 37 + j * 11) % 23) as f32 / 10.0 - 1.1;
        HostTensor {
            shape: vec![1, length, 2],
            data: (0..2 * length).map(|k| value(k / 2, k % 2)).collect(),
        }
    }

    /// Lengths before and after, and what torchvision 0.24's
    /// `interpolate_embeddings` makes of [`embeddings`].
    const TORCHVISION: [(usize, usize, &[f32]); 3] = [
        (
            10,
            17,
            &[
                -1.1, 0.0, 0.3, -0.9, -0.472222, 0.159259, -0.259259, 0.372222, 0.8, -0.4,
                0.070371, 0.446296, -0.90535, 0.45415, -0.692387, -0.112963, 0.570371, -0.885185,
                -0.27037, 1.085185, -0.466015, 0.312964, -0.253052, -0.25415, 0.22963, -0.246296,
                -0.5, 0.6, 0.559259, -0.172222, 0.772222, 0.040741, 0.0, 1.1,
            ],
        ),
        (
            17,
            5,
            &[-1.1, 0.0, 0.3, -0.9, -0.1, 1.0, 1.0, -0.2, 0.6, -0.6],
        ),
        (
            5,
            10,
            &[
                -1.1, 0.0, 0.3, -0.9, -0.15, -0.2, -0.6, 0.5, 0.55, -0.65, 0.1, 0.05, -0.35, 0.75,
                0.8, -0.4, 0.35, 0.3, -0.1, 1.0,
            ],
        ),
    ];

    #[test]
    fn embeddings_are_interpolated_as_torchvision_does() {
        for (old, new, theirs) in TORCHVISION {
            let ours = interpolate_embeddings(&embeddings(old), &[1, new, 2]).unwrap();
            assert_eq!(ours.shape, [1, new, 2]);
            for (ours, theirs) in ours.data.iter().zip(theirs) {
                assert!(
                    (ours - theirs).abs() < 2e-6,
                    "{old} to {new}: {ours} {theirs}"
                );
            }
        }
    }

    #[test]
    fn what_fits_or_is_no_square_is_left_alone() {
        for (old, new) in [(10, 10), (10, 12), (9, 10)] {
            assert_eq!(interpolate_embeddings(&embeddings(old), &[1, new, 2]), None);
        }
    }

    #[test]
    fn old_names_of_the_mlp_are_replaced() {
        let layer = "encoder.layers.encoder_layer_3.mlp";
        for (old, new) in [("linear_1", "0"), ("linear_2", "3")] {
            let renamed = modern_name(&format!("{layer}.{old}.bias"));
            assert_eq!(renamed, format!("{layer}.{new}.bias"));
        }
    }
}
