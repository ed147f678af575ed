//! Kernels for Flex, spread over all cores.
//!
//! Flex computes element by element operations, reductions and pooling on one
//! thread, each in a pass of its own, and convolves image by image.

mod adamw;
mod batch_norm;
mod conv;
mod elementwise;
mod linear;
mod matmul;
mod max_pool;

use std::borrow::Cow;

use burn::backend::Flex;
use burn::backend::tensor::FloatTensor;
use burn::tensor::{DType, Shape, TensorData};

type Floats = FloatTensor<Flex>;

/// Whether all tensors hold f32s; the kernels here serve nothing else.
fn are_f32(tensors: &[&Floats]) -> bool {
    tensors.iter().all(|tensor| tensor.dtype() == DType::F32)
}

/// The values in the order of the shape, without a copy where they lie so.
fn values(tensor: &Floats) -> Cow<'_, [f32]> {
    match tensor.as_slice::<f32>() {
        Some(values) => Cow::Borrowed(values),
        None => Cow::Owned(into_values(tensor.clone())),
    }
}

/// The values of a tensor, without a copy where nothing else shares them.
fn into_values(tensor: Floats) -> Vec<f32> {
    let data = tensor.into_data();
    match data.try_into_vec::<f32>() {
        Ok(values) => values,
        // Callers have asked `are_f32`.
        Err(error) => unreachable!("{error:?}"),
    }
}

fn tensor(values: Vec<f32>, shape: impl Into<Shape>) -> Floats {
    Floats::from_data(TensorData::new(values, shape))
}
