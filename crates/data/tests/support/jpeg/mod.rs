//! A JPEG encoder for what other encoders do not write: any sampling factors,
//! scans that are not interleaved, progressive scans of any sampling, restart
//! intervals, inks.

mod entropy;

use std::f64::consts::PI;

use entropy::{Band, BitWriter, Code};

/// Row-by-row places in zigzag order.
fn zigzag() -> [usize; 64] {
    let mut places: [usize; 64] = std::array::from_fn(|at| at);
    places.sort_by_key(|&place| {
        let (row, column) = (place / 8, place % 8);
        let diagonal = row + column;
        (
            diagonal,
            if diagonal.is_multiple_of(2) {
                column
            } else {
                row
            },
        )
    });
    places
}

/// How coefficients are spread over scans.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scans {
    /// One scan of all components.
    Interleaved,
    /// A scan for each component.
    Separate,
    /// The first component by itself, then the others together.
    FirstApart,
    /// Progressive: DC of all together, then two bands of AC of each.
    Bands,
    /// Progressive: all coefficients but their last bit, then that.
    Refined,
    /// [`Scans::Refined`] with a DC scan for each component.
    RefinedSeparate,
}

impl Scans {
    pub(crate) const ALL: [Self; 6] = [
        Self::Interleaved,
        Self::Separate,
        Self::FirstApart,
        Self::Bands,
        Self::Refined,
        Self::RefinedSeparate,
    ];

    fn progressive(self) -> bool {
        matches!(self, Self::Bands | Self::Refined | Self::RefinedSeparate)
    }
}

/// A JPEG to be written.
#[derive(Clone, Debug)]
pub(crate) struct Encoder {
    pub(crate) width: usize,
    pub(crate) height: usize,
    /// Each component's horizontal and vertical sampling factor.
    pub(crate) sampling: Vec<(usize, usize)>,
    /// Each component's number.
    pub(crate) ids: Vec<u8>,
    pub(crate) scans: Scans,
    /// MCUs between restart markers, 0 for none.
    pub(crate) restart: u16,
    /// Every coefficient's quantisation step.
    pub(crate) step: u8,
    /// Segments before all others: marker and content.
    pub(crate) segments: Vec<(u8, Vec<u8>)>,
}

impl Encoder {
    /// A baseline JPEG with components 1, 2, 3… of these sampling factors.
    pub(crate) fn new(width: usize, height: usize, sampling: &[(usize, usize)]) -> Self {
        Self {
            width,
            height,
            sampling: sampling.to_vec(),
            ids: (1..=sampling.len() as u8).collect(),
            scans: Scans::Interleaved,
            restart: 0,
            step: 2,
            segments: Vec::new(),
        }
    }

    /// Whether decoders accept the interleaved scans: at most 10 blocks in an MCU.
    pub(crate) fn is_allowed(&self) -> bool {
        let blocks = |components: &[(usize, usize)]| -> usize {
            components.iter().map(|&(h, v)| h * v).sum()
        };
        let interleaved: &[_] = match self.scans {
            Scans::Separate | Scans::RefinedSeparate => &[],
            Scans::FirstApart => &self.sampling[1..],
            _ => &self.sampling,
        };
        interleaved.len() < 2 || blocks(interleaved) <= 10
    }

    /// Encodes the picture whose component `c` is `sample(c, x, y)`, 0 to 255,
    /// at a place in pixels; pixel centres are at whole numbers.
    pub(crate) fn encode(&self, sample: impl Fn(usize, f64, f64) -> f64) -> Vec<u8> {
        let most =
            |pick: fn(&(usize, usize)) -> usize| self.sampling.iter().map(pick).max().unwrap_or(1);
        let largest = (most(|f| f.0), most(|f| f.1));
        let mut writer = Writer {
            encoder: self,
            largest,
            mcus: (
                self.width.div_ceil(8 * largest.0),
                self.height.div_ceil(8 * largest.1),
            ),
            coefficients: Vec::new(),
            out: vec![0xFF, 0xD8],
        };
        for (marker, content) in &self.segments {
            writer.segment(*marker, content);
        }
        for component in 0..self.sampling.len() {
            let blocks = writer.transform(component, &sample);
            writer.coefficients.push(blocks);
        }
        writer.headers();
        writer.scans();
        writer.out.extend([0xFF, 0xD9]);
        writer.out
    }
}

