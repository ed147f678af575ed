//! Models than which none is both cheaper and better.

use crate::{
    Better,
    draw::geometry::{Point, Rect},
};

/// The indices of the (cost, score) pairs on the Pareto front, by rising cost.
/// Of equal pairs all are members.
pub(super) fn front(points: &[Point], better: Better) -> Vec<usize> {
    let loss = |index: usize| match better {
        Better::Lower => points[index].1,
        Better::Higher => -points[index].1,
    };
    let dominated = |index: usize| {
        (0..points.len()).any(|other| {
            let (cheaper, as_cheap) = (
                points[other].0 < points[index].0,
                points[other].0 <= points[index].0,
            );
            let (better, as_good) = (loss(other) < loss(index), loss(other) <= loss(index));
            as_cheap && as_good && (cheaper || better)
        })
    };
    let mut front: Vec<usize> = (0..points.len())
        .filter(|index| !dominated(*index))
        .collect();
    front.sort_by(|a, b| points[*a].0.total_cmp(&points[*b].0));
    front
}

/// The corners of the front's line, in pixels: for each cost the best score that
/// it buys, up to the right end of `area`.
pub(super) fn steps(members: impl Iterator<Item = Point>, area: Rect) -> Vec<Point> {
    let mut corners: Vec<Point> = Vec::new();
    for (x, y) in members {
        corners.extend(corners.last().map(|last| (x, last.1)));
        corners.push((x, y));
    }
    corners.extend(corners.last().map(|last| (area.right(), last.1)));
    corners
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_that_is_dearer_and_worse_is_not_on_the_front() {
        let points = [
            (4.0, 0.02),
            (1.0, 0.05),
            (2.0, 0.06),
            (9.0, 0.02),
            (3.0, 0.03),
        ];
        assert_eq!(front(&points, Better::Lower), [1, 4, 0]);
        assert_eq!(front(&points, Better::Higher), [1, 2]);
    }

    #[test]
    fn equal_models_are_on_the_front_together() {
        assert_eq!(front(&[(1.0, 0.5), (1.0, 0.5)], Better::Lower), [0, 1]);
        assert!(front(&[], Better::Lower).is_empty());
    }

    #[test]
    fn the_line_keeps_a_score_until_a_dearer_model_beats_it() {
        let area = Rect::new(0.0, 0.0, 100.0, 100.0);
        let corners = steps([(10.0, 20.0), (30.0, 50.0)].into_iter(), area);
        assert_eq!(
            corners,
            [(10.0, 20.0), (30.0, 20.0), (30.0, 50.0), (100.0, 50.0)]
        );
    }
}
