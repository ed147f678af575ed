//! Steps of a forward pass.

use psp_models::graph::{Graph, Op};
use psp_models::nn::Geometry;
use psp_models::ops::Window;
use psp_models::{HostTensor, StateDict};
use pulp::Arch;
use rayon::prelude::*;

use crate::buffer::Buffer;
use crate::error::EngineError;
use crate::fuse::{Expansion, Fused, Node, is_depthwise};
use crate::kernels::activation::Activation;
use crate::kernels::conv::{Conv, Read};
use crate::kernels::depthwise::Depthwise;
use crate::kernels::elementwise;
use crate::kernels::expanded::Expanded;
use crate::kernels::pool::{self, Pooling};
use crate::kernels::product::Lanes;
use crate::kernels::tokens::{self, Attention};
use crate::kernels::winograd::{Scratch, Winograd};
use crate::place::Places;
use crate::view::View;

/// What is computed of which values.
pub(crate) struct Step {
    kernel: Kernel,
    inputs: Vec<View>,
    other: Option<View>,
    activation: Activation,
    output: View,
}

enum Kernel {
    /// Zeros around an image.
    Clear,
    Conv(Conv),
    Winograd(Winograd),
    Depthwise(Depthwise),
    Expanded(Expanded),
    Pool(Window, Pooling),
    MeanPixel,
    Activate,
    Add,
    Scale,
    ScaleInPlace,
    ScaleChannels([f32; 3], [f32; 3]),
    Copy,
    /// Positions and token, added up.
    Embed(Vec<f32>),
    First,
    LayerNorm {
        weight: Vec<f32>,
        bias: Vec<f32>,
        epsilon: f64,
    },
    Attention(Attention),
}

/// What a forward pass writes to.
#[derive(Debug, Default)]
pub(crate) struct Workspace {
    pub(crate) buffers: Vec<Buffer>,
    scratch: Scratch,
    packed: Buffer,
}

impl Workspace {
    /// Makes room for so many images.
    pub(crate) fn reserve(&mut self, places: &[usize], images: usize) {
        self.buffers.resize_with(places.len(), Buffer::default);
        for (buffer, len) in self.buffers.iter_mut().zip(places) {
            buffer.part(len * images);
        }
    }
}

/// The steps of a graph.
pub(crate) fn steps(
    graph: &Graph,
    fused: &Fused,
    places: &Places,
    lanes: Lanes,
) -> Result<Vec<Step>, EngineError> {
    // Laying out weights takes longer than an image.
    let nodes = fused.nodes.par_iter().enumerate();
    let steps: Result<Vec<_>, _> = nodes
        .map(|(index, node)| steps_of(index, node, graph, places, lanes))
        .collect();
    Ok(steps?.into_iter().flatten().collect())
}

/// The steps of a node.
fn steps_of(
    index: usize,
    node: &Node,
    graph: &Graph,
    places: &Places,
    lanes: Lanes,
) -> Result<Vec<Step>, EngineError> {
    let views = &places.views;
    let mut steps = Vec::new();
    for &value in &places.cleared[index] {
        steps.push(Step {
            kernel: Kernel::Clear,
            inputs: Vec::new(),
            other: None,
            activation: Activation::Identity,
            output: views[value],
        });
    }
    let inputs: Vec<View> = node.inputs.iter().map(|&input| views[input]).collect();
    let output = views[node.output];
    let step = |kernel| Step {
        kernel,
        inputs: inputs.clone(),
        other: node.other.map(|value| views[value]),
        activation: node.activation,
        output,
    };
    match node.op {
        // Its input's memory.
        Op::IntoRow | Op::IntoSequence => {
            let x = &inputs[0];
            let is_row = *node.op != Op::IntoRow || x.area() == 1;
            if x.row != x.width * x.channels || !is_row {
                return Err(EngineError::Unsupported(format!("{:?}", node.op)));
            }
        }
        Op::Concat => {
            let mut first = output.first;
            for input in inputs {
                let part = View {
                    first,
                    channels: input.channels,
                    ..output
                };
                first += input.channels;
                if (input.buffer, input.first) != (part.buffer, part.first) {
                    steps.push(Step {
                        kernel: Kernel::Copy,
                        inputs: vec![input],
                        other: None,
                        activation: Activation::Identity,
                        output: part,
                    });
                }
            }
        }
        Op::Attention {
            weight,
            bias,
            heads,
        } => {
            let x = inputs[0];
            let width = 3 * x.channels;
            let projected = View {
                buffer: places.projected[index].unwrap_or_default(),
                first: 0,
                image: x.area() * width,
                row: x.width * width,
                pixel: width,
                channels: width,
                ..x
            };
            steps.push(Step {
                kernel: Kernel::Conv(linear(&graph.weights, weight, bias, lanes)),
                inputs: vec![x],
                other: None,
                activation: Activation::Identity,
                output: projected,
            });
            let attention = Attention {
                heads: *heads,
                depth: x.channels / heads,
            };
            steps.push(Step {
                inputs: vec![projected],
                ..step(Kernel::Attention(attention))
            });
        }
        _ => steps.push(step(kernel(node, graph, lanes, &inputs, &output)?)),
    }
    Ok(steps)
}

