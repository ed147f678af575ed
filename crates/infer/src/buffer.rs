//! Values that begin with a cache line, so that registers are read and written whole.

use std::ops::{Deref, DerefMut};

use bytemuck::{Pod, Zeroable};

/// Values of a cache line.
const LINE: usize = 16;

#[derive(Clone, Copy, Debug, Pod, Zeroable)]
#[repr(C, align(64))]
struct Line([f32; LINE]);

/// Values, zeros at first, filled up to whole cache lines.
#[derive(Debug, Default)]
pub(crate) struct Buffer(Vec<Line>);

impl Buffer {
    pub(crate) fn new(len: usize) -> Self {
        Self(vec![Line::zeroed(); len.div_ceil(LINE)])
    }

    /// The first `len` values; a buffer of fewer grows.
    pub(crate) fn part(&mut self, len: usize) -> &mut [f32] {
        if self.0.len() * LINE < len {
            // The old one first, or both would be held.
            *self = Self::default();
            *self = Self::new(len);
        }
        &mut self[..len]
    }
}

impl Deref for Buffer {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        bytemuck::cast_slice(&self.0)
    }
}

impl DerefMut for Buffer {
    fn deref_mut(&mut self) -> &mut [f32] {
        bytemuck::cast_slice_mut(&mut self.0)
    }
}
