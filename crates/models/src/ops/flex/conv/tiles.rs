//! How images are divided among the cores and into products.

use std::ops::Range;

use super::buffers::{Buffers, each_chunk, with_buffers};
use super::geometry::Geometry;

/// Values of a gathered matrix that one core works on (1 MiB).
pub(super) const TILE_VALUES: usize = 1 << 18;
/// Values of a gathered matrix that all cores work on together (8 MiB).
pub(super) const SHARED_VALUES: usize = 1 << 21;
/// Columns that make a matrix product efficient.
const COLUMNS: usize = 256;
/// Columns below which the cores had better share one product.
const FEWEST_COLUMNS: usize = 64;

/// Output rows of some images, which are convolved in one product: all rows of
/// several images, or some of one.
pub(super) struct Tile {
    pub(super) images: Range<usize>,
    pub(super) rows: Range<usize>,
}

/// How the images are spread over the cores.
#[derive(Clone, Copy)]
pub(super) struct Plan {
    /// Images per group.
    pub(super) group: usize,
    /// Whether each core has groups of its own; else all share each group.
    pub(super) apart: bool,
}

/// A new tensor of `image` values for each of `batch` images, computed group by group:
/// `f(images, their part, buffers)`.
pub(super) fn by_group(
    batch: usize,
    image: usize,
    plan: Plan,
    f: impl Fn(Range<usize>, &mut [f32], &mut Buffers) + Send + Sync,
) -> Vec<f32> {
    let mut out = vec![0.0f32; batch * image];
    let fill = |(index, out): (usize, &mut [f32])| {
        let first = index * plan.group;
        let images = first..first + out.len() / image;
        with_buffers(|buffers| f(images, out, buffers));
    };
    each_chunk(&mut out, plan.group * image, plan.apart, fill);
    out
}

impl Geometry {
    /// Groups for passes whose result is apart for each image.
    pub(super) fn plan(&self) -> Plan {
        let threads = rayon::current_num_threads();
        let group = COLUMNS
            .div_ceil(self.pixels())
            .min(self.batch.div_ceil(threads));
        if self.batch.div_ceil(group) >= threads && group * self.pixels() >= FEWEST_COLUMNS {
            return Plan { group, apart: true };
        }
        Plan {
            group: self.shared_group(),
            apart: false,
        }
    }

    /// Groups for the pass that sums over the images: each core's sum is as
    /// large as the weight, which only many columns outweigh.
    pub(super) fn summing_plan(&self) -> Plan {
        let group = self.batch.div_ceil(rayon::current_num_threads());
        if group * self.pixels() >= self.out_channels {
            Plan { group, apart: true }
        } else {
            Plan {
                group: self.batch,
                apart: false,
            }
        }
    }

    fn shared_group(&self) -> usize {
        (SHARED_VALUES / (self.patch() * self.pixels()).max(1)).clamp(1, self.batch)
    }

    /// Splits a group of images into tiles.
    pub(super) fn tiles(&self, images: Range<usize>, apart: bool) -> Vec<Tile> {
        let values = if apart { TILE_VALUES } else { SHARED_VALUES };
        let columns = (values / self.patch()).max(COLUMNS);
        let all_rows = 0..self.out_height;
        if self.pixels() <= columns {
            let step = columns / self.pixels();
            return parts(images, step)
                .map(|images| Tile {
                    images,
                    rows: all_rows.clone(),
                })
                .collect();
        }
        let step = (columns / self.out_width).max(1);
        images
            .flat_map(|image| {
                parts(all_rows.clone(), step).map(move |rows| Tile {
                    images: image..image + 1,
                    rows,
                })
            })
            .collect()
    }
}

impl Tile {
    /// Output pixels per image.
    pub(super) fn pixels(&self, g: &Geometry) -> usize {
        self.rows.len() * g.out_width
    }

    pub(super) fn columns(&self, g: &Geometry) -> usize {
        self.images.len() * self.pixels(g)
    }

    /// Where the tile's pixels begin within an output plane.
    pub(super) fn offset(&self, g: &Geometry) -> usize {
        self.rows.start * g.out_width
    }
}

/// `range` in pieces of at most `step`.
pub(super) fn parts(range: Range<usize>, step: usize) -> impl Iterator<Item = Range<usize>> {
    let end = range.end;
    range
        .step_by(step)
        .map(move |start| start..(start + step).min(end))
}
