//! Markers and their segments (ITU-T T.81, annex B).

use super::error::JpegError;
use super::huffman::Bits;

pub(super) const SOI: u8 = 0xD8;
pub(super) const EOI: u8 = 0xD9;
pub(super) const SOS: u8 = 0xDA;
pub(super) const DQT: u8 = 0xDB;
pub(super) const DNL: u8 = 0xDC;
pub(super) const DRI: u8 = 0xDD;
pub(super) const DHT: u8 = 0xC4;
pub(super) const DAC: u8 = 0xCC;
pub(super) const APP0: u8 = 0xE0;
pub(super) const APP1: u8 = 0xE1;
pub(super) const APP14: u8 = 0xEE;
pub(super) const APP15: u8 = 0xEF;
pub(super) const COM: u8 = 0xFE;
pub(super) const TEM: u8 = 0x01;
pub(super) const RST0: u8 = 0xD0;
pub(super) const RST7: u8 = 0xD7;

/// Moves behind the next `FF xx` and returns `xx`. What stands before it is
/// passed over, as are fill bytes `FF FF`.
pub(super) fn next_marker(bytes: &[u8], at: &mut usize) -> Result<u8, JpegError> {
    const END: JpegError = JpegError::CutOff("there is no end-of-image marker");
    loop {
        let rest = bytes.get(*at..).ok_or(END)?;
        let found = rest.iter().position(|&byte| byte == 0xFF).ok_or(END)?;
        *at += found + 1;
        loop {
            let &code = bytes.get(*at).ok_or(END)?;
            *at += 1;
            match code {
                0xFF => {}
                0 => break,
                marker => return Ok(marker),
            }
        }
    }
}

/// Moves behind a segment, whose length is at `at`, and returns its content.
pub(super) fn segment<'a>(bytes: &'a [u8], at: &mut usize) -> Result<&'a [u8], JpegError> {
    const END: JpegError = JpegError::CutOff("a segment is longer than the file");
    let rest = bytes.get(*at..).ok_or(END)?;
    let (length, content) = rest.split_first_chunk::<2>().ok_or(END)?;
    let length = usize::from(u16::from_be_bytes(*length));
    let content_length = length
        .checked_sub(2)
        .ok_or(JpegError::Damaged("a segment is shorter than its length"))?;
    let content = content.get(..content_length).ok_or(END)?;
    *at += length;
    Ok(content)
}

/// Passes the restart marker that is due, the `count`-th of its scan.
pub(super) fn pass_restart<'a>(
    bytes: &'a [u8],
    bits: &mut Bits<'a>,
    count: &mut u8,
) -> Result<(), JpegError> {
    let mut at = std::mem::replace(bits, Bits::new(bytes, 0)).finish()?;
    if next_marker(bytes, &mut at)? != RST0 + *count {
        return Err(JpegError::Damaged("a restart marker is missing"));
    }
    *count = (*count + 1) % 8;
    *bits = Bits::new(bytes, at);
    Ok(())
}
