//! Exponential moving average of a model's weights.

use std::collections::BTreeMap;

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use psp_models::{StateDict, StateError};

use super::optimizer::{to_device, to_host};
use super::tensors::{tensors, with_tensors};

/// An average of parameters and buffers over training steps, outside the
/// autodiff graph.
///
/// The decay warms up as `min(decay, (1 + step) / (10 + step))`, so that the
/// first, poor weights are soon forgotten (as TensorFlow's
/// `ExponentialMovingAverage` does with `num_updates`).
#[derive(Clone, Debug)]
pub struct Ema {
    decay: f64,
    average: BTreeMap<String, Tensor<4>>,
}

impl Ema {
    /// An average of the parameters and buffers that `tracked` accepts by key,
    /// from their present values on.
    pub fn new<M: Module>(decay: f64, module: &M, tracked: impl Fn(&str) -> bool) -> Self {
        let mut ema = Self {
            decay,
            average: BTreeMap::new(),
        };
        ema.track(module, tracked);
        ema
    }

    /// Averages those that `tracked` accepts, too, from their present values on.
    pub fn track<M: Module>(&mut self, module: &M, tracked: impl Fn(&str) -> bool) {
        let wanted = |key: &str| tracked(key) && !self.average.contains_key(key);
        let added = tensors(module, wanted);
        self.average.extend(added);
    }

    /// Continues from a stored average, on `device` without autodiff. What is averaged
    /// and not stored goes on from its present value.
    pub fn restore(&mut self, state: &StateDict, device: &Device) {
        let stored = state.iter();
        let stored = stored.map(|(key, tensor)| (key.clone(), to_device(tensor, device)));
        self.average.extend(stored);
    }

    /// Moves the average towards the module's weights after optimiser step
    /// number `step`, counted from 1.
    pub fn update<M: Module>(&mut self, module: &M, step: u64) {
        let step = step as f64;
        let decay = self.decay.min((1.0 + step) / (10.0 + step));
        for (key, value) in tensors(module, |key| self.average.contains_key(key)) {
            if let Some(average) = self.average.remove(&key) {
                let average = average.reshape(value.dims()).mul_scalar(decay);
                // The sum lies in memory as the first of the two does.
                let moved = value.mul_scalar(1.0 - decay) + average;
                self.average.insert(key, moved);
            }
        }
    }

    /// The module with the averaged weights.
    pub fn apply<M: Module>(&self, module: M) -> M {
        with_tensors(module, &self.average)
    }

    /// Copies the average to the host; every tensor is flat.
    ///
    /// # Errors
    /// When a device fails to give a tensor back.
    pub fn state(&self) -> Result<StateDict, StateError> {
        self.average
            .iter()
            .map(|(key, tensor)| Ok((key.clone(), to_host(key, tensor)?)))
            .collect()
    }
}
