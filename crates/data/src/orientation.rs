//! Which way up an image is stored: EXIF's orientation, or XMP's.
//!
//! Looked for where Pillow's `Image.getexif` looks, so that
//! `ImageOps.exif_transpose` and psp turn the same images: EXIF first, and the
//! text of an XMP packet where EXIF has no such tag.

mod exif;
mod png;
mod webp;

use image::metadata::Orientation;

/// What an image says about itself, as far as orientation can be read from it.
#[derive(Debug, Default)]
struct Metadata {
    /// A TIFF structure, with or without `Exif\0\0` before it.
    exif: Option<Vec<u8>>,
    xmp: Option<Vec<u8>>,
}

impl Metadata {
    /// # Errors
    /// An EXIF block that is none.
    fn orientation(&self) -> Result<Orientation, &'static str> {
        let from_exif = match &self.exif {
            Some(exif) => exif::orientation(exif)?,
            None => None,
        };
        let value = from_exif.or_else(|| self.xmp.as_deref().and_then(xmp_orientation));
        let known = value.filter(|value| (1.0..=8.0).contains(value) && value.fract() == 0.0);
        Ok(known
            .and_then(|value| Orientation::from_exif(value as u8))
            .unwrap_or(Orientation::NoTransforms))
    }
}

/// The orientation of a JPEG with these APP1 segments.
pub(crate) fn of_jpeg(app1: &[&[u8]]) -> Orientation {
    const EXIF: &[u8] = b"Exif\0\0";
    const XMP: &[u8] = b"http://ns.adobe.com/xap/1.0/\0";
    let mut found = Metadata::default();
    for segment in app1 {
        if let Some(rest) = segment.strip_prefix(EXIF) {
            // One block may be spread over several segments.
            found.exif.get_or_insert_default().extend_from_slice(rest);
        } else if let Some(xmp) = segment.strip_prefix(XMP) {
            found.xmp = Some(xmp.to_vec());
        }
    }
    // Pillow shows a JPEG whose EXIF block is broken as it is stored.
    found.orientation().unwrap_or(Orientation::NoTransforms)
}

/// The orientation of a PNG.
///
/// # Errors
/// An EXIF block or text that is damaged.
pub(crate) fn of_png(bytes: &[u8]) -> Result<Orientation, &'static str> {
    png::metadata(bytes)?.orientation()
}

/// The orientation of a WebP.
///
/// # Errors
/// A damaged EXIF block.
pub(crate) fn of_webp(bytes: &[u8]) -> Result<Orientation, &'static str> {
    webp::metadata(bytes).orientation()
}

/// The first `tiff:Orientation`, as an attribute or an element, of one digit.
fn xmp_orientation(xmp: &[u8]) -> Option<f64> {
    const NAME: &[u8] = b"tiff:Orientation";
    let mut rest = xmp;
    loop {
        let at = rest.windows(NAME.len()).position(|window| window == NAME)?;
        rest = &rest[at + NAME.len()..];
        let value = rest.strip_prefix(b"=\"").or(rest.strip_prefix(b">"));
        if let Some(&[digit @ b'0'..=b'9', ..]) = value {
            return Some(f64::from(digit - b'0'));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn xmp_gives_the_orientation_as_an_attribute_or_an_element() {
        let value = |xmp: &str| xmp_orientation(xmp.as_bytes());
        assert_eq!(value(r#"<a tiff:Orientation="6"/>"#), Some(6.0));
        assert_eq!(value("<tiff:Orientation>3</tiff:Orientation>"), Some(3.0));
        assert_eq!(value("tiff:Orientation, tiff:Orientation=\"8\""), Some(8.0));
        assert_eq!(value("tiff:Orientation='6'"), None);
        assert_eq!(value("tiff:Orientation=\"\""), None);
    }

    #[test]
    fn xmp_counts_only_where_exif_has_no_orientation() {
        let tag = |value: u8| {
            let mut exif = b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0".to_vec();
            exif.extend([value, 0, 0, 0, 0, 0, 0, 0]);
            exif
        };
        let turned = |exif: Option<Vec<u8>>| {
            let xmp = Some(b"tiff:Orientation=\"6\"".to_vec());
            Metadata { exif, xmp }.orientation().unwrap()
        };
        assert_eq!(turned(None), Orientation::Rotate90);
        assert_eq!(turned(Some(tag(3))), Orientation::Rotate180);
        assert_eq!(turned(Some(tag(0))), Orientation::NoTransforms);
        assert_eq!(turned(Some(Vec::new())), Orientation::Rotate90);
    }
}
