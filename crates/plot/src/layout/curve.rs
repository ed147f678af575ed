//! One curve over epochs, with gaps where there is no value.

use super::{axes::Axes, span::drawable};
use crate::draw::{canvas::Canvas, colour::Colour, geometry::Point};

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
    let mut pieces = vec![Vec::new()];
    for (index, value) in values.iter().enumerate() {
        match drawable(*value) {
            Some(value) => {
                let point = (axes.x(index as f64 + 1.0), axes.y_within(value));
                if let Some(piece) = pieces.last_mut() {
                    piece.push(point);
                }
            }
            None => pieces.push(Vec::new()),
        }
    }
    pieces.retain(|piece| !piece.is_empty());
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        draw::geometry::Rect,
        layout::{scale::Scale, span::Span},
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
