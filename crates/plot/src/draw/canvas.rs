//! A picture as a list of shapes, photos and texts.

use image::RgbImage;

use super::{
    Align, Colour, Point, Rect, Style,
    colour::WHITE,
    fonts::{Fonts, fonts},
    text::{Text, printable},
};
use crate::PlotError;

/// What a canvas draws with one colour.
#[derive(Debug)]
pub(super) enum Shape {
    /// A rectangle with sharp edges.
    Fill(Rect, Colour),
    /// Straight lines from point to point, of a width.
    Path(Vec<Point>, f64, Colour),
    /// A disc around a point, of a radius.
    Disc(Point, f64, Colour),
    Polygon(Vec<Point>, Colour),
}

/// Shapes in the order in which they cover each other; photos lie above them,
/// and texts above all.
#[derive(Debug)]
pub(crate) struct Canvas {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(super) shapes: Vec<Shape>,
    /// Each with its upper left corner.
    pub(super) photos: Vec<(Point, RgbImage)>,
    pub(crate) texts: Vec<Text>,
    pub(crate) fonts: &'static Fonts,
}

impl Canvas {
    pub(crate) fn new(width: f64, height: f64) -> Result<Self, PlotError> {
        Ok(Self {
            width: width.ceil() as u32,
            height: height.ceil() as u32,
            shapes: Vec::new(),
            photos: Vec::new(),
            texts: Vec::new(),
            fonts: fonts()?,
        })
    }

    /// A rectangle with sharp edges; however thin, it is seen.
    pub(crate) fn fill(&mut self, rect: Rect, colour: Colour) {
        self.shapes.push(Shape::Fill(rect, colour));
    }

    /// A line; an upright or level one is a rectangle with sharp edges.
    pub(crate) fn line(&mut self, from: Point, to: Point, width: f64, colour: Colour) {
        if from.0 == to.0 || from.1 == to.1 {
            // Ends reach half a width further, so that corners are closed.
            self.fill(Rect::between(from, to).grow(width / 2.0), colour);
        } else {
            self.path(vec![from, to], width, colour);
        }
    }

    /// An upright or level line of dashes.
    pub(crate) fn dashes(&mut self, from: Point, to: Point, width: f64, colour: Colour) {
        let length = (to.0 - from.0).hypot(to.1 - from.1);
        let (step, dash) = (18.0, 10.0);
        let at = |way: f64| {
            let share = (way / length).min(1.0);
            (
                from.0 + (to.0 - from.0) * share,
                from.1 + (to.1 - from.1) * share,
            )
        };
        for index in 0..(length / step).ceil() as usize {
            let start = index as f64 * step;
            self.line(at(start), at(start + dash), width, colour);
        }
    }

    /// Lines from point to point, as one shape: where they overlap, a
    /// translucent colour does not add up.
    pub(crate) fn path(&mut self, points: Vec<Point>, width: f64, colour: Colour) {
        if points.len() > 1 {
            self.shapes.push(Shape::Path(points, width, colour));
        }
    }

    /// The outline of `rect`.
    pub(crate) fn frame(&mut self, rect: Rect, width: f64, colour: Colour) {
        let (left, top, right, bottom) = (rect.x, rect.y, rect.right(), rect.bottom());
        let corners = [(left, top), (right, top), (right, bottom), (left, bottom)];
        for index in 0..4 {
            self.line(corners[index], corners[(index + 1) % 4], width, colour);
        }
    }

    pub(crate) fn disc(&mut self, centre: Point, radius: f64, colour: Colour) {
        self.shapes.push(Shape::Disc(centre, radius, colour));
    }

    pub(crate) fn polygon(&mut self, corners: Vec<Point>, colour: Colour) {
        self.shapes.push(Shape::Polygon(corners, colour));
    }

    pub(crate) fn photo(&mut self, at: Point, image: RgbImage) {
        self.photos.push((at, image));
    }

    /// Sets `content` with its baseline through `at`.
    pub(crate) fn text(&mut self, content: &str, at: Point, align: Align, style: Style) {
        self.set(content, at, align, style, false);
    }

    /// As [`Canvas::text`], shortened to `room` pixels.
    pub(crate) fn text_within(
        &mut self,
        content: &str,
        room: f64,
        at: Point,
        align: Align,
        style: Style,
    ) {
        self.text(&self.shorten(content, room, style), at, align, style);
    }

    /// As [`Canvas::text`], but reading from bottom to top.
    pub(crate) fn text_upwards(&mut self, content: &str, at: Point, align: Align, style: Style) {
        self.set(content, at, align, style, true);
    }

    /// As [`Canvas::text`], with what lies below it washed out.
    pub(crate) fn text_on_paper(&mut self, content: &str, at: Point, align: Align, style: Style) {
        self.set(content, at, align, style, false);
        if let Some(text) = self.texts.last() {
            let paper = text.bounds(self.fonts).grow(1.0);
            self.fill(paper, WHITE.fade(0.8));
        }
    }

    fn set(&mut self, content: &str, at: Point, align: Align, style: Style, upwards: bool) {
        if content.is_empty() {
            return;
        }
        self.texts.push(Text {
            content: printable(content),
            at,
            style,
            align,
            upwards,
        });
    }

    pub(crate) fn text_width(&self, content: &str, style: Style) -> f64 {
        self.fonts.width(&printable(content), style)
    }

    /// `content` shortened to `room` pixels, as [`Fonts::shorten`].
    pub(crate) fn shorten(&self, content: &str, room: f64, style: Style) -> String {
        self.fonts.shorten(&printable(content), style, room)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        draw::{colour::INK, svg},
        testing::attributes_of,
    };

    #[test]
    fn dashes_end_where_the_line_ends() {
        let mut canvas = Canvas::new(100.0, 10.0).unwrap();
        canvas.dashes((0.0, 5.0), (95.0, 5.0), 2.0, INK);
        let svg = svg::encode(&canvas, "", "").unwrap();
        let numbers = |name| {
            let numbers = attributes_of(&svg, "rect", name).into_iter();
            numbers.map(|number| number.parse::<i32>().unwrap())
        };
        let ends = numbers("x")
            .zip(numbers("width"))
            .map(|(x, width)| x + width);
        // The page comes first.
        assert_eq!(ends.collect::<Vec<_>>(), [100, 11, 29, 47, 65, 83, 96]);
    }
}
