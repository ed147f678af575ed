//! Names beside points, where they cover neither each other nor the data.

use crate::draw::{Point, Rect};

/// A point that wants its name beside it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted {
    pub(crate) at: Point,
    /// Width and height of the name.
    pub(crate) size: (f64, f64),
    /// Of the point's mark.
    pub(crate) radius: f64,
}

/// How far names are moved away from their points, at most.
const RINGS: [f64; 7] = [6.0, 14.0, 30.0, 55.0, 85.0, 120.0, 160.0];
/// Directions to try, right first, as in a reader's expectation.
const DIRECTIONS: [(f64, f64); 12] = [
    (1.0, 0.0),
    (1.0, -0.7),
    (1.0, 0.7),
    (-1.0, 0.0),
    (0.0, -1.0),
    (0.0, 1.0),
    (-1.0, -0.7),
    (-1.0, 0.7),
    (0.5, -1.0),
    (0.5, 1.0),
    (-0.5, -1.0),
    (-0.5, 1.0),
];

/// A place for each name within `area`, or none where there is no room.
/// `solid` is never covered; `soft` only if there is no other place nearby.
pub(crate) fn place(
    wanted: &[Wanted],
    area: Rect,
    solid: &[Rect],
    soft: &[Rect],
) -> Vec<Option<Rect>> {
    let mut solid = solid.to_vec();
    let marks = wanted.iter().map(|name| Rect::around(name.at, name.radius));
    solid.extend(marks);
    wanted
        .iter()
        .map(|name| {
            let free = |rect: &Rect, obstacles: &[Rect]| {
                area.contains(rect) && !obstacles.iter().any(|other| other.covers(&rect.grow(3.0)))
            };
            let places = candidates(name).filter(|rect| free(rect, &solid));
            let places: Vec<Rect> = places.collect();
            let nearest = places.iter().find(|rect| free(rect, soft));
            let nearest = nearest.or(places.first()).copied();
            solid.extend(nearest);
            nearest
        })
        .collect()
}

fn candidates(name: &Wanted) -> impl Iterator<Item = Rect> {
    let Wanted { at, size, radius } = *name;
    RINGS.into_iter().flat_map(move |ring| {
        DIRECTIONS.into_iter().map(move |(right, down)| {
            let away = radius + ring;
            // A name to the right begins there, one to the left ends there.
            let x = at.0 + right * away - size.0 * (0.5 - right.clamp(-0.5, 0.5));
            let y = at.1 + down * away - size.1 * (0.5 - down.clamp(-0.5, 0.5));
            Rect::new(x, y, size.0, size.1)
        })
    })
}

/// The end of a line from `name` to its point, if it is so far away that it
/// needs one.
pub(crate) fn leader(name: Rect, point: &Wanted) -> Option<Point> {
    let end = (
        point.at.0.clamp(name.x, name.right()),
        point.at.1.clamp(name.y, name.bottom()),
    );
    let gap = (end.0 - point.at.0).hypot(end.1 - point.at.1);
    (gap > point.radius + 16.0).then_some(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    const AREA: Rect = Rect::new(0.0, 0.0, 800.0, 400.0);

    fn crowd(count: usize) -> Vec<Wanted> {
        (0..count)
            .map(|index| Wanted {
                at: (400.0 + index as f64, 200.0),
                size: (120.0, 20.0),
                radius: 8.0,
            })
            .collect()
    }

    #[test]
    fn names_of_points_in_one_place_lie_apart_and_inside() {
        let wanted = crowd(12);
        let places = place(&wanted, AREA, &[], &[]);
        let places: Vec<Rect> = places.into_iter().map(Option::unwrap).collect();
        for (index, name) in places.iter().enumerate() {
            assert!(AREA.contains(name));
            assert!(places[index + 1..].iter().all(|other| !other.covers(name)));
        }
        assert!(leader(places[0], &wanted[0]).is_none());
        assert!(leader(places[11], &wanted[11]).is_some());
    }

    #[test]
    fn a_name_without_room_has_no_place() {
        let places = place(&crowd(200), AREA, &[], &[]);
        assert!(places.iter().any(Option::is_none));
        let wall = [AREA];
        assert_eq!(place(&crowd(1), AREA, &wall, &[]), [None]);
    }

    #[test]
    fn a_soft_obstacle_is_covered_only_if_need_be() {
        let right = Rect::new(405.0, 0.0, 395.0, 400.0);
        let name = place(&crowd(1), AREA, &[], &[right])[0].unwrap();
        assert!(!name.covers(&right));
        assert!(place(&crowd(1), AREA, &[], &[AREA])[0].is_some());
    }
}
