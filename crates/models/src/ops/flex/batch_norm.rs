//! Batch normalisation: one pass for each statistic and one for the result,
//! channels and images spread over the cores.

use burn::backend::ops::BatchNormTrainBackward;
use burn::backend::{Flex, TensorMetadata};
use rayon::prelude::*;

use super::{Floats, are_f32, tensor, values};
use crate::ops::Activation;
use crate::ops::batch_norm::{BatchNormKernels, Saved, plain_backward, plain_forward};
use crate::ops::scalar::relu;
use crate::ops::simd::widest;

/// Partial sums that one loop keeps, so that it fills SIMD registers.
const LANES: usize = 16;
/// Fewest pixels of a plane that gets loops of its own; smaller planes are computed side by
/// side.
const WORTH_A_LOOP: usize = 32;
/// Channels of a task where planes are smaller.
const CHANNELS: usize = 64;

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

    /// Sums `term(values at one place, the channel's coefficients)` over each channel.
    fn sums<const V: usize, const C: usize, const N: usize>(
        &self,
        values: [&[f32]; V],
        coefficients: [&[f32]; C],
        term: impl Fn([f32; V], [f32; C]) -> [f32; N] + Sync,
    ) -> Vec<[f64; N]> {
        if self.pixels < WORTH_A_LOOP {
            return self.sums_by_place(values, coefficients, term);
        }
        let of_channel = |channel: usize| {
            widest(
                #[inline(always)]
                || {
                    let coefficients = coefficients.map(|coefficients| coefficients[channel]);
                    let mut sums = Sums::zero();
                    for image in 0..self.batch {
                        sums.add(
                            self.pixels,
                            values.map(|values| self.plane(values, image, channel)),
                            #[inline(always)]
                            |values| term(values, coefficients),
                        );
                    }
                    sums.totals()
                },
            )
        };
        (0..self.channels).into_par_iter().map(of_channel).collect()
    }

    /// The same: first over the images, then over the pixels.
    fn sums_by_place<const V: usize, const C: usize, const N: usize>(
        &self,
        values: [&[f32]; V],
        coefficients: [&[f32]; C],
        term: impl Fn([f32; V], [f32; C]) -> [f32; N] + Sync,
    ) -> Vec<[f64; N]> {
        let image_len = self.channels * self.pixels;
        let coefficients = coefficients.map(|coefficients| self.spread(coefficients));
        let of_channels = |first: usize| {
            let start = first * self.pixels;
            let len = CHANNELS.min(self.channels - first) * self.pixels;
            let mut sums = vec![[0.0; N]; len];
            widest(
                #[inline(always)]
                || {
                    let coefficients = coefficients.each_ref().map(|c| &c[start..][..len]);
                    for image in 0..self.batch {
                        let values = values.map(|v| &v[image * image_len + start..][..len]);
                        for (place, sums) in sums.iter_mut().enumerate() {
                            let terms =
                                term(values.map(|v| v[place]), coefficients.map(|c| c[place]));
                            for (sum, term) in sums.iter_mut().zip(terms) {
                                *sum += f64::from(term);
                            }
                        }
                    }
                },
            );
            let of_channel = |places: &[[f64; N]]| {
                std::array::from_fn(|index| places.iter().map(|sums| sums[index]).sum())
            };
            let totals: Vec<[f64; N]> = sums.chunks_exact(self.pixels).map(of_channel).collect();
            totals
        };
        let firsts = (0..self.channels).into_par_iter().step_by(CHANNELS);
        firsts.flat_map_iter(of_channels).collect()
    }

    /// `f(values at one place, the channel's coefficients)` at every place, in parallel over
    /// the images.
    fn fill<const V: usize, const C: usize>(
        &self,
        values: [&[f32]; V],
        coefficients: [&[f32]; C],
        f: impl Fn([f32; V], [f32; C]) -> f32 + Sync,
    ) -> Vec<f32> {
        let image_len = self.channels * self.pixels;
        let mut out = vec![0.0; self.batch * image_len];
        let images = out.par_chunks_mut(image_len.max(1)).enumerate();
        if self.pixels < WORTH_A_LOOP {
            let coefficients = coefficients.map(|coefficients| self.spread(coefficients));
            images.for_each(|(image, out)| {
                widest(
                    #[inline(always)]
                    || {
                        let coefficients = coefficients.each_ref().map(|c| &c[..image_len]);
                        let values = values.map(|v| &v[image * image_len..][..image_len]);
                        for (place, out) in out[..image_len].iter_mut().enumerate() {
                            *out = f(values.map(|v| v[place]), coefficients.map(|c| c[place]));
                        }
                    },
                );
            });
            return out;
        }
        images.for_each(|(image, out)| {
            widest(
                #[inline(always)]
                || {
                    for (channel, out) in out.chunks_exact_mut(self.pixels).enumerate() {
                        let coefficients = coefficients.map(|c| c[channel]);
                        let values = values.map(|values| self.plane(values, image, channel));
                        for (place, out) in out.iter_mut().enumerate() {
                            *out = f(values.map(|v| v[place]), coefficients);
                        }
                    }
                },
            );
        });
        out
    }

    /// A channel's coefficient at each of its pixels.
    fn spread(&self, coefficients: &[f32]) -> Vec<f32> {
        let mut spread = vec![0.0; self.channels * self.pixels];
        for (places, value) in spread.chunks_exact_mut(self.pixels).zip(coefficients) {
            places.fill(*value);
        }
        spread
    }
}

