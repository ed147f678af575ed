//! The proportions of a car, and the curves that follow from them.

use crate::math::{mix, smoothstep};
use crate::noise::Draw;

/// The body styles.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Style {
    /// Three boxes: hood, cabin, trunk.
    Sedan,
    /// Two boxes with a steep tail.
    Hatchback,
    /// Two boxes, tall, with large wheels and more ground clearance.
    Suv,
}

/// The proportions of one car. Lengths in metres, car space (`x` forward, `y`
/// left, `z` up).
#[derive(Clone, Debug)]
pub struct CarShape {
    /// The body style.
    pub style: Style,
    /// Half the length.
    pub half_length: f32,
    /// Half the width, without mirrors.
    pub half_width: f32,
    /// The height of the roof.
    pub height: f32,
    /// The height of the sill above the ground.
    pub clearance: f32,
    /// The outer radius of the tyres.
    pub wheel_radius: f32,
    /// `x` of the front and of the rear axle.
    pub axles: [f32; 2],
    /// `x` of the foot of the windscreen on the centre line.
    pub cowl: f32,
    /// `x` of the roof's front and rear edge.
    pub roof: [f32; 2],
    /// `x` of the foot of the rear window on the centre line.
    pub rear_base: f32,
    /// Height of the hood's front edge, of the belt line, of the tail.
    pub nose_height: f32,
    /// Height of the belt line at the foot of the windscreen.
    pub belt_height: f32,
    /// How far the belt line climbs towards the tail.
    pub belt_rise: f32,
    /// Exponent of the superellipse that is the plan outline; larger is boxier.
    pub plan_exponent: f32,
    /// `x` of the front edge, the middle pillar and the rear edge of the doors.
    pub doors: [f32; 3],
}

impl CarShape {
    /// Draws a car of a random style.
    pub(crate) fn sample(draw: &mut Draw) -> Self {
        let style = [Style::Sedan, Style::Hatchback, Style::Suv][draw.below(3)];
        Self::styled(style, draw)
    }

    /// A car with the middle proportions of `style`, the same on every call.
    #[must_use]
    pub fn typical(style: Style) -> Self {
        Self::styled(style, &mut Draw::new(7, 7))
    }

    fn styled(style: Style, draw: &mut Draw) -> Self {
        let pick = |draw: &mut Draw, ranges: [(f32, f32); 3]| {
            let (low, high) = ranges[style as usize];
            draw.range(low, high)
        };
        let half_length = 0.5 * pick(draw, [(4.40, 4.90), (3.85, 4.35), (4.30, 4.85)]);
        let height = pick(draw, [(1.40, 1.49), (1.45, 1.56), (1.62, 1.78)]);
        let wheel_radius = pick(draw, [(0.31, 0.35), (0.29, 0.33), (0.35, 0.39)]);
        let front_overhang = draw.range(0.82, 0.92);
        let rear_overhang = pick(draw, [(0.95, 1.08), (0.68, 0.80), (0.80, 0.95)]);
        let axles = [half_length - front_overhang, rear_overhang - half_length];
        let cowl = axles[0] - draw.range(0.24, 0.42);
        let screen = pick(draw, [(0.75, 0.92), (0.68, 0.85), (0.62, 0.78)]);
        let rear_base = match style {
            Style::Sedan => axles[1] - draw.range(0.30, 0.45),
            Style::Hatchback => 0.10 - half_length,
            Style::Suv => 0.09 - half_length,
        };
        let tail = pick(draw, [(0.68, 0.88), (0.35, 0.62), (0.22, 0.40)]);
        let belt_height = height * draw.range(0.625, 0.655);
        let arch = wheel_radius + ARCH_GAP;
        let front_edge = axles[0] - arch - draw.range(0.10, 0.16);
        let rear_edge = axles[1] + arch * draw.range(0.45, 0.60);
        Self {
            style,
            half_length,
            half_width: 0.5 * pick(draw, [(1.78, 1.88), (1.70, 1.80), (1.82, 1.95)]),
            height,
            clearance: pick(draw, [(0.17, 0.21), (0.17, 0.21), (0.24, 0.30)]),
            wheel_radius,
            axles,
            cowl,
            roof: [cowl - screen, rear_base + tail],
            rear_base,
            nose_height: belt_height - draw.range(0.17, 0.25),
            belt_height,
            belt_rise: draw.range(0.03, 0.09),
            plan_exponent: pick(draw, [(3.8, 4.6), (3.8, 4.6), (4.6, 5.6)]),
            doors: [
                front_edge,
                mix(front_edge, rear_edge, draw.range(0.50, 0.54)),
                rear_edge,
            ],
        }
    }

