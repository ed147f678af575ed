//! From a scene to an image, its part-id buffer and its scores.

use image::{Rgb, RgbImage};

use crate::camera::View;
use crate::car::{Car, Surface};
use crate::label::{self, PartMeasure};
use crate::light::Film;
use crate::math::Vec3;
use crate::mesh::{Mesh, Patch};
use crate::noise::hash;
use crate::options::SynthOptions;
use crate::part::Part;
use crate::raster::{NONE, Samples, rasterise};
use crate::scene::Scene;
use crate::shade::{Fragment, shade};

/// Samples per pixel along each axis.
const OVERSAMPLING: usize = 2;
const PER_PIXEL: usize = OVERSAMPLING * OVERSAMPLING;

/// A rendered image with its labels.
#[derive(Clone, Debug)]
pub struct Rendered {
    /// The picture.
    pub image: RgbImage,
    /// [`Part::id`] of what most samples of each pixel show, row-major, one
    /// byte per pixel of `image`. The scores count these.
    pub part_ids: Vec<u8>,
    /// `perspective_score_hood` in [0, 1].
    pub hood: f32,
    /// `perspective_score_backdoor_left` in [0, 1].
    pub backdoor_left: f32,
    /// What `hood` follows from.
    pub hood_measure: PartMeasure,
    /// What `backdoor_left` follows from.
    pub backdoor_left_measure: PartMeasure,
}

/// Renders image `index` of the data set that `options` describes. The result
/// depends on the seed, the index and the size alone.
#[must_use]
pub fn render(options: &SynthOptions, index: usize) -> Rendered {
    Scene::sample(options.seed, index as u64).render(options.width, options.height)
}

/// What a sample shows: the surface, where, and on which triangle.
#[derive(Clone, Copy)]
struct Hit {
    surface: Surface,
    position: Vec3,
    triangle: u32,
}

impl Scene {
    /// Renders the scene at `width` × `height` pixels.
    #[must_use]
    pub fn render(&self, width: u32, height: u32) -> Rendered {
        let size = [width.max(1) as usize, height.max(1) as usize];
        let car = Car::new(self.shape.clone(), self.livery.clone());
        let mut mesh = Mesh::default();
        car.add_to(&mut mesh);
        for (index, item) in self.clutter.iter().enumerate() {
            let patch = Patch::Clutter(index as u8);
            mesh.add_box(item.center, item.half, item.turn, item.height, patch);
        }
        let view = self
            .camera
            .view(size[0] * OVERSAMPLING, size[1] * OVERSAMPLING);
        let samples = rasterise(
            &mesh,
            &view,
            |_| true,
            |t, p| t.patch != Patch::Skin || !car.is_cut_out(p),
        );
        let mut frame = Frame {
            scene: self,
            car: &car,
            mesh: &mesh,
            view: &view,
            samples: &samples,
            colors: self.clutter.iter().map(|c| c.color).collect(),
            sums: [(0, 0.0); Part::COUNT],
        };
        let film = Film::new(self.light.exposure);
        let mut image = RgbImage::new(size[0] as u32, size[1] as u32);
        let mut part_ids = Vec::with_capacity(size[0] * size[1]);
        for (x, y, pixel) in image.enumerate_pixels_mut() {
            let (color, part) = frame.pixel(x as usize, y as usize);
            part_ids.push(part.id());
            *pixel = Rgb(film.develop(self.with_noise(color, x, y)));
        }
        let measure = |part: Part| {
            let (visible, facing) = frame.sums[usize::from(part.id())];
            let mut measure = PartMeasure {
                visible,
                facing: facing / visible.max(1) as f32,
                frame: (size[0] * size[1]) as u32,
                unobstructed: 0.0,
            };
            if visible > 0 {
                measure.unobstructed = label::unobstructed(&car, &mesh, &self.camera, size, part);
            }
            measure
        };
        let hood_measure = measure(Part::Hood);
        let backdoor_left_measure = measure(Part::BackDoorLeft);
        Rendered {
            image,
            part_ids,
            hood: hood_measure.score(Part::Hood),
            backdoor_left: backdoor_left_measure.score(Part::BackDoorLeft),
            hood_measure,
            backdoor_left_measure,
        }
    }

    /// Adds the sensor's noise to the light of a pixel.
    fn with_noise(&self, color: Vec3, x: u32, y: u32) -> Vec3 {
        let (key, strength) = self.grain;
        color * (1.0 + strength * 4.0 * (hash(x as i32, y as i32, key) - 0.5))
    }
}

/// The state of rendering one frame.
struct Frame<'a> {
    scene: &'a Scene,
    car: &'a Car,
    mesh: &'a Mesh,
    view: &'a View,
    samples: &'a Samples,
    /// Colours of the clutter.
    colors: Vec<Vec3>,
    /// Per part: its pixels and the sum of their facing cosines.
    sums: [(u32, f32); Part::COUNT],
}

