//! Shapes as SVG.

use base64::{Engine, engine::general_purpose::STANDARD};
use image::{RgbImage, codecs::jpeg::JpegEncoder};

use super::{
    canvas::{Canvas, Shape},
    colour::{Colour, WHITE},
    fonts::Weight,
    geometry::{Point, Rect},
    text::{Align, Text, printable},
};
use crate::PlotError;

/// The compiled-in font, then one of the same widths, then whatever is there.
const FAMILY: &str = "DejaVu Sans, Verdana, sans-serif";
/// Of embedded photos, from 1 to 100.
const JPEG_QUALITY: u8 = 85;

/// The canvas as an SVG document with its photos embedded.
pub(crate) fn encode(canvas: &Canvas, title: &str, about: &str) -> Result<String, PlotError> {
    let photos: Vec<String> = canvas
        .photos
        .iter()
        .map(|(at, image)| photo(*at, image))
        .collect::<Result<_, _>>()?;
    let mut head = format!("<title>{}</title>\n", escaped(title));
    if !about.is_empty() {
        head += &format!("<desc>{}</desc>\n", escaped(about));
    }
    Ok(document(canvas, &head, &photos.concat()))
}

/// An SVG document of shapes and texts, with `photos` between them.
pub(super) fn document(canvas: &Canvas, head: &str, photos: &str) -> String {
    let (width, height) = (canvas.width, canvas.height);
    let page = Rect::new(0.0, 0.0, f64::from(width), f64::from(height));
    let shapes: String = canvas.shapes.iter().map(shape).collect();
    let texts: String = canvas.texts.iter().map(text).collect();
    format!(
        "<svg width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" \
         role=\"img\" font-family=\"{FAMILY}\" xml:space=\"preserve\" \
         xmlns=\"http://www.w3.org/2000/svg\">\n{head}{}{shapes}{photos}{texts}</svg>\n",
        shape(&Shape::Fill(page, WHITE))
    )
}

fn shape(shape: &Shape) -> String {
    match shape {
        Shape::Fill(rect, colour) => {
            let (x, y) = (whole(rect.x), whole(rect.y));
            // However thin, a rectangle is seen.
            let width = (whole(rect.right()) - x).max(1.0);
            let height = (whole(rect.bottom()) - y).max(1.0);
            let fill = paint("fill", *colour);
            format!("<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\"{fill}/>\n")
        }
        Shape::Path {
            points,
            width,
            colour,
        } => format!(
            "<polyline points=\"{}\" fill=\"none\" stroke-width=\"{}\"{}/>\n",
            list(points),
            tenth(*width),
            paint("stroke", *colour)
        ),
        Shape::Disc {
            centre: (x, y),
            radius,
            colour,
        } => format!(
            "<circle cx=\"{}\" cy=\"{}\" r=\"{}\"{}/>\n",
            tenth(*x),
            tenth(*y),
            tenth(*radius),
            paint("fill", *colour)
        ),
        Shape::Polygon(corners, colour) => {
            let (points, fill) = (list(corners), paint("fill", *colour));
            format!("<polygon points=\"{points}\"{fill}/>\n")
        }
    }
}

fn whole(pixels: f64) -> f64 {
    // Not −0.
    pixels.round() + 0.0
}

fn tenth(pixels: f64) -> f64 {
    (pixels * 10.0).round() / 10.0 + 0.0
}

fn list(points: &[Point]) -> String {
    let points = points.iter();
    let points = points.map(|(x, y)| format!("{},{}", tenth(*x), tenth(*y)));
    points.collect::<Vec<_>>().join(" ")
}

/// The attributes of a `fill` or `stroke`. An `opacity` would be that of a
/// layer, which takes far longer to draw.
fn paint(what: &str, colour: Colour) -> String {
    let (red, green, blue) = colour.rgb;
    let paint = format!(" {what}=\"#{red:02X}{green:02X}{blue:02X}\"");
    if colour.alpha >= 1.0 {
        return paint;
    }
    let alpha = (colour.alpha * 1000.0).round() / 1000.0;
    format!("{paint} {what}-opacity=\"{alpha}\"")
}

fn text(text: &Text) -> String {
    let (x, y) = (whole(text.at.0), whole(text.at.1));
    let anchor = match text.align {
        Align::Left => "",
        Align::Middle => " text-anchor=\"middle\"",
        Align::Right => " text-anchor=\"end\"",
    };
    let weight = match text.style.weight {
        Weight::Regular => "",
        Weight::Bold => " font-weight=\"bold\"",
    };
    let turn = if text.upwards {
        format!(" transform=\"rotate(-90, {x}, {y})\"")
    } else {
        String::new()
    };
    let (size, fill) = (text.style.size, paint("fill", text.style.colour));
    let content = escaped(&text.content);
    format!(
        "<text x=\"{x}\" y=\"{y}\" font-size=\"{size}\"{weight}{anchor}{fill}{turn}>{content}</text>\n"
    )
}

fn photo(at: Point, image: &RgbImage) -> Result<String, PlotError> {
    let mut jpeg = Vec::new();
    JpegEncoder::new_with_quality(&mut jpeg, JPEG_QUALITY).encode_image(image)?;
    let (x, y) = (whole(at.0), whole(at.1));
    let (width, height) = image.dimensions();
    let data = STANDARD.encode(&jpeg);
    Ok(format!(
        "<image x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" \
         href=\"data:image/jpeg;base64,{data}\"/>\n"
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
        assert_eq!(text.attribute("y"), Some("88"));
        assert_eq!(text.attribute("font-size"), Some("50"));
        assert_eq!(text.attribute("font-weight"), Some("bold"));
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
