//! One curve over epochs, with gaps where there is no value.

use super::{Axes, drawable};
use crate::draw::{Canvas, Colour, Point};

/// Draws `values` of epochs 1, 2, …; a value beyond an end of the axis is drawn
/// there.
pub(crate) fn curve(canvas: &mut Canvas, axes: &Axes, values: &[f64], width: f64, colour: Colour) {
    for points in pieces(axes, values) {
        if let [point] = points[..] {
            canvas.disc(point, width.max(2.0) + 1.0, colour);
        } else {
            canvas.path(points, width, colour);
        }
    }
}

/// The pixels of values without a gap between them.
fn pieces(axes: &Axes, values: &[f64]) -> Vec<Vec<Point>> {
    let values = values.iter().enumerate();
    let points: Vec<Option<Point>> = values
        .map(|(index, value)| {
            let value = drawable(*value)?;
            Some((axes.x(index as f64 + 1.0), axes.y_within(value)))
        })
        .collect();
    let pieces = points.split(Option::is_none);
    let pieces = pieces.map(|piece| piece.iter().copied().flatten().collect());
    pieces.filter(|piece: &Vec<_>| !piece.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        draw::Rect,
        layout::{Scale, Span},
    };

    #[test]
    fn an_epoch_without_a_value_leaves_a_gap() {
        let axes = Axes {
            area: Rect::new(0.0, 0.0, 100.0, 100.0),
            slot: Rect::new(0.0, 100.0, 100.0, 0.0),
            x: Scale::Whole(Span::new(0.0, 10.0)),
            y: Scale::Linear(Span::UNIT),
        };
        let values = [f64::NAN, 0.5, 9.0, f64::INFINITY, 0.25];
        let pieces = pieces(&axes, &values);
        assert_eq!(
            pieces,
            [vec![(20.0, 50.0), (30.0, 0.0)], vec![(50.0, 75.0)]]
        );
    }
}
