//! How wide figures are, and how their texts look. At half its size, as a figure
//! is shown, the smallest text is 10 CSS pixels large.

use crate::draw::{
    Colour, Style,
    colour::{BLUE, INK, LIGHT_ORANGE, MUTED},
};

/// The width of every figure: texts have one size in all of a report.
pub(crate) const WIDTH: f64 = 1520.0;
pub(crate) const MARGIN: f64 = 32.0;
/// What there is between the margins.
pub(crate) const INSIDE: f64 = WIDTH - 2.0 * MARGIN;

/// The colours of labels and predictions.
pub(crate) const LABELS: Colour = LIGHT_ORANGE;
pub(crate) const PREDICTIONS: Colour = BLUE;

/// Of the figure.
pub(crate) const TITLE: Style = Style::bold(34.0, INK);
/// Below the title.
pub(crate) const FACTS: Style = Style::regular(24.0, MUTED);
pub(crate) const LEGEND: Style = Style::regular(23.0, INK);
/// Above a panel.
pub(crate) const PANEL: Style = Style::bold(25.0, INK);
/// Below a panel's title.
pub(crate) const SUBTITLE: Style = Style::regular(22.0, MUTED);
pub(crate) const AXIS: Style = Style::regular(22.0, INK);
pub(crate) const TICK: Style = Style::regular(21.0, INK);
/// Beside the data.
pub(crate) const NOTE: Style = Style::regular(20.0, INK);
pub(crate) const QUIET_NOTE: Style = Style::regular(20.0, MUTED);
