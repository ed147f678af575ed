//! From pixels to perspective scores.
//!
//! For a part seen from a camera, with
//!
//! - *v*, its visible pixels over the pixels that it would cover if nothing
//!   stood in front of it and the frame were three times as wide and as high,
//! - *c*, the mean cosine between surface normal and the direction to the eye
//!   over its visible pixels,
//! - *s*, the square root of its visible pixels over those of the frame (its
//!   linear size),
//!
//! the score is `0.93 · soft(v; 0.03, 0.85) · soft(c; c₀, c₁) · soft(s;
//! 0.045, 0.16)`, where `soft(x; low, high)` rises from 0 at `low` to 1 at `high`
//! with a falling slope, and c₀, c₁ are 0.22, 0.46 for the hood (it lies flat and
//! cameras stand low) and 0.13, 0.70 for the door. Each factor is a reason why
//! a part cannot be judged: it is hidden or cropped, seen at a grazing angle,
//! too small. The product is continuous in the view, exactly 0 when the part
//! can't be seen, and at most 0.93, the upper end of what graders give.

use crate::camera::{Camera, View};
use crate::car::Car;
use crate::math::Vec3;
use crate::mesh::Mesh;
use crate::part::Part;
use crate::raster::{NONE, rasterise};

/// The best score there is.
pub const BEST_SCORE: f32 = 0.93;

/// Cells along the longer side of the grid on which a lone part is measured.
const CELLS: usize = 80;

/// What the score of a part follows from.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct PartMeasure {
    /// Pixels of the part-id buffer that show the part.
    pub visible: u32,
    /// Pixels that the part would cover alone in a frame three times as wide
    /// and as high.
    pub unobstructed: f32,
    /// Mean cosine between normal and viewing direction where it is visible.
    pub facing: f32,
    /// Pixels of the frame.
    pub frame: u32,
}

impl PartMeasure {
    /// The perspective score of `part` in [0, [`BEST_SCORE`]], by the formula
    /// at the head of this module.
    #[must_use]
    pub fn score(&self, part: Part) -> f32 {
        if self.visible == 0 || self.unobstructed <= 0.0 || self.frame == 0 {
            return 0.0;
        }
        let visible = (self.visible as f32 / self.unobstructed).min(1.0);
        let size = (self.visible as f32 / self.frame as f32).sqrt();
        let [blind, good] = good_angle(part);
        BEST_SCORE
            * soft(visible, 0.03, 0.85)
            * soft(self.facing, blind, good)
            * soft(size, 0.045, 0.16)
    }
}

/// The cosine at which a part begins to be readable and the one from which on
/// it is seen well. A hood lies flat and cameras stand low, so that it counts
/// as well seen at a flatter angle than a door.
fn good_angle(part: Part) -> [f32; 2] {
    match part {
        Part::Hood => [0.22, 0.46],
        _ => [0.13, 0.70],
    }
}

/// 0 up to `low`, 1 from `high`, a parabola with its summit at `high` between.
fn soft(x: f32, low: f32, high: f32) -> f32 {
    let t = ((x - low) / (high - low)).clamp(0.0, 1.0);
    t * (2.0 - t)
}

/// Pixels that `part` covers when nothing hides it, in units of the pixels of
/// a `width` × `height` frame widened threefold.
pub(crate) fn unobstructed(
    car: &Car,
    mesh: &Mesh,
    camera: &Camera,
    [width, height]: [usize; 2],
    part: Part,
) -> f32 {
    let view = camera.view(width, height);
    let shows = |patch, p: Vec3| car.surface(patch, p).part == part;
    let mine: Vec<bool> = mesh
        .triangles
        .iter()
        .map(|t| {
            let corners = mesh.corners(t);
            could_show(part, corners[0]) && corners.iter().any(|&p| shows(t.patch, p))
        })
        .collect();
    let Some(rect) = bounds(mesh, &view, &mine) else {
        return 0.0;
    };
    let grid = view.zoom(rect, CELLS);
    let alone = rasterise(mesh, &grid, |index| mine[index], |t, p| shows(t.patch, p));
    let covered = alone.triangle.iter().filter(|&&t| t != NONE).count();
    let scale = view.focal / grid.focal;
    covered as f32 * scale * scale
}

/// A cheap test that spares most triangles the exact one.
fn could_show(part: Part, corner: Vec3) -> bool {
    match part {
        Part::Hood => corner.x > 0.0 && corner.z > 0.4,
        Part::BackDoorLeft => corner.y > 0.4 && corner.z < 1.3,
        _ => true,
    }
}

/// The rectangle around the chosen triangles, within the widened frame.
fn bounds(mesh: &Mesh, view: &View, mine: &[bool]) -> Option<[f32; 4]> {
    let (w, h) = (view.width as f32, view.height as f32);
    let mut rect = [f32::MAX, f32::MAX, f32::MIN, f32::MIN];
    for (triangle, _) in mesh.triangles.iter().zip(mine).filter(|(_, mine)| **mine) {
        for corner in mesh.corners(triangle) {
            let e = view.to_eye(corner);
            // Behind the eye: it may land anywhere at the rim of the frame.
            let [x, y] = if e.z > 0.05 {
                view.project(e)
            } else {
                [w * 2.0 * e.x.signum(), -h * 2.0 * e.y.signum()]
            };
            rect[0] = rect[0].min(x);
            rect[1] = rect[1].min(y);
            rect[2] = rect[2].max(x);
            rect[3] = rect[3].max(y);
        }
    }
    let rect = [
        rect[0].max(-w),
        rect[1].max(-h),
        rect[2].min(2.0 * w),
        rect[3].min(2.0 * h),
    ];
    (rect[0] < rect[2] && rect[1] < rect[3]).then_some(rect)
}
