//! Shapes as SVG.

use base64::{Engine, engine::general_purpose::STANDARD};
use image::{RgbImage, codecs::jpeg::JpegEncoder};
use plotters::{
    backend::{DrawingBackend, SVGBackend},
    style::{
        FontStyle, FontTransform, IntoFont, RGBAColor, TextStyle,
        text_anchor::{HPos, Pos, VPos},
    },
};

use super::{
    canvas::{Canvas, Shape},
    colour::WHITE,
    fonts::Weight,
    geometry::{Point, Rect},
    png::draw_shapes,
    text::{Align, Text, printable},
};
use crate::PlotError;

/// The compiled-in font, then one of the same widths, then whatever is there.
const FAMILY: &str = "DejaVu Sans, Verdana, sans-serif";
/// plotters writes its font size divided by this as the SVG's.
const SIZE: f64 = 1.24;
/// plotters puts the baseline this many ems below the top of the text.
const ASCENT: f64 = 0.76;
/// Of embedded photos, from 1 to 100.
const JPEG_QUALITY: u8 = 85;

pub(crate) fn encode(canvas: &Canvas, title: &str, about: &str) -> Result<String, PlotError> {
    let (width, height) = (canvas.width, canvas.height);
    let mut svg = format!(
        "<svg width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" \
         role=\"img\" xmlns=\"http://www.w3.org/2000/svg\">\n<title>{}</title>\n",
        escaped(title)
    );
    if !about.is_empty() {
        svg += &format!("<desc>{}</desc>\n", escaped(about));
    }
    let page = Rect::new(0.0, 0.0, f64::from(width), f64::from(height));
    svg += &inside(canvas, |backend| {
        draw_shapes(backend, &[Shape::Fill(page, WHITE)])
    })?;
    for run in canvas.shapes.chunk_by(|a, b| is_photo(a) == is_photo(b)) {
        if !is_photo(&run[0]) {
            svg += &inside(canvas, |backend| draw_shapes(backend, run))?;
            continue;
        }
        for shape in run {
            if let Shape::Photo { at, image } = shape {
                svg += &photo(*at, image)?;
            }
        }
    }
    svg += &inside(canvas, |backend| {
        let mut texts = canvas.texts.iter();
        texts.try_for_each(|text| draw_text(backend, text))
    })?;
    Ok(svg + "</svg>\n")
}

fn is_photo(shape: &Shape) -> bool {
    matches!(shape, Shape::Photo { .. })
}

/// What plotters writes between the tags of the document.
fn inside(
    canvas: &Canvas,
    draw: impl FnOnce(&mut SVGBackend<'_>) -> Result<(), PlotError>,
) -> Result<String, PlotError> {
    let mut document = String::new();
    let mut backend = SVGBackend::with_string(&mut document, (canvas.width, canvas.height));
    draw(&mut backend)?;
    backend
        .present()
        .map_err(|error| PlotError::Draw(error.to_string()))?;
    drop(backend);
    let end = document.rfind("</svg>");
    match (document.find(">\n"), end) {
        (Some(start), Some(end)) if start + 2 <= end => Ok(document[start + 2..end].to_owned()),
        _ => Err(PlotError::Draw("plotters wrote no SVG".to_owned())),
    }
}

fn photo(at: Point, image: &RgbImage) -> Result<String, PlotError> {
    let mut jpeg = Vec::new();
    JpegEncoder::new_with_quality(&mut jpeg, JPEG_QUALITY).encode_image(image)?;
    let (x, y) = (at.0.round(), at.1.round());
    let (width, height) = image.dimensions();
    Ok(format!(
        "<image x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" \
         href=\"data:image/jpeg;base64,{}\"/>\n",
        STANDARD.encode(&jpeg)
    ))
}

fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for letter in printable(text).chars() {
        match letter {
            '<' => escaped += "&lt;",
            '>' => escaped += "&gt;",
            '&' => escaped += "&amp;",
            letter => escaped.push(letter),
        }
    }
    escaped
}

