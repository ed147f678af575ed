//! Shapes as SVG.

use plotters::{
    backend::{DrawingBackend, SVGBackend},
    style::{
        FontStyle, FontTransform, IntoFont, RGBAColor, TextStyle,
        text_anchor::{HPos, Pos, VPos},
    },
};

use super::{
    canvas::{Align, Canvas, Rect, Shape, Text},
    colour::WHITE,
    fonts::Weight,
    png::draw_shapes,
};
use crate::EvalError;

/// The compiled-in font, then one of the same widths, then whatever is there.
const FAMILY: &str = "DejaVu Sans, Verdana, sans-serif";
/// plotters writes its font size divided by this as the SVG's.
const SIZE: f64 = 1.24;
/// plotters puts the baseline this many ems below the top of the text.
const ASCENT: f64 = 0.76;

pub(super) fn encode(canvas: &Canvas) -> Result<String, EvalError> {
    if canvas
        .shapes
        .iter()
        .any(|shape| matches!(shape, Shape::Photo { .. }))
    {
        return Err(EvalError::PhotosInSvg);
    }
    let mut text = String::new();
    let mut backend = SVGBackend::with_string(&mut text, (canvas.width, canvas.height));
    let page = Rect::new(0.0, 0.0, f64::from(canvas.width), f64::from(canvas.height));
    draw_shapes(&mut backend, &[Shape::Fill(page, WHITE)])?;
    draw_shapes(&mut backend, &canvas.shapes)?;
    for text in &canvas.texts {
        draw_text(&mut backend, text)?;
    }
    backend
        .present()
        .map_err(|error| EvalError::Draw(error.to_string()))?;
    drop(backend);
    Ok(text)
}

fn draw_text(backend: &mut SVGBackend<'_>, text: &Text) -> Result<(), EvalError> {
    let (red, green, blue) = text.colour.rgb;
    let mut font = (FAMILY, text.size * SIZE).into_font();
    if text.weight == Weight::Bold {
        font = font.style(FontStyle::Bold);
    }
    let ascent = text.size * ASCENT;
    // plotters turns a text around its upper corner, before the ascent is
    // taken off: the corner of an upward text lies left of its baseline.
    let corner = if text.upwards {
        font = font.transform(FontTransform::Rotate270);
        (text.at.0 - ascent, text.at.1)
    } else {
        (text.at.0, text.at.1 - ascent)
    };
    let horizontal = match text.align {
        Align::Left => HPos::Left,
        Align::Middle => HPos::Center,
        Align::Right => HPos::Right,
    };
    let style = TextStyle::from(font)
        .color(&RGBAColor(red, green, blue, text.colour.alpha))
        .pos(Pos::new(horizontal, VPos::Top));
    let corner = (corner.0.round() as i32, corner.1.round() as i32);
    backend
        .draw_text(&text.content, &style, corner)
        .map_err(|error| EvalError::Draw(error.to_string()))
}
