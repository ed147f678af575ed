//! Photos at the size of a page.

use image::{
    RgbImage,
    imageops::{self, FilterType},
};

/// `photo` as large as fits into `width` × `height` pixels without changing its
/// aspect ratio. The photo must have pixels.
pub(super) fn thumbnail(photo: &RgbImage, width: u32, height: u32) -> RgbImage {
    let (from_width, from_height) = photo.dimensions();
    let ratio = f64::from(width) / f64::from(from_width);
    let ratio = ratio.min(f64::from(height) / f64::from(from_height));
    // A strip of 10000 × 1 pixels still has a row.
    let scaled = |size: u32, most: u32| ((f64::from(size) * ratio).round() as u32).clamp(1, most);
    imageops::resize(
        photo,
        scaled(from_width, width),
        scaled(from_height, height),
        FilterType::CatmullRom,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_aspect_ratio_is_kept_whatever_the_shape() {
        let size = |width, height| thumbnail(&RgbImage::new(width, height), 480, 360).dimensions();
        assert_eq!(size(674, 506), (480, 360));
        assert_eq!(size(512, 512), (360, 360));
        assert_eq!(size(100, 400), (90, 360));
        assert_eq!(size(10_000, 1), (480, 1));
        assert_eq!(size(2, 1), (480, 240));
    }
}
