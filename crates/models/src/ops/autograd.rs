//! Backward passes, each by whoever does it best on the tensors' device:
//! LibTorch by its own autograd, every other backend by Burn's autodiff.
//!
//! burn-autodiff computes many gradients out of general operations; a
//! convolution's weight gradient becomes a convolution whose kernel is as large
//! as the image. LibTorch records what is computed on tensors that want
//! gradients, whoever calls it, and has a kernel for each gradient. So on
//! LibTorch the leaves of a graph are LibTorch's, and Burn, which sees tensors
//! that it does not track, records nothing.

#[cfg(feature = "libtorch")]
use std::cell::RefCell;

use burn::module::Module;
use burn::tensor::{Gradients as BurnGradients, Tensor};

#[cfg(feature = "libtorch")]
use crate::ops::libtorch;
use crate::ops::mul;

/// One recorded computation: its leaves, then its backward pass.
///
/// Burn computes in place where it holds a tensor's only copy. What LibTorch
/// keeps for a backward pass it can't see; LibTorch can, and refuses the
/// backward pass then. Between layers, use this crate's operations
/// ([`crate::ops::add`], [`crate::ops::mul`]), which never work in place.
#[derive(Debug, Default)]
pub struct Tape {
    /// LibTorch's leaves; Burn keeps its own.
    #[cfg(feature = "libtorch")]
    leaves: RefCell<Vec<tch::Tensor>>,
}

/// What a backward pass found.
#[allow(missing_debug_implementations)]
pub struct Gradients(Found);

enum Found {
    Burn(BurnGradients),
    #[cfg(feature = "libtorch")]
    LibTorch(libtorch::LeafGradients),
}

impl Tape {
    /// A tape without leaves.
    pub fn new() -> Self {
        Self::default()
    }

    /// The values of `x`, on an autodiff device, where a graph begins that gives
    /// them a gradient.
    pub fn leaf<const D: usize>(&self, x: Tensor<D>) -> Tensor<D> {
        let x = x.inner();
        #[cfg(feature = "libtorch")]
        if let Some(values) = libtorch::peel(&x) {
            let leaf = values.detach().set_requires_grad(true);
            self.leaves.borrow_mut().push(leaf.shallow_clone());
            return libtorch::wrap_shared(leaf, x);
        }
        Tensor::from_inner(x).require_grad()
    }

    /// `module` with leaves in place of the parameters that require gradients.
    pub fn watch<M: Module>(&self, module: &M) -> M {
        let module = module.clone();
        #[cfg(feature = "libtorch")]
        let module = module.map(&mut libtorch::Watcher(self));
        module
    }

    /// The gradients of `loss` (one value).
    ///
    /// # Panics
    /// On LibTorch, when no leaf of the tape leads to the loss.
    pub fn backward(self, loss: Tensor<1>) -> Gradients {
        #[cfg(feature = "libtorch")]
        if let Some(loss) = libtorch::peel(&loss) {
            let leaves = self.leaves.into_inner();
            return Gradients(Found::LibTorch(libtorch::backward(&loss, leaves)));
        }
        Gradients(Found::Burn(loss.backward()))
    }

    /// The gradients of what `output` is computed from, given its own
    /// (`upstream`, the same shape, outside autodiff).
    pub fn backward_from<const D: usize>(
        self,
        output: Tensor<D>,
        upstream: Tensor<D>,
    ) -> Gradients {
        self.backward(mul(output, Tensor::from_inner(upstream)).sum())
    }
}

impl Gradients {
    /// Takes the gradient of a leaf, or of the parameter that a leaf stood for,
    /// outside autodiff.
    pub fn take<const D: usize>(&mut self, leaf: &Tensor<D>) -> Option<Tensor<D>> {
        match &mut self.0 {
            Found::Burn(gradients) => leaf.grad_remove(gradients),
            #[cfg(feature = "libtorch")]
            Found::LibTorch(gradients) => gradients.take(leaf),
        }
    }
}