fn kernel(
    node: &Node,
    graph: &Graph,
    lanes: Lanes,
    inputs: &[View],
    output: &View,
) -> Result<Kernel, EngineError> {
    let data = |key: &String| graph.weights[key].data.clone();
    Ok(match node.op {
        Op::Conv2d {
            weight,
            bias,
            geometry,
        } => {
            let HostTensor { shape, data } = &graph.weights[weight];
            let &[a, b, c, d] = &shape[..] else {
                return Err(EngineError::Unsupported(weight.clone()));
            };
            let shape = [a, b, c, d];
            let bias = bias.as_ref().map(|bias| &graph.weights[bias].data[..]);
            if is_depthwise(&shape, geometry.groups) {
                let depthwise = Depthwise::new(data, shape, bias, *geometry);
                match &node.expansion {
                    Some(expansion) => expanded(expansion, depthwise, graph, lanes)?,
                    None => Kernel::Depthwise(depthwise),
                }
            } else if geometry.groups > 1 {
                return Err(EngineError::Unsupported(weight.clone()));
            } else if Winograd::serves(shape, geometry) {
                Kernel::Winograd(Winograd::new(lanes, data, shape, bias, output.area()))
            } else {
                Kernel::Conv(Conv::new(lanes, data, shape, bias, *geometry))
            }
        }
        Op::Linear { weight, bias } => Kernel::Conv(linear(&graph.weights, weight, bias, lanes)),
        Op::Relu | Op::Relu6 | Op::Silu | Op::Sigmoid | Op::Gelu => Kernel::Activate,
        Op::Add => Kernel::Add,
        Op::Mul if inputs[0] == *output => Kernel::ScaleInPlace,
        Op::Mul if inputs[1].area() == 1 => Kernel::Scale,
        Op::ScaleChannels { factors, terms } => Kernel::ScaleChannels(*factors, *terms),
        Op::MaxPool2d(window) => Kernel::Pool(*window, Pooling::Max),
        Op::AvgPool2d {
            kernel,
            stride,
            padding,
        } => {
            let window = Window {
                kernel: *kernel,
                stride: *stride,
                padding: *padding,
                ceil_mode: false,
            };
            Kernel::Pool(window, Pooling::Mean)
        }
        Op::MeanPixel => Kernel::MeanPixel,
        Op::Embedded { token, positions } => {
            let mut positions = data(positions);
            for (position, token) in positions.iter_mut().zip(data(token)) {
                *position += token;
            }
            Kernel::Embed(positions)
        }
        Op::First => Kernel::First,
        Op::LayerNorm {
            weight,
            bias,
            epsilon,
        } => Kernel::LayerNorm {
            weight: data(weight),
            bias: data(bias),
            epsilon: *epsilon,
        },
        ref other @ (Op::Mul
        | Op::Concat
        | Op::IntoRow
        | Op::IntoSequence
        | Op::Attention { .. }) => {
            return Err(EngineError::Unsupported(format!("{other:?}")));
        }
    })
}

