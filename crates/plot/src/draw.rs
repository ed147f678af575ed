//! Shapes and texts, and how they become SVG and PNG.

pub(crate) mod canvas;
pub(crate) mod colour;
mod fonts;
mod geometry;
pub(crate) mod photo;
pub(crate) mod png;
pub(crate) mod ramp;
pub(crate) mod svg;
pub(crate) mod text;

pub(crate) use canvas::Canvas;
pub(crate) use colour::Colour;
pub(crate) use fonts::Style;
pub(crate) use geometry::{Point, Rect};
pub(crate) use text::Align;
