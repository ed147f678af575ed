//! AdamW on the CPU in one pass over weight, gradient and both moments.

use burn::backend::LibTorch;
use burn::backend::libtorch::TchTensor;
use tch::{Device, Kind, Tensor};

use super::Floats;
use crate::AdamW;
use crate::adamw::{AdamWKernel, Updated, plain_step, step_slices};

impl AdamWKernel for LibTorch {
    fn adamw_update(tensors: [Floats; 4], step: AdamW) -> Updated<Self> {
        let is_served = |tensor: &Floats| {
            let tensor = &tensor.tensor;
            tensor.device() == Device::Cpu && tensor.kind() == Kind::Float && tensor.is_contiguous()
        };
        if !tensors.iter().all(is_served) {
            return plain_step::<Self>(tensors, step);
        }
        let [old, grad, first, second] = tensors;
        // The model keeps the old weight while the new one is made; the moments
        // are the optimiser's alone.
        let weight = old.tensor.empty_like();
        let [first, second] = [first, second].map(|moment| match moment.can_mut() {
            true => moment.tensor,
            false => moment.tensor.copy(),
        });
        step_slices(
            values_mut(&weight),
            [values(&old.tensor), values(&grad.tensor)],
            [values_mut(&first), values_mut(&second)],
            step,
        );
        let [weight, first, second] = [weight, first, second].map(TchTensor::new);
        (weight, first, second)
    }
}

/// The values of a contiguous f32 tensor on the CPU.
#[allow(unsafe_code)]
fn values(tensor: &Tensor) -> &[f32] {
    // SAFETY: the caller has asked for kind, device and layout, so that many
    // values lie there, and the tensor keeps them alive as long as it is
    // borrowed. None is written meanwhile: the slices of `values_mut` belong to
    // other tensors, with memory that nobody else has.
    unsafe { std::slice::from_raw_parts(tensor.data_ptr().cast(), tensor.numel()) }
}

/// The same to write to.
#[allow(unsafe_code, clippy::mut_from_ref)]
fn values_mut(tensor: &Tensor) -> &mut [f32] {
    // SAFETY: as above; the caller hands over tensors whose memory no other
    // tensor shares (new ones, or such that `can_mut`), each once.
    unsafe { std::slice::from_raw_parts_mut(tensor.data_ptr().cast(), tensor.numel()) }
}
