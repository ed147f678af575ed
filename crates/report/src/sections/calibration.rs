//! Intervals around single predictions.

use super::Context;
use crate::analysis::Measured;
use crate::document::{Cell, Section, Table, Text};
use crate::format::{counted, percent, sample_size, whole_percent};

pub(super) fn write<'a>(context: &Context<'a>, section: &mut Section<'a>) {
    section.heading("Calibration");
    let Some(calibration) = &context.analysis.calibration else {
        section.say(
            "A prediction interval is fitted to validation predictions, and there are none of \
             this run.",
        );
        return;
    };
    let coverage = context.analysis.settings.coverage;
    let wanted = whole_percent(coverage);
    let fitted = counted(
        calibration.fitted_to,
        "validation image",
        "validation images",
    );
    let measured = match calibration.measured_on {
        Some(images) => format!(
            "How often it does was measured on {}, which it was not fitted to.",
            counted(images, "test image", "test images")
        ),
        None => "There are no test predictions on which to measure how often it does.".to_owned(),
    };
    section.say(format!(
        "A split-conformal interval of one width per target, prediction ± the {wanted} quantile \
         of the absolute errors on {fitted}, should hold the label with a probability of {wanted} \
         on average over images. {measured}"
    ));
    let caption = context.focus_source().plain(format!(
        " In brackets: {} intervals of the share (Wilson).",
        context.confidence()
    ));
    let mut levels = calibration.targets.iter().flat_map(|target| &target.levels);
    let has_zeros = levels.any(|level| level.zero.is_some());
    let rows = context.targets.iter().zip(&calibration.targets);
    let rows = rows.filter_map(|(name, target)| Some((name, target.level(coverage)?)));
    let error = |value: f64| context.error(value);
    let table = Table::of("calibration", caption, rows)
        .text("target", |(name, _)| name.as_str())
        .number(format!("{wanted} interval: ±"), |(_, level)| {
            Cell::of(level.radius, error)
        })
        .hint("Half the width; – where the validation images are too few for this coverage")
        .number("mean width", |(_, level)| {
            Cell::of(level.all.and_then(|all| all.mean_width), error)
        })
        .when(context.input.data.label_range.is_some(), |table| {
            table.hint("Cut off at the ends of the label range")
        })
        .number("labels inside", |(_, level)| level.all.map(inside))
        .when(has_zeros, |table| {
            table
                .number("where the label is 0", |(_, level)| level.zero.map(inside))
                .number("where it is not", |(_, level)| level.nonzero.map(inside))
        });
    section.table(table);
    let promise =
        "Measured against promised coverage. Below the line the intervals are too narrow. ";
    let caption = Text::from(promise).then(context.focus_source());
    section.figure(context.figure("calibration"), caption);
}

/// The share of labels inside their intervals.
fn inside(measured: Measured) -> Cell {
    let ends = measured.interval.map_or_else(String::new, |ends| {
        let [low, high] = ends.map(percent);
        format!("[{low}, {high}], ")
    });
    let labels = sample_size(measured.count as usize);
    Cell::of(measured.coverage, percent).detail(format!("{ends}{labels}"))
}
