//! What figures are put together from: headings, panels, axes, marks.

pub(crate) mod axes;
pub(crate) mod bins;
pub(crate) mod card;
pub(crate) mod curve;
pub(crate) mod density;
pub(crate) mod heading;
pub(crate) mod key;
pub(crate) mod label_bins;
pub(crate) mod mark;
pub(crate) mod names;
pub(crate) mod nothing;
pub(crate) mod palette;
pub(crate) mod panel;
mod panel_layout;
pub(crate) mod place;
pub(crate) mod rows;
pub(crate) mod scale;
pub(crate) mod score_axis;
pub(crate) mod sheet;
pub(crate) mod span;
pub(crate) mod style;
pub(crate) mod tick;
pub(crate) mod zero_apart;
