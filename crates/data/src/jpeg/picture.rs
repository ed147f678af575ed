//! The scans of a picture, put together.

use super::arithmetic::{self, Arithmetic};
use super::coefficients::{Coefficients, Plane};
use super::error::JpegError;
use super::frame::Frame;
use super::huffman::{Bits, HuffmanTable};
use super::processor::Processor;
use super::progressive::{self, Progress, Progressive};
use super::scan::{ScanComponent, ScanHeader, Selection, walk};
use super::sequential::{self, Sequential};
use super::tables::Tables;

/// A picture, as far as its scans have brought it.
pub(super) struct Picture {
    /// By component: the quantisation table as it was at its first scan.
    quantisation: Vec<Option<[u16; 64]>>,
    samples: Samples,
    processor: Processor,
}

/// By component.
enum Samples {
    /// Done as soon as they are read.
    Done(Vec<Plane>),
    /// Kept as coefficients, to which later scans may add.
    Kept(Vec<(Coefficients, Progress)>),
}

impl Picture {
    pub(super) fn new(frame: &Frame, processor: Processor) -> Self {
        let components = frame.components.iter();
        let samples = if frame.coding.progressive || frame.coding.arithmetic {
            let new = |c| (Coefficients::new(c), Progress::none());
            Samples::Kept(components.map(new).collect())
        } else {
            Samples::Done(components.map(Plane::new).collect())
        };
        Self {
            quantisation: vec![None; frame.components.len()],
            samples,
            processor,
        }
    }

    /// Decodes the scan whose data begin at byte `at`; returns where the marker
    /// after it is.
    pub(super) fn add_scan(
        &mut self,
        bytes: &[u8],
        at: usize,
        frame: &Frame,
        tables: &Tables,
        scan: &ScanHeader,
    ) -> Result<usize, JpegError> {
        for component in &scan.components {
            let known = &mut self.quantisation[component.index];
            if known.is_some() && !frame.coding.progressive {
                return Err(JpegError::Damaged("a component is sent twice"));
            }
            let number = frame.components[component.index].table;
            *known = known.or(tables.quantisation.get(number).copied().flatten());
            if known.is_none() {
                return Err(JpegError::Damaged("a quantisation table is missing"));
            }
        }
        let bits = Bits::new(bytes, at);
        let interval = tables.restart_interval;
        match &mut self.samples {
            Samples::Done(planes) => {
                let slots = in_order(planes, &scan.components)
                    .map(|(plane, component)| {
                        Ok(sequential::Slot {
                            plane,
                            dc: huffman(&tables.dc, component.dc).ok_or(NO_TABLE)?,
                            ac: huffman(&tables.ac, component.ac).ok_or(NO_TABLE)?,
                            quantisation: self.quantisation[component.index]
                                .as_ref()
                                .ok_or(NO_TABLE)?,
                            predicted: 0,
                        })
                    })
                    .collect::<Result<_, _>>()?;
                let mut decoder = Sequential {
                    bytes,
                    bits,
                    slots,
                    restarts: 0,
                    processor: self.processor,
                };
                walk(frame, &scan.components, interval, &mut decoder)?;
                decoder.bits.finish()
            }
            Samples::Kept(components) => {
                let selection = if frame.coding.progressive {
                    scan.selection.check(scan.components.len())?
                } else {
                    Selection::ALL
                };
                for component in &scan.components {
                    components[component.index].1.advance(selection)?;
                }
                if frame.coding.arithmetic {
                    let slots = in_order(components, &scan.components)
                        .map(|((coefficients, _), component)| arithmetic::Slot {
                            coefficients,
                            dc: component.dc,
                            ac: component.ac,
                        })
                        .collect();
                    let mut decoder =
                        Arithmetic::new((bytes, at), slots, selection, tables.conditioning)?;
                    walk(frame, &scan.components, interval, &mut decoder)?;
                    return decoder.finish();
                }
                let slots = in_order(components, &scan.components)
                    .map(|((coefficients, _), component)| progressive::Slot {
                        coefficients,
                        table: match selection.band.0 {
                            0 => huffman(&tables.dc, component.dc),
                            _ => huffman(&tables.ac, component.ac),
                        },
                        predicted: 0,
                    })
                    .collect();
                let mut decoder = Progressive {
                    bytes,
                    bits,
                    slots,
                    selection,
                    restarts: 0,
                    ended_blocks: 0,
                };
                walk(frame, &scan.components, interval, &mut decoder)?;
                decoder.bits.finish()
            }
        }
    }

    pub(super) fn into_planes(self, frame: &Frame) -> Result<Vec<Plane>, JpegError> {
        const MISSING: JpegError = JpegError::CutOff("scans are missing");
        if self.quantisation.iter().any(Option::is_none) {
            return Err(MISSING);
        }
        match self.samples {
            Samples::Done(planes) => Ok(planes),
            Samples::Kept(components) => components
                .into_iter()
                .zip(&frame.components)
                .zip(self.quantisation.iter().flatten())
                .map(|(((coefficients, progress), component), table)| {
                    if !progress.is_complete() {
                        return Err(MISSING);
                    }
                    coefficients.into_plane(component, table, self.processor)
                })
                .collect(),
        }
    }
}

const NO_TABLE: JpegError = JpegError::Damaged("a table is missing");

fn huffman(tables: &[Option<Box<HuffmanTable>>; 4], number: usize) -> Option<&HuffmanTable> {
    tables.get(number)?.as_deref()
}

/// The entries of `all` that a scan's components name, in the scan's order.
fn in_order<'a, T>(
    all: &'a mut [T],
    components: &'a [ScanComponent],
) -> impl Iterator<Item = (&'a mut T, ScanComponent)> {
    let mut entries: Vec<Option<&mut T>> = all.iter_mut().map(Some).collect();
    components
        .iter()
        .filter_map(move |&component| Some((entries[component.index].take()?, component)))
}
