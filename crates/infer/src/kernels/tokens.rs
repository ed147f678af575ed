//! Sequences of tokens: embedding, normalisation, attention.

use psp_models::ops::scalar::{self, Values};
use psp_models::ops::widest;
use pulp::Arch;
use rayon::prelude::*;

use super::activation::{Function, Rectifier, map};
use super::conv::Read;
use super::product::{At, Lanes, PIXELS, Product};
use crate::buffer::Buffer;
use crate::view::{Piece, View, each, piece_size};

/// Values of a piece.
const PIECE: usize = 1 << 14;

/// The token, then the sequence, plus positions, `[1 + length, width]`, which include the token.
pub(crate) fn embed(x: Read, (out, view): (&mut [f32], &View), positions: &[f32], batch: usize) {
    let size = piece_size(batch * view.area(), PIECE / view.channels, 1);
    each(Piece::of_size(out, view, batch, size), |mut piece| {
        for pixel in piece.pixels.clone() {
            let (sequence, token) = (pixel / view.width, pixel % view.width);
            let positions = &positions[token * view.channels..][..view.channels];
            let out = piece.segment(view, &(pixel..pixel + 1));
            out.copy_from_slice(positions);
            if token > 0 {
                let index = x.view.index(sequence * x.view.width + token - 1);
                let values = &x.values[index..][..view.channels];
                for (out, value) in out.iter_mut().zip(values) {
                    *out += value;
                }
            }
        }
    });
}

/// The first token of each sequence.
pub(crate) fn first(x: Read, out: &mut [f32], view: &View, batch: usize) {
    for sequence in 0..batch {
        let index = x.view.index(sequence * x.view.area());
        let token = &x.values[index..][..view.channels];
        out[view.index(sequence)..][..view.channels].copy_from_slice(token);
    }
}

/// Sums of a loop's lanes, so that it fills registers.
#[inline(always)]
fn sum(values: &[f32], f: impl Fn(f32) -> f32) -> f32 {
    const LANES: usize = 16;
    let mut sums = [0.0; LANES];
    let chunks = values.chunks_exact(LANES);
    let rest: f32 = chunks.remainder().iter().map(|&value| f(value)).sum();
    for chunk in chunks {
        for (sum, &value) in sums.iter_mut().zip(chunk) {
            *sum += f(value);
        }
    }
    sums.iter().sum::<f32>() + rest
}

/// Normalisation over each token's channels.
pub(crate) fn layer_norm(
    x: Read,
    (out, view): (&mut [f32], &View),
    weight: &[f32],
    bias: &[f32],
    epsilon: f64,
    batch: usize,
) {
    let size = piece_size(batch * view.area(), PIECE / view.channels, 1);
    let count = view.channels as f32;
    each(Piece::of_size(out, view, batch, size), |mut piece| {
        widest(
            #[inline(always)]
            || {
                for pixel in piece.pixels.clone() {
                    let values = &x.values[x.view.index(pixel)..][..view.channels];
                    let mean = sum(values, |value| value) / count;
                    let variance = sum(values, |value| (value - mean) * (value - mean)) / count;
                    let factor = 1.0 / (f64::from(variance) + epsilon).sqrt() as f32;
                    let out = piece.segment(view, &(pixel..pixel + 1));
                    let parameters = weight.iter().zip(bias);
                    for ((out, &value), (weight, bias)) in
                        out.iter_mut().zip(values).zip(parameters)
                    {
                        *out = (value - mean) * factor * weight + bias;
                    }
                }
            },
        );
    });
}

/// Heads that attend side by side: `softmax(query · keyᵀ / √depth) · value` each.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Attention {
    pub(crate) heads: usize,
    pub(crate) depth: usize,
}

