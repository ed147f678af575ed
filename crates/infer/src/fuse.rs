//! A graph's steps put together: what a layer's kernel computes on the way is no step.

use psp_models::graph::{Graph, Op, Source};
use psp_models::nn::Geometry;

use crate::kernels::activation::Activation;
use crate::kernels::expanded::Expanded;
use crate::shape::Shape;

/// A step with what is done to its output before it is stored. Values are counted from the
/// graph's input, 0, through its steps.
#[derive(Debug)]
pub(crate) struct Node<'a> {
    pub(crate) op: &'a Op,
    pub(crate) inputs: Vec<usize>,
    /// The convolution that gives a depthwise one its input, where both are computed together.
    pub(crate) expansion: Option<Expansion<'a>>,
    /// What is added to a convolution's or linear layer's output.
    pub(crate) other: Option<usize>,
    pub(crate) activation: Activation,
    /// The value that it gives.
    pub(crate) output: usize,
}

/// A convolution and what follows it.
#[derive(Debug)]
pub(crate) struct Expansion<'a> {
    pub(crate) op: &'a Op,
    pub(crate) activation: Activation,
    /// Of its output.
    pub(crate) shape: Shape,
}

/// The values of a graph, and the nodes that give them.
#[derive(Debug)]
pub(crate) struct Fused<'a> {
    pub(crate) nodes: Vec<Node<'a>>,
    /// One per value.
    pub(crate) shapes: Vec<Shape>,
}

impl<'a> Fused<'a> {
    /// `None` where a step takes no images of this size.
    pub(crate) fn new(graph: &'a Graph, image: Shape) -> Option<Self> {
        let mut shapes = vec![image];
        let mut users = vec![0; graph.steps.len() + 1];
        for step in &graph.steps {
            let inputs: Vec<usize> = step.inputs.iter().map(value).collect();
            let of_inputs: Vec<Shape> = inputs.iter().map(|&input| shapes[input]).collect();
            shapes.push(Shape::of(&step.op, &of_inputs, &graph.weights)?);
            inputs.into_iter().for_each(|input| users[input] += 1);
        }
        let mut nodes: Vec<Node> = Vec::new();
        for (index, step) in graph.steps.iter().enumerate() {
            let mut node = Node {
                op: &step.op,
                inputs: step.inputs.iter().map(value).collect(),
                expansion: None,
                other: None,
                activation: Activation::Identity,
                output: index + 1,
            };
            // The node that is computed last of those before it, if its output is used here alone.
            let before = nodes
                .iter_mut()
                .rfind(|before| node.inputs.contains(&before.output))
                .filter(|before| users[before.output] == 1);
            match (activation(&step.op), before) {
                (Some(activation), Some(before)) if before.can_activate() => {
                    before.activation = activation;
                    before.output = node.output;
                    continue;
                }
                (None, Some(before)) if *node.op == Op::Add && before.can_add(graph) => {
                    let mut inputs = node.inputs.iter();
                    before.other = inputs.find(|&&input| input != before.output).copied();
                    if before.other.is_some() {
                        before.output = node.output;
                        continue;
                    }
                }
                _ => {}
            }
            node.activation = activation(&step.op).unwrap_or_default();
            let is_expanded = |before: &Node| {
                let shape = shapes[before.output];
                node.is_depthwise(graph)
                    && node.inputs == [before.output]
                    && users[before.output] == 1
                    && before.is_pointwise(graph)
                    && Expanded::serves(shape.height, shape.width, shape.channels)
            };
            if let Some(before) = nodes.pop_if(|before| is_expanded(before)) {
                node.inputs = before.inputs;
                node.expansion = Some(Expansion {
                    op: before.op,
                    activation: before.activation,
                    shape: shapes[before.output],
                });
            }
            nodes.push(node);
        }
        Some(Self { nodes, shapes })
    }
}

impl Node<'_> {
    fn can_activate(&self) -> bool {
        let adds = matches!(self.op, Op::Conv2d { .. } | Op::Linear { .. } | Op::Add);
        adds && self.activation == Activation::Identity
    }

    fn is_depthwise(&self, graph: &Graph) -> bool {
        match self.op {
            Op::Conv2d {
                weight, geometry, ..
            } => is_depthwise(&graph.weights[weight].shape, geometry.groups),
            _ => false,
        }
    }

    /// Whether each output pixel is computed of one pixel alone.
    fn is_pointwise(&self, graph: &Graph) -> bool {
        match self.op {
            Op::Conv2d {
                weight, geometry, ..
            } => {
                graph.weights[weight].shape[2..] == [1, 1]
                    && *geometry == Geometry::POINTWISE
                    && self.other.is_none()
            }
            _ => false,
        }
    }

    /// Whether another value can be added before the output is stored.
    fn can_add(&self, graph: &Graph) -> bool {
        let is_product = match self.op {
            Op::Conv2d { .. } => !self.is_depthwise(graph),
            Op::Linear { .. } => true,
            _ => false,
        };
        is_product && self.activation == Activation::Identity && self.other.is_none()
    }
}

/// Whether each of several channels is convolved by itself.
pub(crate) fn is_depthwise(weight: &[usize], groups: usize) -> bool {
    groups > 1 && groups == weight[0] && weight[1] == 1
}

/// The number of a value.
fn value(source: &Source) -> usize {
    match *source {
        Source::Input => 0,
        Source::Step(index) => index + 1,
    }
}

fn activation(op: &Op) -> Option<Activation> {
    match op {
        Op::Relu => Some(Activation::Relu),
        Op::Relu6 => Some(Activation::Relu6),
        Op::Silu => Some(Activation::Silu),
        Op::Sigmoid => Some(Activation::Sigmoid),
        Op::Gelu => Some(Activation::Gelu),
        _ => None,
    }
}
