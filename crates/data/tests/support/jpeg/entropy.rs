//! Huffman codes of a scan's blocks.

/// What a scan sends of each block.
#[derive(Clone, Copy)]
pub(super) struct Band {
    pub(super) first: usize,
    pub(super) last: usize,
    pub(super) high: u8,
    pub(super) low: u8,
}

/// A Huffman code: symbols by length.
pub(super) struct Code {
    pub(super) counts: [u8; 16],
    pub(super) symbols: Vec<u8>,
}

impl Code {
    /// Twelve sizes in four bits each.
    pub(super) fn dc() -> Self {
        let mut counts = [0; 16];
        counts[3] = 12;
        Self {
            counts,
            symbols: (0..12).collect(),
        }
    }

    /// All symbols: a few short ones, the usual ones of middle length, others
    /// as long as codes can be.
    pub(super) fn ac() -> Self {
        let short: Vec<u8> = vec![0x00, 0x01, 0x11, 0x02, 0x21, 0x12, 0x31, 0x03, 0xF0];
        let rest: Vec<u8> = (0..=255).filter(|symbol| !short.contains(symbol)).collect();
        let mut counts = [0; 16];
        counts[1..10].fill(1);
        counts[13] = 7;
        counts[15] = (rest.len() - 7) as u8;
        Self {
            counts,
            symbols: [short, rest].concat(),
        }
    }

    /// A symbol's code and its length.
    fn of(&self, symbol: u8) -> (u32, u32) {
        let (mut code, mut at) = (0, 0);
        for (length, &count) in (1..).zip(&self.counts) {
            for _ in 0..count {
                if self.symbols[at] == symbol {
                    return (code, length);
                }
                code += 1;
                at += 1;
            }
            code <<= 1;
        }
        panic!("symbol {symbol:#x} has no code");
    }
}

#[derive(Default)]
pub(super) struct BitWriter {
    pub(super) out: Vec<u8>,
    byte: u8,
    count: u32,
}

impl BitWriter {
    fn put(&mut self, bits: u32, count: u32) {
        for at in (0..count).rev() {
            self.byte = (self.byte << 1) | ((bits >> at) & 1) as u8;
            self.count += 1;
            if self.count == 8 {
                self.out.push(self.byte);
                if self.byte == 0xFF {
                    self.out.push(0);
                }
                (self.byte, self.count) = (0, 0);
            }
        }
    }

    pub(super) fn pad(&mut self) {
        while self.count > 0 {
            self.put(1, 1);
        }
    }

    pub(super) fn restart(&mut self, number: u8) {
        self.pad();
        self.out.extend([0xFF, 0xD0 + number]);
    }

    fn symbol(&mut self, code: &Code, symbol: u8) {
        let (bits, count) = code.of(symbol);
        self.put(bits, count);
    }

    /// The bits that tell a value of a known size.
    fn magnitude(&mut self, value: i32, size: u32) {
        let bits = if value < 0 {
            value + (1 << size) - 1
        } else {
            value
        };
        self.put(bits as u32, size);
    }

    pub(super) fn block(
        &mut self,
        block: &[i32; 64],
        predicted: &mut i32,
        band: Band,
        progressive: bool,
    ) {
        if band.first == 0 {
            if band.high == 0 {
                // DC is shifted, AC divided.
                let value = block[0] >> band.low;
                let difference = value - *predicted;
                *predicted = value;
                let size = 32 - difference.unsigned_abs().leading_zeros();
                self.symbol(&Code::dc(), size as u8);
                self.magnitude(difference, size);
            } else {
                self.put(((block[0] >> band.low) & 1) as u32, 1);
            }
            if progressive {
                return;
            }
        }
        let band = Band {
            first: band.first.max(1),
            ..band
        };
        if band.high == 0 {
            self.first(block, band);
        } else {
            self.refine(block, band);
        }
    }

    fn first(&mut self, block: &[i32; 64], band: Band) {
        let code = Code::ac();
        let mut run = 0;
        for &value in &block[band.first..=band.last] {
            let value = value / (1 << band.low);
            if value == 0 {
                run += 1;
                continue;
            }
            while run > 15 {
                self.symbol(&code, 0xF0);
                run -= 16;
            }
            let size = 32 - value.unsigned_abs().leading_zeros();
            self.symbol(&code, (run << 4) | size as u8);
            self.magnitude(value, size);
            run = 0;
        }
        if run > 0 {
            self.symbol(&code, 0);
        }
    }

    fn refine(&mut self, block: &[i32; 64], band: Band) {
        let code = Code::ac();
        let known = |value: i32| value.unsigned_abs() >> band.high != 0;
        let is_new = |value: i32| !known(value) && value.unsigned_abs() >> band.low != 0;
        let band_values = &block[band.first..=band.last];
        let end = band_values
            .iter()
            .rposition(|&v| is_new(v))
            .map_or(0, |at| at + 1);
        let (mut run, mut corrections) = (0u8, Vec::new());
        for (at, &value) in band_values.iter().enumerate() {
            if known(value) {
                corrections.push((value.unsigned_abs() >> band.low) & 1);
            } else if is_new(value) {
                self.symbol(&code, (run << 4) | 1);
                self.put(u32::from(value > 0), 1);
                corrections.drain(..).for_each(|bit| self.put(bit, 1));
                run = 0;
            } else {
                run += 1;
                if run == 16 && at < end {
                    self.symbol(&code, 0xF0);
                    corrections.drain(..).for_each(|bit| self.put(bit, 1));
                    run = 0;
                }
            }
        }
        if end < band_values.len() {
            self.symbol(&code, 0);
            corrections.drain(..).for_each(|bit| self.put(bit, 1));
        }
    }
}
