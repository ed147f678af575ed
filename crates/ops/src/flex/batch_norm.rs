//! Batch normalisation: one pass for each statistic and one for the result,
//! channels and images spread over the cores.

use burn::backend::ops::BatchNormTrainBackward;
use burn::backend::{Flex, TensorMetadata};
use rayon::prelude::*;

use super::elementwise::relu;
use super::{Floats, are_f32, tensor, values};
use crate::Activation;
use crate::batch_norm::{BatchNormKernels, Saved, plain_backward, plain_forward};
use crate::simd::widest;

/// Partial sums that one loop keeps, so that it fills SIMD registers.
const LANES: usize = 16;

/// `[batch, channels, pixels]`.
#[derive(Clone, Copy)]
struct Planes {
    batch: usize,
    channels: usize,
    pixels: usize,
}

impl Planes {
    fn of(x: &Floats) -> Self {
        let [batch, channels, height, width] = x.shape().dims();
        Self {
            batch,
            channels,
            pixels: height * width,
        }
    }

    /// Values per channel.
    fn count(&self) -> f64 {
        (self.batch * self.pixels) as f64
    }

    fn plane<'a>(&self, x: &'a [f32], image: usize, channel: usize) -> &'a [f32] {
        &x[(image * self.channels + channel) * self.pixels..][..self.pixels]
    }

    /// `f(channel)` of every channel, in parallel.
    fn per_channel<T: Send>(&self, f: impl Fn(usize) -> T + Sync) -> Vec<T> {
        (0..self.channels)
            .into_par_iter()
            .map(|channel| {
                widest(
                    #[inline(always)]
                    || f(channel),
                )
            })
            .collect()
    }

    /// A new `[batch, channels, pixels]`: `f(plane of it, image, channel)`
    /// fills every plane, in parallel over the images.
    fn fill(&self, f: impl Fn(&mut [f32], usize, usize) + Sync) -> Vec<f32> {
        let mut out = vec![0.0; self.batch * self.channels * self.pixels];
        out.par_chunks_mut((self.channels * self.pixels).max(1))
            .enumerate()
            .for_each(|(image, out)| {
                widest(
                    #[inline(always)]
                    || {
                        for (channel, out) in out.chunks_mut(self.pixels).enumerate() {
                            f(out, image, channel);
                        }
                    },
                );
            });
        out
    }
}

/// `N` sums at once, in as many parts as a loop has lanes.
struct Sums<const N: usize>([[f64; LANES]; N]);

impl<const N: usize> Sums<N> {
    fn zero() -> Self {
        Self([[0.0; LANES]; N])
    }

    /// Adds `N` terms per index of `0..count`.
    #[inline(always)]
    fn add(&mut self, count: usize, term: impl Fn(usize) -> [f32; N]) {
        let whole = count - count % LANES;
        for start in (0..whole).step_by(LANES) {
            for lane in 0..LANES {
                self.add_to(lane, term(start + lane));
            }
        }
        for index in whole..count {
            self.add_to(index - whole, term(index));
        }
    }

    #[inline(always)]
    fn add_to(&mut self, lane: usize, terms: [f32; N]) {
        for (lanes, term) in self.0.iter_mut().zip(terms) {
            lanes[lane] += f64::from(term);
        }
    }

    fn totals(&self) -> [f64; N] {
        self.0.map(|lanes| lanes.iter().sum())
    }
}

/// Mean and biased variance of one channel.
#[inline(always)]
fn statistics(x: &[f32], planes: Planes, channel: usize) -> [f32; 2] {
    let mut sums = Sums::zero();
    for image in 0..planes.batch {
        let x = planes.plane(x, image, channel);
        sums.add(
            x.len(),
            #[inline(always)]
            |i| [x[i]],
        );
    }
    let [sum] = sums.totals();
    let mean = (sum / planes.count()) as f32;
    let mut squares = Sums::zero();
    for image in 0..planes.batch {
        let x = planes.plane(x, image, channel);
        squares.add(
            x.len(),
            #[inline(always)]
            |i| [(x[i] - mean) * (x[i] - mean)],
        );
    }
    let [squares] = squares.totals();
    [mean, (squares / planes.count()) as f32]
}

fn inverse_deviation(variance: f32, epsilon: f64) -> f32 {
    (1.0 / (f64::from(variance) + epsilon).sqrt()) as f32
}

