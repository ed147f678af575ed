//! Tables that segments between the scans define.

use super::error::JpegError;
use super::huffman::HuffmanTable;
use super::markers;

/// How arithmetic coding chooses contexts, by the number of the table.
#[derive(Clone, Copy)]
pub(super) struct Conditioning {
    /// Bounds of small and large DC differences, as powers of two.
    pub(super) dc: [(u8, u8); 4],
    /// The last coefficient that counts as low.
    pub(super) ac: [u8; 4],
}

impl Default for Conditioning {
    fn default() -> Self {
        Self {
            dc: [(0, 1); 4],
            ac: [5; 4],
        }
    }
}

/// Tables by their numbers, as the last segments left them.
#[derive(Default)]
pub(super) struct Tables {
    /// In zigzag order.
    pub(super) quantisation: [Option<[u16; 64]>; 4],
    pub(super) dc: [Option<Box<HuffmanTable>>; 4],
    pub(super) ac: [Option<Box<HuffmanTable>>; 4],
    pub(super) conditioning: Conditioning,
    /// MCUs between two restart markers; 0 where there are none.
    pub(super) restart_interval: usize,
}

impl Tables {
    /// Reads a segment that may stand anywhere.
    pub(super) fn read(&mut self, marker: u8, content: &[u8]) -> Result<(), JpegError> {
        match marker {
            markers::DQT => self.read_quantisation(content),
            markers::DHT => self.read_huffman(content),
            markers::DRI => self.read_restart_interval(content),
            markers::DAC => self.read_conditioning(content),
            markers::DNL | markers::COM => Ok(()),
            markers::APP0..=markers::APP15 => Ok(()),
            _ => Err(JpegError::Damaged("there is an unknown marker")),
        }
    }

    /// Reads a DQT segment.
    fn read_quantisation(&mut self, mut content: &[u8]) -> Result<(), JpegError> {
        const WRONG: JpegError = JpegError::Damaged("a quantisation table has a wrong length");
        while let Some((&first, rest)) = content.split_first() {
            let (wide, number) = (first >> 4, usize::from(first & 15));
            let mut table = [0; 64];
            let bytes = if wide == 0 { 64 } else { 128 };
            let (values, rest) = rest.split_at_checked(bytes).ok_or(WRONG)?;
            if wide == 0 {
                for (into, &value) in table.iter_mut().zip(values) {
                    *into = u16::from(value);
                }
            } else {
                for (into, &value) in table.iter_mut().zip(values.as_chunks::<2>().0) {
                    *into = u16::from_be_bytes(value);
                }
            }
            *self.quantisation.get_mut(number).ok_or(JpegError::Damaged(
                "a quantisation table has a number over 3",
            ))? = Some(table);
            content = rest;
        }
        Ok(())
    }

    /// Reads a DHT segment.
    fn read_huffman(&mut self, mut content: &[u8]) -> Result<(), JpegError> {
        const WRONG: JpegError = JpegError::Damaged("a Huffman table has a wrong length");
        while let Some((&first, rest)) = content.split_first() {
            let (counts, rest) = rest.split_first_chunk::<16>().ok_or(WRONG)?;
            let symbols = counts.iter().map(|&count| usize::from(count)).sum();
            let (symbols, rest) = rest.split_at_checked(symbols).ok_or(WRONG)?;
            let table = HuffmanTable::new(counts, symbols)?;
            let (class, number) = (first >> 4, usize::from(first & 15));
            let tables = match class {
                0 if !table.is_for_dc() => {
                    return Err(JpegError::Damaged("a Huffman table has impossible symbols"));
                }
                0 => &mut self.dc,
                1 => &mut self.ac,
                _ => return Err(JpegError::Damaged("a Huffman table is of no known class")),
            };
            *tables
                .get_mut(number)
                .ok_or(JpegError::Damaged("a Huffman table has a number over 3"))? =
                Some(Box::new(table));
            content = rest;
        }
        Ok(())
    }

    /// Reads a DAC segment.
    fn read_conditioning(&mut self, content: &[u8]) -> Result<(), JpegError> {
        const WRONG: JpegError = JpegError::Damaged("arithmetic conditioning is invalid");
        let (entries, rest) = content.as_chunks::<2>();
        for &[place, value] in entries {
            let (low, high, number) = (value & 15, value >> 4, usize::from(place & 15));
            match (place >> 4, self.conditioning.dc.get_mut(number)) {
                (0, Some(dc)) if low <= high => *dc = (low, high),
                (1, Some(_)) => self.conditioning.ac[number] = value,
                _ => return Err(WRONG),
            }
        }
        if !rest.is_empty() {
            return Err(WRONG);
        }
        Ok(())
    }

    /// Reads a DRI segment.
    fn read_restart_interval(&mut self, content: &[u8]) -> Result<(), JpegError> {
        let &interval = content.as_array::<2>().ok_or(JpegError::Damaged(
            "the restart interval has a wrong length",
        ))?;
        self.restart_interval = usize::from(u16::from_be_bytes(interval));
        Ok(())
    }
}
