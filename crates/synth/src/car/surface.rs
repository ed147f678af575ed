//! What each point of the car shows: the part and its material.
//!
//! Panel edges, lights, grille and plates are drawn on the shell as curves in
//! car space and evaluated per sample, like a stencil, so that they are as
//! sharp as the image allows whatever the mesh.

use std::f32::consts::TAU;

use super::Car;
use super::shape::Cabin;
use super::wheels::RIM;
use crate::math::{Vec3, mix, rounded_box, smoothstep};
use crate::mesh::Patch;
use crate::part::Part;

/// What light does at a point.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Material {
    /// Clear-coated paint in the car's colour.
    Paint,
    /// Matt dark plastic.
    Plastic,
    /// Gloss black trim.
    Trim,
    /// Tinted glass.
    Glass,
    /// Tyre rubber.
    Rubber,
    /// Rim metal.
    Alloy,
    /// Bright metal.
    Chrome,
    /// The lens of a head light: clear with a bright inside.
    ClearLens,
    /// The lens of a tail light.
    RedLens,
    /// Amber indicator.
    AmberLens,
    /// Number plate, background.
    PlateWhite,
    /// Number plate, characters.
    PlateInk,
    /// Openings: grille holes, wheel wells, gaps.
    Void,
    /// An object in the background, by its index.
    Clutter(u8),
}

/// A part and its material.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Surface {
    pub(crate) part: Part,
    pub(crate) material: Material,
}

pub(super) const fn surface(part: Part, material: Material) -> Surface {
    Surface { part, material }
}

/// Half the width of a panel gap in metres.
pub(super) const GAP: f32 = 0.0062;
pub(super) const SEAM: Surface = surface(Part::Seam, Material::Void);

impl Car {
    /// Whether the wheel arches cut this point out of the wall.
    pub(crate) fn is_cut_out(&self, p: Vec3) -> bool {
        let shape = &self.shape;
        let r = shape.arch_radius();
        p.y.abs() > 0.5 * shape.half_width
            && shape.axles.iter().any(|axle| {
                let (dx, dz) = (p.x - axle, p.z - shape.wheel_radius);
                dx * dx + dz * dz < r * r
            })
    }

    /// What the point `p` of `patch` shows.
    pub(crate) fn surface(&self, patch: Patch, p: Vec3) -> Surface {
        match patch {
            Patch::Skin => self.wall_surface(p),
            Patch::Deck => self.deck_surface(p),
            Patch::Greenhouse => self.window_surface(p),
            Patch::Roof => surface(Part::Roof, Material::Paint),
            Patch::Wheel(index) => self.wheel_surface(usize::from(index), p),
            Patch::Underside => surface(Part::Body, Material::Void),
            Patch::Mirror => {
                let glass = p.x < self.mirror.x - 0.052
                    && (p.y.abs() - self.mirror.y).abs() < 0.095
                    && (p.z - self.mirror.z).abs() < 0.058;
                let material = if glass {
                    Material::Chrome
                } else {
                    Material::Paint
                };
                surface(Part::Mirror, material)
            }
            Patch::Handle => surface(Part::Handle, Material::Paint),
            Patch::Clutter(index) => surface(Part::Background, Material::Clutter(index)),
        }
    }

    /// Paint, or plastic on cars with cladding.
    pub(super) fn lower_trim(&self) -> Material {
        if self.livery.cladding {
            Material::Plastic
        } else {
            Material::Paint
        }
    }

    fn wall_surface(&self, p: Vec3) -> Surface {
        let shape = &self.shape;
        let t = shape.wall_level(p.x, p.z);
        let side = p.y.abs();
        let nose = shape.half_length - p.x;
        let tail = shape.half_length + p.x;
        if nose < 0.62
            && let Some(found) = self.front_surface(p, t, nose)
        {
            return found;
        }
        if tail < 0.62
            && let Some(found) = self.tail_surface(p, t, tail)
        {
            return found;
        }
        if side > 0.6 * shape.half_width
            && let Some(found) = self.door_surface(p, t)
        {
            return found;
        }
        if t < 0.10 {
            return surface(Part::Body, Material::Plastic);
        }
        if self.livery.cladding {
            let near = shape.axles.iter().any(|axle| {
                (p.x - axle).hypot(p.z - shape.wheel_radius) < shape.arch_radius() + 0.06
            });
            if near || t < 0.17 {
                return surface(Part::Body, Material::Plastic);
            }
        }
        surface(Part::Body, Material::Paint)
    }

