//! A canvas as SVG.

use base64::{Engine, engine::general_purpose::STANDARD};
use image::{RgbImage, codecs::jpeg::JpegEncoder};

use super::{
    Align, Canvas, Point,
    canvas::whole,
    text::{Text, printable},
};
use crate::PlotError;

/// The compiled-in font, then one of the same widths, then whatever is there.
const FAMILY: &str = "DejaVu Sans, Verdana, sans-serif";
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
    Ok(document(canvas, &head, &photos?))
}

/// An SVG document of shapes and texts, with `photos` between them.
pub(super) fn document(canvas: &Canvas, head: &str, photos: &str) -> String {
    let (width, height, shapes) = (canvas.width, canvas.height, &canvas.shapes);
    let texts: String = canvas.texts.iter().map(text).collect();
    format!(
        "<svg width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" \
         role=\"img\" font-family=\"{FAMILY}\" xml:space=\"preserve\" \
         xmlns=\"http://www.w3.org/2000/svg\">\n{head}\
         <rect x=\"0\" y=\"0\" width=\"{width}\" height=\"{height}\" fill=\"#FFFFFF\"/>\n\
         {shapes}{photos}{texts}</svg>\n"
    )
}

fn text(text: &Text) -> String {
    let (x, y) = (whole(text.at.0), whole(text.at.1));
    let anchor = match text.align {
        Align::Left => "",
        Align::Middle => " text-anchor=\"middle\"",
        Align::Right => " text-anchor=\"end\"",
    };
    let bold = if text.style.bold {
        " font-weight=\"bold\""
    } else {
        ""
    };
    let turn = if text.upwards {
        format!(" transform=\"rotate(-90, {x}, {y})\"")
    } else {
        String::new()
    };
    let (size, fill) = (text.style.size, text.style.colour.paint("fill"));
    let content = escaped(&text.content);
    format!(
        "<text x=\"{x}\" y=\"{y}\" font-size=\"{size}\"{bold}{anchor}{fill}{turn}>{content}</text>\n"
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
    use crate::draw::{Rect, Style, colour::INK};

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
