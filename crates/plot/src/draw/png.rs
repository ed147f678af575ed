//! Pixels of an SVG.

use std::sync::{Arc, OnceLock};

use image::{
    ExtendedColorType, ImageEncoder, RgbImage, RgbaImage,
    buffer::ConvertBuffer,
    codecs::png::{CompressionType, FilterType, PngEncoder},
    imageops,
};
use resvg::{
    render,
    tiny_skia::{PixmapMut, Transform},
    usvg::{
        Options, Tree,
        fontdb::{Database, Source},
    },
};

use super::{canvas::Canvas, svg};
use crate::PlotError;

/// The canvas as a PNG file.
pub(crate) fn encode(canvas: &Canvas) -> Result<Vec<u8>, PlotError> {
    let mut png = Vec::new();
    let (width, height) = (canvas.width, canvas.height);
    PngEncoder::new_with_quality(&mut png, CompressionType::Default, FilterType::Adaptive)
        .write_image(&raster(canvas)?, width, height, ExtendedColorType::Rgb8)?;
    Ok(png)
}

/// The canvas as pixels.
pub(crate) fn raster(canvas: &Canvas) -> Result<RgbImage, PlotError> {
    let mut image = RgbaImage::new(canvas.width, canvas.height);
    draw(canvas, &svg::shapes(canvas)?, &mut image)?;
    // As they are: an SVG has them as JPEGs.
    for (at, photo) in &canvas.photos {
        let (x, y) = (at.0.round() as i64, at.1.round() as i64);
        let photo: RgbaImage = photo.convert();
        imageops::replace(&mut image, &photo, x, y);
    }
    draw(canvas, &svg::texts(canvas)?, &mut image)?;
    Ok(image.convert())
}

/// Draws elements of an SVG over what is there.
fn draw(canvas: &Canvas, elements: &str, image: &mut RgbaImage) -> Result<(), PlotError> {
    let failed = |why: &str| PlotError::Draw(why.to_owned());
    let options = Options {
        fontdb: fonts(),
        ..Options::default()
    };
    let tree = Tree::from_str(&svg::document(canvas, elements), &options);
    let tree = tree.map_err(|error| failed(&error.to_string()))?;
    let pixels = PixmapMut::from_bytes(image, canvas.width, canvas.height);
    let mut pixels = pixels.ok_or_else(|| failed("it has no size"))?;
    render(&tree, Transform::default(), &mut pixels);
    Ok(())
}

/// The compiled-in fonts only: a picture is the same on every machine.
fn fonts() -> Arc<Database> {
    static FONTS: OnceLock<Arc<Database>> = OnceLock::new();
    let load = || {
        let mut fonts = Database::new();
        for font in [dejavu::sans::regular(), dejavu::sans::bold()] {
            fonts.load_font_source(Source::Binary(Arc::new(font)));
        }
        Arc::new(fonts)
    };
    FONTS.get_or_init(load).clone()
}

#[cfg(test)]
mod tests {
    use image::Rgb;

    use super::*;
    use crate::draw::{Align, Point, Rect, Style, colour::INK};

    fn drawn(draw: impl Fn(&mut Canvas)) -> RgbImage {
        let mut canvas = Canvas::new(60.0, 40.0).unwrap();
        draw(&mut canvas);
        raster(&canvas).unwrap()
    }

    #[test]
    fn a_translucent_path_that_returns_is_no_darker_there() {
        let path = |points: &[Point]| {
            let darkest = drawn(|canvas| canvas.path(points.to_vec(), 4.0, INK.fade(0.5)));
            darkest.pixels().map(|pixel| pixel.0[0]).min()
        };
        let (from, to) = ((10.0, 10.0), (50.0, 30.0));
        assert_eq!(path(&[from, to]), path(&[from, to, from]));
    }

    #[test]
    fn texts_lie_above_photos_and_photos_above_shapes() {
        let photo = |canvas: &mut Canvas| {
            let grey = RgbImage::from_pixel(60, 40, Rgb([200; 3]));
            canvas.photo((0.0, 0.0), grey);
            canvas.fill(Rect::new(0.0, 0.0, 60.0, 40.0), INK);
        };
        let only = drawn(photo);
        assert!(only.pixels().all(|pixel| pixel.0 == [200; 3]));
        let text = drawn(|canvas| {
            canvas.text("H", (10.0, 30.0), Align::Left, Style::bold(30.0, INK));
            photo(canvas);
        });
        assert!(text.pixels().any(|pixel| pixel.0 == INK.rgb));
    }

    #[test]
    fn a_character_that_the_font_lacks_is_a_box() {
        let text = |text: &str| {
            drawn(|canvas| canvas.text(text, (10.0, 30.0), Align::Left, Style::bold(30.0, INK)))
        };
        assert_eq!(text("漢"), text("字"));
        assert_ne!(text("漢"), text(" "));
    }

    #[test]
    fn texts_stand_on_their_baseline_and_are_as_wide_as_they_are_taken_for() {
        // Without room beside or below the letters, and with two spaces.
        let content = "H  ·  H";
        for (bold, upwards) in [(false, false), (true, false), (false, true), (true, true)] {
            let style = Style {
                bold,
                ..Style::regular(20.0, INK)
            };
            let mut canvas = Canvas::new(150.0, 150.0).unwrap();
            let width = canvas.text_width(content, style);
            let set = if upwards {
                Canvas::text_upwards
            } else {
                Canvas::text
            };
            set(&mut canvas, content, (75.0, 75.0), Align::Middle, style);
            let pixels = raster(&canvas).unwrap();
            let ink = pixels.enumerate_pixels();
            let ink = ink.filter(|(_, _, pixel)| pixel.0[0] < 0x90);
            // Along the text and across it.
            let ink = ink.map(|(x, y, _)| if upwards { (149 - y, x) } else { (x, y) });
            let ink: Vec<(u32, u32)> = ink.collect();
            let along = ink.iter().map(|place| f64::from(place.0) + 0.5);
            let (low, high) = along.fold((f64::MAX, f64::MIN), |(low, high), x| {
                (low.min(x), high.max(x))
            });
            let baseline = ink.iter().map(|place| place.1 + 1).max();
            assert_eq!(baseline, Some(75), "{bold} {upwards}");
            // An H begins and ends a tenth of its size from its edge.
            let drawn = high - low + 1.0 + 4.0;
            assert!((drawn - width).abs() < 1.5, "{drawn} for {width}");
            assert!((f64::midpoint(low, high) - 75.0).abs() < 1.0);
        }
    }
}
