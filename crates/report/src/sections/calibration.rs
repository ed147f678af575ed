//! Intervals around single predictions.

use super::Context;
use crate::analysis::{CoverageLevel, Measured};
use crate::document::{Cell, Section, Table, Text};
use crate::format::{counted, percent, sample_size, whole_percent};

pub(super) fn blocks<'a>(context: &Context<'a>, section: &mut Section<'a>) {
    section.heading("Calibration");
    let Some(calibration) = &context.analysis.calibration else {
        section.say(
            "A prediction interval is fitted to validation predictions, and there are none of \
             this run.",
        );
        return;
    };
    let wanted = context.analysis.settings.coverage;
    let fitted = counted(
        calibration.fitted_to,
        "validation image",
        "validation images",
    );
    let mut text = format!(
        "A split-conformal interval of one width per target, prediction ± the {} quantile of the \
         absolute errors on {fitted}, should hold the label with a probability of {} on average \
         over images.",
        whole_percent(wanted),
        whole_percent(wanted),
    );
    text += &match calibration.measured_on {
        Some(images) => format!(
            " How often it does was measured on {}, which it was not fitted to.",
            counted(images, "test image", "test images")
        ),
        None => " There are no test predictions on which to measure how often it does.".to_owned(),
    };
    section.say(text);
    let caption = context.focus_source().unwrap_or_default();
    let caption = caption.plain(format!(
        " In brackets: {} intervals of the share (Wilson).",
        context.confidence()
    ));
    let title = format!("{} interval: ±", whole_percent(wanted));
    let mut table = Table::new("calibration", caption)
        .text("target")
        .number(title)
        .hint("Half the width; – where the validation images are too few for this coverage")
        .number("mean width");
    if context.input.data.label_range.is_some() {
        table = table.hint("Cut off at the ends of the label range");
    }
    table = table.number("labels inside");
    let mut levels = calibration.targets.iter().flat_map(|target| &target.levels);
    let has_zeros = levels.any(|level| level.zero.is_some());
    if has_zeros {
        table = table
            .number("where the label is 0")
            .number("where it is not");
    }
    for (target, name) in context.targets.iter().enumerate() {
        let levels = &calibration.targets[target].levels;
        let Some(level) = levels.iter().find(|level| level.nominal == wanted) else {
            continue;
        };
        table.row(row(context, name, level, has_zeros));
    }
    section.table(table);
    section.figure(
        context.figure("calibration"),
        Text::from(
            "Measured against promised coverage. Below the line the intervals are too narrow. ",
        )
        .then(context.focus_source().unwrap_or_default()),
    );
}

fn row(context: &Context, name: &str, level: &CoverageLevel, has_zeros: bool) -> Vec<Cell> {
    let error = |value: f64| context.error(value);
    let measured = |measured: &Option<Measured>| match measured {
        Some(measured) => {
            let cell = Cell::number(measured.coverage, percent(measured.coverage));
            let ends = measured.interval.map_or(String::new(), |[low, high]| {
                format!("[{}, {}], ", percent(low), percent(high))
            });
            cell.detail(format!("{ends}{}", sample_size(measured.count as usize)))
        }
        None => Cell::none(),
    };
    let mut cells = vec![
        Cell::text(name),
        Cell::of(level.radius, error),
        Cell::of(level.all.and_then(|all| all.mean_width), error),
        measured(&level.all),
    ];
    if has_zeros {
        cells.extend([measured(&level.zero), measured(&level.nonzero)]);
    }
    cells
}
