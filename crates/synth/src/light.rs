//! Sun, sky, and what glossy surfaces reflect.

use crate::math::{Vec3, mix, smoothstep, srgb, vec3};
use crate::noise::Draw;

/// The light of a scene; colours are linear RGB, 1 being a white card in the
/// full sun.
#[derive(Clone, Debug)]
pub(crate) struct Light {
    /// Unit vector towards the sun.
    pub(crate) sun: Vec3,
    pub(crate) sun_color: Vec3,
    pub(crate) zenith: Vec3,
    pub(crate) horizon: Vec3,
    /// What the ground sends back upwards.
    pub(crate) bounce: Vec3,
    /// Height of what surrounds the car, as seen in reflections.
    pub(crate) skyline: f32,
    /// Multiplies the picture before tone mapping.
    pub(crate) exposure: f32,
}

impl Light {
    pub(crate) fn sample(draw: &mut Draw, ground: Vec3) -> Self {
        let turn = draw.range(0.0, std::f32::consts::TAU);
        let height = draw.range(0.45, 1.25);
        let sun = vec3(
            height.cos() * turn.cos(),
            height.cos() * turn.sin(),
            height.sin(),
        );
        // 0 clear sky, 1 overcast.
        let cloud = draw.unit().powi(2);
        let warm = smoothstep(1.0, 0.45, height);
        let sun_color =
            vec3(1.0, mix(0.96, 0.82, warm), mix(0.90, 0.62, warm)) * mix(0.95, 0.12, cloud);
        let clear = srgb(70, 118, 190).lerp(srgb(96, 150, 215), draw.unit());
        let zenith = clear.lerp(srgb(178, 184, 192), cloud) * 1.05;
        let haze = srgb(205, 218, 232).lerp(srgb(226, 212, 196), warm * draw.unit());
        let horizon = haze.lerp(srgb(208, 210, 213), cloud) * 1.08;
        let bounce = ground.tint(sun_color * sun.z + horizon * 0.5) * 0.8;
        Self {
            sun,
            sun_color,
            zenith,
            horizon,
            bounce,
            skyline: draw.range(0.05, 0.22),
            exposure: draw.range(1.25, 1.75),
        }
    }

    /// Diffuse light that reaches a surface with the normal `n`, without sun.
    pub(crate) fn ambient(&self, n: Vec3) -> Vec3 {
        let up = 0.5 + 0.5 * n.z;
        let sky = self.zenith.lerp(self.horizon, 0.55) * 0.62;
        (self.bounce * 0.55).lerp(sky, smoothstep(0.05, 0.95, up))
    }

    /// The sky in the direction `d`, without sun or buildings.
    pub(crate) fn sky(&self, d: Vec3) -> Vec3 {
        self.horizon
            .lerp(self.zenith, smoothstep(-0.05, 0.75, d.z.max(0.0).sqrt()))
    }

    /// What a mirror shows in the direction `d`.
    pub(crate) fn reflection(&self, d: Vec3) -> Vec3 {
        let ground = self.bounce * mix(0.75, 0.25, smoothstep(0.0, -0.8, d.z));
        // The surroundings are darker than the sky and of uneven height.
        let level = 1.0 / (d.x * d.x + d.y * d.y).sqrt().max(1e-4);
        let (sin, cos) = (d.y * level, d.x * level);
        let (sin3, cos3) = (sin * (3.0 - 4.0 * sin * sin), cos * (4.0 * cos * cos - 3.0));
        let ragged = self.skyline * (1.0 + 0.45 * sin3 + 0.6 * sin3 * cos3 * cos);
        let far = self.horizon.lerp(self.bounce, 0.55) * 0.42;
        let above = far.lerp(self.sky(d), smoothstep(ragged - 0.03, ragged + 0.05, d.z));
        ground.lerp(above, smoothstep(-0.06, 0.03, d.z))
    }
}

/// Entries of the table in [`Film`].
const STEPS: usize = 4096;
/// The brightest light that the table tells from white.
const WHITE: f32 = 8.0;

/// Linear light to sRGB bytes: a filmic curve with a soft shoulder, tabulated
/// over the square root of the light.
pub(crate) struct Film(Vec<u8>);

impl Film {
    pub(crate) fn new(exposure: f32) -> Self {
        let curve = |step: usize| {
            let root = step as f32 / (STEPS - 1) as f32;
            let v = root * root * WHITE * exposure * 0.8;
            // Narkowicz' fit of the ACES curve.
            let mapped = (v * (2.51 * v + 0.03)) / (v * (2.43 * v + 0.59) + 0.14);
            (mapped.clamp(0.0, 1.0).powf(1.0 / 2.2) * 255.0 + 0.5) as u8
        };
        Self((0..STEPS).map(curve).collect())
    }

    pub(crate) fn develop(&self, color: Vec3) -> [u8; 3] {
        let byte = |v: f32| {
            let root = (v.clamp(0.0, WHITE) / WHITE).sqrt();
            let step = (root * (STEPS - 1) as f32 + 0.5) as usize;
            self.0.get(step).copied().unwrap_or(255)
        };
        [byte(color.x), byte(color.y), byte(color.z)]
    }
}
