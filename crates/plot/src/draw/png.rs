//! Shapes as pixels.

use ab_glyph::Font;
use image::{
    ExtendedColorType, ImageEncoder, Rgb, RgbImage,
    codecs::png::{CompressionType, FilterType, PngEncoder},
    imageops,
};
use plotters::{
    backend::{BitMapBackend, DrawingBackend, RGBPixel},
    style::{RGBAColor, ShapeStyle},
};

use super::{
    canvas::{Canvas, Shape},
    colour::Colour,
    fonts::Fonts,
    geometry::Point,
    stroke::Coverage,
    text::Text,
};
use crate::PlotError;

pub(crate) fn encode(canvas: &Canvas) -> Result<Vec<u8>, PlotError> {
    let mut png = Vec::new();
    let (width, height) = (canvas.width, canvas.height);
    PngEncoder::new_with_quality(&mut png, CompressionType::Default, FilterType::Adaptive)
        .write_image(&raster(canvas)?, width, height, ExtendedColorType::Rgb8)?;
    Ok(png)
}

/// Who draws a shape: plotters, or this module.
#[derive(PartialEq)]
enum Painter {
    Plotters,
    Photo,
    Stroke,
}

fn painter(shape: &Shape) -> Painter {
    match shape {
        Shape::Photo { .. } => Painter::Photo,
        Shape::Path { .. } => Painter::Stroke,
        _ => Painter::Plotters,
    }
}

pub(crate) fn raster(canvas: &Canvas) -> Result<RgbImage, PlotError> {
    let size = (canvas.width, canvas.height);
    let mut pixels = RgbImage::from_pixel(size.0, size.1, Rgb([255; 3]));
    let mut coverage = Coverage::new(size.0, size.1);
    for run in canvas.shapes.chunk_by(|a, b| painter(a) == painter(b)) {
        if painter(&run[0]) == Painter::Plotters {
            let mut backend = BitMapBackend::<RGBPixel>::with_buffer(&mut pixels, size);
            draw_shapes(&mut backend, run)?;
            continue;
        }
        for shape in run {
            match shape {
                Shape::Photo { at, image } => {
                    let (x, y) = (at.0.round() as i64, at.1.round() as i64);
                    imageops::replace(&mut pixels, image, x, y);
                }
                Shape::Path {
                    points,
                    width,
                    colour,
                } => coverage.stroke(&mut pixels, points, *width, *colour),
                _ => {}
            }
        }
    }
    for text in &canvas.texts {
        draw_text(&mut pixels, canvas.fonts, text);
    }
    Ok(pixels)
}

/// Draws all but photos, which each format treats in its own way.
pub(super) fn draw_shapes<B: DrawingBackend>(
    backend: &mut B,
    shapes: &[Shape],
) -> Result<(), PlotError> {
    let pixel = |(x, y): Point| (x.round() as i32, y.round() as i32);
    for shape in shapes {
        match shape {
            Shape::Fill(rect, colour) => {
                let corner = pixel((rect.x, rect.y));
                let end = pixel((rect.right(), rect.bottom()));
                // However thin, a rectangle is seen.
                let end = (end.0.max(corner.0 + 1), end.1.max(corner.1 + 1));
                backend.draw_rect(corner, end, &style(*colour, 1.0), true)
            }
            Shape::Path {
                points,
                width,
                colour,
            } => backend.draw_path(points.iter().map(|&p| pixel(p)), &style(*colour, *width)),
            Shape::Disc {
                centre,
                radius,
                colour,
            } => {
                let radius = radius.round() as u32;
                backend.draw_circle(pixel(*centre), radius, &style(*colour, 1.0), true)
            }
            Shape::Polygon(corners, colour) => {
                let corners = corners.iter().map(|&corner| pixel(corner));
                backend.fill_polygon(corners, &style(*colour, 1.0))
            }
            Shape::Photo { .. } => Ok(()),
        }
        .map_err(|error| PlotError::Draw(error.to_string()))?;
    }
    Ok(())
}

fn style(colour: Colour, width: f64) -> ShapeStyle {
    let (red, green, blue) = colour.rgb;
    ShapeStyle {
        color: RGBAColor(red, green, blue, colour.alpha),
        filled: true,
        stroke_width: width.round() as u32,
    }
}

/// Sets a text with ab_glyph itself: plotters rounds the place of each letter
/// to a whole pixel and leaves out its side bearing, which looks ragged.
fn draw_text(pixels: &mut RgbImage, fonts: &Fonts, text: &Text) {
    let style = text.style;
    let font = fonts.font(style.weight);
    let (glyphs, width) = fonts.lay_out(&text.content, style.size, style.weight);
    let start = text.align.start(width);
    let origin = (text.at.0.round() as i32, text.at.1.round() as i32);
    for mut glyph in glyphs {
        glyph.position.x += start as f32;
        let Some(outline) = font.outline_glyph(glyph) else {
            continue;
        };
        let corner = outline.px_bounds().min;
        outline.draw(|x, y, coverage| {
            let (x, y) = (x as i32 + corner.x as i32, y as i32 + corner.y as i32);
            let at = if text.upwards {
                (origin.0 + y, origin.1 - x)
            } else {
                (origin.0 + x, origin.1 + y)
            };
            blend(pixels, at, style.colour, f64::from(coverage));
        });
    }
}

/// Lays `colour` over a pixel of which it covers a share.
pub(super) fn blend(pixels: &mut RgbImage, (x, y): (i32, i32), colour: Colour, coverage: f64) {
    let (Ok(x), Ok(y)) = (u32::try_from(x), u32::try_from(y)) else {
        return;
    };
    let Some(pixel) = pixels.get_pixel_mut_checked(x, y) else {
        return;
    };
    let share = (coverage * colour.alpha).clamp(0.0, 1.0);
    let (red, green, blue) = colour.rgb;
    for (channel, ink) in pixel.0.iter_mut().zip([red, green, blue]) {
        *channel = (f64::from(*channel) * (1.0 - share) + f64::from(ink) * share).round() as u8;
    }
}