    /// The doors and their gaps.
    fn door_surface(&self, p: Vec3, t: f32) -> Option<Surface> {
        let shape = &self.shape;
        let [front, middle, rear] = shape.doors;
        if p.x > front + 0.05 || p.x < rear - 0.25 {
            return None;
        }
        let bottom = 0.13;
        // The rear edge leans back towards the belt line.
        let lean = 0.17 * smoothstep(0.35, 1.0, t);
        let panel = |from: f32, to: f32| {
            let height = shape.shoulder(p.x) - shape.sill(p.x);
            let half = [0.5 * (from - to), 0.5 * (1.2 - bottom) * height];
            let z = (t - 0.5 * (1.2 + bottom)) * height;
            rounded_box(p.x - 0.5 * (from + to), z, half, 0.06)
        };
        let ahead = panel(front, middle);
        let arch =
            shape.arch_radius() + 0.075 - (p.x - shape.axles[1]).hypot(p.z - shape.wheel_radius);
        let behind = panel(middle, rear - lean).max(arch);
        let nearest = ahead.min(behind);
        if nearest > GAP {
            return None;
        }
        if nearest > -GAP {
            return Some(SEAM);
        }
        if t < bottom + 0.05 && self.livery.cladding {
            return Some(surface(Part::Body, Material::Plastic));
        }
        let part = match (ahead < behind, p.y > 0.0) {
            (true, true) => Part::FrontDoorLeft,
            (true, false) => Part::FrontDoorRight,
            (false, true) => Part::BackDoorLeft,
            (false, false) => Part::BackDoorRight,
        };
        Some(surface(part, Material::Paint))
    }

    /// Hood, cowl and trunk lid.
    fn deck_surface(&self, p: Vec3) -> Surface {
        let shape = &self.shape;
        let side = p.y.abs();
        if p.x > 0.0 {
            let [middle, half_length, half_width] = shape.cabin().ring(0.0);
            let v = (side / half_width).min(1.0);
            let glass = middle + half_length * (1.0 - v.powi(5)).powf(0.2);
            // Distances to the hood's three edges, negative inside.
            let rear = glass + 0.055 - p.x;
            let width = shape.outline(p.x.min(shape.half_length - 0.30)) - 0.165;
            let front = p.x - (shape.half_length - 0.225 - 0.06 * (side / width).powi(2));
            let hood = rear.max(side - width).max(front);
            return match hood {
                d if d < -GAP => surface(Part::Hood, Material::Paint),
                d if d < GAP => SEAM,
                _ if rear > 0.0 && side < half_width => surface(Part::Body, Material::Plastic),
                _ => surface(Part::Body, Material::Paint),
            };
        }
        let [middle, half_length, _] = shape.cabin().ring(0.0);
        let behind = middle - half_length + 0.10 - p.x;
        match (side - 0.70 * shape.half_width).max(-behind - 0.05) {
            d if d < -GAP => surface(Part::Trunk, Material::Paint),
            d if d < GAP => SEAM,
            _ => surface(Part::Body, Material::Paint),
        }
    }

    /// Windows and the pillars between them.
    fn window_surface(&self, p: Vec3) -> Surface {
        let shape = &self.shape;
        let cabin = shape.cabin();
        let t = cabin.level(p.x, p.z);
        let [middle, half_length, half_width] = cabin.ring(t.clamp(0.0, 1.0));
        let u = (p.x - middle) / half_length;
        let v = p.y / half_width;
        let top = Cabin::BEND - 0.02;
        let vertical = (t - 0.5 * (top + 0.06)).abs() - 0.5 * (top - 0.06);
        // Distances to the panes in metres, roughly; negative inside.
        let across = vertical * 0.5;
        let lengthwise = if shape.style == super::Style::Sedan {
            -0.80
        } else {
            -0.84
        };
        let side_pane = across
            .max((u - 0.83) * half_length)
            .max((lengthwise - u) * half_length);
        let end_pane = across.max((v.abs() - 0.86) * half_width);
        let lateral = u.abs() < 0.885;
        if lateral {
            let pillar = (p.x - shape.doors[1]).abs() - 0.035;
            let quarter = (p.x - shape.doors[2] + 0.10).abs() - 0.014;
            let pane = side_pane.max(-pillar).max(-quarter);
            return match pane {
                d if d < -0.006 => surface(Part::SideWindow, Material::Glass),
                _ if side_pane < 0.022 => surface(Part::Body, Material::Trim),
                _ => surface(Part::Body, Material::Paint),
            };
        }
        let (part, roof) = if u > 0.0 {
            (Part::Windscreen, 0.0)
        } else {
            (Part::RearWindow, 0.0)
        };
        match end_pane {
            d if d < -0.012 + roof => surface(part, Material::Glass),
            d if d < 0.012 => surface(Part::Body, Material::Trim),
            _ if t < 0.1 => surface(Part::Body, Material::Plastic),
            _ => surface(Part::Body, Material::Paint),
        }
    }

    fn wheel_surface(&self, index: usize, p: Vec3) -> Surface {
        let Some(wheel) = self.wheels.get(index) else {
            return surface(Part::Wheel, Material::Rubber);
        };
        let (dx, dz) = (p.x - wheel.hub.x, p.z - wheel.hub.z);
        let r = dx.hypot(dz) / self.shape.wheel_radius;
        let outside = (p.y - wheel.hub.y) * wheel.hub.y.signum() > -0.06;
        let material = if r > RIM || !outside {
            Material::Rubber
        } else if !(0.17..=RIM - 0.055).contains(&r) {
            Material::Alloy
        } else {
            let spokes = f32::from(self.livery.spokes);
            let angle = (dz.atan2(dx) + wheel.turn) * spokes / TAU;
            let offset = (angle.rem_euclid(1.0) - 0.5).abs() / spokes * TAU * r;
            if offset < mix(0.085, 0.055, r) * 9.0 / (spokes + 3.0) {
                Material::Alloy
            } else {
                Material::Void
            }
        };
        surface(Part::Wheel, material)
    }
}
