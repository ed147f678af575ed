//! A module's tensors by name, outside autodiff.

use std::collections::BTreeMap;

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::Tensor;
use psp_models::path::ModulePath;

use super::optimizer::four_dims;

/// The parameters and buffers of `module` that `wanted` accepts by `state_dict`
/// key; flat unless they have four dimensions.
pub(crate) fn tensors<M: Module>(
    module: &M,
    wanted: impl Fn(&str) -> bool,
) -> BTreeMap<String, Tensor<4>> {
    let mut collector = Collector {
        path: ModulePath::default(),
        wanted,
        found: BTreeMap::new(),
    };
    module.visit(&mut collector);
    collector.found
}

/// `module` with the values of `tensors`, which are on its device.
pub(crate) fn with_tensors<M: Module>(module: M, tensors: &BTreeMap<String, Tensor<4>>) -> M {
    module.map(&mut Filler {
        path: ModulePath::default(),
        tensors,
    })
}

struct Collector<F> {
    path: ModulePath,
    wanted: F,
    found: BTreeMap<String, Tensor<4>>,
}

impl<F: Fn(&str) -> bool> ModuleVisitor for Collector<F> {
    fn enter_module(&mut self, name: &str, container_type: &str) {
        self.path.enter(name, container_type);
    }

    fn exit_module(&mut self, _name: &str, _container_type: &str) {
        self.path.exit();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let key = self.path.key();
        if !(self.wanted)(&key) {
            return;
        }
        let tensor = param.val().without_autodiff();
        let shape = four_dims(&tensor.dims());
        self.found.insert(key, tensor.reshape(shape));
    }
}

struct Filler<'a> {
    path: ModulePath,
    tensors: &'a BTreeMap<String, Tensor<4>>,
}

impl ModuleMapper for Filler<'_> {
    fn enter_module(&mut self, name: &str, container_type: &str) {
        self.path.enter(name, container_type);
    }

    fn exit_module(&mut self, _name: &str, _container_type: &str) {
        self.path.exit();
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let Some(value) = self.tensors.get(&self.path.key()) else {
            return param;
        };
        param.map(|before| {
            let value = value.clone().reshape(before.shape());
            if before.device().is_autodiff() {
                Tensor::from_inner(value).set_require_grad(before.is_require_grad())
            } else {
                value
            }
        })
    }
}
