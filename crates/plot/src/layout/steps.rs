//! A line that keeps its height up to the next point.

use crate::draw::Point;

/// The corners of steps through `points`, from left to right, and on up to the
/// column `end`.
pub(crate) fn steps(points: impl IntoIterator<Item = Point>, end: f64) -> Vec<Point> {
    let mut corners: Vec<Point> = Vec::new();
    for (x, y) in points {
        corners.extend(corners.last().map(|last| (x, last.1)));
        corners.push((x, y));
    }
    corners.extend(corners.last().map(|last| (end, last.1)));
    corners
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_keeps_its_height_up_to_the_next_point_and_to_the_end() {
        let corners = steps([(10.0, 20.0), (30.0, 50.0)], 100.0);
        assert_eq!(
            corners,
            [(10.0, 20.0), (30.0, 20.0), (30.0, 50.0), (100.0, 50.0)]
        );
    }
}
