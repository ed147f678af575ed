//! A canvas as SVG, whose shapes and texts are written by plotters.

use std::{fmt::Display, iter};

use base64::{Engine, engine::general_purpose::STANDARD};
use image::{RgbImage, codecs::jpeg::JpegEncoder};
use plotters::{
    backend::{DrawingBackend, SVGBackend},
    style::{
        FontStyle, FontTransform, IntoFont, RGBAColor, ShapeStyle, TextStyle,
        text_anchor::{HPos, Pos, VPos},
    },
};

use super::{
    Align, Canvas, Colour, Point, Rect,
    canvas::Shape,
    colour::WHITE,
    text::{Text, printable},
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

/// The canvas as an SVG document with its photos embedded.
pub(crate) fn encode(canvas: &Canvas, title: &str, about: &str) -> Result<String, PlotError> {
    let photos = canvas.photos.iter();
    let photos: Result<String, _> = photos.map(|(at, image)| photo(*at, image)).collect();
    let mut head = format!("<title>{}</title>\n", escaped(title));
    if !about.is_empty() {
        head += &format!("<desc>{}</desc>\n", escaped(about));
    }
    let (shapes, photos, texts) = (shapes(canvas)?, photos?, texts(canvas)?);
    Ok(document(canvas, &(head + &shapes + &photos + &texts)))
}

/// An SVG document of these elements.
pub(super) fn document(canvas: &Canvas, elements: &str) -> String {
    let (width, height) = (canvas.width, canvas.height);
    format!(
        "<svg width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" \
         role=\"img\" xmlns=\"http://www.w3.org/2000/svg\">\n\
         {elements}</svg>\n"
    )
}

/// The white page and the shapes on it.
pub(super) fn shapes(canvas: &Canvas) -> Result<String, PlotError> {
    let (width, height) = (f64::from(canvas.width), f64::from(canvas.height));
    let page = Shape::Fill(Rect::new(0.0, 0.0, width, height), WHITE);
    elements(canvas, |backend| {
        let mut shapes = iter::once(&page).chain(&canvas.shapes);
        shapes.try_for_each(|shape| draw_shape(backend, shape))
    })
}

pub(super) fn texts(canvas: &Canvas) -> Result<String, PlotError> {
    elements(canvas, |backend| {
        let mut texts = canvas.texts.iter();
        texts.try_for_each(|text| draw_text(backend, text))
    })
}

/// What plotters writes between the tags of its document.
fn elements(
    canvas: &Canvas,
    draw: impl FnOnce(&mut SVGBackend<'_>) -> Result<(), PlotError>,
) -> Result<String, PlotError> {
    let mut document = String::new();
    let mut backend = SVGBackend::with_string(&mut document, (canvas.width, canvas.height));
    draw(&mut backend)?;
    backend.present().map_err(failed)?;
    drop(backend);
    let inside = document.split_once('\n');
    let inside = inside.and_then(|(_, inside)| inside.strip_suffix("</svg>\n"));
    let inside = inside.ok_or_else(|| failed("plotters wrote no SVG"))?;
    Ok(without_layers(inside))
}

/// `elements` with the opacities of their only fill or stroke. They look the
/// same, but an `opacity` asks for a layer, which makes a PNG of many translucent
/// lines slow to draw. In a text, plotters escapes quotes.
fn without_layers(elements: &str) -> String {
    elements
        .replace("fill=\"none\" opacity=", "fill=\"none\" stroke-opacity=")
        .replace(" opacity=\"", " fill-opacity=\"")
}

fn failed(error: impl Display) -> PlotError {
    PlotError::Draw(error.to_string())
}

fn draw_shape(backend: &mut SVGBackend<'_>, shape: &Shape) -> Result<(), PlotError> {
    match shape {
        Shape::Fill(rect, colour) => {
            let corner = pixel((rect.x, rect.y));
            let end = pixel((rect.right(), rect.bottom()));
            // However thin, it is seen.
            let end = (end.0.max(corner.0 + 1), end.1.max(corner.1 + 1));
            backend.draw_rect(corner, end, &paint(*colour), true)
        }
        Shape::Path(points, width, colour) => {
            let stroke = paint(*colour).stroke_width(width.round() as u32);
            backend.draw_path(points.iter().map(|point| pixel(*point)), &stroke)
        }
        Shape::Disc(centre, radius, colour) => {
            let radius = radius.round() as u32;
            backend.draw_circle(pixel(*centre), radius, &paint(*colour), true)
        }
        Shape::Polygon(corners, colour) => {
            let corners = corners.iter().map(|corner| pixel(*corner));
            backend.fill_polygon(corners, &paint(*colour))
        }
    }
    .map_err(failed)
}

fn draw_text(backend: &mut SVGBackend<'_>, text: &Text) -> Result<(), PlotError> {
    let (x, y) = text.at;
    let ascent = text.style.size * ASCENT;
    let mut font = (FAMILY, text.style.size * SIZE).into_font();
    if text.style.bold {
        font = font.style(FontStyle::Bold);
    }
    // plotters turns a text around its upper corner: that of an upward text lies
    // left of its baseline.
    let corner = if text.upwards {
        font = font.transform(FontTransform::Rotate270);
        (x - ascent, y)
    } else {
        (x, y - ascent)
    };
    let across = match text.align {
        Align::Left => HPos::Left,
        Align::Middle => HPos::Center,
        Align::Right => HPos::Right,
    };
    let colour = rgba(text.style.colour);
    let style = TextStyle::from(font)
        .color(&colour)
        .pos(Pos::new(across, VPos::Top));
    // An SVG shows two spaces as one.
    let content = text.content.replace("  ", " \u{a0}");
    let drawn = backend.draw_text(&content, &style, pixel(corner));
    drawn.map_err(failed)
}

/// plotters draws at whole pixels.
fn pixel((x, y): Point) -> (i32, i32) {
    (x.round() as i32, y.round() as i32)
}

fn rgba(colour: Colour) -> RGBAColor {
    let [red, green, blue] = colour.rgb;
    RGBAColor(red, green, blue, colour.alpha)
}

fn paint(colour: Colour) -> ShapeStyle {
    ShapeStyle::from(&rgba(colour)).filled()
}

fn photo(at: Point, image: &RgbImage) -> Result<String, PlotError> {
    let mut jpeg = Vec::new();
    JpegEncoder::new_with_quality(&mut jpeg, JPEG_QUALITY).encode_image(image)?;
    let (x, y) = pixel(at);
    let (width, height) = image.dimensions();
    let data = STANDARD.encode(&jpeg);
    Ok(format!(
        "<image x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" \
         href=\"data:image/jpeg;base64,{data}\"/>\n"
    ))
}

fn escaped(text: &str) -> String {
    let text = printable(text).replace('&', "&amp;");
    text.replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use image::Rgb;
    use roxmltree::Document;

    use super::*;
    use crate::{
        draw::{Rect, Style, colour::INK},
        testing::attributes_of,
    };

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
        let of_text = |attribute| attributes_of(&svg, "text", attribute);
        // 50 + 0.76 * 50 = 88.
        assert_eq!(of_text("y"), ["50"]);
        assert_eq!(of_text("dy"), ["0.76em"]);
        assert_eq!(of_text("font-size"), ["50"]);
        assert_eq!(of_text("font-weight"), ["bold"]);
    }

    #[test]
    fn translucent_shapes_have_no_layers_and_texts_about_them_stay() {
        let text = "none\" opacity=\"1";
        let mut canvas = canvas(text);
        canvas.fill(Rect::new(0.0, 0.0, 9.0, 9.0), INK.fade(0.25));
        canvas.path(vec![(0.0, 0.0), (9.0, 9.0)], 2.0, INK.fade(0.5));
        let svg = encode(&canvas, "", "").unwrap();
        let document = Document::parse(&svg).unwrap();
        let all = |name| -> Vec<_> {
            let nodes = document.descendants();
            nodes.filter_map(|node| node.attribute(name)).collect()
        };
        assert_eq!(all("opacity"), [""; 0]);
        assert_eq!(all("fill-opacity"), ["1", "0.25", "1"]);
        assert_eq!(all("stroke-opacity"), ["0.5"]);
        let last = document.root_element().last_element_child().unwrap();
        assert_eq!(last.text().map(str::trim), Some(text));
    }

    #[test]
    fn a_photo_is_embedded_between_the_shapes_and_the_texts() {
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
        assert_eq!(tags, ["title", "rect", "rect", "rect", "image", "text"]);
        let (_, data) = svg.split_once("base64,").unwrap();
        let (data, _) = data.split_once('"').unwrap();
        let jpeg = STANDARD.decode(data).unwrap();
        let photo = image::load_from_memory(&jpeg).unwrap();
        assert_eq!((photo.width(), photo.height()), (8, 6));
    }
}
