//! What is not the car: ground, sky, and what stands on the horizon.

use crate::light::Light;
use crate::math::{Vec3, mix, smoothstep, srgb, vec3};
use crate::noise::{Draw, cloud_noise, hash, value_noise};

#[derive(Clone, Copy, Debug, PartialEq)]
enum Ground {
    Asphalt,
    Tiles,
    Gravel,
    Grass,
    Concrete,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Horizon {
    Street,
    Trees,
    Hills,
    Hall,
}

/// A random place for the car to stand.
#[derive(Clone, Debug)]
pub(crate) struct Backdrop {
    ground: Ground,
    horizon: Horizon,
    /// Mean colour of the ground, linear.
    pub(crate) ground_color: Vec3,
    wall_color: Vec3,
    /// Direction of tiles and markings, cosine and sine.
    turn: [f32; 2],
    markings: bool,
    /// Height of the skyline as the tangent of its elevation.
    tall: f32,
    key: u32,
}

impl Backdrop {
    pub(crate) fn sample(draw: &mut Draw) -> Self {
        use Ground::{Asphalt, Concrete, Grass, Gravel, Tiles};
        let ground = [Asphalt, Asphalt, Tiles, Gravel, Grass, Concrete][draw.below(6)];
        let horizon = [
            Horizon::Street,
            Horizon::Trees,
            Horizon::Hills,
            Horizon::Hall,
        ];
        let base = match ground {
            Asphalt => srgb(92, 92, 95),
            Tiles => srgb(142, 134, 124),
            Gravel => srgb(138, 126, 108),
            Grass => srgb(84, 104, 52),
            Concrete => srgb(148, 146, 142),
        };
        let turn = draw.range(0.0, std::f32::consts::TAU);
        let grey = draw.range(0.22, 0.6);
        let wall_color = vec3(
            grey * draw.range(0.85, 1.25),
            grey * draw.range(0.85, 1.1),
            grey * draw.range(0.65, 1.15),
        );
        Self {
            ground,
            horizon: horizon[draw.below(4)],
            ground_color: base * draw.range(0.75, 1.25),
            wall_color,
            turn: [turn.cos(), turn.sin()],
            markings: draw.chance(0.5),
            tall: draw.range(0.08, 0.30),
            key: draw.key(),
        }
    }

    /// The colour that the eye at `eye` sees along `ray` past the car. `open`
    /// says how much sky and how much sun reach a point of the ground.
    pub(crate) fn color(
        &self,
        eye: Vec3,
        ray: Vec3,
        light: &Light,
        open: impl Fn(Vec3) -> (f32, f32),
    ) -> Vec3 {
        let d = ray.normalized();
        if d.z < -0.004 {
            let reach = eye.z / -d.z;
            let p = eye + d * reach;
            let lit = self.ground(p, reach, light, open(p));
            let haze = smoothstep(14.0, 120.0, reach);
            return lit.lerp(light.horizon * 0.6, haze * 0.55);
        }
        self.distance(d, eye, light)
    }

    /// The ground at `p`, `reach` away from the eye, which so much of the sky and
    /// of the sun reaches.
    fn ground(&self, p: Vec3, reach: f32, light: &Light, (sky, sun): (f32, f32)) -> Vec3 {
        let (u, v) = (
            p.x * self.turn[0] + p.y * self.turn[1],
            p.y * self.turn[0] - p.x * self.turn[1],
        );
        // Texture fades where a pixel covers more than a grain of it.
        let detail = smoothstep(22.0, 4.0, reach);
        let broad = smoothstep(50.0, 8.0, reach);
        let patches = broad * (cloud_noise(u * 0.6, v * 0.6, self.key) - 0.5);
        let fine = |scale: f32, salt: u32| {
            if detail > 0.0 {
                detail * (value_noise(u * scale, v * scale, self.key ^ salt) - 0.5)
            } else {
                0.0
            }
        };
        let grain = fine(38.0, 1);
        let mut albedo = match self.ground {
            Ground::Asphalt => self.ground_color * (1.0 + 0.35 * patches + 0.45 * grain),
            Ground::Gravel => {
                let stones = fine(14.0, 2);
                self.ground_color * (1.0 + 0.4 * patches + 0.6 * stones + 0.5 * grain)
            }
            Ground::Grass => {
                let blades = fine(24.0, 3);
                let dry = srgb(150, 138, 84) * 0.8;
                self.ground_color.lerp(dry, smoothstep(0.1, 0.4, patches))
                    * (1.0 + 0.9 * blades + 0.5 * grain)
            }
            Ground::Tiles | Ground::Concrete => {
                let size = if self.ground == Ground::Tiles {
                    0.42
                } else {
                    2.6
                };
                let (a, b) = (u / size, v / size);
                let tone = hash(a.floor() as i32, b.floor() as i32, self.key) - 0.5;
                let edge = |t: f32| 0.5 - (t.rem_euclid(1.0) - 0.5).abs();
                let joint = smoothstep(0.016, 0.006, edge(a).min(edge(b)) * size);
                self.ground_color
                    * (1.0 + 0.22 * tone + 0.3 * patches + 0.25 * grain - 0.5 * joint * detail)
            }
        };
        if self.markings && self.ground != Ground::Grass && self.ground != Ground::Gravel {
            let lane = (v / 2.7).rem_euclid(1.0) * 2.7;
            let stripe = smoothstep(0.06, 0.045, (lane - 1.35).abs());
            let worn = 0.55 + 0.45 * patches + 0.3 * grain;
            albedo = albedo.lerp(srgb(214, 212, 204), stripe * worn.clamp(0.0, 0.9));
        }
        let ambient = light.ambient(vec3(0.0, 0.0, 1.0)) * sky;
        albedo.tint(ambient + light.sun_color * (light.sun.z * sun))
    }

