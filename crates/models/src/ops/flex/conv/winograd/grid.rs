//! How an output is cut into tiles, and tiles into blocks.

use std::ops::Range;

use crate::ops::flex::conv::geometry::Geometry;
use crate::ops::flex::conv::tiles::{Plan, SHARED_VALUES, TILE_VALUES, parts};
use crate::ops::winograd::{LANES, POINTS, TILE};

/// Tiles that make a matrix product efficient; they are worked on at once even where they
/// have more values than [`TILE_VALUES`].
const FEWEST_TILES: usize = 96;
/// Tiles below which the cores had better share the kernels.
const FEW_TILES: usize = 24;
/// Multiply-adds that take as long as to transform one pair of channels' kernel, and one
/// tile of a channel; measured with AVX-512.
const KERNEL_COST: f64 = 800.0;
const TILE_COST: f64 = 1100.0;

/// The tiles of the output planes of a convolution, and the planes that they read.
#[derive(Clone, Copy)]
pub(super) struct Grid {
    pub(super) batch: usize,
    pub(super) input: Planes,
    /// Without padding.
    pub(super) output: Planes,
}

/// Planes of one size, and the zeros above and left of them.
#[derive(Clone, Copy)]
pub(super) struct Planes {
    pub(super) channels: usize,
    pub(super) size: [usize; 2],
    pub(super) padding: [usize; 2],
}

/// Rows of tiles of some images, which are worked on at once.
pub(super) struct Block {
    pub(super) images: Range<usize>,
    pub(super) rows: Range<usize>,
    /// Tiles of a row.
    pub(super) columns: usize,
}

impl Planes {
    /// Values of one plane.
    pub(super) fn len(&self) -> usize {
        self.size[0] * self.size[1]
    }
}

impl Grid {
    /// That of a convolution's forward pass and its weight's gradient; `None` where a plain
    /// matrix product serves better.
    pub(super) fn forward(g: &Geometry) -> Option<Self> {
        Self::of(g).filter(|grid| grid.is_worth_it(g.batch * g.pixels()))
    }

    /// That of the pass from the output's gradient to the input's: a convolution, too,
    /// with the kernels turned; `None` likewise.
    pub(super) fn backward(g: &Geometry) -> Option<Self> {
        let grid = Self::of(g)?.turned();
        grid.is_worth_it(g.batch * g.pixels()).then_some(grid)
    }

    fn of(g: &Geometry) -> Option<Self> {
        let is_served = g.kernel == [3, 3] && g.stride == [1, 1];
        if !is_served || g.padding.iter().any(|padding| *padding > 2) {
            return None;
        }
        Some(Self {
            batch: g.batch,
            input: Planes {
                channels: g.channels,
                size: [g.height, g.width],
                padding: g.padding,
            },
            output: Planes {
                channels: g.out_channels,
                size: [g.out_height, g.out_width],
                padding: [0, 0],
            },
        })
    }

    fn turned(self) -> Self {
        Self {
            input: Planes {
                padding: self.input.padding.map(|padding| 2 - padding),
                ..self.output
            },
            output: Planes {
                padding: [0, 0],
                ..self.input
            },
            ..self
        }
    }

    /// Whether this takes less time than one large matrix product of 9 multiply-adds for
    /// each of `pixels` output pixels of the forward pass and pair of channels.
    fn is_worth_it(&self, pixels: usize) -> bool {
        let [channels, out_channels] =
            [self.input, self.output].map(|planes| planes.channels as f64);
        let of_tile = POINTS as f64 + TILE_COST / channels + TILE_COST / out_channels;
        let here = KERNEL_COST + (self.batch * self.tiles()) as f64 * of_tile;
        here < 9.0 * pixels as f64
    }

    /// Rows and columns of tiles of one image.
    fn sides(&self) -> [usize; 2] {
        self.output.size.map(|side| side.div_ceil(TILE))
    }

    /// Tiles of one image.
    fn tiles(&self) -> usize {
        self.sides().iter().product()
    }

    /// Tiles that are worked on at once.
    fn at_once(&self, apart: bool) -> usize {
        let values = if apart { TILE_VALUES } else { SHARED_VALUES };
        let of_tile = POINTS * (self.input.channels + self.output.channels);
        (values / of_tile).max(FEWEST_TILES)
    }

    pub(super) fn plan(&self) -> Plan {
        let threads = rayon::current_num_threads();
        let group = FEWEST_TILES
            .div_ceil(self.tiles())
            .min(self.batch.div_ceil(threads));
        if self.batch.div_ceil(group) >= threads && group * self.tiles() >= FEW_TILES {
            return Plan { group, apart: true };
        }
        let group = self.at_once(false) / self.tiles();
        Plan {
            group: group.clamp(1, self.batch),
            apart: false,
        }
    }

    /// Splits images into blocks.
    pub(super) fn blocks(&self, images: Range<usize>, apart: bool) -> Vec<Block> {
        let ([rows, columns], at_once) = (self.sides(), self.at_once(apart));
        let images = parts(images, (at_once / self.tiles()).max(1));
        images
            .flat_map(|images| {
                let rows = parts(0..rows, (at_once / columns).clamp(1, rows));
                rows.map(move |rows| Block {
                    images: images.clone(),
                    rows,
                    columns,
                })
            })
            .collect()
    }
}

impl Block {
    /// Its tiles.
    pub(super) fn tiles(&self) -> usize {
        self.images.len() * self.of_image()
    }

    /// Its tiles of one image.
    pub(super) fn of_image(&self) -> usize {
        self.rows.len() * self.columns
    }

    /// Distance of two rows of a matrix with a column for each tile.
    pub(super) fn stride(&self) -> usize {
        self.tiles().next_multiple_of(LANES)
    }
}
