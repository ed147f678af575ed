//! Arithmetic-coded scans (ITU-T T.81, annex D and F.1.4, F.2.4, G.1.3, G.2.3).

use super::JpegError;
use super::coefficients::Coefficients;
use super::markers::{RST0, next_marker};
use super::progressive::Selection;
use super::scan::BlockDecoder;
use super::tables::Conditioning;

/// Estimates of the less probable symbol: its share of the interval, the next
/// state after it and after the other one, and whether the two change places
/// (table D.3). The last state is for bits of equal chance.
#[rustfmt::skip]
const STATES: [(u32, u8, u8, bool); 114] = [
    (0x5a1d, 1, 1, true), (0x2586, 14, 2, false), (0x1114, 16, 3, false),
    (0x080b, 18, 4, false), (0x03d8, 20, 5, false), (0x01da, 23, 6, false),
    (0x00e5, 25, 7, false), (0x006f, 28, 8, false), (0x0036, 30, 9, false),
    (0x001a, 33, 10, false), (0x000d, 35, 11, false), (0x0006, 9, 12, false),
    (0x0003, 10, 13, false), (0x0001, 12, 13, false), (0x5a7f, 15, 15, true),
    (0x3f25, 36, 16, false), (0x2cf2, 38, 17, false), (0x207c, 39, 18, false),
    (0x17b9, 40, 19, false), (0x1182, 42, 20, false), (0x0cef, 43, 21, false),
    (0x09a1, 45, 22, false), (0x072f, 46, 23, false), (0x055c, 48, 24, false),
    (0x0406, 49, 25, false), (0x0303, 51, 26, false), (0x0240, 52, 27, false),
    (0x01b1, 54, 28, false), (0x0144, 56, 29, false), (0x00f5, 57, 30, false),
    (0x00b7, 59, 31, false), (0x008a, 60, 32, false), (0x0068, 62, 33, false),
    (0x004e, 63, 34, false), (0x003b, 32, 35, false), (0x002c, 33, 9, false),
    (0x5ae1, 37, 37, true), (0x484c, 64, 38, false), (0x3a0d, 65, 39, false),
    (0x2ef1, 67, 40, false), (0x261f, 68, 41, false), (0x1f33, 69, 42, false),
    (0x19a8, 70, 43, false), (0x1518, 72, 44, false), (0x1177, 73, 45, false),
    (0x0e74, 74, 46, false), (0x0bfb, 75, 47, false), (0x09f8, 77, 48, false),
    (0x0861, 78, 49, false), (0x0706, 79, 50, false), (0x05cd, 48, 51, false),
    (0x04de, 50, 52, false), (0x040f, 50, 53, false), (0x0363, 51, 54, false),
    (0x02d4, 52, 55, false), (0x025c, 53, 56, false), (0x01f8, 54, 57, false),
    (0x01a4, 55, 58, false), (0x0160, 56, 59, false), (0x0125, 57, 60, false),
    (0x00f6, 58, 61, false), (0x00cb, 59, 62, false), (0x00ab, 61, 63, false),
    (0x008f, 61, 32, false), (0x5b12, 65, 65, true), (0x4d04, 80, 66, false),
    (0x412c, 81, 67, false), (0x37d8, 82, 68, false), (0x2fe8, 83, 69, false),
    (0x293c, 84, 70, false), (0x2379, 86, 71, false), (0x1edf, 87, 72, false),
    (0x1aa9, 87, 73, false), (0x174e, 72, 74, false), (0x1424, 72, 75, false),
    (0x119c, 74, 76, false), (0x0f6b, 74, 77, false), (0x0d51, 75, 78, false),
    (0x0bb6, 77, 79, false), (0x0a40, 77, 48, false), (0x5832, 80, 81, true),
    (0x4d1c, 88, 82, false), (0x438e, 89, 83, false), (0x3bdd, 90, 84, false),
    (0x34ee, 91, 85, false), (0x2eae, 92, 86, false), (0x299a, 93, 87, false),
    (0x2516, 86, 71, false), (0x5570, 88, 89, true), (0x4ca9, 95, 90, false),
    (0x44d9, 96, 91, false), (0x3e22, 97, 92, false), (0x3824, 99, 93, false),
    (0x32b4, 99, 94, false), (0x2e17, 93, 86, false), (0x56a8, 95, 96, true),
    (0x4f46, 101, 97, false), (0x47e5, 102, 98, false), (0x41cf, 103, 99, false),
    (0x3c3d, 104, 100, false), (0x375e, 99, 93, false), (0x5231, 105, 102, false),
    (0x4c0f, 106, 103, false), (0x4639, 107, 104, false), (0x415e, 103, 99, false),
    (0x5627, 105, 106, true), (0x50e7, 108, 107, false), (0x4b85, 109, 103, false),
    (0x5597, 110, 109, false), (0x504f, 111, 107, false), (0x5a10, 110, 111, true),
    (0x5522, 112, 109, false), (0x59eb, 112, 111, true), (0x5a1d, 113, 113, false),
];
const EVEN: u8 = 113;
/// Zeros that may be read behind the data; encoders leave out those at the end.
const MAX_ZEROS: u32 = 64;

