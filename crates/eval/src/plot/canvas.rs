//! A picture as a list of shapes, in pixels from the upper left corner.

use image::RgbImage;

use super::{
    colour::Colour,
    fonts::{Fonts, Weight, fonts},
};
use crate::EvalError;

/// A rectangle.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Rect {
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) width: f64,
    pub(super) height: f64,
}

impl Rect {
    pub(super) const fn new(x: f64, y: f64, width: f64, height: f64) -> Self {
        Self {
            x,
            y,
            width,
            height,
        }
    }

    pub(super) fn right(&self) -> f64 {
        self.x + self.width
    }

    pub(super) fn bottom(&self) -> f64 {
        self.y + self.height
    }
}

/// Where a text stands relative to its point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Align {
    Left,
    Middle,
    Right,
}

/// One line of text.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Text {
    pub(super) content: String,
    /// The point on the baseline that `align` speaks of.
    pub(super) at: (f64, f64),
    /// The em square in pixels.
    pub(super) size: f64,
    pub(super) weight: Weight,
    pub(super) colour: Colour,
    pub(super) align: Align,
    /// Whether it reads from bottom to top.
    pub(super) upwards: bool,
}

/// How texts of a kind look.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Style {
    pub(super) size: f64,
    pub(super) weight: Weight,
    pub(super) colour: Colour,
}

#[derive(Debug, Clone)]
pub(super) enum Shape {
    Fill(Rect, Colour),
    Line {
        from: (f64, f64),
        to: (f64, f64),
        width: f64,
        colour: Colour,
    },
    Disc {
        centre: (f64, f64),
        radius: f64,
        colour: Colour,
    },
    Polygon(Vec<(f64, f64)>, Colour),
    Photo {
        at: (f64, f64),
        image: RgbImage,
    },
}

/// Shapes in the order in which they cover each other; texts lie above all.
#[derive(Debug)]
pub(super) struct Canvas {
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) shapes: Vec<Shape>,
    pub(super) texts: Vec<Text>,
    pub(super) fonts: &'static Fonts,
}

impl Canvas {
    pub(super) fn new(width: f64, height: f64) -> Result<Self, EvalError> {
        Ok(Self {
            width: width.ceil() as u32,
            height: height.ceil() as u32,
            shapes: Vec::new(),
            texts: Vec::new(),
            fonts: fonts()?,
        })
    }

    pub(super) fn fill(&mut self, rect: Rect, colour: Colour) {
        self.shapes.push(Shape::Fill(rect, colour));
    }

    /// A line; an upright or level one is a rectangle with sharp edges.
    pub(super) fn line(&mut self, from: (f64, f64), to: (f64, f64), width: f64, colour: Colour) {
        let (left, right) = (from.0.min(to.0), from.0.max(to.0));
        let (top, bottom) = (from.1.min(to.1), from.1.max(to.1));
        if left == right || top == bottom {
            let half = width / 2.0;
            // Ends reach half a width further, so that corners are closed.
            let rect = Rect::new(
                left - half,
                top - half,
                right - left + width,
                bottom - top + width,
            );
            self.fill(rect, colour);
        } else {
            self.shapes.push(Shape::Line {
                from,
                to,
                width,
                colour,
            });
        }
    }

    /// The outline of `rect`.
    pub(super) fn frame(&mut self, rect: Rect, width: f64, colour: Colour) {
        let (left, top, right, bottom) = (rect.x, rect.y, rect.right(), rect.bottom());
        let corners = [(left, top), (right, top), (right, bottom), (left, bottom)];
        for index in 0..4 {
            self.line(corners[index], corners[(index + 1) % 4], width, colour);
        }
    }

    pub(super) fn disc(&mut self, centre: (f64, f64), radius: f64, colour: Colour) {
        self.shapes.push(Shape::Disc {
            centre,
            radius,
            colour,
        });
    }

    pub(super) fn polygon(&mut self, corners: Vec<(f64, f64)>, colour: Colour) {
        self.shapes.push(Shape::Polygon(corners, colour));
    }

    pub(super) fn photo(&mut self, at: (f64, f64), image: RgbImage) {
        self.shapes.push(Shape::Photo { at, image });
    }

    /// Sets `content` with its baseline through `at`.
    pub(super) fn text(&mut self, content: &str, at: (f64, f64), align: Align, style: Style) {
        self.set(content, at, align, style, false);
    }

    /// As [`Canvas::text`], but reading from bottom to top.
    pub(super) fn text_upwards(&mut self, content: &str, at: (f64, f64), style: Style) {
        self.set(content, at, Align::Middle, style, true);
    }

    fn set(&mut self, content: &str, at: (f64, f64), align: Align, style: Style, upwards: bool) {
        self.texts.push(Text {
            content: printable(content),
            at,
            size: style.size,
            weight: style.weight,
            colour: style.colour,
            align,
            upwards,
        });
    }

    pub(super) fn text_width(&self, content: &str, style: Style) -> f64 {
        self.fonts
            .width(&printable(content), style.size, style.weight)
    }

    /// `content` shortened to `room` pixels, as [`Fonts::shorten`].
    pub(super) fn shorten(&self, content: &str, room: f64, style: Style) -> String {
        self.fonts
            .shorten(&printable(content), style.size, style.weight, room)
    }
}

/// Without control characters and non-characters, which XML 1.0 forbids even
/// when escaped.
fn printable(text: &str) -> String {
    text.chars()
        .map(|letter| match letter {
            '\u{FFFE}' | '\u{FFFF}' => '\u{FFFD}',
            letter if letter.is_control() => '\u{FFFD}',
            letter => letter,
        })
        .collect()
}