/// Sums over one channel of the output's gradient, and of it times the
/// normalised input. Where `RECTIFIED`, only where `output` is positive.
#[inline(always)]
fn reduce<const RECTIFIED: bool>(
    [x, output, grad]: [&[f32]; 3],
    planes: Planes,
    channel: usize,
    mean: f32,
    inverse: f32,
) -> [f64; 2] {
    let mut sums = Sums::zero();
    for image in 0..planes.batch {
        let [x, output, grad] = [x, output, grad].map(|v| planes.plane(v, image, channel));
        let count = x.len().min(output.len()).min(grad.len());
        let (x, output, grad) = (&x[..count], &output[..count], &grad[..count]);
        sums.add(
            count,
            #[inline(always)]
            |i| {
                // Read before it is known whether it counts: a condition on reading it
                // would keep the loop out of SIMD registers.
                let grad = grad[i];
                let grad = if !RECTIFIED || output[i] > 0.0 {
                    grad
                } else {
                    0.0
                };
                [grad, grad * (x[i] - mean) * inverse]
            },
        );
    }
    sums.totals()
}

/// The gradients, where `RECTIFIED` behind a ReLU with this `output`.
fn backward<const RECTIFIED: bool>(
    planes: Planes,
    [x, output, grad]: [&[f32]; 3],
    [weight, mean, variance]: [&[f32]; 3],
    epsilon: f64,
) -> [Vec<f32>; 3] {
    let inverse = |channel: usize| inverse_deviation(variance[channel], epsilon);
    let sums = planes.per_channel(
        #[inline(always)]
        |channel| {
            let inputs = [x, output, grad];
            reduce::<RECTIFIED>(inputs, planes, channel, mean[channel], inverse(channel))
        },
    );
    let x_grad = planes.fill(
        #[inline(always)]
        |out, image, channel| {
            let inverse = inverse(channel);
            let scale = weight[channel] * inverse;
            let [sum, projected] = sums[channel];
            // out = scale · (grad - mean(grad) - normalised · mean(grad · normalised))
            let slope = -scale * inverse * (projected / planes.count()) as f32;
            let shift = -scale * (sum / planes.count()) as f32;
            let mean = mean[channel];
            let [x, output, grad] = [x, output, grad].map(|v| planes.plane(v, image, channel));
            for (((out, x), output), grad) in out.iter_mut().zip(x).zip(output).zip(grad) {
                let grad = if !RECTIFIED || *output > 0.0 {
                    *grad
                } else {
                    0.0
                };
                *out = scale * grad + (slope * (x - mean) + shift);
            }
        },
    );
    let of = |index: usize| sums.iter().map(|sums| sums[index] as f32).collect();
    [x_grad, of(1), of(0)]
}

impl BatchNormKernels for Flex {
    fn batch_norm_forward(
        inputs: [Floats; 3],
        epsilon: f64,
        activation: Activation,
    ) -> (Floats, Floats, Floats) {
        if !are_f32(&inputs.each_ref()) {
            return plain_forward::<Self>(inputs, epsilon, activation);
        }
        let [x, weight, bias] = inputs;
        let planes = Planes::of(&x);
        let shape = x.shape();
        let x = values(&x);
        let (weight, bias) = (values(&weight), values(&bias));
        let statistics = planes.per_channel(
            #[inline(always)]
            |channel| statistics(&x, planes, channel),
        );
        let output = planes.fill(
            #[inline(always)]
            |out, image, channel| {
                let [mean, variance] = statistics[channel];
                let scale = weight[channel] * inverse_deviation(variance, epsilon);
                let affine = |x: f32| (x - mean) * scale + bias[channel];
                let values = out.iter_mut().zip(planes.plane(&x, image, channel));
                match activation {
                    Activation::Identity => values.for_each(|(out, x)| *out = affine(*x)),
                    Activation::Relu => values.for_each(|(out, x)| *out = relu(affine(*x))),
                }
            },
        );
        let of = |index: usize| {
            let values = statistics.iter().map(|values| values[index]).collect();
            tensor(values, [planes.channels])
        };
        (tensor(output, shape), of(0), of(1))
    }

    fn batch_norm_backward(saved: Saved<Self>, grad: Floats) -> BatchNormTrainBackward<Self> {
        if !are_f32(&[&saved.x, &saved.weight, &grad]) {
            return plain_backward(saved, grad);
        }
        let planes = Planes::of(&saved.x);
        let shape = saved.x.shape();
        let x = values(&saved.x);
        let grad = values(&grad);
        let (weight, mean) = (values(&saved.weight), values(&saved.mean));
        let variance = values(&saved.variance);
        let channels = [&*weight, &*mean, &*variance];
        let [x_grad, weight_grad, bias_grad] = match &saved.rectified {
            Some(output) => {
                let output = values(output);
                backward::<true>(planes, [&x, &output, &grad], channels, saved.epsilon)
            }
            None => backward::<false>(planes, [&x, &grad, &grad], channels, saved.epsilon),
        };
        BatchNormTrainBackward::new(
            tensor(x_grad, shape),
            tensor(weight_grad, [planes.channels]),
            tensor(bias_grad, [planes.channels]),
        )
    }
}
