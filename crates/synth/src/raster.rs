//! A z-buffered rasteriser.

use crate::camera::View;
use crate::math::{Vec3, vec3};
use crate::mesh::{Mesh, Triangle};

/// Nothing nearer to the eye than this (in metres) is drawn.
const NEAR: f32 = 0.04;

/// In [`Samples::triangle`]: no triangle covers the sample.
pub(crate) const NONE: u32 = u32::MAX;

/// The nearest triangle at each sample of a view, row-major.
pub(crate) struct Samples {
    /// Index into [`Mesh::triangles`], or [`NONE`].
    pub(crate) triangle: Vec<u32>,
    /// 1 / depth, 0 where nothing is.
    pub(crate) inverse_depth: Vec<f32>,
}

impl Samples {
    /// The point of the surface at sample `(x, y)`.
    pub(crate) fn point(&self, view: &View, x: usize, y: usize) -> Vec3 {
        let depth = 1.0 / self.inverse_depth[y * view.width + x];
        view.eye + view.ray(x as f32 + 0.5, y as f32 + 0.5) * depth
    }
}

/// Finds the nearest triangle at the middle of each sample of `view`.
///
/// Only triangles whose index `wanted` accepts are drawn; a covered sample counts
/// only where `solid` accepts the triangle and the point on it. Depth is
/// perspective-correct: 1 / depth is linear over the image of a triangle.
pub(crate) fn rasterise(
    mesh: &Mesh,
    view: &View,
    wanted: impl Fn(usize) -> bool,
    solid: impl Fn(&Triangle, Vec3) -> bool,
) -> Samples {
    let mut samples = Samples {
        triangle: vec![NONE; view.width * view.height],
        inverse_depth: vec![0.0; view.width * view.height],
    };
    let eyes: Vec<Vec3> = mesh.positions.iter().map(|&p| view.to_eye(p)).collect();
    for (index, triangle) in mesh.triangles.iter().enumerate() {
        let eye = |k: usize| eyes[triangle.vertices[k] as usize];
        let (a, b, c) = (eye(0), eye(1), eye(2));
        // In eye space the eye is the origin: the sign of the volume tells the
        // side. (right, up, forward) is left-handed, hence the order.
        let away = a.dot((b - a).cross(c - a)) < 0.0;
        if (away && !triangle.two_sided) || !wanted(index) {
            continue;
        }
        let (clipped, count) = clip([a, b, c]);
        for k in 2..count {
            let corners = [clipped[0], clipped[k - 1], clipped[k]];
            fill(&mut samples, view, corners, index as u32, |p| {
                solid(triangle, p)
            });
        }
    }
    samples
}

/// Cuts a triangle at the near plane; up to four corners remain.
fn clip(corners: [Vec3; 3]) -> ([Vec3; 4], usize) {
    let mut kept = [Vec3::default(); 4];
    let mut count = 0;
    for i in 0..3 {
        let (a, b) = (corners[i], corners[(i + 1) % 3]);
        if a.z >= NEAR {
            kept[count] = a;
            count += 1;
        }
        if (a.z >= NEAR) != (b.z >= NEAR) {
            kept[count] = a.lerp(b, (NEAR - a.z) / (b.z - a.z));
            count += 1;
        }
    }
    (kept, count)
}