fn draw_text(backend: &mut SVGBackend<'_>, text: &Text) -> Result<(), PlotError> {
    let style = text.style;
    let (red, green, blue) = style.colour.rgb;
    let mut font = (FAMILY, style.size * SIZE).into_font();
    if style.weight == Weight::Bold {
        font = font.style(FontStyle::Bold);
    }
    let ascent = style.size * ASCENT;
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
    let colour = RGBAColor(red, green, blue, style.colour.alpha);
    let style = TextStyle::from(font)
        .color(&colour)
        .pos(Pos::new(horizontal, VPos::Top));
    let corner = (corner.0.round() as i32, corner.1.round() as i32);
    backend
        .draw_text(&text.content, &style, corner)
        .map_err(|error| PlotError::Draw(error.to_string()))
}

#[cfg(test)]
mod tests {
    use image::Rgb;
    use roxmltree::Document;

    use super::*;
    use crate::draw::{colour::INK, text::Style};

    fn canvas(content: &str) -> Canvas {
        let mut canvas = Canvas::new(200.0, 100.0).unwrap();
        canvas.text(content, (10.0, 88.0), Align::Left, Style::bold(50.0, INK));
        canvas
    }

    #[test]
    fn markup_in_a_text_or_title_is_escaped() {
        let svg = encode(&canvas("<b>&\"x"), "<i>&'", "</desc>").unwrap();
        let document = Document::parse(&svg).unwrap();
        let texts: Vec<_> = document
            .descendants()
            .filter_map(|node| node.text())
            .map(str::trim)
            .collect();
        for text in ["<b>&\"x", "<i>&'", "</desc>"] {
            assert!(texts.contains(&text), "{texts:?}");
        }
    }

    #[test]
    fn control_characters_leave_the_xml_well_formed() {
        let name = "a\u{0}b\u{1b}c\n\u{ffff}";
        let svg = encode(&canvas(name), name, name).unwrap();
        assert!(Document::parse(&svg).is_ok());
        assert!(svg.contains("a\u{fffd}b\u{fffd}c\u{fffd}\u{fffd}"));
    }

    #[test]
    fn the_title_comes_first_and_the_background_is_white() {
        let svg = encode(&canvas("x"), "Errors", "2 images").unwrap();
        let document = Document::parse(&svg).unwrap();
        let root = document.root_element();
        assert_eq!(root.attribute("role"), Some("img"));
        let children: Vec<_> = root.children().filter(|node| node.is_element()).collect();
        assert_eq!(children[0].text(), Some("Errors"));
        assert_eq!(children[1].text(), Some("2 images"));
        assert_eq!(children[2].attribute("width"), Some("200"));
        assert_eq!(children[2].attribute("fill"), Some("#FFFFFF"));
    }

    #[test]
    fn a_text_has_its_size_in_pixels_and_its_baseline_where_it_was_put() {
        let svg = encode(&canvas("x"), "", "").unwrap();
        let document = Document::parse(&svg).unwrap();
        let mut nodes = document.descendants();
        let text = nodes.find(|node| node.has_tag_name("text")).unwrap();
        // 50 + 0.76 * 50 = 88.
        assert_eq!(text.attribute("y"), Some("50"));
        assert_eq!(text.attribute("dy"), Some("0.76em"));
        assert_eq!(text.attribute("font-size"), Some("50"));
        assert_eq!(text.attribute("font-weight"), Some("bold"));
    }

    #[test]
    fn a_photo_is_embedded_between_the_shapes_around_it() {
        let mut canvas = canvas("x");
        let page = Rect::new(0.0, 0.0, 9.0, 9.0);
        canvas.fill(page, INK);
        canvas.photo((3.0, 4.0), RgbImage::from_pixel(8, 6, Rgb([200, 30, 30])));
        canvas.fill(page, INK);
        let svg = encode(&canvas, "", "").unwrap();
        let document = Document::parse(&svg).unwrap();
        let tags: Vec<_> = document
            .root_element()
            .children()
            .filter(|node| node.is_element())
            .map(|node| node.tag_name().name())
            .collect();
        assert_eq!(tags, ["title", "rect", "rect", "image", "rect", "text"]);
        let (_, data) = svg.split_once("base64,").unwrap();
        let (data, _) = data.split_once('"').unwrap();
        let jpeg = STANDARD.decode(data).unwrap();
        let photo = image::load_from_memory(&jpeg).unwrap();
        assert_eq!((photo.width(), photo.height()), (8, 6));
    }
}
