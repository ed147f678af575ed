//! How large errors are where labels are small or large.

use super::error_bin::{ErrorBin, ErrorMeasure};
use crate::{
    Figure, Interval, LabelRange, MOST_TARGETS, PlotError,
    draw::{
        canvas::Canvas,
        colour::{INK, SKY},
        geometry::Rect,
        text::Align,
    },
    layout::{
        axes::Axes,
        heading::Heading,
        key::{Key, whisker},
        nothing::nothing,
        panel::{Axis, Panel},
        scale::Scale,
        sheet::{Grid, Sheet, counted, first_of},
        span::{Span, drawable},
        style::QUIET_NOTE,
        zero_apart::{ZERO_NOTE, ZeroApart},
    },
    number::count,
};

/// What [`error_by_bin`] draws.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ErrorByBin {
    /// The split part, such as "test".
    pub split: String,
    /// What the errors of the bins are.
    pub measure: ErrorMeasure,
    /// A panel for each.
    pub targets: Vec<TargetErrors>,
}

/// The errors of one target.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TargetErrors {
    /// The target's name.
    pub target: String,
    /// Side by side.
    pub bins: Vec<ErrorBin>,
}

/// Panels have one scale if their highest bars differ by less than this factor.
const ALIKE: f64 = 20.0;

/// A panel per target with a bar per bin of labels: the error of its images,
/// their number, and the error's confidence interval where given. The labels
/// that are exactly 0 stand apart.
///
/// # Errors
/// [`PlotError::Draw`].
pub fn error_by_bin(input: &ErrorByBin) -> Result<Figure, PlotError> {
    let measure = match input.measure {
        ErrorMeasure::Mse => "MSE",
        ErrorMeasure::Mae => "MAE",
    };
    let title = format!("{measure} by label, {} split", input.split);
    let targets = &input.targets[..input.targets.len().min(MOST_TARGETS)];
    let bins = || targets.iter().flat_map(|target| &target.bins);
    if bins().all(|bin| bin.error.and_then(drawable).is_none()) {
        return nothing(title, "there are no predictions");
    }
    let tops: Vec<f64> = targets.iter().map(|target| top(&target.bins)).collect();
    // One scale for all panels, so that they can be compared, unless the bars of
    // some would not be seen.
    let highest = tops.iter().copied().fold(0.0, f64::max);
    let shared = tops.iter().all(|top| *top == 0.0 || *top > highest / ALIKE);
    let mut legend = vec![(
        Key::Filled(SKY),
        format!("{measure} of the images in a bin"),
    )];
    if bins().any(|bin| bin.interval.is_some()) {
        legend.push((Key::Whisker(INK), "confidence interval".to_owned()));
    }
    let heading = Heading {
        title,
        facts: vec![
            "above each bar: number of images".to_owned(),
            ZERO_NOTE.to_owned(),
            first_of(MOST_TARGETS, input.targets.len(), "targets"),
        ],
        legend,
    };
    let mut sheet = Sheet::new(targets.len(), Grid::wide(targets.len()), &heading)?;
    for ((target, cell), top) in targets.iter().zip(&sheet.cells).zip(tops) {
        let top = if shared { highest } else { top };
        panel(&mut sheet.canvas, *cell, target, measure, top);
    }
    Ok(sheet.finish())
}

/// The highest error or end of an interval.
fn top(bins: &[ErrorBin]) -> f64 {
    let tops = bins.iter().flat_map(|bin| {
        let interval = bin.interval.and_then(Interval::drawable);
        let high = interval.map(|(_, high)| high);
        high.into_iter().chain(bin.error.and_then(drawable))
    });
    tops.fold(0.0, f64::max)
}

fn panel(canvas: &mut Canvas, cell: Rect, target: &TargetErrors, measure: &str, top: f64) {
    let ranges: Vec<LabelRange> = target.bins.iter().map(|bin| bin.labels).collect();
    let apart = ZeroApart::of(&ranges);
    let x = apart.map_or(Axis::new(Scale::Linear(Span::UNIT), "label"), |apart| {
        apart.axis("label")
    });
    // Room for the numbers above the highest bar.
    let y = Span::new(0.0, if top > 0.0 { top * 1.25 } else { 1.0 });
    let images: u64 = target.bins.iter().map(|bin| bin.count).sum();
    let axes = Panel {
        title: &target.target,
        subtitle: &counted(images as usize, "image"),
        ..Panel::new(cell, x, Axis::new(Scale::Linear(y), measure))
    }
    .draw(canvas);
    let Some(apart) = apart else {
        return;
    };
    apart.draw(canvas, &axes);
    for bin in &target.bins {
        bar(canvas, &axes, apart, bin);
    }
}