struct Writer<'a> {
    encoder: &'a Encoder,
    largest: (usize, usize),
    mcus: (usize, usize),
    /// By component and block: quantised, in zigzag order.
    coefficients: Vec<Vec<[i32; 64]>>,
    out: Vec<u8>,
}

impl Writer<'_> {
    fn segment(&mut self, marker: u8, content: &[u8]) {
        self.out.extend([0xFF, marker]);
        self.out.extend((content.len() as u16 + 2).to_be_bytes());
        self.out.extend(content);
    }

    /// Blocks in a row and rows of blocks, with those that fill up MCUs.
    fn padded(&self, component: usize) -> (usize, usize) {
        let (h, v) = self.encoder.sampling[component];
        (self.mcus.0 * h, self.mcus.1 * v)
    }

    fn transform(
        &self,
        component: usize,
        sample: &impl Fn(usize, f64, f64) -> f64,
    ) -> Vec<[i32; 64]> {
        let (h, v) = self.encoder.sampling[component];
        let scale = (
            self.largest.0 as f64 / h as f64,
            self.largest.1 as f64 / v as f64,
        );
        let (wide, high) = self.padded(component);
        let cosine = |x: usize, u: usize| ((2 * x + 1) as f64 * u as f64 * PI / 16.0).cos();
        let weight = |u: usize| if u == 0 { 0.5f64.sqrt() } else { 1.0 };
        let places = zigzag();
        (0..wide * high)
            .map(|block| {
                let place = |at: usize, scale: f64, end: usize| {
                    ((at as f64 + 0.5) * scale - 0.5).clamp(0.0, end as f64 - 1.0)
                };
                let samples: [[f64; 8]; 8] = std::array::from_fn(|y| {
                    let y = place(block / wide * 8 + y, scale.1, self.encoder.height);
                    std::array::from_fn(|x| {
                        let x = place(block % wide * 8 + x, scale.0, self.encoder.width);
                        sample(component, x, y) - 128.0
                    })
                });
                places.map(|at| {
                    let (row, column) = (at / 8, at % 8);
                    let mut sum = 0.0;
                    for (y, line) in samples.iter().enumerate() {
                        for (x, value) in line.iter().enumerate() {
                            sum += value * cosine(y, row) * cosine(x, column);
                        }
                    }
                    let value = sum * weight(row) * weight(column) / 4.0;
                    (value / f64::from(self.encoder.step)).round() as i32
                })
            })
            .collect()
    }

    fn headers(&mut self) {
        let encoder = self.encoder;
        let mut quantisation = vec![0];
        quantisation.extend([encoder.step; 64]);
        self.segment(0xDB, &quantisation);
        let mut frame = vec![8];
        frame.extend((encoder.height as u16).to_be_bytes());
        frame.extend((encoder.width as u16).to_be_bytes());
        frame.push(encoder.sampling.len() as u8);
        for (&id, &(h, v)) in encoder.ids.iter().zip(&encoder.sampling) {
            frame.extend([id, ((h << 4) | v) as u8, 0]);
        }
        let marker = if encoder.scans.progressive() {
            0xC2
        } else {
            0xC1
        };
        self.segment(marker, &frame);
        for (class, code) in [(0x00, Code::dc()), (0x10, Code::ac())] {
            let mut table = vec![class];
            table.extend(code.counts);
            table.extend(&code.symbols);
            self.segment(0xC4, &table);
        }
        if encoder.restart > 0 {
            self.segment(0xDD, &encoder.restart.to_be_bytes());
        }
    }

    fn scans(&mut self) {
        let all: Vec<usize> = (0..self.encoder.sampling.len()).collect();
        let band = |first, last, high, low| Band {
            first,
            last,
            high,
            low,
        };
        let whole = band(0, 63, 0, 0);
        match self.encoder.scans {
            Scans::Interleaved => self.scan(&all, whole),
            Scans::Separate => all.iter().for_each(|&c| self.scan(&[c], whole)),
            Scans::FirstApart => {
                self.scan(&all[..1], whole);
                if all.len() > 1 {
                    self.scan(&all[1..], whole);
                }
            }
            Scans::Bands => {
                self.scan(&all, band(0, 0, 0, 0));
                for (first, last) in [(1, 5), (6, 63)] {
                    all.iter()
                        .for_each(|&c| self.scan(&[c], band(first, last, 0, 0)));
                }
            }
            Scans::Refined => {
                self.scan(&all, band(0, 0, 0, 1));
                all.iter().for_each(|&c| self.scan(&[c], band(1, 63, 0, 1)));
                self.scan(&all, band(0, 0, 1, 0));
                all.iter().for_each(|&c| self.scan(&[c], band(1, 63, 1, 0)));
            }
            Scans::RefinedSeparate => {
                for (high, low) in [(0, 1), (1, 0)] {
                    for &c in &all {
                        self.scan(&[c], band(0, 0, high, low));
                        self.scan(&[c], band(1, 63, high, low));
                    }
                }
            }
        }
    }

    fn scan(&mut self, components: &[usize], band: Band) {
        let encoder = self.encoder;
        let mut header = vec![components.len() as u8];
        for &component in components {
            header.extend([encoder.ids[component], 0]);
        }
        header.extend([
            band.first as u8,
            band.last as u8,
            (band.high << 4) | band.low,
        ]);
        self.segment(0xDA, &header);

        let mut bits = BitWriter::default();
        let mut predicted = vec![0; components.len()];
        let (mut left, mut restarts) = (encoder.restart, 0);
        for mcu in self.mcu_blocks(components) {
            if encoder.restart > 0 {
                if left == 0 {
                    bits.restart(restarts);
                    restarts = (restarts + 1) % 8;
                    left = encoder.restart;
                    predicted.fill(0);
                }
                left -= 1;
            }
            for (slot, block) in mcu {
                let block = &self.coefficients[components[slot]][block];
                bits.block(
                    block,
                    &mut predicted[slot],
                    band,
                    encoder.scans.progressive(),
                );
            }
        }
        bits.pad();
        self.out.extend(bits.out);
    }

    /// The blocks of every MCU in order: the place in the scan and the block.
    fn mcu_blocks(&self, components: &[usize]) -> Vec<Vec<(usize, usize)>> {
        if let &[only] = components {
            let (h, v) = self.encoder.sampling[only];
            let wide = (self.encoder.width * h).div_ceil(8 * self.largest.0);
            let high = (self.encoder.height * v).div_ceil(8 * self.largest.1);
            let padded = self.padded(only).0;
            return (0..wide * high)
                .map(|at| vec![(0, at / wide * padded + at % wide)])
                .collect();
        }
        let mut mcus = Vec::new();
        for mcu in 0..self.mcus.0 * self.mcus.1 {
            let (row, column) = (mcu / self.mcus.0, mcu % self.mcus.0);
            let mut blocks = Vec::new();
            for (slot, &component) in components.iter().enumerate() {
                let (h, v) = self.encoder.sampling[component];
                let wide = self.padded(component).0;
                for y in row * v..(row + 1) * v {
                    blocks.extend((column * h..(column + 1) * h).map(|x| (slot, y * wide + x)));
                }
            }
            mcus.push(blocks);
        }
        mcus
    }
}
