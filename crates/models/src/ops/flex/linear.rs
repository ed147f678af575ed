//! Affine maps as products of matrices that are read where they lie: Flex
//! copies a transposed one first.

use burn::backend::ops::{FloatTensorOps, ModuleOps};
use burn::backend::{Flex, TensorMetadata};

use super::matmul::{Matrix, matmul, product};
use super::{Floats, are_f32, tensor, values};
use crate::ops::linear::LinearKernels;

/// `[rows, columns]` of a tensor of rank 2.
fn dims(tensor: &Floats) -> [usize; 2] {
    let shape = tensor.shape();
    [shape[0], shape[1]]
}

impl LinearKernels for Flex {
    fn affine_forward(x: Floats, weight: Floats, bias: Floats) -> Floats {
        if !are_f32(&[&x, &weight, &bias]) {
            return Self::linear(x, Self::float_swap_dims(weight, 0, 1), Some(bias));
        }
        let ([rows, inputs], [outputs, _]) = (dims(&x), dims(&weight));
        let (x, weight) = (values(&x), values(&weight));
        let x = Matrix::new(&x, rows, inputs, inputs);
        let weight = Matrix::new(&weight, outputs, inputs, inputs).transposed();
        let mut out = values(&bias).repeat(rows);
        matmul(&mut out, outputs, x, weight, true, true);
        tensor(out, [rows, outputs])
    }

    fn affine_x_backward(weight: Floats, grad: Floats) -> Floats {
        if !are_f32(&[&weight, &grad]) {
            return Self::float_matmul(grad, weight);
        }
        let ([rows, outputs], [_, inputs]) = (dims(&grad), dims(&weight));
        let (grad, weight) = (values(&grad), values(&weight));
        let grad = Matrix::new(&grad, rows, outputs, outputs);
        let weight = Matrix::new(&weight, outputs, inputs, inputs);
        let out = product(grad, weight, true);
        tensor(out, [rows, inputs])
    }

    fn affine_weight_backward(x: Floats, grad: Floats) -> Floats {
        if !are_f32(&[&x, &grad]) {
            return Self::float_matmul(Self::float_swap_dims(grad, 0, 1), x);
        }
        let ([rows, inputs], [_, outputs]) = (dims(&x), dims(&grad));
        let (x, grad) = (values(&x), values(&grad));
        let grad = Matrix::new(&grad, rows, outputs, outputs).transposed();
        let x = Matrix::new(&x, rows, inputs, inputs);
        let out = product(grad, x, true);
        tensor(out, [outputs, inputs])
    }
}
