//! A model's gradients by name.

use std::collections::BTreeMap;
use std::ops::Add;

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Device, Tensor};
use psp_models::ops::Gradients;
use psp_models::path::ModulePath;

use super::optimizer::four_dims;

/// The gradient of every trained parameter by `state_dict` key, on the model's
/// device and outside its autodiff graph; flat (`[count, 1, 1, 1]`) unless it
/// has four dimensions.
#[derive(Clone, Debug, Default)]
pub struct Grads(BTreeMap<String, Tensor<4>>);

impl Grads {
    /// Takes the gradients of `module`'s parameters out of the backward pass of a
    /// tape that watched it.
    pub fn take<M: Module>(module: &M, gradients: Gradients) -> Self {
        Self::take_from(ModulePath::default(), module, gradients)
    }

    /// The same of the child `name` of a module, under the module's keys.
    pub fn take_of_child<M: Module>(name: &str, child: &M, gradients: Gradients) -> Self {
        Self::take_from(ModulePath::of_child(name), child, gradients)
    }

    fn take_from<M: Module>(path: ModulePath, module: &M, mut gradients: Gradients) -> Self {
        let mut taker = Taker {
            path,
            gradients: &mut gradients,
            taken: BTreeMap::new(),
        };
        module.visit(&mut taker);
        Self(taker.taken)
    }

    /// All gradients times `factor`.
    pub fn scale(self, factor: f64) -> Self {
        Self(
            self.0
                .into_iter()
                .map(|(key, grad)| (key, grad.mul_scalar(factor)))
                .collect(),
        )
    }

    /// The same gradients on another device.
    pub fn to_device(self, device: &Device) -> Self {
        Self(
            self.0
                .into_iter()
                .map(|(key, grad)| (key, grad.to_device(device)))
                .collect(),
        )
    }

    /// The Euclidean norm over all gradients together, `[1]`; `None` when
    /// there are none.
    pub fn global_norm(&self) -> Option<Tensor<1>> {
        self.0
            .values()
            .map(|grad| grad.clone().square().sum())
            .reduce(|sum, square| sum + square)
            .map(Tensor::sqrt)
    }

    /// Scales all gradients so that their global norm is at most `max_norm`,
    /// as `torch.nn.utils.clip_grad_norm_` does, without a host round trip.
    pub fn clip(self, max_norm: f64) -> Self {
        let Some(norm) = self.global_norm() else {
            return self;
        };
        let factor = norm
            .add_scalar(1e-6)
            .recip()
            .mul_scalar(max_norm)
            .clamp_max(1.0);
        Self(
            self.0
                .into_iter()
                .map(|(key, grad)| (key, grad * factor.clone().reshape([1, 1, 1, 1])))
                .collect(),
        )
    }

    /// Removes and returns one parameter's gradient.
    pub(super) fn remove(&mut self, key: &str) -> Option<Tensor<4>> {
        self.0.remove(key)
    }

    /// Each parameter's gradient norm, read back to the host.
    pub fn norms(&self) -> BTreeMap<String, f64> {
        self.0
            .iter()
            .map(|(key, grad)| {
                let norm = grad.clone().square().sum().sqrt().into_scalar::<f32>();
                (key.clone(), f64::from(norm))
            })
            .collect()
    }
}

/// Adds another batch's gradients, for gradient accumulation.
impl Add for Grads {
    type Output = Self;

    fn add(mut self, other: Self) -> Self {
        for (key, grad) in other.0 {
            let sum = match self.0.remove(&key) {
                Some(have) => have + grad,
                None => grad,
            };
            self.0.insert(key, sum);
        }
        self
    }
}

struct Taker<'a> {
    path: ModulePath,
    gradients: &'a mut Gradients,
    taken: BTreeMap<String, Tensor<4>>,
}

impl ModuleVisitor for Taker<'_> {
    fn enter_module(&mut self, name: &str, container_type: &str) {
        self.path.enter(name, container_type);
    }

    fn exit_module(&mut self, _name: &str, _container_type: &str) {
        self.path.exit();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if !param.is_require_grad() {
            return;
        }
        if let Some(grad) = self.gradients.take(&param.val()) {
            let shape = four_dims(&grad.dims());
            self.taken.insert(self.path.key(), grad.reshape(shape));
        }
    }
}