impl Frame<'_> {
    /// Colour and part of a pixel. Samples that show the same surface are
    /// shaded once, at their mean position.
    fn pixel(&mut self, x: usize, y: usize) -> (Vec3, Part) {
        let mut groups: [(Option<Hit>, f32); PER_PIXEL] = [(None, 0.0); PER_PIXEL];
        let mut used = 0;
        for k in 0..PER_PIXEL {
            let (sx, sy) = (
                x * OVERSAMPLING + k % OVERSAMPLING,
                y * OVERSAMPLING + k / OVERSAMPLING,
            );
            let hit = self.hit(sx, sy);
            let key = hit.map(|h| h.surface);
            let found = groups[..used]
                .iter_mut()
                .find(|(member, _)| member.map(|m| m.surface) == key);
            if let Some((member, weight)) = found {
                if let (Some(member), Some(hit)) = (member.as_mut(), hit) {
                    member.position += hit.position;
                }
                *weight += 1.0;
            } else {
                groups[used] = (hit, 1.0);
                used += 1;
            }
        }
        let middle = OVERSAMPLING as f32;
        let ray = self.view.ray(
            x as f32 * middle + 0.5 * middle,
            y as f32 * middle + 0.5 * middle,
        );
        let mut color = Vec3::default();
        let mut votes: [(Part, f32, f32); PER_PIXEL] = [(Part::Background, 0.0, 0.0); PER_PIXEL];
        for (slot, (hit, weight)) in groups[..used].iter().enumerate() {
            let (seen, part, facing) = match hit {
                Some(hit) => self.look(hit, *weight),
                None => (self.background(ray), Part::Background, 0.0),
            };
            color += seen * (weight / PER_PIXEL as f32);
            // One part may show in several materials.
            let index = votes[..slot]
                .iter()
                .position(|v| v.1 > 0.0 && v.0 == part)
                .unwrap_or(slot);
            votes[index].0 = part;
            votes[index].1 += weight;
            votes[index].2 += facing * weight;
        }
        let mut best = votes[0];
        for vote in &votes[1..used] {
            if vote.1 > best.1 {
                best = *vote;
            }
        }
        let sum = &mut self.sums[usize::from(best.0.id())];
        sum.0 += 1;
        sum.1 += best.2 / best.1;
        (color, best.0)
    }

    fn look(&self, hit: &Hit, weight: f32) -> (Vec3, Part, f32) {
        let position = hit.position * (1.0 / weight);
        let to_eye = (self.view.eye - position).normalized();
        let fragment = Fragment {
            material: hit.surface.material,
            position,
            normal: self.normal(hit.triangle, position, to_eye),
            to_eye,
        };
        let seen = shade(
            &fragment,
            &self.scene.livery,
            &self.scene.light,
            &self.colors,
        );
        let facing = fragment.normal.dot(fragment.to_eye).abs();
        (seen, hit.surface.part, facing)
    }

    fn background(&self, ray: Vec3) -> Vec3 {
        let scene = self.scene;
        let open = |p| scene.open(p);
        scene.backdrop.color(self.view.eye, ray, &scene.light, open)
    }

    /// The surface at a sample.
    fn hit(&self, x: usize, y: usize) -> Option<Hit> {
        let triangle = self.samples.triangle[y * self.view.width + x];
        if triangle == NONE {
            return None;
        }
        let position = self.samples.point(self.view, x, y);
        let patch = self.mesh.triangles[triangle as usize].patch;
        Some(Hit {
            surface: self.car.surface(patch, position),
            position,
            triangle,
        })
    }

    /// The unit normal at a point of a triangle, interpolated between its
    /// corners and turned towards the eye where both sides can be seen.
    fn normal(&self, triangle: u32, position: Vec3, to_eye: Vec3) -> Vec3 {
        let triangle = &self.mesh.triangles[triangle as usize];
        let [a, b, c] = self.mesh.corners(triangle);
        let [va, vb, vc] = triangle.vertices;
        let normal_of = |v: u32| self.mesh.normals[v as usize];
        // Barycentric coordinates of the point from areas over the triangle.
        let plane = (b - a).cross(c - a);
        let scale = 1.0 / plane.dot(plane);
        let wb = (position - a).cross(c - a).dot(plane) * scale;
        let wc = (b - a).cross(position - a).dot(plane) * scale;
        let normal = (normal_of(va) * (1.0 - wb - wc) + normal_of(vb) * wb + normal_of(vc) * wc)
            .normalized();
        if triangle.two_sided && normal.dot(to_eye) < 0.0 {
            return -normal;
        }
        normal
    }
}