fn fill(
    samples: &mut Samples,
    view: &View,
    corners: [Vec3; 3],
    index: u32,
    solid: impl Fn(Vec3) -> bool,
) {
    let [[x0, y0], [x1, y1], [x2, y2]] = corners.map(|e| view.project(e));
    let left = x0.min(x1).min(x2);
    let right = x0.max(x1).max(x2);
    let top = y0.min(y1).min(y2);
    let bottom = y0.max(y1).max(y2);
    let area = (x1 - x0) * (y2 - y0) - (y1 - y0) * (x2 - x0);
    let (w, h) = (view.width as f32, view.height as f32);
    // NaN corners and empty triangles fall through here too.
    let shows = right > 0.0 && bottom > 0.0 && left < w && top < h && area.abs() > 1e-9;
    if !shows {
        return;
    }
    // First and last sample whose middle lies within the bounds.
    let first = |low: f32| (low - 0.5).ceil().max(0.0) as usize;
    let past =
        |high: f32, size: usize| ((high - 0.5).floor().max(-1.0) + 1.0).min(size as f32) as usize;
    let (xs, ys) = (
        first(left)..past(right, view.width),
        first(top)..past(bottom, view.height),
    );
    let weight = vec3(1.0 / corners[0].z, 1.0 / corners[1].z, 1.0 / corners[2].z);
    let scale = 1.0 / area;
    for y in ys {
        let py = y as f32 + 0.5;
        for x in xs.clone() {
            let px = x as f32 + 0.5;
            let b0 = ((x2 - x1) * (py - y1) - (y2 - y1) * (px - x1)) * scale;
            let b1 = ((x0 - x2) * (py - y2) - (y0 - y2) * (px - x2)) * scale;
            let b2 = 1.0 - b0 - b1;
            if b0 < 0.0 || b1 < 0.0 || b2 < 0.0 {
                continue;
            }
            let inverse_depth = b0 * weight.x + b1 * weight.y + b2 * weight.z;
            let at = y * view.width + x;
            if inverse_depth > samples.inverse_depth[at]
                && solid(view.eye + view.ray(px, py) * (1.0 / inverse_depth))
            {
                samples.inverse_depth[at] = inverse_depth;
                samples.triangle[at] = index;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::camera::Camera;
    use crate::mesh::Patch;

    fn wall(x: f32, half: f32, mesh: &mut Mesh) {
        let points = [
            vec3(x, -half, -half),
            vec3(x, half, -half),
            vec3(x, -half, half),
            vec3(x, half, half),
        ];
        mesh.add_grid(&points, 2, false, Patch::Roof, vec3(x - 1.0, 0.0, 0.0));
    }

    fn front_view() -> View {
        Camera::around(Vec3::default(), 0.0, 0.0, 5.0, 1.0).view(40, 30)
    }

    #[test]
    fn the_nearer_of_two_walls_is_seen_whatever_their_order() {
        let view = front_view();
        for order in [[1.0, 2.0], [2.0, 1.0]] {
            let mut mesh = Mesh::default();
            order.iter().for_each(|&x| wall(x, 0.4, &mut mesh));
            let seen = rasterise(&mesh, &view, |_| true, |_, _| true);
            let middle = seen.point(&view, 20, 15);
            assert!((middle.x - 2.0).abs() < 1e-4, "{middle:?}");
        }
    }

    #[test]
    fn a_wall_is_not_seen_from_behind() {
        let mut mesh = Mesh::default();
        wall(1.0, 0.4, &mut mesh);
        let behind =
            Camera::around(Vec3::default(), std::f32::consts::PI, 0.0, 5.0, 1.0).view(40, 30);
        let seen = rasterise(&mesh, &behind, |_| true, |_, _| true);
        assert!(seen.triangle.iter().all(|&t| t == NONE));
    }

    #[test]
    fn a_wall_that_passes_the_eye_is_clipped_and_fills_the_frame_below() {
        let mut mesh = Mesh::default();
        let floor = [
            vec3(100.0, -100.0, -1.0),
            vec3(100.0, 100.0, -1.0),
            vec3(-100.0, -100.0, -1.0),
            vec3(-100.0, 100.0, -1.0),
        ];
        mesh.add_grid(&floor, 2, false, Patch::Roof, vec3(0.0, 0.0, -9.0));
        let view = front_view();
        let seen = rasterise(&mesh, &view, |_| true, |_, _| true);
        assert!(seen.triangle[29 * 40..].iter().all(|&t| t != NONE));
        assert!(seen.triangle[..10 * 40].iter().all(|&t| t == NONE));
    }
}
