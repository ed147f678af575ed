//! Arithmetic-coded scans (ITU-T T.81, F.1.4, F.2.4, G.1.3 and G.2.3).

use super::coefficients::Coefficients;
use super::decisions::{Context, Decisions};
use super::error::JpegError;
use super::markers::{RST0, next_marker};
use super::scan::{BlockDecoder, Selection};
use super::tables::Conditioning;

/// A component of the scan.
pub(super) struct Slot<'a> {
    pub(super) coefficients: &'a mut Coefficients,
    /// The numbers of its tables of contexts.
    pub(super) dc: usize,
    pub(super) ac: usize,
}

/// What is forgotten at a restart.
#[derive(Clone)]
struct Memory {
    dc: [[Context; 64]; 4],
    ac: [[Context; 256]; 4],
    /// By slot: the DC coefficient before, and the context that its difference gives.
    predicted: [(i32, usize); 4],
}

impl Memory {
    fn new() -> Self {
        Self {
            dc: [[Context::default(); 64]; 4],
            ac: [[Context::default(); 256]; 4],
            predicted: [(0, 0); 4],
        }
    }
}

/// Adds a scan to coefficients.
pub(super) struct Arithmetic<'a> {
    decisions: Decisions<'a>,
    slots: Vec<Slot<'a>>,
    selection: Selection,
    conditioning: Conditioning,
    memory: Box<Memory>,
    restarts: u8,
}

