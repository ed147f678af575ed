//! What a JPEG's frame header says, and how its blocks lie.

use super::error::JpegError;

/// Side of a block.
pub(super) const BLOCK: usize = 8;
/// The longest side that decoders in use accept.
const LONGEST_SIDE: u16 = 65_500;

/// How coefficients are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Coding {
    pub(super) progressive: bool,
    pub(super) arithmetic: bool,
}

/// One component: luma, a chroma, an ink.
#[derive(Clone, Debug)]
pub(super) struct Component {
    pub(super) id: u8,
    /// Horizontal and vertical sampling factor, 1 to 4.
    pub(super) sampling: (usize, usize),
    /// Which quantisation table it uses.
    pub(super) table: usize,
    /// Samples that belong to the picture.
    pub(super) width: usize,
    /// Rows of samples that belong to the picture.
    pub(super) height: usize,
    /// Blocks that hold these.
    pub(super) blocks_wide: usize,
    /// Rows of such blocks.
    pub(super) blocks_high: usize,
    /// Blocks in a row with those that fill up the last MCU.
    pub(super) padded_wide: usize,
    /// Rows of blocks, likewise.
    pub(super) padded_high: usize,
}

/// The frame header, and what follows from it.
#[derive(Clone, Debug)]
pub(super) struct Frame {
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) coding: Coding,
    pub(super) components: Vec<Component>,
    /// The largest sampling factors.
    pub(super) largest: (usize, usize),
    pub(super) mcus_wide: usize,
    pub(super) mcus_high: usize,
}

impl Frame {
    /// Reads the content of a start-of-frame segment.
    pub(super) fn parse(coding: Coding, content: &[u8]) -> Result<Self, JpegError> {
        let (&[precision, h1, h0, w1, w0, count], rest) = content
            .split_first_chunk::<6>()
            .ok_or(JpegError::Damaged("the frame header is too short"))?;
        if precision != 8 {
            return Err(JpegError::Unsupported(format!(
                "samples of {precision} bits; save it with 8"
            )));
        }
        if !matches!(count, 1 | 3 | 4) {
            return Err(JpegError::Unsupported(format!("{count} components")));
        }
        let (width, height) = (u16::from_be_bytes([w1, w0]), u16::from_be_bytes([h1, h0]));
        if width == 0 || height == 0 {
            return Err(JpegError::Damaged("the frame header gives no size"));
        }
        if width.max(height) > LONGEST_SIDE {
            return Err(JpegError::Unsupported(format!(
                "a side over {LONGEST_SIDE} pixels"
            )));
        }
        if rest.len() != 3 * usize::from(count) {
            return Err(JpegError::Damaged("the frame header has a wrong length"));
        }
        let (entries, _) = rest.as_chunks::<3>();
        let sampling = |factors: u8| (usize::from(factors >> 4), usize::from(factors & 15));
        let factors: Vec<_> = entries.iter().map(|&[_, f, _]| sampling(f)).collect();
        let valid = |f: &(usize, usize)| (1..=4).contains(&f.0) && (1..=4).contains(&f.1);
        if !factors.iter().all(valid) {
            return Err(JpegError::Damaged("a sampling factor is not from 1 to 4"));
        }
        let largest = factors
            .iter()
            .fold((1, 1), |most, f| (most.0.max(f.0), most.1.max(f.1)));
        let (width, height) = (usize::from(width), usize::from(height));
        let mcus_wide = width.div_ceil(largest.0 * BLOCK);
        let mcus_high = height.div_ceil(largest.1 * BLOCK);
        let components: Vec<Component> = entries
            .iter()
            .zip(&factors)
            .map(|(&[id, _, table], &(h, v))| Component {
                id,
                sampling: (h, v),
                table: usize::from(table),
                width: (width * h).div_ceil(largest.0),
                height: (height * v).div_ceil(largest.1),
                blocks_wide: (width * h).div_ceil(largest.0 * BLOCK),
                blocks_high: (height * v).div_ceil(largest.1 * BLOCK),
                padded_wide: mcus_wide * h,
                padded_high: mcus_high * v,
            })
            .collect();
        let repeated = |(at, c): (usize, &Component)| components[..at].iter().any(|o| o.id == c.id);
        if components.iter().enumerate().any(repeated) {
            return Err(JpegError::Damaged("two components have the same number"));
        }
        Ok(Self {
            width,
            height,
            coding,
            components,
            largest,
            mcus_wide,
            mcus_high,
        })
    }
}
