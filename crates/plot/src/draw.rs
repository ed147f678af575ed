//! Shapes and texts, and how they become SVG and PNG.

pub(crate) mod canvas;
pub(crate) mod colour;
pub(crate) mod fonts;
pub(crate) mod geometry;
pub(crate) mod photo;
pub(crate) mod png;
pub(crate) mod ramp;
pub(crate) mod svg;
pub(crate) mod text;