/// A pointwise convolution and a depthwise one.
fn expanded(
    expansion: &Expansion,
    depthwise: Depthwise,
    graph: &Graph,
    lanes: Lanes,
) -> Result<Kernel, EngineError> {
    let Op::Conv2d { weight, bias, .. } = expansion.op else {
        return Err(EngineError::Unsupported(format!("{:?}", expansion.op)));
    };
    let HostTensor { shape, data } = &graph.weights[weight];
    let shape = [shape[0], shape[1], 1, 1];
    let bias = bias.as_ref().map(|bias| &graph.weights[bias].data[..]);
    let conv = Conv::new(lanes, data, shape, bias, Geometry::POINTWISE);
    let size = [expansion.shape.height, expansion.shape.width];
    let expanded = Expanded::new(conv, expansion.activation, depthwise, size);
    Ok(Kernel::Expanded(expanded))
}

/// A linear layer as a convolution of 1 × 1 pixels.
fn linear(weights: &StateDict, weight: &str, bias: &str, lanes: Lanes) -> Conv {
    let HostTensor { shape, data } = &weights[weight];
    let shape = [shape[0], shape[1], 1, 1];
    let bias = Some(&weights[bias].data[..]);
    Conv::new(lanes, data, shape, bias, Geometry::POINTWISE)
}

impl Step {
    /// Computes so many images.
    pub(crate) fn run(
        &self,
        (arch, lanes): (Arch, Lanes),
        workspace: &mut Workspace,
        batch: usize,
    ) {
        let view = &self.output;
        let mut values = std::mem::take(&mut workspace.buffers[view.buffer]);
        let Workspace {
            buffers,
            scratch,
            packed,
        } = workspace;
        let read = |view: &'_ View| -> &[f32] { &buffers[view.buffer] };
        let of = |index: usize| {
            let view = &self.inputs[index];
            Read {
                values: read(view),
                view,
            }
        };
        let other = self.other.as_ref().map(|view| Read {
            values: read(view),
            view,
        });
        let (to, activation) = ((&mut values[..], view), self.activation);
        match &self.kernel {
            Kernel::Clear => clear_borders(to, batch),
            Kernel::Conv(conv) => conv.run(arch, of(0), other, to, activation, batch),
            Kernel::Winograd(conv) => {
                conv.run(arch, of(0), other, to, activation, batch, scratch);
            }
            Kernel::Depthwise(conv) => conv.run(arch, of(0), to, activation, batch),
            Kernel::Expanded(layers) => layers.run(arch, of(0), to, activation, batch),
            Kernel::Pool(window, pooling) => pool::pool(of(0), to, *window, *pooling, batch),
            Kernel::MeanPixel => pool::mean_pixel(of(0), to.0, view, batch),
            Kernel::Activate => elementwise::activate(arch, of(0), to, activation, batch),
            Kernel::Add => elementwise::add(arch, of(0), of(1), to, activation, batch),
            Kernel::Scale => elementwise::scale(of(0), of(1), to, batch),
            Kernel::ScaleInPlace => elementwise::scale_in_place(of(1), to, batch),
            Kernel::ScaleChannels(factors, terms) => {
                elementwise::scale_channels(of(0), to, *factors, *terms, batch);
            }
            Kernel::Copy => elementwise::copy(of(0), to, batch),
            Kernel::Embed(positions) => tokens::embed(of(0), to, positions, batch),
            Kernel::First => tokens::first(of(0), to.0, view, batch),
            Kernel::LayerNorm {
                weight,
                bias,
                epsilon,
            } => tokens::layer_norm(of(0), to, weight, bias, *epsilon, batch),
            Kernel::Attention(attention) => {
                attention.run((arch, lanes), of(0), to, batch, packed);
            }
        }
        workspace.buffers[view.buffer] = values;
    }
}

/// Zeros everything around the images of `view`, which holds all channels of its buffer.
fn clear_borders((values, view): (&mut [f32], &View), batch: usize) {
    for image in values.chunks_exact_mut(view.image).take(batch) {
        let mut end = 0;
        for y in 0..view.height {
            let start = view.first + y * view.row;
            image[end..start].fill(0.0);
            end = start + view.width * view.pixel;
        }
        image[end..].fill(0.0);
    }
}
