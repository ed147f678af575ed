//! Which values and weights of a model are stored in 8 bits, and how they are rounded.
//!
//! As ONNX Runtime computes fast and safely on every processor: values as u8 with a zero point,
//! weights as s8 with a scale for each output channel and no more than 7 bits, so that two
//! products of bytes never exceed 16 bits on processors that add them so.

use std::collections::BTreeSet;

use psp_models::graph::{Graph, Op, Source, Step};

/// The largest weight.
const LARGEST: f64 = 63.0;

/// The steps of a graph that compute with 8 bits.
#[derive(Clone, Debug)]
pub struct Quantized {
    /// Of the graph's input and each step's output, how it is rounded, if it is.
    values: Vec<Option<Scale>>,
    /// Whether each step computes with 8 bits.
    steps: Vec<bool>,
    /// Whether weights alone are rounded.
    weights_only: bool,
}

/// Steps of a rounded value, and which is 0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Scale {
    pub(super) step: f32,
    pub(super) zero_point: u8,
}

impl Scale {
    /// From 0 to 1.
    pub(super) const SHARE: Self = Self {
        step: 1.0 / 255.0,
        zero_point: 0,
    };

    /// For values of a range, to which 0 belongs.
    fn of([low, high]: [f32; 2]) -> Self {
        let [low, high] = [f64::from(low.min(0.0)), f64::from(high.max(0.0))];
        let step = (high - low) / 255.0;
        if step <= 0.0 || !step.is_finite() {
            return Self::SHARE;
        }
        Self {
            step: step as f32,
            zero_point: (-low / step).round() as u8,
        }
    }
}

impl Quantized {
    /// The steps of `graph` that can compute with 8 bits, but for those in `float`. `ranges` are
    /// those of the graph's input and of each step's output.
    ///
    /// Of models with attention, whose scores suffer from it, only weights are rounded.
    pub fn new(graph: &Graph, ranges: &[[f32; 2]], float: &BTreeSet<usize>) -> Self {
        let mut steps = Vec::with_capacity(graph.steps.len());
        for (index, step) in graph.steps.iter().enumerate() {
            let is_given = |&source: &Source| match source {
                Source::Input => false,
                Source::Step(step) => steps[step],
            };
            // What has no weights takes bytes where it is given some.
            let is_taken = !step.op.weights().is_empty() || step.inputs.iter().all(is_given);
            steps.push(is_eligible(graph, index) && !float.contains(&index) && is_taken);
        }
        let mut values: Vec<Option<Scale>> = (0..=steps.len())
            .map(|value| {
                let is_given = value > 0 && steps[value - 1];
                let mut users = users(graph, value);
                let is_used = users.any(|user| steps[user]);
                let is_rounded = (is_given || is_used)
                    && value < steps.len()
                    && !is_activated_at_once(graph, value);
                is_rounded.then(|| Scale::of(ranges[value]))
            })
            .collect();
        // What only moves values keeps their scale.
        for (index, step) in graph.steps.iter().enumerate() {
            if matches!(step.op, Op::MaxPool2d(_) | Op::IntoRow) && values[index + 1].is_some() {
                values[index + 1] = values[value_of(step.inputs[0])].or(values[index + 1]);
            }
        }
        Self {
            values,
            steps,
            weights_only: has_attention(graph),
        }
    }

    /// Whether weights alone are rounded.
    pub(super) fn is_of_weights(&self) -> bool {
        self.weights_only
    }

    /// Whether a step computes with 8 bits.
    pub(super) fn is_quantized(&self, step: usize) -> bool {
        self.steps[step]
    }

    /// How a value is rounded, if it is; 0 is the graph's input.
    pub(super) fn scale(&self, value: usize) -> Option<Scale> {
        self.values[value]
    }

    /// The steps with weights that could compute with 8 bits.
    pub fn layers(graph: &Graph) -> Vec<usize> {
        let has_weights = |&index: &usize| !graph.steps[index].op.weights().is_empty();
        (0..graph.steps.len())
            .filter(|&index| is_eligible(graph, index))
            .filter(has_weights)
            .collect()
    }
}