impl<'a> Arithmetic<'a> {
    /// # Errors
    /// Numbers of tables over 3.
    pub(super) fn new(
        (bytes, at): (&'a [u8], usize),
        slots: Vec<Slot<'a>>,
        selection: Selection,
        conditioning: Conditioning,
    ) -> Result<Self, JpegError> {
        if slots.iter().any(|slot| slot.dc.max(slot.ac) > 3) {
            return Err(JpegError::Damaged("a scan names a table over 3"));
        }
        Ok(Self {
            decisions: Decisions::new(bytes, at),
            slots,
            selection,
            conditioning,
            memory: Box::new(Memory::new()),
            restarts: 0,
        })
    }

    /// Where the data were read to.
    pub(super) fn finish(self) -> Result<usize, JpegError> {
        self.decisions.check()?;
        Ok(self.decisions.at)
    }

    /// The bits of a magnitude below `top`, and with them the magnitude less 1.
    fn below(&mut self, contexts: Contexts, at: usize, top: i32) -> i32 {
        let (mut value, mut bit) = (top, top >> 1);
        while bit > 0 {
            if self.decide(contexts, at) {
                value |= bit;
            }
            bit >>= 1;
        }
        value
    }

    /// How many times a magnitude doubles from `top`, along contexts from `at`.
    fn doublings(
        &mut self,
        contexts: Contexts,
        at: &mut usize,
        mut top: i32,
    ) -> Result<i32, JpegError> {
        while self.decide(contexts, *at) {
            top <<= 1;
            if top == 0x8000 {
                return Err(INVALID);
            }
            *at += 1;
        }
        Ok(top)
    }

    fn decide(&mut self, contexts: Contexts, at: usize) -> bool {
        let context = match contexts {
            Contexts::Dc(table) => &mut self.memory.dc[table][at & 63],
            Contexts::Ac(table) => &mut self.memory.ac[table][at & 255],
        };
        self.decisions.decide(context)
    }

    /// The DC coefficient of the next block (figures F.19 to F.24).
    fn dc(&mut self, slot: usize) -> Result<i32, JpegError> {
        let table = self.slots[slot].dc;
        let contexts = Contexts::Dc(table);
        let (predicted, at) = self.memory.predicted[slot];
        if !self.decide(contexts, at) {
            self.memory.predicted[slot].1 = 0;
            return Ok(predicted);
        }
        let negative = self.decide(contexts, at + 1);
        let mut at = at + 2 + usize::from(negative);
        let mut top = i32::from(self.decide(contexts, at));
        if top > 0 {
            at = 20;
            top = self.doublings(contexts, &mut at, top)?;
        }
        let (low, high) = self.conditioning.dc[table];
        let context = if top < (1 << low) >> 1 {
            0
        } else {
            4 * (1 + usize::from(negative)) + if top > (1 << high) >> 1 { 8 } else { 0 }
        };
        let magnitude = self.below(contexts, at + 14, top) + 1;
        let predicted = predicted + if negative { -magnitude } else { magnitude };
        self.memory.predicted[slot] = (predicted, context);
        Ok(predicted)
    }

    /// The AC coefficients of a block that come for the first time.
    fn ac(&mut self, slot: usize, block: (usize, usize)) -> Result<(), JpegError> {
        let table = self.slots[slot].ac;
        let contexts = Contexts::Ac(table);
        let last = self.selection.band.1;
        let mut at = self.selection.band.0.max(1);
        while at <= last {
            if self.decide(contexts, 3 * (at - 1)) {
                break;
            }
            while !self.decide(contexts, 3 * (at - 1) + 1) {
                at += 1;
                if at > last {
                    return Err(INVALID);
                }
            }
            let negative = self.decisions.bit();
            let mut context = 3 * (at - 1) + 2;
            let mut top = i32::from(self.decide(contexts, context));
            if top > 0 && self.decide(contexts, context) {
                let low = at <= usize::from(self.conditioning.ac[table]);
                context = if low { 189 } else { 217 };
                top = self.doublings(contexts, &mut context, top << 1)?;
            }
            let magnitude = self.below(contexts, context + 14, top) + 1;
            let value = if negative { -magnitude } else { magnitude } << self.selection.low;
            self.block_of(slot, block)[at] = i16::try_from(value).map_err(|_| INVALID)?;
            at += 1;
        }
        Ok(())
    }

    /// One bit more of the AC coefficients of a block.
    fn refine(&mut self, slot: usize, block: (usize, usize)) -> Result<(), JpegError> {
        let contexts = Contexts::Ac(self.slots[slot].ac);
        let (mut at, last) = self.selection.band;
        let unit = 1i16 << self.selection.low;
        let known = self.block_of(slot, block)[..=last]
            .iter()
            .rposition(|&v| v != 0);
        let known = known.unwrap_or(0);
        while at <= last {
            if at > known && self.decide(contexts, 3 * (at - 1)) {
                break;
            }
            loop {
                let value = self.block_of(slot, block)[at];
                let context = 3 * (at - 1);
                let refined = if value != 0 {
                    let more = self.decide(contexts, context + 2);
                    Some(value.saturating_add(if more { unit * value.signum() } else { 0 }))
                } else if self.decide(contexts, context + 1) {
                    Some(if self.decisions.bit() { -unit } else { unit })
                } else {
                    None
                };
                if let Some(refined) = refined {
                    self.block_of(slot, block)[at] = refined;
                    break;
                }
                at += 1;
                if at > last {
                    return Err(INVALID);
                }
            }
            at += 1;
        }
        Ok(())
    }

    fn block_of(&mut self, slot: usize, (row, column): (usize, usize)) -> &mut [i16; 64] {
        self.slots[slot].coefficients.block(row, column)
    }
}

impl BlockDecoder for Arithmetic<'_> {
    fn restart(&mut self) -> Result<(), JpegError> {
        self.decisions.check()?;
        let bytes = self.decisions.bytes;
        let mut at = self.decisions.at;
        if next_marker(bytes, &mut at)? != RST0 + self.restarts {
            return Err(JpegError::Damaged("a restart marker is missing"));
        }
        self.restarts = (self.restarts + 1) % 8;
        self.decisions = Decisions::new(bytes, at);
        *self.memory = Memory::new();
        Ok(())
    }

    fn block(&mut self, slot: usize, row: usize, column: usize) -> Result<(), JpegError> {
        let block = (row, column);
        let Selection { band, high, low } = self.selection;
        if band.0 == 0 && high == 0 {
            let value = i64::from(self.dc(slot)?) << low;
            self.block_of(slot, block)[0] = i16::try_from(value).map_err(|_| INVALID)?;
        } else if band.0 == 0 && self.decisions.bit() {
            self.block_of(slot, block)[0] |= 1 << low;
        }
        if band.1 > 0 && high == 0 {
            self.ac(slot, block)?;
        } else if band.1 > 0 {
            self.refine(slot, block)?;
        }
        self.decisions.check()
    }
}

/// A table of contexts.
#[derive(Clone, Copy)]
enum Contexts {
    Dc(usize),
    Ac(usize),
}

const INVALID: JpegError = JpegError::Damaged("there is an invalid arithmetic code");
