//! A graph of weights alone, without a model on a device.

use std::collections::BTreeSet;

use burn::tensor::Device;

use super::{Graph, tracer};
use crate::config::ModelConfig;
use crate::inference::marked_as_folded;
use crate::regressor::Regressor;
use crate::state::{self, HostTensor, Leftover, StateDict, StateError};

impl Graph {
    /// What a model with the weights of `state` computes: the graph of
    /// [`Regressor::from_state`], to the last bit, in a fraction of the time. `device` holds
    /// no weights.
    ///
    /// # Errors
    /// [`StateError::Mismatch`] listing every key that does not fit.
    pub fn of_state(
        config: &ModelConfig,
        mut state: StateDict,
        device: &Device,
    ) -> Result<Self, StateError> {
        if !config.output.is_identity() {
            return Regressor::from_state(config, &state, device)?.graph();
        }
        let model = Regressor::zeros(config, device);
        state::check(&model, &state, Leftover::default())?;
        let epsilon = model.backbone.kind().spec().norm_epsilon;
        let (model, pairs) = marked_as_folded(model);
        for [convolution, norm] in pairs {
            fold(&mut state, &convolution, &norm, epsilon);
        }
        let steps = tracer::steps_of(&model);
        let used: BTreeSet<&String> = steps.iter().flat_map(|step| step.op.weights()).collect();
        state.retain(|key, _| used.contains(key));
        Ok(Self {
            steps,
            weights: state,
        })
    }
}

/// Puts a norm's factors into the convolution's weight and its terms into its own bias, as
/// [`Regressor::for_inference`] does: in f64, rounded once.
fn fold(state: &mut StateDict, convolution: &str, norm: &str, epsilon: f64) {
    let row = |leaf: &str| -> Vec<f64> {
        let tensor = state.get(&format!("{norm}.{leaf}"));
        let values = tensor.map_or(&[][..], |tensor| &tensor.data);
        values.iter().copied().map(f64::from).collect()
    };
    let (weight, mean, variance) = (row("weight"), row("running_mean"), row("running_var"));
    let factors: Vec<f64> = weight
        .iter()
        .zip(&variance)
        .map(|(weight, variance)| weight / (variance + epsilon).sqrt())
        .collect();
    let terms = row("bias").into_iter().zip(&mean).zip(&factors);
    let terms = terms.map(|((bias, mean), factor)| (bias - mean * factor) as f32);
    let data: Vec<f32> = terms.collect();
    let shape = vec![data.len()];
    state.insert(format!("{norm}.bias"), HostTensor { shape, data });
    if let Some(kernels) = state.get_mut(&format!("{convolution}.weight")) {
        let size = kernels.data.len() / factors.len().max(1);
        for (kernel, factor) in kernels.data.chunks_mut(size.max(1)).zip(&factors) {
            for value in kernel {
                *value = (f64::from(*value) * factor) as f32;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::BackboneKind;

    #[test]
    fn it_is_the_graph_of_the_model_with_these_weights() {
        let device = Device::flex();
        for &kind in BackboneKind::ALL {
            let config = ModelConfig::new(kind, 2);
            let model = Regressor::new(&config, 5, &device);
            // Norms that do something.
            let mut seed = 0.0;
            let model = state::fill_some(model, |key, shape| {
                let is_norms = shape.len() == 1 && (key.contains("bn") || key.contains("running"));
                let values = || {
                    seed += 1.0;
                    let value = |i: usize| 1.0 + 0.3 * ((i as f32 + seed) * 0.7).sin();
                    (0..shape[0]).map(value).collect()
                };
                is_norms.then(values)
            });
            let state = state::collect(&model).unwrap();
            let (of_state, of_model) = (
                Graph::of_state(&config, state.clone(), &device).unwrap(),
                model.graph().unwrap(),
            );
            assert_eq!(of_state.steps, of_model.steps, "{kind}");
            assert!(
                of_state.weights.keys().eq(of_model.weights.keys()),
                "{kind}"
            );
            for (key, tensor) in &of_model.weights {
                assert!(of_state.weights[key] == *tensor, "{kind}: {key}");
            }
        }
    }

    #[test]
    fn weights_that_do_not_fit_are_refused_by_their_keys() {
        let config = ModelConfig::new(BackboneKind::ResNet18, 2);
        let device = Device::flex();
        let mut state = state::collect(&Regressor::zeros(&config, &device)).unwrap();
        state.remove("backbone.bn1.bias").unwrap();
        let refused = Graph::of_state(&config, state, &device).unwrap_err();
        assert!(
            refused.to_string().contains("1 missing: backbone.bn1.bias"),
            "{refused}"
        );
    }
}
