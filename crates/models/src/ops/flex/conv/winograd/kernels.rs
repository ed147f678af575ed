//! Kernels as values at the points, and their gradients back.

use super::grid::Grid;
use crate::ops::flex::conv::buffers::{each_chunk, sized};
use crate::ops::simd::widest;
use crate::ops::winograd::{
    LANES, POINTS, in_both_directions, kernel_at_points, kernel_at_points_backward, put_lanes,
};

/// Values of a kernel.
const TAPS: usize = 9;

/// The values at the points of the kernels of `weight`, as `[out channel, point, channel]`
/// with channels filled up to a multiple of [`LANES`]. With `turned`, `weight` is that of
/// the forward pass, whose output channels are `grid`'s channels, and each kernel is turned
/// by half a circle.
pub(super) fn transform_kernels<'a>(
    grid: &Grid,
    weight: &[f32],
    turned: bool,
    buffer: &'a mut Vec<f32>,
) -> &'a [f32] {
    let (channels, out_channels) = (grid.input.channels, grid.output.channels);
    let stride = channels.next_multiple_of(LANES);
    let out = sized(buffer, out_channels * POINTS * stride);
    each_chunk(out, POINTS * stride, true, |(out_channel, out)| {
        widest(
            #[inline(always)]
            || {
                for first in (0..channels).step_by(LANES) {
                    let mut lanes = [[0.0; LANES]; POINTS];
                    for channel in first..channels.min(first + LANES) {
                        let place = if turned {
                            channel * out_channels + out_channel
                        } else {
                            out_channel * channels + channel
                        };
                        for (tap, value) in weight[place * TAPS..][..TAPS].iter().enumerate() {
                            let tap = if turned { TAPS - 1 - tap } else { tap };
                            lanes[tap][channel - first] = *value;
                        }
                    }
                    let lanes = in_both_directions(&lanes, kernel_at_points);
                    put_lanes(out, stride, first, &lanes);
                }
            },
        );
    });
    out
}

/// The kernels' gradients, of those of their values at the points, `[point, out channel,
/// channel]`.
pub(super) fn untransform_kernels(values: &[f32], grid: &Grid) -> Vec<f32> {
    let (channels, out_channels) = (grid.input.channels, grid.output.channels);
    let mut out = vec![0.0; out_channels * channels * TAPS];
    each_chunk(&mut out, channels * TAPS, true, |(out_channel, out)| {
        widest(
            #[inline(always)]
            || {
                for (part, out) in out.chunks_mut(LANES * TAPS).enumerate() {
                    let count = out.len() / TAPS;
                    let mut lanes = [[0.0; LANES]; POINTS];
                    for (point, lanes) in lanes.iter_mut().enumerate() {
                        let row = (point * out_channels + out_channel) * channels;
                        lanes[..count].copy_from_slice(&values[row + part * LANES..][..count]);
                    }
                    let lanes = in_both_directions(&lanes, kernel_at_points_backward);
                    for (lane, out) in out.chunks_exact_mut(TAPS).enumerate() {
                        for (out, lanes) in out.iter_mut().zip(&lanes) {
                            *out = lanes[lane];
                        }
                    }
                }
            },
        );
    });
    out
}
