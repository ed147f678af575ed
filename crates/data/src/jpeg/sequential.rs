//! Blocks of baseline and extended sequential scans (ITU-T T.81, F.2).

use super::coefficients::{MAX_COEFFICIENT, Plane, ZIGZAG};
use super::error::JpegError;
use super::huffman::{Bits, HuffmanTable, extend};
use super::idct::flat;
use super::markers::pass_restart;
use super::processor::Processor;
use super::scan::BlockDecoder;

/// A component of the scan.
pub(super) struct Slot<'a> {
    pub(super) plane: &'a mut Plane,
    pub(super) dc: &'a HuffmanTable,
    pub(super) ac: &'a HuffmanTable,
    /// In zigzag order.
    pub(super) quantisation: &'a [u16; 64],
    /// The DC coefficient of the block before.
    pub(super) predicted: i32,
}

/// Turns each block into samples at once.
pub(super) struct Sequential<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) bits: Bits<'a>,
    pub(super) slots: Vec<Slot<'a>>,
    pub(super) restarts: u8,
    pub(super) processor: Processor,
}

impl BlockDecoder for Sequential<'_> {
    fn restart(&mut self) -> Result<(), JpegError> {
        pass_restart(self.bytes, &mut self.bits, &mut self.restarts)?;
        for slot in &mut self.slots {
            slot.predicted = 0;
        }
        Ok(())
    }

    fn block(&mut self, slot: usize, row: usize, column: usize) -> Result<(), JpegError> {
        let slot = &mut self.slots[slot];
        let mut coefficients = [[0; 8]; 8];
        let only_mean = slot.coefficients(&mut self.bits, &mut coefficients)?;
        if only_mean {
            slot.plane.put_flat(row, column, flat(coefficients[0][0]));
        } else {
            let samples = self.processor.samples(&coefficients);
            slot.plane.put(row, column, &samples);
        }
        Ok(())
    }
}

impl Slot<'_> {
    /// Reads a block, dequantised; tells whether it has nothing but its mean.
    #[inline(always)]
    fn coefficients(
        &mut self,
        bits: &mut Bits<'_>,
        coefficients: &mut [[i32; 8]; 8],
    ) -> Result<bool, JpegError> {
        bits.refill();
        let size = u32::from(self.dc.symbol(bits)?);
        self.predicted += extend(bits.take(size), size);
        let mean = self
            .predicted
            .saturating_mul(i32::from(self.quantisation[0]));
        coefficients[0][0] = mean;
        let mut largest = mean.unsigned_abs();

        let mut at = 1;
        while at < 64 {
            bits.refill();
            let whole = self.ac.whole(bits);
            let value = if whole.bits != 0 {
                bits.consume(u32::from(whole.bits));
                at += usize::from(whole.run);
                i32::from(whole.value)
            } else {
                let symbol = self.ac.symbol(bits)?;
                let (run, size) = (usize::from(symbol >> 4), u32::from(symbol & 15));
                at += run;
                if size == 0 {
                    if run < 15 {
                        at -= run;
                        break;
                    }
                    at += 1;
                    continue;
                }
                extend(bits.take(size), size)
            };
            let (Some(&natural), Some(&step)) = (ZIGZAG.get(at), self.quantisation.get(at)) else {
                return Err(JpegError::Damaged("a block has over 64 coefficients"));
            };
            let value = value * i32::from(step);
            largest = largest.max(value.unsigned_abs());
            coefficients.as_flattened_mut()[usize::from(natural & 63)] = value;
            at += 1;
        }
        bits.check()?;
        if largest > MAX_COEFFICIENT {
            return Err(JpegError::Damaged(
                "a coefficient is larger than any picture's",
            ));
        }
        Ok(at == 1)
    }
}