/// One binary decision's state, and its more probable symbol.
#[derive(Clone, Copy, Default)]
struct Context {
    state: u8,
    likely: bool,
}

/// The decoder of binary decisions (figures D.16 to D.19).
struct Decisions<'a> {
    bytes: &'a [u8],
    at: usize,
    interval: u32,
    code: u32,
    /// Bits of `code` before the next byte.
    left: u32,
    zeros: u32,
}

impl<'a> Decisions<'a> {
    fn new(bytes: &'a [u8], at: usize) -> Self {
        let mut new = Self {
            bytes,
            at,
            interval: 0x1_0000,
            code: 0,
            left: 0,
            zeros: 0,
        };
        new.byte();
        new.code <<= 8;
        new.byte();
        new.code <<= 8;
        new
    }

    fn byte(&mut self) {
        let byte = match self.bytes.get(self.at..) {
            Some([0xFF, 0x00, ..]) => {
                self.at += 2;
                0xFF
            }
            // Zeros at a marker, as many as are asked for.
            Some([0xFF, ..]) | Some([]) | None => {
                self.zeros += 1;
                0
            }
            Some(&[byte, ..]) => {
                self.at += 1;
                byte
            }
        };
        self.code += u32::from(byte) << 8;
    }

    fn decide(&mut self, context: &mut Context) -> bool {
        let (unlikely, after_unlikely, after_likely, exchange) = STATES[usize::from(context.state)];
        self.interval -= unlikely;
        let below = self.code >> 16 < self.interval;
        if below && self.interval >= 0x8000 {
            return context.likely;
        }
        // The shares may have come to stand the wrong way round.
        let likely = below == (self.interval >= unlikely);
        if !below {
            self.code -= self.interval << 16;
            self.interval = unlikely;
        }
        let symbol = context.likely == likely;
        if likely {
            context.state = after_likely;
        } else {
            context.state = after_unlikely;
            context.likely ^= exchange;
        }
        while self.interval < 0x8000 {
            if self.left == 0 {
                self.byte();
                self.left = 8;
            }
            self.interval <<= 1;
            self.code <<= 1;
            self.left -= 1;
        }
        symbol
    }

    /// A bit of equal chance.
    fn bit(&mut self) -> bool {
        self.decide(&mut Context {
            state: EVEN,
            likely: false,
        })
    }

    /// # Errors
    /// Data that ended long before.
    fn check(&self) -> Result<(), JpegError> {
        if self.zeros > MAX_ZEROS {
            return Err(JpegError::CutOff(
                "the compressed data end before the picture does",
            ));
        }
        Ok(())
    }
}

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