fn bar(canvas: &mut Canvas, axes: &Axes, apart: ZeroApart, bin: &ErrorBin) {
    let Some((low, high)) = apart.ends(&bin.labels) else {
        return;
    };
    let (left, right) = (axes.x(low) + 2.0, axes.x(high) - 2.0);
    let middle = (left + right) / 2.0;
    let foot = axes.y(0.0);
    let mut top = foot;
    if let Some(error) = bin.error.and_then(drawable) {
        top = axes.y_within(error);
        canvas.fill(Rect::new(left, top, right - left, foot - top), SKY);
    }
    if let Some((low, high)) = bin.interval.and_then(Interval::drawable) {
        let ends = (axes.y_within(high), axes.y_within(low));
        whisker(canvas, middle, ends, INK);
        top = top.min(ends.0);
    }
    let text = count(bin.count);
    let width = canvas.text_width(&text, QUIET_NOTE);
    // The zeros have room beside their bar.
    let beside = match bin.labels {
        LabelRange::Zero => 0.6 * (right - left),
        LabelRange::Between(..) => 2.0,
    };
    if width < right - left + beside {
        canvas.text(&text, (middle, top - 8.0), Align::Middle, QUIET_NOTE);
    } else if right - left > QUIET_NOTE.size && top - 12.0 - width > axes.area.y {
        let at = (middle + QUIET_NOTE.drop(), top - 8.0);
        canvas.text_upwards(&text, at, Align::Left, QUIET_NOTE);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Pairs,
        layout::label_bins::{bin_of, label_bins},
        testing::{assert_legible, assert_nothing_to_show, names, pairs, pixels_of, score, texts},
    };

    fn bins(pairs: &Pairs) -> Vec<ErrorBin> {
        let ranges = label_bins(pairs.labels.iter().copied());
        let errors = |index: usize| -> Vec<f64> {
            let rows = pairs.labels.iter().zip(&pairs.predictions);
            let rows = rows.filter(|(label, _)| bin_of(&ranges, **label) == Some(index));
            rows.map(|(label, prediction)| (prediction - label).powi(2))
                .collect()
        };
        let bin = |(index, labels): (usize, &LabelRange)| {
            let errors = errors(index);
            let mean = errors.iter().sum::<f64>() / errors.len() as f64;
            ErrorBin {
                labels: *labels,
                count: errors.len() as u64,
                error: (!errors.is_empty()).then_some(mean),
                interval: None,
            }
        };
        ranges.iter().enumerate().map(bin).collect()
    }

    fn input(targets: usize, rows: usize, label: impl Fn(usize, usize) -> f64) -> ErrorByBin {
        let target = |pairs: Pairs| TargetErrors {
            bins: bins(&pairs),
            target: pairs.target,
        };
        ErrorByBin {
            split: "test".to_owned(),
            measure: ErrorMeasure::Mse,
            targets: pairs(&names(targets), rows, label)
                .into_iter()
                .map(target)
                .collect(),
        }
    }

    #[test]
    fn every_number_of_targets_is_legible() {
        for targets in [1, 2, 3, 10, 30] {
            let figure = error_by_bin(&input(targets, 5000, score)).unwrap();
            assert_legible(&figure);
            assert!(pixels_of(&figure, SKY.rgb) > 3_000 * targets.min(24));
        }
    }

    #[test]
    fn intervals_and_bins_of_any_kind_are_legible() {
        for scale in [1e-12, 360.0, 1e60] {
            let mut input = input(2, 20, |row, _| scale * (row as f64 - 3.0));
            for (index, bin) in input.targets[0].bins.iter_mut().enumerate() {
                let size = scale * scale * index as f64;
                let (low, high) = (size, size * 3.0);
                bin.interval = Some(Interval { low, high });
                bin.count *= 1_000_000;
            }
            input.targets[1].bins[0].labels = LabelRange::Between(f64::NAN, 1.0);
            input.targets[1].bins[1].error = Some(f64::INFINITY);
            let figure = error_by_bin(&input).unwrap();
            assert_legible(&figure);
            assert!(texts(&figure).contains(&"confidence interval"));
        }
    }

    #[test]
    fn without_predictions_there_is_nothing_to_show() {
        assert_nothing_to_show(error_by_bin(&ErrorByBin::default()));
        assert_nothing_to_show(error_by_bin(&input(2, 0, score)));
    }
}
