//! Vectors and the few scalar curves that the renderer is made of.

use std::ops::{Add, AddAssign, Mul, Neg, Sub};

/// A point, a direction or a linear RGB colour.
///
/// Car space is right-handed and in metres: `x` forward, `y` to the car's own
/// left, `z` up, the origin on the ground below the middle of the car.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Vec3 {
    /// Forward, or red.
    pub x: f32,
    /// Left, or green.
    pub y: f32,
    /// Up, or blue.
    pub z: f32,
}

/// Shorthand for a [`Vec3`] from its three components.
#[must_use]
pub const fn vec3(x: f32, y: f32, z: f32) -> Vec3 {
    Vec3 { x, y, z }
}

impl Vec3 {
    /// The dot product.
    #[must_use]
    pub fn dot(self, other: Self) -> f32 {
        self.x * other.x + self.y * other.y + self.z * other.z
    }

    /// The cross product, right-handed.
    #[must_use]
    pub fn cross(self, other: Self) -> Self {
        vec3(
            self.y * other.z - self.z * other.y,
            self.z * other.x - self.x * other.z,
            self.x * other.y - self.y * other.x,
        )
    }

    /// The Euclidean length.
    #[must_use]
    pub fn length(self) -> f32 {
        self.dot(self).sqrt()
    }

    /// The same direction at length one; the zero vector stays zero.
    #[must_use]
    pub fn normalized(self) -> Self {
        let length = self.length();
        if length > 0.0 {
            self * (1.0 / length)
        } else {
            self
        }
    }

    /// The component-wise product, for colours.
    #[must_use]
    pub fn tint(self, other: Self) -> Self {
        vec3(self.x * other.x, self.y * other.y, self.z * other.z)
    }

    /// Linear interpolation, `self` at 0 and `other` at 1.
    #[must_use]
    pub fn lerp(self, other: Self, t: f32) -> Self {
        self + (other - self) * t
    }
}

impl Add for Vec3 {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        vec3(self.x + other.x, self.y + other.y, self.z + other.z)
    }
}

impl AddAssign for Vec3 {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sub for Vec3 {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        vec3(self.x - other.x, self.y - other.y, self.z - other.z)
    }
}

impl Mul<f32> for Vec3 {
    type Output = Self;
    fn mul(self, k: f32) -> Self {
        vec3(self.x * k, self.y * k, self.z * k)
    }
}

impl Neg for Vec3 {
    type Output = Self;
    fn neg(self) -> Self {
        self * -1.0
    }
}

/// `a` at `t` = 0, `b` at `t` = 1, straight in between and beyond.
pub(crate) fn mix(a: f32, b: f32, t: f32) -> f32 {
    a + (b - a) * t
}

/// 0 up to `low`, 1 from `high`, a cubic in between. `low > high` mirrors it.
pub(crate) fn smoothstep(low: f32, high: f32, x: f32) -> f32 {
    let t = ((x - low) / (high - low)).clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}

/// Signed distance in the plane to a box with rounded corners: negative
/// inside, `half` the half extents, `radius` that of the corners.
pub(crate) fn rounded_box(x: f32, y: f32, half: [f32; 2], radius: f32) -> f32 {
    let (dx, dy) = (x.abs() - half[0] + radius, y.abs() - half[1] + radius);
    let (ox, oy) = (dx.max(0.0), dy.max(0.0));
    let outside = (ox * ox + oy * oy).sqrt();
    outside + dx.max(dy).min(0.0) - radius
}

/// A colour given as sRGB bytes, made linear.
pub(crate) fn srgb(r: u8, g: u8, b: u8) -> Vec3 {
    let linear = |c: u8| (f32::from(c) / 255.0).powf(2.2);
    vec3(linear(r), linear(g), linear(b))
}
