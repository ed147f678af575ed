//! A parametrised car: proportions, mesh, and what each point of it shows.

mod body;
mod fascia;
mod shape;
mod surface;
mod wheels;

pub use shape::{CarShape, Style};
pub(crate) use surface::{Material, Surface};

use crate::math::{Vec3, vec3};
use crate::mesh::{Mesh, Patch};
use wheels::Wheel;

/// The look of a car beyond its proportions.
#[derive(Clone, Debug)]
pub struct Livery {
    /// Linear RGB of the paint.
    pub paint: Vec3,
    /// How metallic the paint is, 0 to 1.
    pub metallic: f32,
    /// Brightness of the window glass, 0 (black) to 1.
    pub glass: f32,
    /// Spokes per rim.
    pub spokes: u8,
    /// Brightness of the rims, 0 to 1.
    pub rim: f32,
    /// Whether the grille has horizontal slats (else a mesh).
    pub slats: bool,
    /// Whether bumpers, sills and arches are unpainted plastic.
    pub cladding: bool,
    /// Key of the plate's characters and of the rim's turn.
    pub key: u32,
}

/// A car with its mesh: proportions, livery and triangles.
pub(crate) struct Car {
    pub(crate) shape: CarShape,
    pub(crate) livery: Livery,
    pub(crate) wheels: [Wheel; 4],
    /// Middle of the left mirror; the right one is its mirror image.
    pub(crate) mirror: Vec3,
}

impl Car {
    pub(crate) fn new(shape: CarShape, livery: Livery) -> Self {
        let wheels = wheels::place(&shape, livery.key as f32 / 1e9);
        let x = shape.cabin().ring(0.2)[0] + shape.cabin().ring(0.2)[1] * 0.82;
        let mirror = vec3(
            x - 0.06,
            shape.half_width + 0.035,
            shape.shoulder(x) + 0.075,
        );
        Self {
            shape,
            livery,
            wheels,
            mirror,
        }
    }

    /// Adds the car's triangles to `mesh`.
    pub(crate) fn add_to(&self, mesh: &mut Mesh) {
        let shape = &self.shape;
        body::add_body(mesh, shape);
        wheels::add_wheels(mesh, shape, &self.wheels);
        for side in [1.0, -1.0] {
            let middle = vec3(self.mirror.x, side * self.mirror.y, self.mirror.z);
            mesh.add_blob(middle, vec3(0.075, 0.115, 0.075), 0.6, Patch::Mirror);
            let foot = middle - vec3(-0.01, side * 0.13, 0.055);
            mesh.add_blob(foot, vec3(0.035, 0.09, 0.03), 0.7, Patch::Mirror);
            for rear in [shape.doors[1], shape.doors[2] - 0.02] {
                let x = rear + 0.15;
                let z = shape.shoulder(x) - 0.155 * (shape.shoulder(x) - shape.clearance);
                let grip = vec3(x, side * (shape.wall(x, z) + 0.008), z);
                mesh.add_blob(grip, vec3(0.105, 0.026, 0.019), 0.7, Patch::Handle);
            }
        }
    }
}
