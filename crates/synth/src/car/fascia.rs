//! The two ends of the car: lights, grille, plates, bumpers, tailgate.
//!
//! Everything is placed by `y`, the distance from the middle as a share of the
//! half width, and `t`, the relative height of the wall.

use super::Car;
use super::surface::{GAP, Material, SEAM, Surface, surface};
use crate::math::{Vec3, mix, rounded_box, smoothstep};
use crate::noise::hash;
use crate::part::Part;

impl Car {
    /// Head lights, grille, front bumper.
    pub(super) fn front_surface(&self, p: Vec3, t: f32, nose: f32) -> Option<Surface> {
        let shape = &self.shape;
        let y = p.y.abs() / shape.half_width;
        // Lamps are swept: higher and thinner towards the side.
        let lamp = rounded_box(
            y - 0.86,
            (t - mix(0.745, 0.80, smoothstep(0.5, 1.0, y) + 0.5 * nose)) * 0.6,
            [0.32, 0.058],
            0.04,
        );
        if lamp < 0.0 && nose < 0.52 {
            let bulb = (y - 0.66)
                .hypot((t - 0.755) * 0.75)
                .min((y - 0.80).hypot((t - 0.77) * 0.75));
            return Some(match (lamp > -0.012, bulb) {
                (true, _) => surface(Part::HeadLight, Material::Trim),
                (_, b) if b < 0.035 => surface(Part::HeadLight, Material::Chrome),
                (_, b) if b < 0.05 => surface(Part::HeadLight, Material::Trim),
                _ => surface(Part::HeadLight, Material::ClearLens),
            });
        }
        if nose < 0.40 {
            let badge = y.hypot((t - 0.745) * 0.62);
            if badge < 0.055 {
                return Some(surface(Part::Grille, Material::Chrome));
            }
            let grille = rounded_box(
                y,
                (t - 0.73) * 0.6,
                [0.46 - 0.25 * (0.8 - t).abs(), 0.085],
                0.03,
            );
            if grille < 0.0 {
                let phase = if self.livery.slats {
                    (p.z * 26.0).rem_euclid(1.0)
                } else {
                    ((p.z + p.y) * 20.0)
                        .rem_euclid(1.0)
                        .min(((p.z - p.y) * 20.0).rem_euclid(1.0))
                        + 0.12
                };
                let material = match (grille > -0.016, phase < 0.32) {
                    (true, _) => Material::Chrome,
                    (_, true) => Material::Trim,
                    _ => Material::Void,
                };
                return Some(surface(Part::Grille, material));
            }
            if let Some(plate) = self.plate_surface(p, (t - 0.47) * 0.6) {
                return Some(plate);
            }
            if rounded_box(y, (t - 0.24) * 0.6, [0.52, 0.062], 0.03) < 0.0 {
                return Some(surface(Part::FrontBumper, Material::Void));
            }
            let fog = rounded_box(y - 0.75, (t - 0.29) * 0.6, [0.10, 0.06], 0.03);
            if fog < 0.0 {
                let lens = (y - 0.75).hypot((t - 0.29) * 0.6) < 0.04;
                return Some(if lens {
                    surface(Part::HeadLight, Material::ClearLens)
                } else {
                    surface(Part::FrontBumper, Material::Plastic)
                });
            }
        }
        let edge = shape.axles[0] + shape.arch_radius() + 0.06;
        bumper(
            Part::FrontBumper,
            p.x - edge,
            t - 0.60,
            t,
            self.lower_trim(),
        )
    }

    /// Tail lights, tailgate, rear bumper.
    pub(super) fn tail_surface(&self, p: Vec3, t: f32, tail: f32) -> Option<Surface> {
        let shape = &self.shape;
        let y = p.y.abs() / shape.half_width;
        let lamp = rounded_box(y - 0.86, (t - 0.76) * 0.6, [0.28, 0.085], 0.03);
        if lamp < 0.0 && tail < 0.34 {
            let inner = rounded_box(y - 0.70, (t - 0.745) * 0.6, [0.07, 0.028], 0.02);
            let material = match (lamp > -0.010, inner < 0.0) {
                (true, _) => Material::Trim,
                (_, true) => Material::ClearLens,
                _ if t < 0.69 && y > 0.62 => Material::AmberLens,
                _ => Material::RedLens,
            };
            return Some(surface(Part::TailLight, material));
        }
        if tail < 0.40 {
            if let Some(plate) = self.plate_surface(p, (t - 0.56) * 0.6) {
                return Some(plate);
            }
            if y.hypot((t - 0.80) * 0.62) < 0.045 {
                return Some(surface(Part::Trunk, Material::Chrome));
            }
            let lid = rounded_box(y, (t - 0.85) * 0.6, [0.70, 0.24], 0.04) * shape.half_width;
            if lid < -GAP {
                return Some(surface(Part::Trunk, Material::Paint));
            }
            if lid < GAP {
                return Some(SEAM);
            }
            if rounded_box(y, (t - 0.13) * 0.6, [0.60, 0.055], 0.03) < 0.0 {
                return Some(surface(Part::RearBumper, Material::Plastic));
            }
            if rounded_box(y - 0.76, (t - 0.30) * 0.6, [0.09, 0.016], 0.01) < 0.0 {
                return Some(surface(Part::TailLight, Material::RedLens));
            }
        }
        let edge = shape.axles[1] - shape.arch_radius() - 0.06;
        bumper(Part::RearBumper, edge - p.x, t - 0.56, t, self.lower_trim())
    }

    /// The number plate around `y` = 0; `v` is the height above its middle in
    /// units of the wall.
    fn plate_surface(&self, p: Vec3, v: f32) -> Option<Surface> {
        const HALF: [f32; 2] = [0.26, 0.058];
        let v = v * 0.9;
        // The car's left is on the right of who faces its front.
        let along = p.y * p.x.signum();
        if rounded_box(along, v, HALF, 0.01) > 0.0 {
            return None;
        }
        let cell = ((along + 0.22) / 0.055).floor();
        let (u, w) = ((along + 0.22) / 0.055 - cell, v / 0.036);
        let glyph = (0.0..8.0).contains(&cell)
            && cell != 3.0
            && w.abs() < 1.0
            && (0.15..0.85).contains(&u)
            && {
                let (gx, gy) = ((u * 3.0) as i32, ((w + 1.0) * 2.5) as i32);
                hash(gx + 7 * cell as i32, gy, self.livery.key) > 0.42
            };
        let ink = glyph || rounded_box(along, v, HALF, 0.01) > -0.006;
        let material = if ink {
            Material::PlateInk
        } else {
            Material::PlateWhite
        };
        Some(surface(Part::Plate, material))
    }
}

/// The bumper ahead of `ahead` = 0 and below `above` = 0, or the gap around it.
fn bumper(part: Part, ahead: f32, above: f32, t: f32, trim: Material) -> Option<Surface> {
    let distance = (-ahead).max(above * 0.6);
    match distance {
        d if d < -GAP => Some(surface(
            part,
            if t < 0.16 { Material::Plastic } else { trim },
        )),
        d if d < GAP => Some(SEAM),
        _ => None,
    }
}
