//! JPEG files to the very pixels that libjpeg makes of them.
//!
//! Decoders differ in how they interpolate subsampled chroma, and go different
//! ways with what is rare (scans that are not interleaved, luma sampled lower
//! than chroma, sampling factors of 3) or damaged. Models are trained on what
//! Pillow, hence libjpeg, shows; so this follows libjpeg to the bit, for all
//! of baseline, extended and progressive coding (ITU-T T.81), Huffman or
//! arithmetic, and refuses whatever it can't read to its end: nothing is made
//! up for missing data.

mod arithmetic;
mod coefficients;
mod colour;
mod decisions;
mod error;
mod frame;
mod huffman;
mod idct;
mod interpolate;
mod markers;
mod picture;
mod processor;
mod progressive;
mod scan;
mod sequential;
mod tables;
mod upsample;
mod ycbcr;

use coefficients::Plane;
use colour::Colours;
use frame::{Coding, Frame};
use picture::Picture;
use processor::Processor;
use scan::ScanHeader;
use tables::Tables;
use upsample::Upsampler;

pub(crate) use error::JpegError;

/// A JPEG whose headers were read, up to its first scan.
pub(crate) struct Jpeg<'a> {
    bytes: &'a [u8],
    at: usize,
    tables: Tables,
    frame: Frame,
    jfif: bool,
    adobe: Option<u8>,
    app1: Vec<&'a [u8]>,
}

/// Whether a file is a JPEG, by its first bytes.
pub(crate) fn is_jpeg(bytes: &[u8]) -> bool {
    bytes.starts_with(&[0xFF, markers::SOI, 0xFF])
}

impl<'a> Jpeg<'a> {
    /// Reads the headers.
    ///
    /// # Errors
    /// Damaged headers, and kinds of JPEG that are not read.
    pub(crate) fn open(bytes: &'a [u8]) -> Result<Self, JpegError> {
        let (mut at, mut tables, mut app1) = (2, Tables::default(), Vec::new());
        let (mut frame, mut jfif, mut adobe) = (None, false, None);
        loop {
            let marker = markers::next_marker(bytes, &mut at)?;
            match marker {
                markers::TEM | markers::RST0..=markers::RST7 => {}
                markers::SOS => break,
                markers::EOI => return Err(JpegError::Damaged("it has no picture")),
                0xC0..=0xCF if !matches!(marker, markers::DHT | markers::DAC | 0xC8) => {
                    if frame.is_some() {
                        return Err(JpegError::Damaged("there are two frame headers"));
                    }
                    let content = markers::segment(bytes, &mut at)?;
                    frame = Some(Frame::parse(coding(marker)?, content)?);
                }
                markers::APP0..=markers::APP15 => {
                    let content = markers::segment(bytes, &mut at)?;
                    match marker {
                        markers::APP0 => {
                            jfif |= content.len() >= 14 && content.starts_with(b"JFIF\0");
                        }
                        markers::APP1 => app1.push(content),
                        // A shorter one says nothing, to libjpeg as well.
                        markers::APP14 if content.starts_with(b"Adobe") => {
                            adobe = content.get(11).copied().or(adobe);
                        }
                        _ => {}
                    }
                }
                other => tables.read(other, markers::segment(bytes, &mut at)?)?,
            }
        }
        Ok(Self {
            bytes,
            at,
            tables,
            frame: frame.ok_or(JpegError::Damaged("there is no frame header"))?,
            jfif,
            adobe,
            app1,
        })
    }

    /// Width and height in pixels, as stored.
    pub(crate) fn dimensions(&self) -> (u32, u32) {
        (self.frame.width as u32, self.frame.height as u32)
    }

    /// The APP1 segments before the first scan: EXIF and XMP.
    pub(crate) fn app1(&self) -> &[&'a [u8]] {
        &self.app1
    }

    /// Decodes to RGB, row by row.
    ///
    /// # Errors
    /// A file that is cut off or damaged anywhere, and kinds that are not read.
    pub(crate) fn decode(self) -> Result<Vec<u8>, JpegError> {
        let colours = Colours::of(&self.frame, self.jfif, self.adobe);
        let processor = Processor::detect();
        let (frame, planes) = self.planes(processor)?;
        let mut upsamplers = frame
            .components
            .iter()
            .zip(&planes)
            .map(|(component, plane)| Upsampler::new(&frame, component, plane, processor))
            .collect::<Result<Vec<_>, _>>()?;
        let mut pixels = vec![0; 3 * frame.width * frame.height];
        for (y, out) in pixels.chunks_exact_mut(3 * frame.width).enumerate() {
            let mut rows: [&[u8]; 4] = [&[]; 4];
            for (row, upsampler) in rows.iter_mut().zip(&mut upsamplers) {
                *row = upsampler.row(y);
            }
            colours.convert(&rows[..planes.len()], out, processor);
        }
        Ok(pixels)
    }

    /// Decodes all scans to samples.
    fn planes(mut self, processor: Processor) -> Result<(Frame, Vec<Plane>), JpegError> {
        let mut picture = Picture::new(&self.frame, processor);
        loop {
            let header = markers::segment(self.bytes, &mut self.at)?;
            let scan = ScanHeader::parse(&self.frame, header)?;
            self.at = picture.add_scan(self.bytes, self.at, &self.frame, &self.tables, &scan)?;
            loop {
                match markers::next_marker(self.bytes, &mut self.at)? {
                    markers::SOS => break,
                    markers::EOI => {
                        let planes = picture.into_planes(&self.frame)?;
                        return Ok((self.frame, planes));
                    }
                    markers::TEM | markers::RST0..=markers::RST7 => {}
                    other => {
                        let content = markers::segment(self.bytes, &mut self.at)?;
                        self.tables.read(other, content)?;
                    }
                }
            }
        }
    }
}

/// What a start-of-frame marker says.
fn coding(marker: u8) -> Result<Coding, JpegError> {
    let unsupported = |what: &str| Err(JpegError::Unsupported(what.to_owned()));
    match marker {
        0xC0 | 0xC1 | 0xC2 | 0xC9 | 0xCA => Ok(Coding {
            progressive: matches!(marker, 0xC2 | 0xCA),
            arithmetic: marker >= 0xC9,
        }),
        0xC3 | 0xCB => unsupported("lossless coding"),
        _ => unsupported("hierarchical coding"),
    }
}
