//! AdamW and SGD as PyTorch computes them.

use std::collections::BTreeMap;

use burn::module::{Module, ModuleMapper, Param};
use burn::tensor::{Device, Tensor, TensorData};
use psp_models::ops::{AdamW, adamw_step};
use psp_models::path::ModulePath;
use psp_models::{HostTensor, StateDict, StateError};
use serde::{Deserialize, Serialize};

use super::Grads;

/// Which rule updates the parameters.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum OptimizerConfig {
    /// Adam with decoupled weight decay (Loshchilov & Hutter, 2019,
    /// arXiv 1711.05101), `torch.optim.AdamW`.
    AdamW {
        /// Decay rates of the first and second moment.
        betas: [f64; 2],
        /// Added to the second moment's root.
        epsilon: f64,
        /// Share of the weight removed per unit of learning rate.
        weight_decay: f64,
    },
    /// Stochastic gradient descent with momentum, `torch.optim.SGD`.
    Sgd {
        /// Share of the last step kept; 0 turns momentum off.
        momentum: f64,
        /// Whether the gradient is taken ahead of the momentum step.
        nesterov: bool,
        /// Factor of the weight added to its gradient.
        weight_decay: f64,
    },
}

/// Moments or momentum by `<slot>/<state_dict key>`, and the steps done.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OptimizerState {
    /// Optimiser steps done.
    pub step: u64,
    /// Steps done before a parameter's first, by its key; 0 for those that are
    /// not listed. Parameters that are unfrozen later come later.
    pub skipped: BTreeMap<String, u64>,
    /// Host copies of the slots.
    pub slots: StateDict,
}

/// An optimiser with its state.
#[derive(Clone, Debug)]
pub struct Optimizer {
    config: OptimizerConfig,
    decay_all: bool,
    step: u64,
    slots: BTreeMap<String, Slot>,
}

/// One parameter's state: AdamW's two moments, or SGD's momentum.
#[derive(Clone, Debug)]
struct Slot {
    first: Tensor<4>,
    second: Option<Tensor<4>>,
    /// Steps done before the parameter's first.
    skipped: u64,
}

impl Slot {
    /// The same in a parameter's shape: restored ones come flat.
    fn reshape(self, shape: [usize; 4]) -> Self {
        let to = |tensor: Tensor<4>| {
            if tensor.dims() == shape {
                tensor
            } else {
                tensor.reshape(shape)
            }
        };
        Self {
            first: to(self.first),
            second: self.second.map(to),
            ..self
        }
    }
}

const FIRST: &str = "first/";
const SECOND: &str = "second/";

impl Optimizer {
    /// A fresh optimiser. Norms and biases (tensors of rank 1) are not decayed.
    pub fn new(config: OptimizerConfig) -> Self {
        Self {
            config,
            decay_all: false,
            step: 0,
            slots: BTreeMap::new(),
        }
    }

    /// The same with weight decay on every parameter, as
    /// `torch.optim` does when given one parameter group.
    pub fn decay_all(mut self) -> Self {
        self.decay_all = true;
        self
    }

    /// Optimiser steps done.
    pub fn steps(&self) -> u64 {
        self.step
    }

    /// Updates every parameter that has a gradient.
    ///
    /// `learning_rate` returns the rate of a parameter by its key.
    pub fn step<M: Module>(
        &mut self,
        module: M,
        grads: Grads,
        learning_rate: impl Fn(&str) -> f64,
    ) -> M {
        self.step_from(ModulePath::default(), module, grads, learning_rate)
    }

    /// The same for the child `name` of a module, under the module's keys.
    pub fn step_child<M: Module>(
        &mut self,
        name: &str,
        child: M,
        grads: Grads,
        learning_rate: impl Fn(&str) -> f64,
    ) -> M {
        self.step_from(ModulePath::of_child(name), child, grads, learning_rate)
    }

    fn step_from<M: Module>(
        &mut self,
        path: ModulePath,
        module: M,
        grads: Grads,
        learning_rate: impl Fn(&str) -> f64,
    ) -> M {
        self.step += 1;
        module.map(&mut Updater {
            path,
            grads,
            learning_rate,
            optimizer: self,
        })
    }

    /// Copies the state to the host.
    ///
    /// # Errors
    /// When a device fails to give a tensor back.
    pub fn state(&self) -> Result<OptimizerState, StateError> {
        let mut slots = StateDict::new();
        for (key, slot) in &self.slots {
            slots.insert(format!("{FIRST}{key}"), to_host(key, &slot.first)?);
            if let Some(second) = &slot.second {
                slots.insert(format!("{SECOND}{key}"), to_host(key, second)?);
            }
        }
        let skipped = self.slots.iter().map(|(key, slot)| (key, slot.skipped));
        Ok(OptimizerState {
            step: self.step,
            skipped: skipped
                .filter(|(_, skipped)| *skipped > 0)
                .map(|(key, skipped)| (key.clone(), skipped))
                .collect(),
            slots,
        })
    }

