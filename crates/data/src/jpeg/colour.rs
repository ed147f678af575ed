//! Components to RGB (JFIF 1.02; Adobe's TN5116 for inks).

use super::frame::Frame;
use super::processor::Processor;
use super::ycbcr::rgb;

/// What the components are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Colours {
    Grey,
    Rgb,
    YCbCr,
    /// Inks, stored inverted as Adobe does.
    Cmyk,
    /// The same with CMY coded as YCbCr.
    Ycck,
}

impl Colours {
    /// By the number of components, the JFIF and Adobe segments, and the
    /// components' numbers. `adobe` is the transform that Adobe's segment names.
    pub(super) fn of(frame: &Frame, jfif: bool, adobe: Option<u8>) -> Self {
        let ids: Vec<u8> = frame.components.iter().map(|c| c.id).collect();
        match (ids.len(), adobe) {
            (1, _) => Self::Grey,
            (3, _) if jfif => Self::YCbCr,
            (3, Some(0)) => Self::Rgb,
            (3, None) if ids == *b"RGB" => Self::Rgb,
            (3, _) => Self::YCbCr,
            (_, None | Some(0)) => Self::Cmyk,
            (_, Some(_)) => Self::Ycck,
        }
    }

    /// Writes a row of pixels from a row of each component.
    pub(super) fn convert(self, rows: &[&[u8]], out: &mut [u8], processor: Processor) {
        let (pixels, _) = out.as_chunks_mut::<3>();
        match (self, rows) {
            (Self::Rgb, &[r, g, b]) => {
                for (((pixel, &r), &g), &b) in pixels.iter_mut().zip(r).zip(g).zip(b) {
                    *pixel = [r, g, b];
                }
            }
            (Self::YCbCr, &[y, cb, cr]) => {
                processor.ycbcr([y, cb, cr], pixels);
            }
            (Self::Cmyk, &[c, m, y, k]) => {
                let inks = c.iter().zip(m).zip(y).zip(k);
                for (pixel, (((&c, &m), &y), &k)) in pixels.iter_mut().zip(inks) {
                    *pixel = [c, m, y].map(|ink| through_black(255 - ink, k));
                }
            }
            (Self::Ycck, &[y, cb, cr, k]) => {
                let inks = y.iter().zip(cb).zip(cr).zip(k);
                for (pixel, (((&y, &cb), &cr), &k)) in pixels.iter_mut().zip(inks) {
                    *pixel = rgb(y, cb, cr).map(|ink| through_black(ink, k));
                }
            }
            (_, rows) => {
                for (pixel, &grey) in pixels.iter_mut().zip(rows[0]) {
                    *pixel = [grey; 3];
                }
            }
        }
    }
}

/// What an ink leaves of a colour where `white` is what black leaves.
#[inline(always)]
fn through_black(ink: u8, white: u8) -> u8 {
    let product = u32::from(ink) * u32::from(white) + 128;
    white.saturating_sub((((product >> 8) + product) >> 8) as u8)
}
