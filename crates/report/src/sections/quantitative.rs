//! The numbers.

use super::{Context, calibration, comparison, cost, errors};
use crate::document::Section;

pub(super) fn section<'a>(context: &Context<'a>) -> Section<'a> {
    let mut section = Section::new("quantitative", "Quantitative results");
    errors::blocks(context, &mut section);
    comparison::blocks(context, &mut section);
    cost::blocks(context, &mut section);
    calibration::blocks(context, &mut section);
    section
}