    /// The radius of the wheel arches.
    pub(crate) fn arch_radius(&self) -> f32 {
        self.wheel_radius + ARCH_GAP
    }

    /// Height of the edge between the wall of the lower body and its top.
    pub(crate) fn shoulder(&self, x: f32) -> f32 {
        if x > self.cowl {
            // Level over the depth of the fascia, then rising.
            let start = self.half_length - 0.12;
            let s = ((start - x) / (start - self.cowl)).max(0.0);
            let curve = (1.0 - (1.0 - s).max(0.0).powf(2.4)).max(0.0).powf(0.85);
            return mix(self.nose_height, self.belt_height, curve);
        }
        let back = (self.cowl - x) / (self.cowl + self.half_length);
        let end = ((-x - self.half_length + 0.35) / 0.35).max(0.0);
        self.belt_height + self.belt_rise * back - 0.07 * end * end
    }

    /// Height of the lower edge of the body.
    pub(crate) fn sill(&self, x: f32) -> f32 {
        let end = smoothstep(0.72, 1.0, x.abs() / self.half_length);
        self.clearance + 0.06 * end
    }

    /// Half the width of the plan outline at `x`, before the wall's curvature.
    pub(crate) fn outline(&self, x: f32) -> f32 {
        let u = (x.abs() / self.half_length).min(1.0);
        let n = self.plan_exponent;
        self.half_width * (1.0 - u.powf(n)).max(0.0).powf(1.0 / n)
    }

    /// How far the wall stands inside the plan outline at the relative height
    /// `t` (0 sill, 1 shoulder).
    pub(crate) fn inset(&self, x: f32, t: f32) -> f32 {
        let tuck = 0.11 * (1.0 - t / 0.24).max(0.0).powi(2);
        let waist = 0.016 * smoothstep(0.18, 0.36, t) * smoothstep(0.66, 0.44, t);
        // The crease below the door handles catches the light.
        let crease = 0.022 * smoothstep(0.70, 0.76, t);
        let round = 0.11 * ((t - 0.80) / 0.20).max(0.0).powf(2.2);
        let end = smoothstep(0.80, 1.0, x.abs() / self.half_length);
        let fascia = if x > 0.0 { 0.07 } else { 0.05 };
        tuck + waist + crease + round + end * (fascia * t * t - 0.012 * smoothstep(0.55, 0.5, t))
    }

    /// Relative height of a point of the wall: 0 at the sill, 1 at the shoulder.
    pub(crate) fn wall_level(&self, x: f32, z: f32) -> f32 {
        let sill = self.sill(x);
        (z - sill) / (self.shoulder(x) - sill)
    }

    /// `y` of the left wall at `x` and height `z`.
    pub(crate) fn wall(&self, x: f32, z: f32) -> f32 {
        self.outline(x) - self.inset(x, self.wall_level(x, z))
    }

    /// Where the ring of windows stands.
    pub(crate) fn cabin(&self) -> Cabin<'_> {
        Cabin(self)
    }
}

/// Clearance between tyre and arch.
const ARCH_GAP: f32 = 0.055;

/// The greenhouse: a superellipse in plan that shrinks from belt to roof.
pub(crate) struct Cabin<'a>(&'a CarShape);

impl Cabin<'_> {
    /// Exponent of the plan outline.
    pub(crate) const EXPONENT: f32 = 5.0;
    /// The level from which the ring curves over into the roof.
    pub(crate) const BEND: f32 = 0.86;

    /// Middle `x`, half length and half width of the ring at level `t`.
    pub(crate) fn ring(&self, t: f32) -> [f32; 3] {
        let shape = self.0;
        // Slightly convex seen from the side and from the front.
        let k = mix(t, t * t, 0.22);
        let front = mix(shape.cowl, shape.roof[0], k);
        let rear = mix(shape.rear_base, shape.roof[1], k);
        let half_width = mix(shape.half_width - 0.125, shape.half_width - 0.30, k);
        [0.5 * (front + rear), 0.5 * (front - rear), half_width]
    }

    /// Height of the ring's foot, a little below the shoulder.
    pub(crate) fn foot(&self, x: f32) -> f32 {
        self.0.shoulder(x.min(self.0.cowl)) - 0.02
    }

    /// Height of the roof's edge.
    pub(crate) fn edge(&self, x: f32) -> f32 {
        let [front, rear] = self.0.roof;
        let u = (x - mix(rear, front, 0.56)) / (0.5 * (front - rear));
        self.0.height - 0.045 - 0.05 * u * u
    }

    /// The level of a point of the ring: 0 at the foot, 1 at the roof.
    pub(crate) fn level(&self, x: f32, z: f32) -> f32 {
        let foot = self.foot(x);
        (z - foot) / (self.edge(x) - foot)
    }
}
