//! Wheels and the wells that they stand in.

use std::f32::consts::{PI, TAU};

use super::shape::CarShape;
use crate::math::{Vec3, vec3};
use crate::mesh::{Mesh, Patch};

/// Segments around a wheel.
const TURNS: usize = 32;
/// Width of a tyre in metres.
const TYRE: f32 = 0.215;
/// How deep a wheel well reaches into the body, in metres.
const WELL: f32 = 0.34;

/// One wheel: where the middle of its outer face is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wheel {
    /// Middle of the outer face.
    pub(crate) hub: Vec3,
    /// Angle of the first spoke in radians.
    pub(crate) turn: f32,
}

/// Radius of the rim as a share of the tyre's.
pub(crate) const RIM: f32 = 0.70;

/// The four wheels: front left, front right, rear left, rear right.
pub(crate) fn place(shape: &CarShape, turn: f32) -> [Wheel; 4] {
    let wheel = |axle: f32, side: f32| Wheel {
        hub: vec3(
            axle,
            side * (shape.wall(axle, shape.wheel_radius) - 0.012),
            shape.wheel_radius,
        ),
        turn: turn + axle,
    };
    let [front, rear] = shape.axles;
    [
        wheel(front, 1.0),
        wheel(front, -1.0),
        wheel(rear, 1.0),
        wheel(rear, -1.0),
    ]
}

/// Adds the wheels and their wells to `mesh`.
pub(crate) fn add_wheels(mesh: &mut Mesh, shape: &CarShape, wheels: &[Wheel; 4]) {
    for (index, wheel) in wheels.iter().enumerate() {
        let side = wheel.hub.y.signum();
        let r = shape.wheel_radius;
        // (radius, depth behind the outer face): hub, dish, rim lip, sidewall,
        // shoulder, tread, inner shoulder.
        let profile = [
            (0.001, 0.030),
            (0.16 * r, 0.030),
            (0.22 * r, 0.045),
            (0.58 * r, 0.030),
            ((RIM - 0.03) * r, 0.012),
            (RIM * r, 0.004),
            (0.78 * r, 0.0),
            (0.92 * r, 0.006),
            (0.98 * r, 0.022),
            (r, 0.045),
            (r, TYRE - 0.045),
            (0.94 * r, TYRE),
            (0.3 * r, TYRE),
        ];
        let points: Vec<Vec3> = profile
            .iter()
            .flat_map(|&(radius, depth)| {
                (0..TURNS).map(move |k| {
                    let (sin, cos) = (TAU * k as f32 / TURNS as f32).sin_cos();
                    wheel.hub + vec3(radius * cos, -side * depth, radius * sin)
                })
            })
            .collect();
        let middle = wheel.hub - vec3(0.0, side * 0.5 * TYRE, 0.0);
        mesh.add_grid(&points, TURNS, true, Patch::Wheel(index as u8), middle);
        add_well(mesh, shape, wheel.hub, side);
    }
}

/// The dark inside of a wheel arch: half a barrel and its inner wall.
fn add_well(mesh: &mut Mesh, shape: &CarShape, hub: Vec3, side: f32) {
    const STEPS: usize = 17;
    let first = mesh.triangles.len();
    let radius = shape.arch_radius() + 0.012;
    let arc = |k: usize, radius: f32, depth: f32| {
        let (sin, cos) = (PI * (k as f32 / (STEPS - 1) as f32 * 1.3 - 0.15)).sin_cos();
        hub + vec3(radius * cos, -side * depth, radius * sin)
    };
    let barrel: Vec<Vec3> = [0.03, WELL]
        .iter()
        .flat_map(|&depth| (0..STEPS).map(move |k| arc(k, radius, depth)))
        .collect();
    mesh.add_grid(&barrel, STEPS, false, Patch::Underside, hub);
    let back: Vec<Vec3> = [radius, 0.0]
        .iter()
        .flat_map(|&r| (0..STEPS).map(move |k| arc(k, r, WELL)))
        .collect();
    mesh.add_grid(&back, STEPS, false, Patch::Underside, hub);
    for triangle in &mut mesh.triangles[first..] {
        triangle.two_sided = true;
    }
}
