//! The shell of the car: wall, deck, greenhouse and roof.

use std::f32::consts::{FRAC_PI_2, PI};

use super::shape::{Cabin, CarShape};
use crate::math::{Vec3, mix, vec3};
use crate::mesh::{Mesh, Patch};

/// Points around half of the lower body's plan outline.
const HALF_RING: usize = 88;
/// Points around half of the greenhouse.
const HALF_CABIN: usize = 36;
/// Rows of points across the deck and the roof.
const ACROSS: usize = 17;

/// Relative heights of the rows of the wall, denser where it curves.
const WALL_LEVELS: [f32; 24] = [
    0.0, 0.04, 0.08, 0.12, 0.17, 0.22, 0.28, 0.34, 0.40, 0.46, 0.51, 0.55, 0.60, 0.66, 0.70, 0.73,
    0.76, 0.80, 0.84, 0.88, 0.92, 0.95, 0.98, 1.0,
];

/// Points at equal distances along the left half of the superellipse with the
/// half axes `a` and `b`, from the front tip to the rear tip.
fn half_superellipse(a: f32, b: f32, n: f32, count: usize) -> Vec<[f32; 2]> {
    const FINE: usize = 1200;
    let curve = |i: usize| {
        let (sin, cos) = (PI * i as f32 / FINE as f32).sin_cos();
        let power = |v: f32| v.signum() * v.abs().powf(2.0 / n);
        [a * power(cos), b * power(sin.max(0.0))]
    };
    let mut travelled = vec![0.0f32];
    for i in 1..=FINE {
        let ([x0, y0], [x1, y1]) = (curve(i - 1), curve(i));
        travelled.push(travelled[i - 1] + (x1 - x0).hypot(y1 - y0));
    }
    let total = travelled[FINE];
    let mut points = Vec::with_capacity(count);
    let mut i = 1;
    for k in 0..count {
        let goal = total * k as f32 / (count - 1) as f32;
        while i < FINE && travelled[i] < goal {
            i += 1;
        }
        let span = (travelled[i] - travelled[i - 1]).max(1e-9);
        let t = ((goal - travelled[i - 1]) / span).clamp(0.0, 1.0);
        let ([x0, y0], [x1, y1]) = (curve(i - 1), curve(i));
        points.push([mix(x0, x1, t), mix(y0, y1, t)]);
    }
    // The tips lie on the plane of symmetry exactly.
    points[0] = [a, 0.0];
    points[count - 1] = [-a, 0.0];
    points
}

/// The whole ring from its left half: left side front to rear, then back
/// along the right side.
fn mirrored(half: &[[f32; 2]]) -> Vec<[f32; 2]> {
    let right = half[1..half.len() - 1].iter().rev();
    half.iter()
        .copied()
        .chain(right.map(|p| [p[0], -p[1]]))
        .collect()
}

/// How far the wall swells outward around the wheel arches, in metres.
fn flare(shape: &CarShape, x: f32, z: f32) -> f32 {
    shape
        .axles
        .iter()
        .map(|axle| {
            let d = (x - axle).hypot(z - shape.wheel_radius) - shape.arch_radius() - 0.02;
            0.020 * (-(d / 0.06).powi(2)).exp()
        })
        .sum()
}

/// A point of the wall: outline point `p` of a superellipse, level `t`.
fn wall_point(shape: &CarShape, p: [f32; 2], t: f32) -> Vec3 {
    let [x, y] = p;
    let n = shape.plan_exponent;
    let (u, v) = (x / shape.half_length, y / shape.half_width);
    let gradient = vec3(
        u.signum() * u.abs().powf(n - 1.0) / shape.half_length,
        v.signum() * v.abs().powf(n - 1.0) / shape.half_width,
        0.0,
    )
    .normalized();
    let z = mix(shape.sill(x), shape.shoulder(x), t);
    let out = gradient.y.abs() * flare(shape, x, z) - shape.inset(x, t);
    vec3(x, y, z) + gradient * out
}

