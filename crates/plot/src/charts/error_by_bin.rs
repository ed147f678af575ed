//! How large errors are where labels are small or large.

use crate::{
    Figure, Interval, LabelRange, MOST_TARGETS, PlotError,
    draw::{
        Align, Canvas, Rect,
        colour::{INK, SKY},
    },
    layout::{
        Axes, Axis, Grid, Heading, Key, Panel, Span, ZERO_NOTE, ZeroApart, drawable, first,
        style::QUIET_NOTE, whisker,
    },
    number::{count, counted},
};

/// What [`error_by_bin`] draws.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ErrorByBin {
    /// The split part, such as "test".
    pub split: String,
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

/// The errors of the images whose labels fall into one bin.
#[derive(Debug, Clone, PartialEq)]
pub struct ErrorBin {
    /// The labels that fall into the bin.
    pub labels: LabelRange,
    /// How many images.
    pub count: u64,
    /// Their mean squared error; none where there is no image.
    pub error: Option<f64>,
    /// Its confidence interval.
    pub interval: Option<Interval>,
}

/// Panels have one scale if their highest bars differ by less than this factor.
const ALIKE: f64 = 20.0;

/// A panel per target with a bar per bin of labels: the MSE of its images, their
/// number, and the MSE's confidence interval where given. The labels that are
/// exactly 0 stand apart.
///
/// # Errors
/// [`PlotError::Draw`].
pub fn error_by_bin(input: &ErrorByBin) -> Result<Figure, PlotError> {
    let heading = Heading::new(format!("MSE by label, {} split", input.split));
    let targets = first(MOST_TARGETS, &input.targets);
    let bins = || targets.iter().flat_map(|target| &target.bins);
    if bins().all(|bin| bin.error.and_then(drawable).is_none()) {
        return heading.nothing("there are no predictions");
    }
    // One scale for all panels, so that they can be compared, unless the bars of
    // some would not be seen.
    let tops: Vec<f64> = targets.iter().map(TargetErrors::top).collect();
    let highest = tops.iter().copied().fold(0.0, f64::max);
    let shared = tops.iter().all(|top| *top == 0.0 || *top > highest / ALIKE);
    let panels = targets.iter().zip(tops).map(|(target, top)| {
        let ranges: Vec<LabelRange> = target.bins.iter().map(|bin| bin.labels).collect();
        let apart = ZeroApart::of(&ranges);
        let top = if shared { highest } else { top };
        // Room for the numbers above the highest bar.
        let y = Span::new(0.0, if top > 0.0 { top * 1.25 } else { 1.0 });
        let images: u64 = target.bins.iter().map(|bin| bin.count).sum();
        let panel = Panel::new(apart.axis("label"), Axis::linear(y, "MSE"));
        let images = counted(images as usize, "image");
        (panel.titled(&target.target, images), (target, apart))
    });
    let intervals = bins().any(|bin| bin.interval.is_some());
    heading
        .fact("above each bar: number of images")
        .fact(ZERO_NOTE)
        .first_of(MOST_TARGETS, input.targets.len(), "targets")
        .key(Key::Filled(SKY), "MSE of the images in a bin")
        .key_if(intervals, Key::Whisker(INK), "confidence interval")
        .facets(
            Grid::wide(targets.len()),
            panels.collect(),
            |canvas, axes, (target, apart)| {
                apart.draw(canvas, axes);
                for bin in &target.bins {
                    if let Some((low, high)) = apart.ends(&bin.labels) {
                        bin.draw(canvas, axes, (axes.x(low) + 2.0, axes.x(high) - 2.0));
                    }
                }
            },
        )
}

impl TargetErrors {
    /// The highest error or end of an interval.
    fn top(&self) -> f64 {
        let tops = self.bins.iter().flat_map(|bin| {
            let interval = bin.interval.and_then(Interval::drawable);
            let high = interval.map(|(_, high)| high);
            high.into_iter().chain(bin.error.and_then(drawable))
        });
        tops.fold(0.0, f64::max)
    }
}

impl ErrorBin {
    /// Draws the bar between two columns, and the number of images.
    fn draw(&self, canvas: &mut Canvas, axes: &Axes, (left, right): (f64, f64)) {
        let middle = (left + right) / 2.0;
        let foot = axes.y(0.0);
        let mut top = foot;
        if let Some(error) = self.error.and_then(drawable) {
            top = axes.y_within(error);
            canvas.fill(Rect::new(left, top, right - left, foot - top), SKY);
        }
        if let Some((low, high)) = self.interval.and_then(Interval::drawable) {
            let (high, low) = (axes.y_within(high), axes.y_within(low));
            whisker(canvas, (middle, high), (middle, low), INK);
            top = top.min(high);
        }
        let text = count(self.count);
        let width = canvas.text_width(&text, QUIET_NOTE);
        // The zeros have room beside their bar.
        let beside = match self.labels {
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
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Pairs, Predicted,
        layout::label_bins::{bin_of, label_bins},
        testing::*,
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
        let Predicted { split, targets } = predicted(targets, rows, label);
        ErrorByBin {
            split,
            targets: targets.into_iter().map(target).collect(),
        }
    }

    #[test]
    fn every_number_of_targets_is_legible() {
        for targets in [1, 2, 3, 10, 30] {
            let figure = assert_legible(error_by_bin(&input(targets, 5000, score)));
            assert!(pixels_of(&figure, SKY.rgb) > 3_000 * targets.min(24));
        }
    }

    #[test]
    fn intervals_and_bins_of_any_kind_are_legible() {
        for scale in [1e-12, 360.0, 1e60] {
            let mut input = input(2, 20, |row, _| scale * (row as f64 - 3.0));
            for (index, bin) in input.targets[0].bins.iter_mut().enumerate() {
                let size = scale * scale * index as f64;
                bin.interval = interval(size, size * 3.0);
                bin.count *= 1_000_000;
            }
            input.targets[1].bins[0].labels = LabelRange::Between(f64::NAN, 1.0);
            input.targets[1].bins[1].error = Some(f64::INFINITY);
            let figure = assert_legible(error_by_bin(&input));
            assert!(texts(&figure).contains(&"confidence interval"));
        }
    }

    #[test]
    fn without_predictions_there_is_nothing_to_show() {
        assert_nothing_to_show(error_by_bin(&ErrorByBin::default()));
        assert_nothing_to_show(error_by_bin(&input(2, 0, score)));
    }
}
