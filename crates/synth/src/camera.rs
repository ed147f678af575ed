//! The perspective camera.

use crate::math::{Vec3, vec3};

/// A pinhole camera in car space.
#[derive(Clone, Debug)]
pub struct Camera {
    /// Where the camera stands, in metres.
    pub position: Vec3,
    /// The point in the middle of the frame.
    pub target: Vec3,
    /// Rotation about the viewing direction, in radians.
    pub roll: f32,
    /// The angle of view across the frame's diagonal, in radians.
    pub field_of_view: f32,
}

impl Camera {
    /// A camera at `distance` metres from `target`. `azimuth` (radians) is 0
    /// in front of the car, π/2 on its left and π behind it; `elevation`
    /// (radians) is 0 on the level of the target.
    #[must_use]
    pub fn around(
        target: Vec3,
        azimuth: f32,
        elevation: f32,
        distance: f32,
        field_of_view: f32,
    ) -> Self {
        let offset = vec3(
            elevation.cos() * azimuth.cos(),
            elevation.cos() * azimuth.sin(),
            elevation.sin(),
        );
        Self {
            position: target + offset * distance,
            target,
            roll: 0.0,
            field_of_view,
        }
    }

    /// The view through a frame of `width` × `height` pixels.
    pub(crate) fn view(&self, width: usize, height: usize) -> View {
        let forward = (self.target - self.position).normalized();
        let level = forward.cross(vec3(0.0, 0.0, 1.0)).normalized();
        let upright = level.cross(forward);
        let (sin, cos) = self.roll.sin_cos();
        let diagonal = (width as f32).hypot(height as f32);
        View {
            eye: self.position,
            right: level * cos + upright * sin,
            up: upright * cos - level * sin,
            forward,
            focal: 0.5 * diagonal / (0.5 * self.field_of_view).tan(),
            center: [0.5 * width as f32, 0.5 * height as f32],
            width,
            height,
        }
    }
}

/// A camera bound to a grid of samples.
#[derive(Clone, Debug)]
pub(crate) struct View {
    pub(crate) eye: Vec3,
    pub(crate) right: Vec3,
    pub(crate) up: Vec3,
    pub(crate) forward: Vec3,
    /// Focal length in samples.
    pub(crate) focal: f32,
    /// The principal point in samples.
    pub(crate) center: [f32; 2],
    pub(crate) width: usize,
    pub(crate) height: usize,
}

impl View {
    /// Coordinates along right, up and forward.
    pub(crate) fn to_eye(&self, p: Vec3) -> Vec3 {
        let d = p - self.eye;
        vec3(d.dot(self.right), d.dot(self.up), d.dot(self.forward))
    }

    /// Where a point in eye coordinates lands; `e.z` must be positive.
    pub(crate) fn project(&self, e: Vec3) -> [f32; 2] {
        let k = self.focal / e.z;
        [self.center[0] + e.x * k, self.center[1] - e.y * k]
    }

    /// The direction through a place in the frame, with a forward component
    /// of 1: `eye + ray · depth` is the point at that depth.
    pub(crate) fn ray(&self, x: f32, y: f32) -> Vec3 {
        self.forward
            + self.right * ((x - self.center[0]) / self.focal)
            + self.up * ((self.center[1] - y) / self.focal)
    }

    /// The same eye, looking at the rectangle `[left, top, right, bottom]`
    /// (in this view's samples) with a grid `cells` wide or high at most.
    pub(crate) fn zoom(&self, rect: [f32; 4], cells: usize) -> Self {
        let [left, top, right, bottom] = rect;
        let scale = cells as f32 / (right - left).max(bottom - top).max(1e-3);
        let size = |low: f32, high: f32| (((high - low) * scale).ceil() as usize).max(1);
        Self {
            focal: self.focal * scale,
            center: [
                (self.center[0] - left) * scale,
                (self.center[1] - top) * scale,
            ],
            width: size(left, right),
            height: size(top, bottom),
            ..self.clone()
        }
    }
}
