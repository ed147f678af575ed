//! How large the values of a graph are.

use psp_models::StateDict;
use psp_models::graph::Op;
use psp_models::ops::Window;

/// Extents of an image; of tokens, their number is the width; a row is one pixel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shape {
    pub(crate) height: usize,
    pub(crate) width: usize,
    pub(crate) channels: usize,
}

impl Shape {
    /// Of what `op` gives for values of these shapes; `None` where it takes none of them.
    pub(crate) fn of(op: &Op, inputs: &[Self], weights: &StateDict) -> Option<Self> {
        let x = inputs[0];
        let rows = |key: &str| weights[key].shape[0];
        Some(match op {
            Op::Conv2d {
                weight, geometry, ..
            } => {
                let shape = &weights[weight].shape;
                let along = |axis: usize, size: usize| {
                    let whole = size + 2 * geometry.padding[axis];
                    let steps = whole.checked_sub(shape[2 + axis]);
                    steps.map(|steps| steps / geometry.stride[axis] + 1)
                };
                let size = along(0, x.height).zip(along(1, x.width));
                let (height, width) = size?;
                Self {
                    height,
                    width,
                    channels: shape[0],
                }
            }
            Op::MaxPool2d(window) => x.pooled(*window)?,
            Op::AvgPool2d {
                kernel,
                stride,
                padding,
            } => x.pooled(Window {
                kernel: *kernel,
                stride: *stride,
                padding: *padding,
                ceil_mode: false,
            })?,
            Op::MeanPixel | Op::First => Self {
                height: 1,
                width: 1,
                ..x
            },
            Op::Concat => Self {
                channels: inputs.iter().map(|input| input.channels).sum(),
                ..x
            },
            Op::Mul if inputs[1].height * inputs[1].width > x.height * x.width => inputs[1],
            Op::IntoSequence => Self {
                height: 1,
                width: x.height * x.width,
                ..x
            },
            Op::Embedded { positions, .. } => {
                let width = weights[positions].shape[1];
                if width != x.width + 1 {
                    return None;
                }
                Self { width, ..x }
            }
            Op::Linear { weight, .. } => Self {
                channels: rows(weight),
                ..x
            },
            Op::Attention { .. }
            | Op::LayerNorm { .. }
            | Op::IntoRow
            | Op::Relu
            | Op::Relu6
            | Op::Silu
            | Op::Sigmoid
            | Op::Gelu
            | Op::Add
            | Op::Mul
            | Op::ScaleChannels { .. } => x,
        })
    }

    fn pooled(self, window: Window) -> Option<Self> {
        Some(Self {
            height: window.output(self.height)?,
            width: window.output(self.width)?,
            ..self
        })
    }
}