/// `N` sums at once, in as many parts as a loop has lanes.
struct Sums<const N: usize>([[f64; LANES]; N]);

impl<const N: usize> Sums<N> {
    fn zero() -> Self {
        Self([[0.0; LANES]; N])
    }

    /// Adds `N` terms of each of `count` places.
    #[inline(always)]
    fn add<const V: usize>(
        &mut self,
        count: usize,
        values: [&[f32]; V],
        term: impl Fn([f32; V]) -> [f32; N],
    ) {
        let values = values.map(|values| &values[..count]);
        let whole = count - count % LANES;
        for start in (0..whole).step_by(LANES) {
            for lane in 0..LANES {
                self.add_to(lane, term(values.map(|values| values[start + lane])));
            }
        }
        for index in whole..count {
            self.add_to(index - whole, term(values.map(|values| values[index])));
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

fn inverse_deviation(variance: f32, epsilon: f64) -> f32 {
    (1.0 / (f64::from(variance) + epsilon).sqrt()) as f32
}

/// The gradients, where `RECTIFIED` behind a ReLU with this `output`.
fn backward<const RECTIFIED: bool>(
    planes: Planes,
    values: [&[f32]; 3],
    [weight, mean, variance]: [&[f32]; 3],
    epsilon: f64,
) -> [Vec<f32>; 3] {
    let inverse: Vec<f32> = variance
        .iter()
        .map(|variance| inverse_deviation(*variance, epsilon))
        .collect();
    // Of the gradient, and of it times the normalised input.
    let sums = planes.sums(
        values,
        [mean, &inverse],
        #[inline(always)]
        |[x, output, grad], [mean, inverse]| {
            let grad = unrectified::<RECTIFIED>(output, grad);
            [grad, grad * (x - mean) * inverse]
        },
    );
    // x_grad = scale · (grad - mean(grad) - normalised · mean(grad · normalised))
    let scale: Vec<f32> = weight.iter().zip(&inverse).map(|(w, i)| w * i).collect();
    let slope: Vec<f32> = (sums.iter().zip(&scale).zip(&inverse))
        .map(|(([_, projected], scale), inverse)| {
            -scale * inverse * (projected / planes.count()) as f32
        })
        .collect();
    let shift: Vec<f32> = (sums.iter().zip(&scale))
        .map(|([sum, _], scale)| -scale * (sum / planes.count()) as f32)
        .collect();
    let x_grad = planes.fill(
        values,
        [&scale, &slope, &shift, mean],
        #[inline(always)]
        |[x, output, grad], [scale, slope, shift, mean]| {
            scale * unrectified::<RECTIFIED>(output, grad) + (slope * (x - mean) + shift)
        },
    );
    let of = |index: usize| sums.iter().map(|sums| sums[index] as f32).collect();
    [x_grad, of(1), of(0)]
}

/// The gradient of the ReLU's input, if there is one.
#[inline(always)]
fn unrectified<const RECTIFIED: bool>(output: f32, grad: f32) -> f32 {
    if !RECTIFIED || output > 0.0 {
        grad
    } else {
        0.0
    }
}

#[inline(always)]
fn affine(x: f32, [mean, scale, bias]: [f32; 3]) -> f32 {
    (x - mean) * scale + bias
}

/// Whether the kernels here serve an input and what goes with it.
fn serves(tensors: &[&Floats]) -> bool {
    are_f32(tensors) && tensors[0].shape().num_elements() > 0
}

impl BatchNormKernels for Flex {
    fn batch_norm_forward(
        inputs: [Floats; 3],
        epsilon: f64,
        activation: Activation,
    ) -> (Floats, Floats, Floats) {
        if !serves(&inputs.each_ref()) {
            return plain_forward::<Self>(inputs, epsilon, activation);
        }
        let [x, weight, bias] = inputs;
        let planes = Planes::of(&x);
        let shape = x.shape();
        let x = values(&x);
        let (weight, bias) = (values(&weight), values(&bias));
        let means = |sums: Vec<[f64; 1]>| -> Vec<f32> {
            let mean = |[sum]: [f64; 1]| (sum / planes.count()) as f32;
            sums.into_iter().map(mean).collect()
        };
        let mean = means(planes.sums(
            [&x],
            [],
            #[inline(always)]
            |x, []| x,
        ));
        let variance = means(planes.sums(
            [&x],
            [&mean],
            #[inline(always)]
            |[x], [mean]| [(x - mean) * (x - mean)],
        ));
        let scale: Vec<f32> = (weight.iter().zip(&variance))
            .map(|(weight, variance)| weight * inverse_deviation(*variance, epsilon))
            .collect();
        let coefficients = [&*mean, &scale, &bias];
        let output = match activation {
            Activation::Identity => planes.fill(
                [&x],
                coefficients,
                #[inline(always)]
                |[x], coefficients| affine(x, coefficients),
            ),
            Activation::Relu => planes.fill(
                [&x],
                coefficients,
                #[inline(always)]
                |[x], coefficients| relu(affine(x, coefficients)),
            ),
        };
        let channels = [planes.channels];
        (
            tensor(output, shape),
            tensor(mean, channels),
            tensor(variance, channels),
        )
    }

    fn batch_norm_backward(saved: Saved<Self>, grad: Floats) -> BatchNormTrainBackward<Self> {
        if !serves(&[&saved.x, &saved.weight, &grad]) {
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