    fn distance(&self, d: Vec3, eye: Vec3, light: &Light) -> Vec3 {
        // Counted from the line eye - car, so that the angle's jump by a whole
        // turn is behind the camera.
        let turn = (d.x * eye.y - d.y * eye.x).atan2(-d.x * eye.x - d.y * eye.y);
        let slope = d.z / d.x.hypot(d.y).max(1e-3);
        let sky = light.sky(d);
        let clouds = cloud_noise(
            d.x / (d.z + 0.25) * 1.3,
            d.y / (d.z + 0.25) * 1.3,
            self.key ^ 8,
        );
        let sky = sky.lerp(light.horizon * 1.05, 0.7 * smoothstep(0.5, 0.75, clouds));
        let lit = light.ambient(vec3(0.0, 0.0, 0.2)) + light.sun_color * 0.35;
        match self.horizon {
            Horizon::Street => self.street(turn, slope, lit).unwrap_or(sky),
            Horizon::Trees => {
                let crown = cloud_noise(turn * 9.0, slope * 9.0, self.key);
                let top = self.tall * (0.45 + 1.1 * value_noise(turn * 5.0, 0.0, self.key ^ 5));
                let leaves = srgb(58, 82, 40).lerp(srgb(104, 112, 56), crown);
                let cover = smoothstep(0.02, -0.03, slope - top - 0.09 * (crown - 0.5));
                sky.lerp(leaves.tint(lit) * (0.35 + 0.9 * crown), cover)
            }
            Horizon::Hills => {
                let ridge = 0.4 * self.tall * (0.3 + cloud_noise(turn * 2.5, 3.0, self.key));
                let near = 0.16 * self.tall * (0.2 + cloud_noise(turn * 6.0, 9.0, self.key ^ 6));
                let far = light.horizon.lerp(srgb(96, 112, 122), 0.6);
                let fields = srgb(96, 108, 66).tint(lit);
                let back = sky.lerp(far, smoothstep(0.004, -0.004, slope - ridge));
                back.lerp(fields, smoothstep(0.004, -0.004, slope - near))
            }
            Horizon::Hall => {
                let panel = (turn * 9.0).rem_euclid(1.0);
                let seam = smoothstep(0.02, 0.05, panel) * smoothstep(1.0, 0.97, panel);
                let wall = self.wall_color.tint(lit) * (0.75 + 0.25 * seam);
                let skirting = smoothstep(0.015, 0.025, slope);
                let wall = wall * mix(0.5, 1.0, skirting);
                wall.lerp(sky, smoothstep(0.0, 0.01, slope - self.tall * 2.2))
            }
        }
    }

    /// A row of houses with windows; `None` above their roofs.
    fn street(&self, turn: f32, slope: f32, lit: Vec3) -> Option<Vec3> {
        let houses = 17.0;
        let at = turn / std::f32::consts::TAU * houses;
        let (house, u) = (at.floor() as i32, at.rem_euclid(1.0));
        let height = self.tall * (0.5 + 1.5 * hash(house, 1, self.key));
        if slope > height {
            return None;
        }
        let tone = |k| 0.55 + 0.9 * hash(house, k, self.key);
        let paint = vec3(
            self.wall_color.x * tone(2),
            self.wall_color.y * tone(3),
            self.wall_color.z * tone(4),
        );
        let (cols, floor) = (3.0 + (4.0 * hash(house, 5, self.key)).floor(), 0.055);
        let (wx, wy) = ((u * cols).rem_euclid(1.0), (slope / floor).rem_euclid(1.0));
        let window =
            (0.25..0.75).contains(&wx) && (0.3..0.8).contains(&wy) && height - slope > 0.3 * floor;
        let color = if window {
            let shine = hash((at * cols).floor() as i32, (slope / floor) as i32, self.key);
            vec3(0.06, 0.08, 0.10) + vec3(0.25, 0.27, 0.3) * (shine * shine)
        } else {
            let dirt = 0.9 + 0.2 * value_noise(turn * 60.0, slope * 60.0, self.key);
            paint.tint(lit) * (dirt * mix(0.8, 1.0, smoothstep(0.0, 0.03, slope)))
        };
        Some(color)
    }
}
