//! How texts look. At half its size, as a figure is shown, the smallest is 10
//! CSS pixels large.

use crate::draw::{
    Style,
    colour::{INK, MUTED},
};

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
