//! Whether prediction intervals hold what they promise.

use crate::{
    Figure, Interval, MOST_TARGETS, PlotError,
    draw::{
        Canvas, Point,
        colour::{BLUE, FRAME, INK},
    },
    layout::{
        Axes, Axis, Grid, Heading, Key, Mark, Panel, Span, drawable, first, panel_names, whisker,
    },
    number::{compact, signed},
};

/// What [`calibration`] draws.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Calibration {
    /// The split part that the coverage was measured on, such as "test".
    pub split: String,
    /// Short statements below the title, such as what the intervals were fitted
    /// to.
    pub notes: Vec<String>,
    /// A panel for each.
    pub targets: Vec<TargetCoverage>,
}

/// The coverage of one target's intervals.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TargetCoverage {
    /// The target's name.
    pub target: String,
    /// In any order.
    pub points: Vec<CoveragePoint>,
}

/// The intervals of one nominal coverage.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct CoveragePoint {
    /// The share of labels that the intervals are to contain, in [0, 1].
    pub nominal: f64,
    /// The share that they do contain.
    pub measured: f64,
    /// The confidence interval of `measured`.
    pub interval: Option<Interval>,
}

/// A panel per target with the measured coverage of intervals over the nominal
/// one. Below the line of equality the intervals are too narrow.
///
/// # Errors
/// [`PlotError::Draw`].
pub fn calibration(input: &Calibration) -> Result<Figure, PlotError> {
    let title = format!("Coverage of prediction intervals, {} split", input.split);
    let heading = Heading::new(title);
    let targets = first(MOST_TARGETS, &input.targets);
    let curves: Vec<Curve> = targets.iter().map(|t| Curve::of(&t.points)).collect();
    if curves.iter().all(|curve| curve.measured.is_empty()) {
        return heading.nothing("no coverage was measured");
    }
    // One scale for all panels, so that they can be compared.
    let span = Span::of(curves.iter().flat_map(Curve::values)).unwrap_or(Span::UNIT);
    let span = if span.low >= 0.0 && span.high <= 1.0 {
        span.with(1.0)
    } else {
        span
    };
    let intervals = curves.iter().any(|curve| !curve.intervals.is_empty());
    let grid = Grid::squares(targets.len());
    let names: Vec<String> = targets.iter().map(|target| target.target.clone()).collect();
    let names = panel_names(&names, grid.columns).into_iter();
    let axis = |title| Axis::linear(span.widen(0.04), title);
    let panels = names.zip(curves).map(|(name, curve)| {
        let panel = Panel {
            square: true,
            ..Panel::new(axis("nominal coverage"), axis("measured coverage"))
        };
        (panel.titled(name, curve.largest_gap()), curve)
    });
    heading
        .facts(input.notes.clone())
        .fact("below the line: intervals too narrow")
        .first_of(MOST_TARGETS, input.targets.len(), "targets")
        .key(Key::MarkedLine(Mark::Disc, BLUE), "measured")
        .key(Key::Line(INK, 3.0), "measured = nominal")
        .key_if(intervals, Key::Whisker(FRAME), "confidence interval")
        .facets(grid, panels.collect(), |canvas, axes, curve| {
            curve.draw(canvas, axes);
        })
}

/// What can be drawn of a target.
struct Curve {
    /// Nominal and measured coverage, by the nominal one.
    measured: Vec<Point>,
    /// The nominal coverage, and the ends of the interval.
    intervals: Vec<(f64, (f64, f64))>,
}

impl Curve {
    fn of(points: &[CoveragePoint]) -> Self {
        let measured = |p: &CoveragePoint| Some((drawable(p.nominal)?, drawable(p.measured)?));
        let interval = |p: &CoveragePoint| Some((drawable(p.nominal)?, p.interval?.drawable()?));
        let mut measured: Vec<Point> = points.iter().filter_map(measured).collect();
        measured.sort_by(|a, b| a.0.total_cmp(&b.0));
        Self {
            measured,
            intervals: points.iter().filter_map(interval).collect(),
        }
    }

    fn values(&self) -> impl Iterator<Item = f64> {
        let measured = self.measured.iter().flat_map(|(x, y)| [*x, *y]);
        let intervals = self.intervals.iter();
        measured.chain(intervals.flat_map(|(x, (low, high))| [*x, *low, *high]))
    }

    /// Where the measured coverage is furthest from the nominal one.
    fn largest_gap(&self) -> String {
        let gap = |point: &&Point| (point.1 - point.0).abs();
        let furthest = self
            .measured
            .iter()
            .max_by(|a, b| gap(a).total_cmp(&gap(b)));
        let Some((nominal, measured)) = furthest else {
            return "not measured".to_owned();
        };
        let gap = signed(measured - nominal);
        format!("largest gap {gap} at {}", compact(*nominal))
    }

    fn draw(&self, canvas: &mut Canvas, axes: &Axes) {
        axes.draw_diagonal(canvas);
        for (nominal, (low, high)) in &self.intervals {
            let (top, bottom) = (axes.at(*nominal, *high), axes.at(*nominal, *low));
            whisker(canvas, top, bottom, FRAME);
        }
        let curve: Vec<Point> = self.measured.iter().map(|(x, y)| axes.at(*x, *y)).collect();
        canvas.path(curve.clone(), 3.0, BLUE);
        for at in curve {
            Mark::Disc.draw_rimmed(canvas, at, 7.0, BLUE);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::*;

    fn input(targets: usize, nominal: &[f64]) -> Calibration {
        let point = |nominal: &f64| CoveragePoint {
            nominal: *nominal,
            measured: nominal * 0.97,
            interval: interval(nominal * 0.95, nominal * 0.99),
        };
        let target = |target| TargetCoverage {
            target,
            points: nominal.iter().map(point).collect(),
        };
        Calibration {
            split: "test".to_owned(),
            notes: vec!["fitted to the valid split".to_owned()],
            targets: names(targets).into_iter().map(target).collect(),
        }
    }

    #[test]
    fn every_number_of_targets_is_legible() {
        for targets in [1, 2, 3, 4, 10, 30] {
            let figure = assert_legible(calibration(&input(targets, &[0.5, 0.8, 0.9, 0.95])));
            assert!(pixels_of(&figure, BLUE.rgb) > 500 * targets.min(24));
        }
    }

    #[test]
    fn coverages_of_any_kind_are_legible() {
        assert_legible(calibration(&input(1, &[0.9])));
        assert_legible(calibration(&input(2, &[0.0, 1.0, 1.0])));
        assert_legible(calibration(&input(3, &NASTY)));
        let mut one = input(2, &[0.9]);
        one.targets[0].points.clear();
        let figure = calibration(&one).unwrap();
        assert!(texts(&figure).contains(&"not measured"));
    }

    #[test]
    fn without_coverage_there_is_nothing_to_show() {
        assert_nothing_to_show(calibration(&Calibration::default()));
        assert_nothing_to_show(calibration(&input(2, &[f64::NAN])));
    }
}
