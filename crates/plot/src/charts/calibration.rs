//! Whether prediction intervals hold what they promise.

use crate::{
    Figure, Interval, MOST_TARGETS, PlotError,
    draw::{
        canvas::Canvas,
        colour::{BLUE, FRAME, INK},
        geometry::{Point, Rect},
    },
    layout::{
        heading::Heading,
        key::{Key, whisker},
        mark::Mark,
        names::panel_names,
        nothing::nothing,
        panel::{Axis, Panel},
        scale::Scale,
        sheet::{Grid, Sheet, first_of},
        span::{Span, drawable},
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
    let targets = &input.targets[..input.targets.len().min(MOST_TARGETS)];
    let curves: Vec<Vec<Point>> = targets
        .iter()
        .map(|target| points(&target.points))
        .collect();
    if curves.iter().all(Vec::is_empty) {
        return nothing(title, "no coverage was measured");
    }
    let intervals = || {
        let points = targets.iter().flat_map(|target| &target.points);
        points.filter_map(|point| Some((drawable(point.nominal)?, point.interval?.drawable()?)))
    };
    // One scale for all panels, so that they can be compared.
    let ends = intervals().flat_map(|(nominal, (low, high))| [nominal, low, high]);
    let values = curves
        .iter()
        .flatten()
        .flat_map(|(x, y)| [*x, *y])
        .chain(ends);
    let span = Span::of(values).unwrap_or(Span::UNIT);
    let span = if span.low >= 0.0 && span.high <= 1.0 {
        span.with(1.0)
    } else {
        span
    };
    let mut facts = input.notes.clone();
    facts.push("below the line: intervals too narrow".to_owned());
    facts.push(first_of(MOST_TARGETS, input.targets.len(), "targets"));
    let mut legend = vec![
        (Key::MarkedLine(Mark::Disc, BLUE), "measured".to_owned()),
        (Key::Line(INK, 3.0), "measured = nominal".to_owned()),
    ];
    if intervals().next().is_some() {
        legend.push((Key::Whisker(FRAME), "confidence interval".to_owned()));
    }
    let heading = Heading {
        title,
        facts,
        legend,
    };
    let grid = Grid::squares(targets.len());
    let names: Vec<String> = targets.iter().map(|target| target.target.clone()).collect();
    let names = panel_names(&names, grid.columns);
    let mut sheet = Sheet::new(targets.len(), grid, &heading)?;
    for (((name, target), curve), cell) in names.iter().zip(targets).zip(curves).zip(&sheet.cells) {
        panel(&mut sheet.canvas, *cell, (name, target), curve, span);
    }
    Ok(sheet.finish())
}

/// The drawable points, by nominal coverage.
fn points(points: &[CoveragePoint]) -> Vec<Point> {
    let mut points: Vec<Point> = points
        .iter()
        .filter_map(|point| Some((drawable(point.nominal)?, drawable(point.measured)?)))
        .collect();
    points.sort_by(|a, b| a.0.total_cmp(&b.0));
    points
}

/// Where the measured coverage is furthest from the nominal one.
fn largest_gap(curve: &[Point]) -> String {
    let gap = |point: &&Point| (point.1 - point.0).abs();
    let furthest = curve.iter().max_by(|a, b| gap(a).total_cmp(&gap(b)));
    match furthest {
        Some((nominal, measured)) => {
            let gap = signed(measured - nominal);
            format!("largest gap {gap} at {}", compact(*nominal))
        }
        None => "not measured".to_owned(),
    }
}

fn panel(
    canvas: &mut Canvas,
    cell: Rect,
    (name, target): (&str, &TargetCoverage),
    curve: Vec<Point>,
    span: Span,
) {
    let scale = Scale::Linear(span.widen(0.04));
    let axes = Panel {
        title: name,
        subtitle: &largest_gap(&curve),
        square: true,
        ..Panel::new(
            cell,
            Axis::new(scale, "nominal coverage"),
            Axis::new(scale, "measured coverage"),
        )
    }
    .draw(canvas);
    let area = axes.area;
    canvas.line(
        (area.x, area.bottom()),
        (area.right(), area.y),
        2.0,
        INK.fade(0.8),
    );
    for point in &target.points {
        let interval = point.interval.and_then(Interval::drawable);
        if let (Some(nominal), Some((low, high))) = (drawable(point.nominal), interval) {
            let ends = (axes.y(high), axes.y(low));
            whisker(canvas, axes.x(nominal), ends, FRAME);
        }
    }
    let curve: Vec<Point> = curve.into_iter().map(|(x, y)| axes.at(x, y)).collect();
    canvas.path(curve.clone(), 3.0, BLUE);
    for at in curve {
        Mark::Disc.draw_rimmed(canvas, at, 7.0, BLUE);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{NASTY, assert_legible, assert_nothing_to_show, names, pixels_of, texts};

    fn input(targets: usize, nominal: &[f64]) -> Calibration {
        let point = |nominal: &f64| CoveragePoint {
            nominal: *nominal,
            measured: nominal * 0.97,
            interval: Some(Interval {
                low: nominal * 0.95,
                high: nominal * 0.99,
            }),
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
            let figure = calibration(&input(targets, &[0.5, 0.8, 0.9, 0.95])).unwrap();
            assert_legible(&figure);
            assert!(pixels_of(&figure, BLUE.rgb) > 500 * targets.min(24));
        }
    }

    #[test]
    fn coverages_of_any_kind_are_legible() {
        assert_legible(&calibration(&input(1, &[0.9])).unwrap());
        assert_legible(&calibration(&input(2, &[0.0, 1.0, 1.0])).unwrap());
        assert_legible(&calibration(&input(3, &NASTY)).unwrap());
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
