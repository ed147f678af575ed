//! Blocks of progressive scans (ITU-T T.81, G.2).

use super::coefficients::Coefficients;
use super::error::JpegError;
use super::huffman::{Bits, HuffmanTable, extend};
use super::markers::pass_restart;
use super::scan::{BlockDecoder, Selection};

/// How far the coefficients of one component have come: the lowest bit sent.
pub(super) struct Progress([Option<u32>; 64]);

impl Progress {
    pub(super) fn none() -> Self {
        Self([None; 64])
    }

    /// # Errors
    /// A scan that does not continue where the ones before it ended.
    pub(super) fn advance(&mut self, scan: Selection) -> Result<(), JpegError> {
        let (first, last) = scan.band;
        if first > 0 && self.0[0].is_none() {
            return Err(JpegError::Damaged("a scan refines what was not sent yet"));
        }
        for sent in &mut self.0[first..=last] {
            if sent.unwrap_or(0) != scan.high || (scan.high == 0 && sent.is_some()) {
                return Err(JpegError::Damaged("a scan is missing or sent twice"));
            }
            *sent = Some(scan.low);
        }
        Ok(())
    }

    /// Whether every coefficient has come, to its last bit.
    pub(super) fn is_complete(&self) -> bool {
        self.0.iter().all(|&sent| sent == Some(0))
    }
}

/// A component of the scan.
pub(super) struct Slot<'a> {
    pub(super) coefficients: &'a mut Coefficients,
    /// The table of DC differences or of AC coefficients, as the scan has it.
    pub(super) table: Option<&'a HuffmanTable>,
    pub(super) predicted: i32,
}

/// Adds a scan to coefficients.
pub(super) struct Progressive<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) bits: Bits<'a>,
    pub(super) slots: Vec<Slot<'a>>,
    pub(super) selection: Selection,
    pub(super) restarts: u8,
    /// How many blocks, this one included, have no more coefficients.
    pub(super) ended_blocks: u32,
}

impl BlockDecoder for Progressive<'_> {
    fn restart(&mut self) -> Result<(), JpegError> {
        pass_restart(self.bytes, &mut self.bits, &mut self.restarts)?;
        self.ended_blocks = 0;
        for slot in &mut self.slots {
            slot.predicted = 0;
        }
        Ok(())
    }

    fn block(&mut self, slot: usize, row: usize, column: usize) -> Result<(), JpegError> {
        let Self {
            bits,
            slots,
            selection,
            ended_blocks,
            ..
        } = self;
        let slot = &mut slots[slot];
        let block = slot.coefficients.block(row, column);
        match (selection.band.0, selection.high) {
            (0, 0) => {
                let table = table(slot.table)?;
                bits.refill();
                let size = u32::from(table.symbol(bits)?);
                slot.predicted += extend(bits.take(size), size);
                let value = i64::from(slot.predicted) << selection.low;
                block[0] = i16::try_from(value).map_err(|_| TOO_LARGE)?;
            }
            (0, _) => {
                if bits.bit() {
                    block[0] |= 1 << selection.low;
                }
            }
            (_, 0) => first(bits, table(slot.table)?, *selection, ended_blocks, block)?,
            _ => refine(bits, table(slot.table)?, *selection, ended_blocks, block)?,
        }
        bits.check()
    }
}

const TOO_LARGE: JpegError = JpegError::Damaged("a coefficient is larger than any picture's");
const TOO_MANY: JpegError = JpegError::Damaged("a block has over 64 coefficients");

fn table(table: Option<&HuffmanTable>) -> Result<&HuffmanTable, JpegError> {
    table.ok_or(JpegError::Damaged("a Huffman table is missing"))
}

/// The next symbol's run of zeros and size; `None` where `ended_blocks`, this one
/// included, have no more coefficients.
#[inline]
fn next(
    bits: &mut Bits<'_>,
    table: &HuffmanTable,
    ended_blocks: &mut u32,
) -> Result<Option<(u32, u32)>, JpegError> {
    bits.refill();
    let symbol = table.symbol(bits)?;
    let (run, size) = (u32::from(symbol >> 4), u32::from(symbol & 15));
    if size == 0 && run < 15 {
        *ended_blocks = (1 << run) + bits.take(run);
        return Ok(None);
    }
    Ok(Some((run, size)))
}

/// The first scan of a band (figure G.3).
fn first(
    bits: &mut Bits<'_>,
    table: &HuffmanTable,
    scan: Selection,
    ended_blocks: &mut u32,
    block: &mut [i16; 64],
) -> Result<(), JpegError> {
    if *ended_blocks > 0 {
        *ended_blocks -= 1;
        return Ok(());
    }
    let (mut at, last) = scan.band;
    while at <= last {
        let Some((run, size)) = next(bits, table, ended_blocks)? else {
            *ended_blocks -= 1;
            break;
        };
        at += run as usize;
        if size > 0 {
            if at > last {
                return Err(TOO_MANY);
            }
            let value = extend(bits.take(size), size) << scan.low;
            block[at] = i16::try_from(value).map_err(|_| TOO_LARGE)?;
        }
        at += 1;
    }
    Ok(())
}

/// A later scan of a band (figure G.7): a bit for each coefficient that is not
/// zero, and new ones of one bit.
fn refine(
    bits: &mut Bits<'_>,
    table: &HuffmanTable,
    scan: Selection,
    ended_blocks: &mut u32,
    block: &mut [i16; 64],
) -> Result<(), JpegError> {
    let (mut at, last) = scan.band;
    let unit = 1i16 << scan.low;
    if *ended_blocks == 0 {
        while at <= last {
            let Some((mut run, size)) = next(bits, table, ended_blocks)? else {
                break;
            };
            let new = match size {
                0 => 0,
                1 if bits.bit() => unit,
                1 => -unit,
                _ => return Err(JpegError::Damaged("a refinement has over one bit")),
            };
            // Passes `run` coefficients that are still zero.
            while at <= last {
                if block[at] != 0 {
                    refine_one(bits, &mut block[at], unit);
                } else if run == 0 {
                    break;
                } else {
                    run -= 1;
                }
                at += 1;
            }
            if new != 0 {
                *block.get_mut(at).filter(|_| at <= last).ok_or(TOO_MANY)? = new;
            }
            at += 1;
        }
    }
    if *ended_blocks > 0 {
        for value in block.get_mut(at..=last).unwrap_or_default() {
            if *value != 0 {
                refine_one(bits, value, unit);
            }
        }
        *ended_blocks -= 1;
    }
    Ok(())
}

fn refine_one(bits: &mut Bits<'_>, value: &mut i16, unit: i16) {
    if bits.bit() && *value & unit == 0 {
        *value = value.saturating_add(if *value < 0 { -unit } else { unit });
    }
}
