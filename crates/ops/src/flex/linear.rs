//! Affine maps as products of matrices that are read where they lie: Flex
//! copies a transposed one first.

use burn::backend::ops::{FloatTensorOps, ModuleOps};
use burn::backend::{Flex, TensorMetadata};
use rayon::prelude::*;

use super::matmul::{Matrix, Parallelism, matmul};
use super::{Floats, are_f32, tensor, values};
use crate::linear::LinearKernels;

/// Multiply-adds below which waking a second thread takes longer than it saves.
const WORTH_A_THREAD: usize = 1 << 21;

/// `[rows, columns]` of a tensor of rank 2.
fn dims(tensor: &Floats) -> [usize; 2] {
    let shape = tensor.shape();
    [shape[0], shape[1]]
}

/// `a · b`, added to `out`. Each core computes some of the rows.
fn product(mut out: Vec<f32>, a: Matrix<'_>, b: Matrix<'_>) -> Vec<f32> {
    let [rows, depth] = a.dims();
    let [_, columns] = b.dims();
    let threads = match rows * depth * columns {
        work if work < WORTH_A_THREAD => 1,
        _ => rayon::current_num_threads(),
    };
    let share = rows.div_ceil(threads).max(1);
    let compute = |(index, out): (usize, &mut [f32])| {
        let first = index * share;
        let a = a.rows(first..(first + share).min(rows));
        matmul(out, columns, a, b, true, Parallelism::None);
    };
    let size = (share * columns).max(1);
    match threads {
        1 => out.chunks_mut(size).enumerate().for_each(compute),
        _ => out.par_chunks_mut(size).enumerate().for_each(compute),
    }
    out
}

impl LinearKernels for Flex {
    fn affine_forward(x: Floats, weight: Floats, bias: Floats) -> Floats {
        if !are_f32(&[&x, &weight, &bias]) {
            return Self::linear(x, Self::float_swap_dims(weight, 0, 1), Some(bias));
        }
        let ([rows, inputs], [outputs, _]) = (dims(&x), dims(&weight));
        let (x, weight) = (values(&x), values(&weight));
        let out = product(
            values(&bias).repeat(rows),
            Matrix::new(&x, rows, inputs, inputs),
            Matrix::new(&weight, outputs, inputs, inputs).transposed(),
        );
        tensor(out, [rows, outputs])
    }

    fn affine_x_backward(weight: Floats, grad: Floats) -> Floats {
        if !are_f32(&[&weight, &grad]) {
            return Self::float_matmul(grad, weight);
        }
        let ([rows, outputs], [_, inputs]) = (dims(&grad), dims(&weight));
        let (grad, weight) = (values(&grad), values(&weight));
        let out = product(
            vec![0.0; rows * inputs],
            Matrix::new(&grad, rows, outputs, outputs),
            Matrix::new(&weight, outputs, inputs, inputs),
        );
        tensor(out, [rows, inputs])
    }

    fn affine_weight_backward(x: Floats, grad: Floats) -> Floats {
        if !are_f32(&[&x, &grad]) {
            return Self::float_matmul(Self::float_swap_dims(grad, 0, 1), x);
        }
        let ([rows, inputs], [_, outputs]) = (dims(&x), dims(&grad));
        let (x, grad) = (values(&x), values(&grad));
        let out = product(
            vec![0.0; outputs * inputs],
            Matrix::new(&grad, rows, outputs, outputs).transposed(),
            Matrix::new(&x, rows, inputs, inputs),
        );
        tensor(out, [outputs, inputs])
    }
}
