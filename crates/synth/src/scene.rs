//! A scene: a car, a place, light and a camera, drawn at random.

use std::f32::consts::{PI, TAU};

use crate::backdrop::Backdrop;
use crate::camera::Camera;
use crate::car::{CarShape, Livery};
use crate::light::Light;
use crate::math::{Vec3, mix, rounded_box, smoothstep, srgb, vec3};
use crate::noise::Draw;

/// Everything that determines an image but its size.
#[derive(Clone, Debug)]
pub struct Scene {
    /// The car's proportions.
    pub shape: CarShape,
    /// The car's look.
    pub livery: Livery,
    /// Where it is seen from.
    pub camera: Camera,
    pub(crate) light: Light,
    pub(crate) backdrop: Backdrop,
    pub(crate) clutter: Vec<Clutter>,
    /// Key of the sensor's noise and its strength.
    pub(crate) grain: (u32, f32),
}

/// A box that stands behind the car.
#[derive(Clone, Debug)]
pub(crate) struct Clutter {
    pub(crate) center: [f32; 2],
    pub(crate) half: [f32; 2],
    pub(crate) turn: f32,
    pub(crate) height: f32,
    pub(crate) color: Vec3,
}

impl Clutter {
    /// How much sky the ground at `p` sees beside this box, 0 to 1.
    pub(crate) fn contact(&self, p: Vec3) -> f32 {
        let (dx, dy) = (p.x - self.center[0], p.y - self.center[1]);
        let (sin, cos) = self.turn.sin_cos();
        let d = rounded_box(dx * cos + dy * sin, dy * cos - dx * sin, self.half, 0.05);
        mix(0.35, 1.0, smoothstep(-0.05, 0.6, d))
    }
}

impl Scene {
    /// The scene of image `index` of the data set with `seed`.
    #[must_use]
    pub fn sample(seed: u64, index: u64) -> Self {
        let mut draw = Draw::new(seed, index);
        let shape = CarShape::sample(&mut draw);
        let livery = sample_livery(&mut draw);
        let camera = sample_camera(&mut draw, &shape);
        let backdrop = Backdrop::sample(&mut draw);
        let light = Light::sample(&mut draw, backdrop.ground_color);
        let clutter = sample_clutter(&mut draw, &camera);
        let grain = (draw.key(), draw.range(0.0, 0.022));
        Self {
            shape,
            livery,
            camera,
            light,
            backdrop,
            clutter,
            grain,
        }
    }

    /// How much sky and how much sun reach the ground at `p`, 0 to 1 each.
    pub(crate) fn open(&self, p: Vec3) -> (f32, f32) {
        let (mut sky, sun) = shadow(p, &self.light, &self.shape);
        for item in &self.clutter {
            sky *= item.contact(p);
        }
        (sky, sun)
    }
}

/// How much sky and how much sun reach the ground at `p` beside the car, 0 to 1
/// each.
fn shadow(p: Vec3, light: &Light, car: &CarShape) -> (f32, f32) {
    let half = [car.half_length - 0.08, car.half_width - 0.06];
    // Out of reach of the longest shadow.
    if p.x * p.x + p.y * p.y > 64.0 {
        return (1.0, 1.0);
    }
    let near = rounded_box(p.x, p.y, half, 0.4);
    let contact = mix(0.10, 1.0, smoothstep(-0.22, 0.55, near));
    // Where the way to the sun passes the body and the cabin.
    let lean = |height: f32| {
        let k = height / light.sun.z;
        (p.x + light.sun.x * k, p.y + light.sun.y * k)
    };
    let mut sun = smoothstep(-0.10, 0.05, near);
    for (height, half_length, half_width) in [
        (0.35 * car.belt_height, half[0], half[1]),
        (0.70 * car.belt_height, half[0], half[1]),
        (0.95 * car.belt_height, half[0] - 0.06, half[1] - 0.05),
    ] {
        let (x, y) = lean(height);
        sun = sun.min(smoothstep(
            -0.07,
            0.06,
            rounded_box(x, y, [half_length, half_width], 0.35),
        ));
    }
    let cabin = car.cabin();
    for t in [0.3, 0.6, 0.97] {
        let [middle, half_length, half_width] = cabin.ring(t);
        let (x, y) = lean(mix(car.belt_height, car.height, t));
        let d = rounded_box(x - middle, y, [half_length, half_width], 0.2);
        sun = sun.min(smoothstep(-0.08, 0.07, d));
    }
    (contact, sun)
}

