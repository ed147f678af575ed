//! A scan's header, and the order of its blocks (ITU-T T.81, B.2.3 and A.2).

use super::error::JpegError;
use super::frame::Frame;

/// A component as a scan names it.
#[derive(Clone, Copy)]
pub(super) struct ScanComponent {
    /// Its place in the frame.
    pub(super) index: usize,
    /// The numbers of its Huffman tables.
    pub(super) dc: usize,
    pub(super) ac: usize,
}

/// Which coefficients a scan sends, and to which bit.
#[derive(Clone, Copy, Debug)]
pub(super) struct Selection {
    /// First and last coefficient, in zigzag order.
    pub(super) band: (usize, usize),
    /// The lowest bit that earlier scans sent, 0 if this is the first.
    pub(super) high: u32,
    /// The lowest bit that this scan sends.
    pub(super) low: u32,
}

impl Selection {
    /// Everything at once, as in a sequential scan.
    pub(super) const ALL: Self = Self {
        band: (0, 63),
        high: 0,
        low: 0,
    };

    /// # Errors
    /// Values that no progressive scan of `components` components has.
    pub(super) fn check(self, components: usize) -> Result<Self, JpegError> {
        let (first, last) = self.band;
        let band = if first == 0 {
            last == 0
        } else {
            first <= last && last < 64 && components == 1
        };
        if !band || self.low > 13 || (self.high != 0 && self.high != self.low + 1) {
            return Err(JpegError::Damaged(
                "a progressive scan has invalid parameters",
            ));
        }
        Ok(self)
    }
}

/// What a start-of-scan segment says.
pub(super) struct ScanHeader {
    pub(super) components: Vec<ScanComponent>,
    pub(super) selection: Selection,
}

impl ScanHeader {
    pub(super) fn parse(frame: &Frame, content: &[u8]) -> Result<Self, JpegError> {
        const WRONG: JpegError = JpegError::Damaged("a scan header has a wrong length");
        let (&count, rest) = content.split_first().ok_or(WRONG)?;
        let (entries, rest) = rest.split_at_checked(2 * usize::from(count)).ok_or(WRONG)?;
        let &[first, last, bits] = rest.as_array::<3>().ok_or(WRONG)?;
        let mut components: Vec<ScanComponent> = Vec::new();
        for &[id, tables] in entries.as_chunks::<2>().0 {
            let index = frame
                .components
                .iter()
                .position(|component| component.id == id)
                .filter(|&index| components.iter().all(|other| other.index != index))
                .ok_or(JpegError::Damaged("a scan names a component wrongly"))?;
            components.push(ScanComponent {
                index,
                dc: usize::from(tables >> 4),
                ac: usize::from(tables & 15),
            });
        }
        let blocks = |component: &ScanComponent| {
            let (h, v) = frame.components[component.index].sampling;
            h * v
        };
        match components.len() {
            0 => return Err(WRONG),
            1 => {}
            _ if components.iter().map(blocks).sum::<usize>() > 10 => {
                return Err(JpegError::Damaged("an MCU has over 10 blocks"));
            }
            _ => {}
        }
        Ok(Self {
            components,
            selection: Selection {
                band: (usize::from(first), usize::from(last)),
                high: u32::from(bits >> 4),
                low: u32::from(bits & 15),
            },
        })
    }
}

/// What makes coefficients of a scan's data, block by block.
pub(super) trait BlockDecoder {
    /// Passes a restart marker and forgets what the blocks before it said.
    fn restart(&mut self) -> Result<(), JpegError>;

    /// Decodes the block in `row` and `column` of the scan's component `slot`.
    fn block(&mut self, slot: usize, row: usize, column: usize) -> Result<(), JpegError>;
}

/// Leads `decoder` through the blocks of a scan of `components`, which are
/// interleaved if there are several.
pub(super) fn walk(
    frame: &Frame,
    components: &[ScanComponent],
    restart_interval: usize,
    decoder: &mut impl BlockDecoder,
) -> Result<(), JpegError> {
    let mut left = restart_interval;
    let mut before_mcu = |decoder: &mut _| {
        if restart_interval > 0 {
            if left == 0 {
                BlockDecoder::restart(decoder)?;
                left = restart_interval;
            }
            left -= 1;
        }
        Ok(())
    };
    if let [only] = components {
        let component = &frame.components[only.index];
        for row in 0..component.blocks_high {
            for column in 0..component.blocks_wide {
                before_mcu(decoder)?;
                decoder.block(0, row, column)?;
            }
        }
        return Ok(());
    }
    for mcu_row in 0..frame.mcus_high {
        for mcu_column in 0..frame.mcus_wide {
            before_mcu(decoder)?;
            for (slot, component) in components.iter().enumerate() {
                let (h, v) = frame.components[component.index].sampling;
                for row in mcu_row * v..(mcu_row + 1) * v {
                    for column in mcu_column * h..(mcu_column + 1) * h {
                        decoder.block(slot, row, column)?;
                    }
                }
            }
        }
    }
    Ok(())
}
