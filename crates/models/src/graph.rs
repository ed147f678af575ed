//! What a model computes, written down: what other formats and engines are made from.

mod of_state;
mod tracer;

use crate::nn::Geometry;
use crate::ops::Window;
use crate::precision::Precision;
use crate::regressor::Regressor;
use crate::state::{self, StateDict, StateError};

/// A model's steps in the order in which they are computed, and its weights.
///
/// Batch norms are folded into the convolutions before them, and the head computes labels,
/// which are not clipped.
#[derive(Clone, Debug)]
pub struct Graph {
    /// The steps. The output of the last one is the graph's, `[batch, targets]`.
    pub steps: Vec<Step>,
    /// The weights of the steps by `state_dict` key, and no others.
    pub weights: StateDict,
}

/// A step: what is done with which values.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// What is done.
    pub op: Op,
    /// What it is done with, as many as `op` takes.
    pub inputs: Vec<Source>,
    /// How many dimensions the output has.
    pub rank: usize,
}

/// Where a value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The graph's input: images, `[batch, 3, height, width]`, normalised.
    Input,
    /// The output of a step, by its index.
    Step(usize),
}

/// What a step does, as the methods of [`Value`](crate::nn::Value), [`Image`](crate::nn::Image)
/// and [`Sequence`](crate::nn::Sequence) do; weights are
/// keys of [`Graph::weights`].
#[derive(Clone, Debug, PartialEq)]
pub enum Op {
    /// A convolution of the value with a weight.
    Conv2d {
        /// `[out, in / groups, kernel height, kernel width]`.
        weight: String,
        /// `[out]`.
        bias: Option<String>,
        /// How it moves over its input.
        geometry: Geometry,
    },
    /// `max(x, 0)`.
    Relu,
    /// `min(max(x, 0), 6)`.
    Relu6,
    /// `x · sigmoid(x)`.
    Silu,
    /// `1 / (1 + exp(-x))`.
    Sigmoid,
    /// `x · Φ(x)`.
    Gelu,
    /// The sum of two values.
    Add,
    /// The product of two values, the smaller broadcast to the larger.
    Mul,
    /// Each channel of an image times its factor, plus its term.
    ScaleChannels {
        /// One per channel.
        factors: [f32; 3],
        /// One per channel.
        terms: [f32; 3],
    },
    /// Feature maps, channels after channels.
    Concat,
    /// The largest value in each window.
    MaxPool2d(Window),
    /// The mean of each square window; the padding's zeros count.
    AvgPool2d {
        /// Side of a window in pixels.
        kernel: usize,
        /// Step in pixels.
        stride: usize,
        /// Zeros added on each side.
        padding: usize,
    },
    /// The mean of each channel, `[batch, channels, 1, 1]`.
    MeanPixel,
    /// `[batch, channels, 1, 1]` to `[batch, channels]`.
    IntoRow,
    /// `[batch, channels, height, width]` to `[batch, height · width, channels]`.
    IntoSequence,
    /// `[batch, length, width]` after a token, plus positions.
    Embedded {
        /// `[1, 1, width]`.
        token: String,
        /// `[1, 1 + length, width]`.
        positions: String,
    },
    /// `x · weightᵀ + bias` over the last dimension.
    Linear {
        /// `[out, in]`.
        weight: String,
        /// `[out]`.
        bias: String,
    },
    /// Normalisation over the last dimension.
    LayerNorm {
        /// `[width]`.
        weight: String,
        /// `[width]`.
        bias: String,
        /// What is added to the variance.
        epsilon: f64,
    },
    /// Attention heads, joined.
    Attention {
        /// `[3 · width, width]`.
        weight: String,
        /// `[3 · width]`.
        bias: String,
        /// How many attend side by side.
        heads: usize,
    },
    /// The first token of each sequence.
    First,
}

impl Op {
    /// The keys of its weights.
    pub fn weights(&self) -> Vec<&String> {
        match self {
            Self::Conv2d { weight, bias, .. } => [weight].into_iter().chain(bias).collect(),
            Self::Linear { weight, bias }
            | Self::LayerNorm { weight, bias, .. }
            | Self::Attention { weight, bias, .. } => vec![weight, bias],
            Self::Embedded { token, positions } => vec![token, positions],
            _ => Vec::new(),
        }
    }
}

impl Regressor {
    /// What the model computes when it predicts.
    ///
    /// # Errors
    /// When a device fails to give a tensor back.
    pub fn graph(&self) -> Result<Graph, StateError> {
        let model = self.for_inference(Precision::Fp32);
        let model = model.regressor();
        let steps = tracer::steps_of(model);
        let used: Vec<&String> = steps.iter().flat_map(|step| step.op.weights()).collect();
        let weights = state::collect_where(model, |key| used.iter().any(|used| *used == key))?;
        Ok(Graph { steps, weights })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{BackboneKind, ModelConfig};
    use burn::tensor::Device;

    fn graph(kind: BackboneKind) -> (Regressor, Graph) {
        let model = Regressor::new(&ModelConfig::new(kind, 2), 5, &Device::flex());
        let graph = model.graph().unwrap();
        (model, graph)
    }

    #[test]
    fn every_step_uses_earlier_ones_and_every_one_is_used() {
        for &kind in BackboneKind::ALL {
            let (_, graph) = graph(kind);
            let mut used = vec![false; graph.steps.len()];
            for (index, step) in graph.steps.iter().enumerate() {
                for source in &step.inputs {
                    if let Source::Step(source) = *source {
                        assert!(source < index, "{kind}: {step:?}");
                        used[source] = true;
                    }
                }
            }
            let unused = used.iter().filter(|used| !**used).count();
            assert_eq!((unused, used.last()), (1, Some(&false)), "{kind}");
        }
    }

    #[test]
    fn all_weights_but_those_of_folded_norms_and_auxiliary_classifiers_are_used() {
        for &kind in BackboneKind::ALL {
            let (model, graph) = graph(kind);
            let of_norm = |key: &str| {
                let module = key.rsplit_once('.').map_or("", |(module, _)| module);
                model_has(&model, &format!("{module}.running_var")) && !key.ends_with(".bias")
            };
            for (key, _) in state::shapes(&model) {
                let is_used = graph.weights.contains_key(&key);
                let is_auxiliary = kind
                    .auxiliary()
                    .iter()
                    .any(|module| key.starts_with(&format!("backbone.{module}.")));
                assert_eq!(is_used, !of_norm(&key) && !is_auxiliary, "{kind}: {key}");
            }
        }
    }

    fn model_has(model: &Regressor, key: &str) -> bool {
        state::shapes(model).iter().any(|(other, _)| other == key)
    }
}
