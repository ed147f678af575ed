//! Huffman codes and the bits of a scan (ITU-T T.81, annexes C and F).

use super::error::JpegError;

/// Codes of up to this many bits are looked up in one step.
const FAST_BITS: u32 = 9;

/// One Huffman table, made for decoding.
#[derive(Clone)]
pub(super) struct HuffmanTable {
    /// By the next [`FAST_BITS`] bits: length times 256 plus symbol; 0 where
    /// the code is longer.
    fast: [u16; 1 << FAST_BITS],
    /// By the same bits, where they hold a whole AC coefficient.
    whole: [Whole; 1 << FAST_BITS],
    /// By length: the first value of 16 bits that no code up to that length starts.
    bounds: [u32; 17],
    /// By length: what takes a code to its place in `symbols`.
    offsets: [i32; 17],
    symbols: [u8; 256],
}

/// A run of zeros and the coefficient behind it, as one code and its bits say.
#[derive(Clone, Copy, Default)]
pub(super) struct Whole {
    pub(super) value: i16,
    pub(super) run: u8,
    /// Bits in all; 0 where the coefficient needs more than were looked at.
    pub(super) bits: u8,
}

impl HuffmanTable {
    /// The table of `counts[n]` codes of n + 1 bits for `symbols`.
    ///
    /// # Errors
    /// Counts that no prefix code has.
    pub(super) fn new(counts: &[u8; 16], symbols: &[u8]) -> Result<Self, JpegError> {
        let mut table = Self {
            fast: [0; 1 << FAST_BITS],
            whole: [Whole::default(); 1 << FAST_BITS],
            bounds: [0; 17],
            offsets: [0; 17],
            symbols: [0; 256],
        };
        table
            .symbols
            .get_mut(..symbols.len())
            .ok_or(JpegError::Damaged("a Huffman table has over 256 symbols"))?
            .copy_from_slice(symbols);
        let (mut code, mut place) = (0u32, 0usize);
        for (length, &count) in (1u32..).zip(counts) {
            table.offsets[length as usize] = place as i32 - code as i32;
            for _ in 0..count {
                if length <= FAST_BITS {
                    let symbol = *symbols
                        .get(place)
                        .ok_or(JpegError::Damaged("a Huffman table is cut off"))?;
                    let first = (code << (FAST_BITS - length)) as usize;
                    let entries = 1usize << (FAST_BITS - length);
                    let Some(entries) = table.fast.get_mut(first..first + entries) else {
                        return Err(JpegError::Damaged("a Huffman table is no prefix code"));
                    };
                    entries.fill(((length as u16) << 8) | u16::from(symbol));
                }
                code += 1;
                place += 1;
            }
            // A code of ones only is not allowed, so one must be left.
            if count > 0 && code >= 1 << length {
                return Err(JpegError::Damaged("a Huffman table is no prefix code"));
            }
            table.bounds[length as usize] = code << (16 - length);
            code <<= 1;
        }
        table.look_up_whole_coefficients();
        Ok(table)
    }

    fn look_up_whole_coefficients(&mut self) {
        for (bits, whole) in self.whole.iter_mut().enumerate() {
            let (length, symbol) = (u32::from(self.fast[bits] >> 8), self.fast[bits] as u8);
            let (run, size) = (symbol >> 4, u32::from(symbol & 15));
            if length == 0 || size == 0 || length + size > FAST_BITS {
                continue;
            }
            let magnitude = (bits as u32 >> (FAST_BITS - length - size)) & ((1 << size) - 1);
            *whole = Whole {
                value: extend(magnitude, size) as i16,
                run,
                bits: (length + size) as u8,
            };
        }
    }

    /// Whether all symbols are sizes that a DC difference can have.
    pub(super) fn is_for_dc(&self) -> bool {
        self.symbols.iter().all(|&symbol| symbol <= 15)
    }

    /// A whole AC coefficient, if the next few bits hold one.
    #[inline(always)]
    pub(super) fn whole(&self, bits: &Bits<'_>) -> Whole {
        self.whole[bits.peek(FAST_BITS) as usize]
    }

    /// The next symbol. The reader must hold 16 bits or be at its end.
    #[inline(always)]
    pub(super) fn symbol(&self, bits: &mut Bits<'_>) -> Result<u8, JpegError> {
        let entry = self.fast[bits.peek(FAST_BITS) as usize];
        if entry != 0 {
            bits.consume(u32::from(entry >> 8));
            return Ok(entry as u8);
        }
        self.long_symbol(bits)
    }

    #[cold]
    fn long_symbol(&self, bits: &mut Bits<'_>) -> Result<u8, JpegError> {
        let next = bits.peek(16);
        for length in FAST_BITS + 1..=16 {
            if next < self.bounds[length as usize] {
                let code = (next >> (16 - length)) as i32;
                let place = code + self.offsets[length as usize];
                bits.consume(length);
                return Ok(self.symbols[(place & 255) as usize]);
            }
        }
        bits.check()?;
        Err(JpegError::Damaged("there is an invalid Huffman code"))
    }
}