impl Attention {
    /// Of query, key and value, side by side in each token of `x`.
    pub(crate) fn run(
        self,
        (arch, lanes): (Arch, Lanes),
        x: Read,
        (out, view): (&mut [f32], &View),
        batch: usize,
        packed: &mut Buffer,
    ) {
        let Self { heads, depth } = self;
        let (length, width) = (view.width, heads * depth);
        let of_keys = lanes.packed(depth, length);
        let of_head = of_keys + lanes.packed(length, depth);
        let packed = packed.part(batch * heads * of_head);
        // Keys and values of each head as matrices.
        packed
            .par_chunks_exact_mut(of_head)
            .enumerate()
            .for_each(|(index, packed)| {
                let (sequence, head) = (index / heads, index % heads);
                let (keys, values) = packed.split_at_mut(of_keys);
                let at = |token: usize, part: usize, value: usize| {
                    let token = x.view.first + sequence * x.view.image + token * x.view.pixel;
                    x.values[token + part * width + head * depth + value]
                };
                lanes.pack(depth, length, keys, |value, token| at(token, 1, value));
                lanes.pack(length, depth, values, |token, value| at(token, 2, value));
            });
        let packed = &*packed;
        let factor = 1.0 / (depth as f32).sqrt();
        let per_sequence = length.div_ceil(rayon::current_num_threads());
        let ends = (0..batch).flat_map(|sequence| {
            let ends = (1..=length.div_ceil(per_sequence)).map(move |part| part * per_sequence);
            ends.map(move |end| sequence * length + end.min(length))
        });
        each(Piece::cut(out, view, ends), |mut piece| {
            let mut weights = vec![0.0; PIXELS * length];
            let rows: Vec<usize> = (0..PIXELS).map(|row| row * length).collect();
            for head in 0..heads {
                for first in piece.pixels.clone().step_by(PIXELS) {
                    let tokens = first..piece.pixels.end.min(first + PIXELS);
                    let sequence = first / length;
                    let matrices = &packed[(sequence * heads + head) * of_head..][..of_head];
                    let (keys, values) = matrices.split_at(of_keys);
                    let queries: Vec<usize> = tokens
                        .clone()
                        .map(|token| x.view.index(token) + head * depth)
                        .collect();
                    let rows = &rows[..tokens.len()];
                    let product = Product {
                        x: At {
                            values: x.values,
                            starts: &queries,
                        },
                        runs: &[0],
                        run: depth,
                        matrix: keys,
                        bias: None,
                        other: None,
                        rectifier: Rectifier::Identity,
                        columns: length,
                        out: &mut weights,
                        outs: rows,
                    };
                    arch.dispatch(product);
                    for row in weights.chunks_exact_mut(length).take(tokens.len()) {
                        softmax(arch, row, factor);
                    }
                    let outs: Vec<usize> = tokens
                        .map(|token| piece.index(view, token) + head * depth)
                        .collect();
                    arch.dispatch(Product {
                        x: At {
                            values: &weights,
                            starts: rows,
                        },
                        runs: &[0],
                        run: length,
                        matrix: values,
                        bias: None,
                        other: None,
                        rectifier: Rectifier::Identity,
                        columns: depth,
                        out: piece.values(),
                        outs: &outs,
                    });
                }
            }
        });
    }
}

/// `e^(factor · (x - largest))`.
struct Exponential {
    largest: f32,
    factor: f32,
}

impl Function for Exponential {
    #[inline(always)]
    fn of<T: Values>(&self, x: T) -> T {
        scalar::exp((x - x.splat(self.largest)) * self.factor)
    }
}

/// `softmax(factor · values)`.
fn softmax(arch: Arch, values: &mut [f32], factor: f32) {
    let largest = values.iter().fold(f32::NEG_INFINITY, |a, &b| a.max(b));
    map(arch, values, Exponential { largest, factor });
    widest(
        #[inline(always)]
        || {
            let factor = 1.0 / sum(values, |value| value);
            for value in values.iter_mut() {
                *value *= factor;
            }
        },
    );
}