fn sample_livery(draw: &mut Draw) -> Livery {
    let paints = [
        (srgb(236, 236, 234), 0.0),
        (srgb(226, 228, 230), 0.3),
        (srgb(172, 176, 181), 1.0),
        (srgb(112, 117, 124), 1.0),
        (srgb(62, 66, 72), 1.0),
        (srgb(24, 25, 28), 0.6),
        (srgb(150, 18, 24), 0.5),
        (srgb(190, 30, 26), 0.0),
        (srgb(26, 58, 128), 0.9),
        (srgb(74, 128, 178), 0.8),
        (srgb(40, 78, 58), 0.8),
        (srgb(178, 160, 132), 1.0),
        (srgb(206, 104, 26), 0.7),
        (srgb(212, 176, 40), 0.2),
        (srgb(96, 60, 42), 0.9),
        (srgb(92, 40, 74), 0.8),
    ];
    let (base, metallic) = paints[draw.below(paints.len())];
    let shift = |draw: &mut Draw| draw.range(0.85, 1.15);
    Livery {
        paint: vec3(
            (base.x * shift(draw)).min(0.9),
            (base.y * shift(draw)).min(0.9),
            (base.z * shift(draw)).min(0.9),
        ),
        metallic,
        glass: draw.unit(),
        spokes: [5, 5, 6, 7, 10][draw.below(5)],
        rim: draw.range(0.35, 1.0),
        slats: draw.chance(0.6),
        cladding: draw.chance(0.3),
        key: draw.key(),
    }
}

fn sample_camera(draw: &mut Draw, shape: &CarShape) -> Camera {
    // All around, with some more views of the left side and the left rear: the
    // door is seen well from fewer directions than the hood.
    let azimuth = if draw.chance(0.06) {
        draw.range(1.05, 2.95)
    } else {
        draw.range(-PI, PI)
    };
    let elevation = mix(0.02, 0.50, draw.unit().powf(1.5));
    let field_of_view = draw.range(0.55, 1.15);
    let spread = shape.half_length.hypot(0.5 * shape.height);
    // The distance at which the whole car just fits into the diagonal.
    let whole = spread / (0.5 * field_of_view).tan() * 1.12;
    let close = draw.chance(0.38);
    let (zoom, stray) = if close {
        (draw.range(0.42, 0.85), 0.48)
    } else {
        (draw.range(0.85, 1.25), 0.10)
    };
    let target = vec3(
        draw.bell().clamp(-1.6, 1.6) * stray * shape.half_length * 0.62,
        draw.bell() * stray * shape.half_width * 0.5,
        shape.height * mix(0.46, 0.62, draw.unit()),
    );
    let mut camera = Camera::around(target, azimuth, elevation, whole * zoom, field_of_view);
    keep_clear(&mut camera.position, shape);
    camera.roll = draw.bell() * 0.025;
    camera
}

/// Moves `position` out of the car and its surroundings, and above the ground.
fn keep_clear(position: &mut Vec3, shape: &CarShape) {
    const CLEAR: f32 = 0.9;
    position.z = position.z.max(0.35);
    let reach = |v: f32, half: f32| v.abs() - half - CLEAR;
    let (dx, dy) = (
        reach(position.x, shape.half_length),
        reach(position.y, shape.half_width),
    );
    if dx < 0.0 && dy < 0.0 && position.z < shape.height + CLEAR {
        if dx > dy {
            position.x -= dx * position.x.signum();
        } else {
            position.y -= dy * position.y.signum();
        }
    }
}

/// Boxes beyond the car as seen from the camera: bins, crates, walls, posts.
fn sample_clutter(draw: &mut Draw, camera: &Camera) -> Vec<Clutter> {
    let away = (-camera.position.y).atan2(-camera.position.x);
    let count = draw.below(6);
    (0..count)
        .map(|_| {
            let turn = away + draw.bell() * 0.55;
            let distance = draw.range(5.5, 15.0);
            let tall = draw.chance(0.4);
            let half = if tall {
                [draw.range(0.05, 0.3), draw.range(0.05, 0.3)]
            } else {
                [draw.range(0.3, 1.6), draw.range(0.2, 0.7)]
            };
            Clutter {
                center: [distance * turn.cos(), distance * turn.sin()],
                half,
                turn: draw.range(0.0, TAU),
                height: if tall {
                    draw.range(1.2, 3.6)
                } else {
                    draw.range(0.4, 1.5)
                },
                color: muted(draw),
            }
        })
        .collect()
}

/// A grey with a little colour in it.
fn muted(draw: &mut Draw) -> Vec3 {
    let grey = draw.range(0.05, 0.5);
    let tone = |draw: &mut Draw| grey * draw.range(0.6, 1.4);
    vec3(tone(draw), tone(draw), tone(draw))
}
