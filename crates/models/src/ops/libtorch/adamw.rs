//! AdamW on the CPU in one pass over weight, gradient and both moments.

use burn::backend::LibTorch;
use burn::backend::libtorch::TchTensor;
use tch::{Device, Kind, Tensor};

use super::Floats;
use crate::ops::AdamW;
use crate::ops::adamw::{AdamWKernel, Updated, plain_step, step_slices};

impl AdamWKernel for LibTorch {
    fn adamw_update([old, grad, first, second]: [Floats; 4], step: AdamW) -> Updated<Self> {
        // In the order that a layer's gradient comes in its weight is used next
        // time; nothing is brought from one order to another after the first step.
        let [old, first, second] = [old, first, second].map(|tensor| in_order_of(&grad, tensor));
        let is_served = |tensor: &Floats| {
            let tensor = &tensor.tensor;
            tensor.device() == Device::Cpu && tensor.kind() == Kind::Float
        };
        let tensors = [old, grad, first, second];
        if !(tensors.iter().all(is_served) && is_dense(&tensors[1].tensor)) {
            return plain_step::<Self>(tensors, step);
        }
        let [old, grad, first, second] = tensors;
        // The model keeps the old weight while the new one is made; nobody else needs the
        // gradient, and the moments are the optimiser's alone.
        let [grad, first, second] = [grad, first, second].map(|tensor| {
            if tensor.can_mut() {
                tensor.tensor
            } else {
                tensor.tensor.copy()
            }
        });
        step_slices(
            values_mut(&grad),
            values(&old.tensor),
            [values_mut(&first), values_mut(&second)],
            step,
        );
        let [weight, first, second] = [grad, first, second].map(TchTensor::new);
        (weight, first, second)
    }
}

/// `tensor` in the memory order of `like`, which has its shape.
fn in_order_of(like: &Floats, tensor: Floats) -> Floats {
    if order(&tensor.tensor) == order(&like.tensor) {
        return tensor;
    }
    let mut ordered = like.tensor.empty_like();
    ordered.copy_(&tensor.tensor);
    TchTensor::new(ordered)
}

/// The strides and sizes of the dimensions that have any extent.
fn order(tensor: &Tensor) -> Vec<(i64, i64)> {
    let dims = tensor.stride().into_iter().zip(tensor.size());
    dims.filter(|(_, size)| *size != 1).collect()
}

/// Whether the values lie side by side without gaps, in whatever order.
fn is_dense(tensor: &Tensor) -> bool {
    let mut dims = order(tensor);
    dims.sort_unstable();
    let mut expected = 1;
    dims.into_iter().all(|(stride, size)| {
        let fits = stride == expected;
        expected *= size;
        fits
    })
}

/// The values of a dense f32 tensor on the CPU, in the order that they lie in.
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
