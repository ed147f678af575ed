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
    let colour = RGBAColor(red, green, blue, text.colour.alpha);
    let style = TextStyle::from(font)
        .color(&colour)
        .pos(Pos::new(horizontal, VPos::Top));
    let corner = (corner.0.round() as i32, corner.1.round() as i32);
    backend
        .draw_text(&text.content, &style, corner)
        .map_err(|error| EvalError::Draw(error.to_string()))
}

#[cfg(test)]
mod tests {
    use roxmltree::Document;

    use super::*;
    use crate::plot::{
        canvas::Style,
        colour::INK,
        prediction_vs_label,
        testing::{predictions, score},
    };

    fn svg_of(name: &str) -> String {
        let (predictions, evaluation) = predictions(&[name], 20, score);
        let figure = prediction_vs_label(&predictions, &evaluation).unwrap();
        figure.to_svg().unwrap()
    }

    #[test]
    fn markup_in_a_target_name_is_escaped() {
        let svg = svg_of("<b>&\"x");
        let document = Document::parse(&svg).unwrap();
        let mut texts = document.descendants().filter_map(|node| node.text());
        assert!(texts.any(|text| text.trim() == "<b>&\"x"));
    }

    #[test]
    fn control_characters_leave_the_xml_well_formed() {
        let svg = svg_of("a\u{0}b\u{1b}c\n\u{ffff}");
        assert!(Document::parse(&svg).is_ok());
        assert!(svg.contains("a\u{fffd}b\u{fffd}c\u{fffd}\u{fffd}"));
    }

    #[test]
    fn a_text_has_its_size_in_pixels_and_its_baseline_where_it_was_put() {
        let mut canvas = Canvas::new(200.0, 100.0).unwrap();
        let style = Style {
            size: 50.0,
            weight: Weight::Bold,
            colour: INK,
        };
        canvas.text("x", (10.0, 88.0), Align::Left, style);
        let svg = encode(&canvas).unwrap();
        let document = Document::parse(&svg).unwrap();
        let mut nodes = document.descendants();
        let text = nodes.find(|node| node.has_tag_name("text")).unwrap();
        // 50 + 0.76 * 50 = 88.
        assert_eq!(text.attribute("y"), Some("50"));
        assert_eq!(text.attribute("dy"), Some("0.76em"));
        assert_eq!(text.attribute("font-size"), Some("50"));
        assert_eq!(text.attribute("font-weight"), Some("bold"));
    }
}