/// The number of a value, the graph's input being 0.
pub(super) fn value_of(source: Source) -> usize {
    match source {
        Source::Input => 0,
        Source::Step(index) => index + 1,
    }
}

fn users(graph: &Graph, value: usize) -> impl Iterator<Item = usize> {
    let reads = move |step: &Step| step.inputs.iter().any(|&input| value_of(input) == value);
    let steps = graph.steps.iter().enumerate();
    steps
        .filter(move |(_, step)| reads(step))
        .map(|(user, _)| user)
}

fn is_eligible(graph: &Graph, index: usize) -> bool {
    let steps = &graph.steps;
    if has_attention(graph) {
        return false;
    }
    match steps[index].op {
        // The last one gives the scores.
        Op::Linear { .. } => index + 1 < steps.len(),
        Op::Conv2d { .. }
        | Op::Add
        | Op::Mul
        | Op::Concat
        | Op::MaxPool2d(_)
        | Op::AvgPool2d { .. }
        | Op::MeanPixel
        | Op::Sigmoid
        | Op::Silu
        | Op::Relu
        | Op::Relu6
        | Op::IntoRow => true,
        _ => false,
    }
}

fn has_attention(graph: &Graph) -> bool {
    let is_attention = |step: &Step| matches!(step.op, Op::Attention { .. });
    graph.steps.iter().any(is_attention)
}

/// Whether an activation follows that is computed with the value, and rounded after it.
fn is_activated_at_once(graph: &Graph, value: usize) -> bool {
    let mut users = users(graph, value);
    let user = users.next();
    let is_activation = |user: usize| matches!(graph.steps[user].op, Op::Relu | Op::Relu6);
    value > 0 && user.is_some_and(is_activation) && users.next().is_none()
}

/// A matrix or kernels with a row for each output channel, rounded: the weights, and the scale of
/// each row. It is no smaller than `least` says, so that a bias in steps of it fits into 32 bits.
pub(super) fn rounded(
    rows: usize,
    values: &[f32],
    least: impl Fn(usize) -> f64,
) -> (Vec<i8>, Vec<f32>) {
    let row = values.len() / rows.max(1);
    let mut weights = Vec::with_capacity(values.len());
    let mut scales = Vec::with_capacity(rows);
    for (index, values) in values.chunks_exact(row.max(1)).enumerate() {
        let largest = values
            .iter()
            .fold(0.0f64, |a, &b| a.max(f64::from(b).abs()));
        let scale = (largest / LARGEST).max(least(index));
        // Nothing at all is to be told apart.
        let scale = if scale > 0.0 { scale } else { 1.0 };
        let rounded = values
            .iter()
            .map(|&value| (f64::from(value) / scale).round() as i8);
        weights.extend(rounded);
        scales.push(scale as f32);
    }
    (weights, scales)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zero_is_a_step_of_every_scale() {
        for range in [[-1.0, 3.0], [0.5, 2.0], [-4.0, -1.0], [0.0, 6.0]] {
            let Scale { step, zero_point } = Scale::of(range);
            let [low, high] = [range[0].min(0.0), range[1].max(0.0)];
            let lowest = -f32::from(zero_point) * step;
            let highest = f32::from(255 - zero_point) * step;
            assert!((lowest - low).abs() <= 0.51 * step, "{range:?}");
            assert!((highest - high).abs() <= 0.51 * step, "{range:?}");
        }
        assert_eq!(Scale::of([0.0, 0.0]), Scale::SHARE);
    }

    #[test]
    fn weights_are_rounded_by_row_to_seven_bits() {
        let (weights, scales) = rounded(3, &[0.5, -1.0, 0.0, 0.0, 1.2e-3, 2e-3], |_| 0.0);
        assert_eq!(weights, [32, -63, 0, 0, 38, 63]);
        assert_eq!(scales, [1.0 / 63.0, 1.0, 2e-3 / 63.0]);
        // Where a bias would not fit, the scale is larger.
        let (weights, scales) = rounded(2, &[1e-9, 0.0], |_| 1e-8);
        assert_eq!((weights, scales), (vec![0, 0], vec![1e-8, 1e-8]));
    }
}
