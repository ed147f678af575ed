//! Triangle meshes, built from grids of points.

use crate::math::Vec3;

/// Which piece of the car a triangle belongs to. What exactly a point of it
/// shows (part and material) is decided per sample, so that panel edges are
/// sharp curves and not steps of the mesh.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Patch {
    /// The wall around the lower body: fascias, fenders, doors.
    Skin,
    /// The top of the lower body: hood, cowl, trunk.
    Deck,
    /// The ring of windows and pillars.
    Greenhouse,
    /// The roof panel.
    Roof,
    /// A wheel, by its index among the car's.
    Wheel(u8),
    /// Wheel wells and the floor: dark, not to be judged.
    Underside,
    /// A door mirror.
    Mirror,
    /// A door handle.
    Handle,
    /// An object behind the car, by its index in the scene's clutter.
    Clutter(u8),
}

/// A triangle: three vertex indices, counter-clockwise seen from outside.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Triangle {
    pub(crate) vertices: [u32; 3],
    pub(crate) patch: Patch,
    pub(crate) two_sided: bool,
}

/// An indexed triangle mesh with a normal per vertex.
#[derive(Default)]
pub(crate) struct Mesh {
    pub(crate) positions: Vec<Vec3>,
    pub(crate) normals: Vec<Vec3>,
    pub(crate) triangles: Vec<Triangle>,
}

impl Mesh {
    /// The corners of a triangle.
    pub(crate) fn corners(&self, triangle: &Triangle) -> [Vec3; 3] {
        let [a, b, c] = triangle.vertices;
        let at = |v: u32| self.positions[v as usize];
        [at(a), at(b), at(c)]
    }

    /// Adds a grid of `rows` × `cols` points, row-major, as a smooth surface.
    ///
    /// The winding is chosen so that the surface faces away from `inside`;
    /// `closed` joins the last column to the first.
    pub(crate) fn add_grid(
        &mut self,
        points: &[Vec3],
        cols: usize,
        closed: bool,
        patch: Patch,
        inside: Vec3,
    ) {
        let rows = points.len() / cols;
        let base = self.positions.len() as u32;
        let at = |r: usize, c: usize| (r * cols + c % cols) as u32;
        let last = if closed { cols } else { cols - 1 };
        let mut faces = Vec::with_capacity(rows * cols * 2);
        for r in 0..rows - 1 {
            for c in 0..last {
                let quad = [at(r, c), at(r, c + 1), at(r + 1, c + 1), at(r + 1, c)];
                faces.push([quad[0], quad[1], quad[2]]);
                faces.push([quad[0], quad[2], quad[3]]);
            }
        }
        let corner = |i: u32| points[i as usize];
        let area = |f: &[u32; 3]| (corner(f[1]) - corner(f[0])).cross(corner(f[2]) - corner(f[0]));
        let outward: f32 = faces
            .iter()
            .map(|f| area(f).dot(corner(f[0]) - inside))
            .sum();
        let mut normals = vec![Vec3::default(); points.len()];
        for f in &mut faces {
            if outward < 0.0 {
                f.swap(1, 2);
            }
            let n = area(f);
            if n.dot(n) == 0.0 {
                continue;
            }
            for &v in f.iter() {
                normals[v as usize] += n;
            }
            self.triangles.push(Triangle {
                vertices: f.map(|v| v + base),
                patch,
                two_sided: false,
            });
        }
        self.positions.extend_from_slice(points);
        self.normals
            .extend(normals.into_iter().map(Vec3::normalized));
    }

    /// Adds an ellipsoid with half axes `half`; `power` below 1 makes it
    /// boxier.
    pub(crate) fn add_blob(&mut self, center: Vec3, half: Vec3, power: f32, patch: Patch) {
        const ROWS: usize = 9;
        const COLS: usize = 14;
        let shape = |v: f32| v.signum() * v.abs().powf(power);
        let mut points = Vec::with_capacity(ROWS * COLS);
        for r in 0..ROWS {
            let polar = std::f32::consts::PI * r as f32 / (ROWS - 1) as f32;
            for c in 0..COLS {
                let turn = std::f32::consts::TAU * c as f32 / COLS as f32;
                points.push(
                    center
                        + Vec3 {
                            x: shape(polar.sin()) * shape(turn.cos()) * half.x,
                            y: shape(polar.sin()) * shape(turn.sin()) * half.y,
                            z: shape(polar.cos()) * half.z,
                        },
                );
            }
        }
        self.add_grid(&points, COLS, true, patch, center);
    }

    /// Adds an upright box on the ground: `center` in plan, half sizes in
    /// plan, `turn` about the vertical in radians, `height` in metres.
    pub(crate) fn add_box(
        &mut self,
        center: [f32; 2],
        half: [f32; 2],
        turn: f32,
        height: f32,
        patch: Patch,
    ) {
        let (sin, cos) = turn.sin_cos();
        let corner = |x: f32, y: f32, z: f32| Vec3 {
            x: center[0] + x * cos - y * sin,
            y: center[1] + x * sin + y * cos,
            z,
        };
        let [hx, hy] = half;
        let plan = [(hx, hy), (-hx, hy), (-hx, -hy), (hx, -hy)];
        let inside = corner(0.0, 0.0, height * 0.5);
        for i in 0..4 {
            let ((ax, ay), (bx, by)) = (plan[i], plan[(i + 1) % 4]);
            let wall = [
                corner(ax, ay, 0.0),
                corner(bx, by, 0.0),
                corner(ax, ay, height),
                corner(bx, by, height),
            ];
            self.add_grid(&wall, 2, false, patch, inside);
        }
        let top = [
            corner(hx, hy, height),
            corner(-hx, hy, height),
            corner(hx, -hy, height),
            corner(-hx, -hy, height),
        ];
        self.add_grid(&top, 2, false, patch, inside);
    }
}
