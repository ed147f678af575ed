//! Operations by LibTorch itself, on the tensors that burn-tch wraps.
//!
//! LibTorch's autograd records them where a leaf of a [`crate::ops::Tape`] comes in,
//! so each has LibTorch's own backward pass. A tensor that Burn's autodiff
//! tracks would lose its graph here; it is left to Burn's definitions.

mod adamw;
mod layers;

use std::collections::{HashMap, HashSet};

use burn::backend::LibTorch;
use burn::backend::libtorch::TchTensor;
use burn::backend::tensor::FloatTensor;
use burn::module::{ModuleMapper, Param};
use burn::tensor::Tensor;

use crate::ops::Tape;

pub(crate) use layers::*;

type Floats = FloatTensor<LibTorch>;

/// The LibTorch tensor behind `x`; `None` on another backend, and for a tensor
/// that Burn tracks.
pub(crate) fn peel<const D: usize>(x: &Tensor<D>) -> Option<tch::Tensor> {
    if x.is_tracked() { None } else { inner(x) }
}

fn inner<const D: usize>(x: &Tensor<D>) -> Option<tch::Tensor> {
    let primitive = x.clone().inner().try_into_primitive::<LibTorch>();
    Some(primitive.ok()?.tensor)
}

/// What an operation on `like` computed, on the same device. The memory is
/// nobody else's.
fn wrap<const D: usize, const L: usize>(output: tch::Tensor, like: &Tensor<L>) -> Tensor<D> {
    let output = Tensor::from_primitive::<LibTorch>(TchTensor::new(output));
    if like.is_autodiff() {
        Tensor::from_inner(output)
    } else {
        output
    }
}

/// A tensor over the memory of `owner`, with autodiff; Burn takes neither for
/// the memory's only user while the other is alive.
pub(crate) fn wrap_shared<const D: usize>(tensor: tch::Tensor, owner: Tensor<D>) -> Tensor<D> {
    let storage = match owner.try_into_primitive::<LibTorch>() {
        Ok(primitive) => TchTensor::from_existing(tensor, primitive.storage),
        Err(_) => TchTensor::new(tensor),
    };
    Tensor::from_inner(Tensor::from_primitive::<LibTorch>(storage))
}

/// Puts leaves of a tape in place of parameters that require gradients. On other
/// backends these begin a graph of Burn's already.
pub(crate) struct Watcher<'a>(pub(crate) &'a Tape);

impl ModuleMapper for Watcher<'_> {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        if param.is_require_grad() && inner(&param.val()).is_some() {
            param.map(|tensor| self.0.leaf(tensor))
        } else {
            param
        }
    }
}

/// Gradients by the address of their leaf's values.
#[derive(Debug)]
pub(crate) struct LeafGradients(HashMap<usize, tch::Tensor>);

/// The gradients of the leaves that lead to `loss`, each with memory of its own:
/// autograd gives some as views of others (where a sum is over one image), and whoever
/// holds a gradient may change it in place.
pub(crate) fn backward(loss: &tch::Tensor, leaves: Vec<tch::Tensor>) -> LeafGradients {
    let grads = tch::Tensor::run_backward(&[loss], &leaves, false, false);
    let mut seen = HashSet::new();
    let mut own = |grad: tch::Tensor| {
        if seen.insert(address(&grad)) {
            grad
        } else {
            grad.copy()
        }
    };
    let found = leaves.iter().zip(grads).filter(|(_, grad)| grad.defined());
    LeafGradients(
        found
            .map(|(leaf, grad)| (address(leaf), own(grad)))
            .collect(),
    )
}

impl LeafGradients {
    pub(crate) fn take<const D: usize>(&mut self, leaf: &Tensor<D>) -> Option<Tensor<D>> {
        let grad = self.0.remove(&address(&inner(leaf)?))?;
        Some(Tensor::from_primitive::<LibTorch>(TchTensor::new(grad)))
    }
}

fn address(tensor: &tch::Tensor) -> usize {
    tensor.data_ptr() as usize
}