/// Adds the shell of the car to `mesh`.
pub(crate) fn add_body(mesh: &mut Mesh, shape: &CarShape) {
    let inside = vec3(0.0, 0.0, 0.5 * shape.height);
    let half = half_superellipse(
        shape.half_length,
        shape.half_width,
        shape.plan_exponent,
        HALF_RING,
    );
    let ring = mirrored(&half);
    let wall: Vec<Vec3> = WALL_LEVELS
        .iter()
        .flat_map(|&t| ring.iter().map(move |&p| wall_point(shape, p, t)))
        .collect();
    mesh.add_grid(&wall, ring.len(), true, Patch::Skin, inside);

    let mut deck = Vec::with_capacity(half.len() * ACROSS);
    for &p in &half {
        let edge = wall_point(shape, p, 1.0);
        let fullness = (edge.y / (0.75 * shape.half_width)).clamp(0.0, 1.0).powi(2);
        let hood = p[0] > shape.cowl - 0.3;
        let crown = if hood { 0.055 } else { 0.03 } * fullness;
        for k in 0..ACROSS {
            let v = 2.0 * k as f32 / (ACROSS - 1) as f32 - 1.0;
            let ridge = if hood { 0.016 * fullness } else { 0.0 };
            let rise = crown * (1.0 - v * v) + ridge * (-((v.abs() - 0.62) / 0.13).powi(2)).exp();
            deck.push(vec3(edge.x, edge.y * v, edge.z + rise));
        }
    }
    mesh.add_grid(&deck, ACROSS, false, Patch::Deck, vec3(0.0, 0.0, 0.2));

    let floor: Vec<Vec3> = [1.0, -1.0]
        .iter()
        .flat_map(|&sx| {
            [1.0, -1.0].map(|sy| {
                vec3(
                    sx * (shape.half_length - 0.25),
                    sy * (shape.half_width - 0.15),
                    shape.clearance + 0.04,
                )
            })
        })
        .collect();
    mesh.add_grid(&floor, 2, false, Patch::Underside, inside);
    add_cabin(mesh, shape, inside);
}

/// The ring of windows and the roof on it.
fn add_cabin(mesh: &mut Mesh, shape: &CarShape, inside: Vec3) {
    let cabin = shape.cabin();
    let bend = Cabin::BEND;
    let unit = half_superellipse(1.0, 1.0, Cabin::EXPONENT, HALF_CABIN);
    let ring_at = |t: f32, p: [f32; 2]| {
        let theta = FRAC_PI_2 * ((t - bend) / (1.0 - bend)).clamp(0.0, 1.0);
        let level = t.min(bend) + (1.0 - bend) * theta.sin();
        let [x, half_length, half_width] = cabin.ring(level);
        let over = 0.10 * (1.0 - theta.cos());
        let at = x + p[0] * (half_length - over);
        let z = mix(cabin.foot(at), cabin.edge(at), level);
        vec3(at, p[1] * (half_width - over), z)
    };
    let levels: Vec<f32> = (0..=6)
        .map(|i| bend * i as f32 / 6.0)
        .chain((1..=5).map(|i| mix(bend, 1.0, i as f32 / 5.0)))
        .collect();
    let ring = mirrored(&unit);
    let windows: Vec<Vec3> = levels
        .iter()
        .flat_map(|&t| ring.iter().map(move |&p| ring_at(t, p)))
        .collect();
    mesh.add_grid(&windows, ring.len(), true, Patch::Greenhouse, inside);

    let mut roof = Vec::with_capacity(unit.len() * ACROSS);
    for &p in &unit {
        let edge = ring_at(1.0, p);
        for k in 0..ACROSS {
            let v = 2.0 * k as f32 / (ACROSS - 1) as f32 - 1.0;
            let rise = 0.045 * p[1].powi(2) * (1.0 - v * v);
            roof.push(vec3(edge.x, edge.y * v, edge.z + rise));
        }
    }
    mesh.add_grid(&roof, ACROSS, false, Patch::Roof, inside);
}