/// The signed value of `size` bits (T.81, figure F.12).
#[inline(always)]
pub(super) fn extend(bits: u32, size: u32) -> i32 {
    let bits = bits as i32;
    if size > 0 && bits < 1 << (size - 1) {
        bits - (1 << size) + 1
    } else {
        bits
    }
}

/// Reads the entropy-coded bits between two markers.
///
/// Behind the last bit there are zeros; [`Bits::check`] tells whether any of
/// them were taken.
pub(super) struct Bits<'a> {
    bytes: &'a [u8],
    at: usize,
    /// The next bits, from the top.
    buffer: u64,
    /// How many of them are real; negative after more were taken.
    count: i32,
    /// `at` is at a marker or at the end of the file.
    ended: bool,
}

impl<'a> Bits<'a> {
    pub(super) fn new(bytes: &'a [u8], at: usize) -> Self {
        Self {
            bytes,
            at,
            buffer: 0,
            count: 0,
            ended: false,
        }
    }

    /// Makes at least 32 bits ready, if there are as many.
    #[inline(always)]
    pub(super) fn refill(&mut self) {
        if self.count < 32 {
            self.fill();
        }
    }

    #[inline]
    fn fill(&mut self) {
        if let Some(next) = self.bytes.get(self.at..).and_then(<[u8]>::first_chunk::<4>)
            && next.iter().all(|&byte| byte != 0xFF)
            && self.count >= 0
        {
            self.buffer |= u64::from(u32::from_be_bytes(*next)) << (32 - self.count);
            self.count += 32;
            self.at += 4;
            return;
        }
        while !self.ended && self.count <= 56 {
            self.byte();
        }
    }

    fn byte(&mut self) {
        let Some(&byte) = self.bytes.get(self.at) else {
            self.ended = true;
            return;
        };
        let mut after = self.at + 1;
        if byte == 0xFF {
            while self.bytes.get(after) == Some(&0xFF) {
                after += 1;
            }
            if self.bytes.get(after) != Some(&0) {
                self.ended = true;
                return;
            }
            after += 1;
        }
        self.at = after;
        if self.count >= 0 {
            self.buffer |= u64::from(byte) << (56 - self.count);
        }
        self.count += 8;
    }

    /// The next 1 to 16 bits, which stay.
    #[inline(always)]
    pub(super) fn peek(&self, bits: u32) -> u32 {
        (self.buffer >> (64 - bits)) as u32
    }

    #[inline(always)]
    pub(super) fn consume(&mut self, bits: u32) {
        self.buffer <<= bits;
        self.count -= bits as i32;
    }

    /// Takes up to 16 bits, which must be ready.
    #[inline(always)]
    pub(super) fn take(&mut self, bits: u32) -> u32 {
        if bits == 0 {
            return 0;
        }
        let value = self.peek(bits);
        self.consume(bits);
        value
    }

    /// Takes one bit, ready or not.
    #[inline(always)]
    pub(super) fn bit(&mut self) -> bool {
        self.refill();
        self.take(1) == 1
    }

    /// # Errors
    /// More bits were taken than there were.
    #[inline(always)]
    pub(super) fn check(&self) -> Result<(), JpegError> {
        if self.count < 0 {
            return Err(JpegError::CutOff(
                "the compressed data end before the picture does",
            ));
        }
        Ok(())
    }

    /// Leaves the data behind and returns where the next marker's `FF` is.
    ///
    /// # Errors
    /// Data that nothing was made of, other than padding: a sign that what is
    /// before it was misread.
    pub(super) fn finish(mut self) -> Result<usize, JpegError> {
        self.check()?;
        let mut unused = Unused::default();
        loop {
            self.consume((self.count % 8) as u32);
            while self.count > 0 {
                unused.push(self.take(8) as u8);
            }
            if self.ended {
                break;
            }
            self.fill();
        }
        unused.check()?;
        Ok(self.at)
    }
}

/// Bytes between the end of the data and the next marker.
///
/// Some cameras put a few there, or fill up with one value.
#[derive(Default)]
struct Unused {
    count: usize,
    differ: bool,
    last: u8,
}

impl Unused {
    const ALLOWED: usize = 8;

    fn push(&mut self, byte: u8) {
        self.differ |= self.count > 0 && byte != self.last;
        self.last = byte;
        self.count += 1;
    }

    fn check(&self) -> Result<(), JpegError> {
        if self.differ && self.count > Self::ALLOWED {
            return Err(JpegError::Damaged("compressed data are left over"));
        }
        Ok(())
    }
}