    /// Continues from a stored state, on `device` (without autodiff).
    pub fn restore(&mut self, state: &OptimizerState, device: &Device) {
        self.step = state.step;
        self.slots = state
            .slots
            .iter()
            .filter_map(|(name, first)| {
                let key = name.strip_prefix(FIRST)?;
                let second = state.slots.get(&format!("{SECOND}{key}"));
                let slot = Slot {
                    first: to_device(first, device),
                    second: second.map(|second| to_device(second, device)),
                    skipped: state.skipped.get(key).copied().unwrap_or(0),
                };
                Some((key.to_owned(), slot))
            })
            .collect();
    }

    /// The updated value of one parameter of the given rank, in four dimensions.
    fn update(
        &mut self,
        key: &str,
        rank: usize,
        weight: Tensor<4>,
        grad: Tensor<4>,
        lr: f64,
    ) -> Tensor<4> {
        let decays = self.decay_all || rank > 1;
        let slot = self
            .slots
            .remove(key)
            .map(|slot| slot.reshape(weight.dims()));
        let skipped = slot.as_ref().map_or(self.step - 1, |slot| slot.skipped);
        let (weight, slot) = match self.config {
            OptimizerConfig::AdamW {
                betas: [beta1, beta2],
                epsilon,
                weight_decay,
            } => {
                let (first, second) = match slot {
                    Some(Slot {
                        first,
                        second: Some(second),
                        ..
                    }) => (first, second),
                    _ => (grad.zeros_like(), grad.zeros_like()),
                };
                // As `torch.optim` counts: each parameter its own steps.
                let steps = (self.step - skipped) as f64;
                let step = AdamW {
                    decay: if decays { lr * weight_decay } else { 0.0 },
                    betas: [beta1, beta2],
                    epsilon,
                    rate: lr / (1.0 - beta1.powf(steps)),
                    correction: (1.0 - beta2.powf(steps)).sqrt(),
                };
                let [weight, first, second] = adamw_step(weight, grad, first, second, step);
                let slot = Slot {
                    first,
                    second: Some(second),
                    skipped,
                };
                (weight, Some(slot))
            }
            // Sums lie in memory as the first of the two does: the gradient.
            OptimizerConfig::Sgd {
                momentum,
                nesterov,
                weight_decay,
            } => {
                let grad = if decays && weight_decay > 0.0 {
                    grad + weight.clone().mul_scalar(weight_decay)
                } else {
                    grad
                };
                if momentum == 0.0 {
                    (grad.mul_scalar(-lr) + weight, None)
                } else {
                    let first = match slot {
                        Some(slot) => grad.clone() + slot.first.mul_scalar(momentum),
                        None => grad.clone(),
                    };
                    let direction = if nesterov {
                        grad + first.clone().mul_scalar(momentum)
                    } else {
                        first.clone()
                    };
                    let slot = Slot {
                        first,
                        second: None,
                        skipped,
                    };
                    (direction.mul_scalar(-lr) + weight, Some(slot))
                }
            }
        };
        if let Some(slot) = slot {
            self.slots.insert(key.to_owned(), slot);
        }
        weight
    }
}

/// The shape in which a tensor of any rank is kept beside others: its own where
/// that has four dimensions, so that its order in memory stays as it is, or
/// flat.
pub(super) fn four_dims(dims: &[usize]) -> [usize; 4] {
    match dims {
        &[a, b, c, d] => [a, b, c, d],
        _ => [dims.iter().product(), 1, 1, 1],
    }
}

/// A flat copy.
pub(super) fn to_host(key: &str, tensor: &Tensor<4>) -> Result<HostTensor, StateError> {
    let data = tensor.to_data_as::<f32>().try_into_vec::<f32>();
    data.map(|data| HostTensor {
        shape: vec![data.len()],
        data,
    })
    .map_err(|reason| StateError::Read {
        key: key.to_owned(),
        reason: format!("{reason:?}"),
    })
}

pub(super) fn to_device(tensor: &HostTensor, device: &Device) -> Tensor<4> {
    let data = TensorData::new(tensor.data.clone(), four_dims(&tensor.shape));
    Tensor::from_data(data, device)
}

struct Updater<'a, F> {
    path: ModulePath,
    grads: Grads,
    learning_rate: F,
    optimizer: &'a mut Optimizer,
}

impl<F: Fn(&str) -> f64> ModuleMapper for Updater<'_, F> {
    fn enter_module(&mut self, name: &str, container_type: &str) {
        self.path.enter(name, container_type);
    }

    fn exit_module(&mut self, _name: &str, _container_type: &str) {
        self.path.exit();
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let key = self.path.key();
        let Some(grad) = self.grads.remove(&key) else {
            return param;
        };
        let lr = (self.learning_rate)(&key);
        let optimizer = &mut *self.optimizer;
        param.map(|tensor| {
            let shape = tensor.shape();
            let weight = tensor.inner().reshape(four_dims(&shape));
            let updated = optimizer.update(&key, D, weight, grad, lr);
            Tensor::from_inner(updated.reshape(shape)).require_grad()
        })
    }
}
