//! The look of materials.

use crate::car::{Livery, Material};
use crate::light::Light;
use crate::math::{Vec3, mix, smoothstep, srgb, vec3};

/// What a material does with light.
struct Gloss {
    /// Diffuse colour, linear.
    diffuse: Vec3,
    /// Reflection at normal incidence.
    base: Vec3,
    /// Exponent of the sun's highlight.
    sharpness: f32,
    /// Scales reflection and highlight, 0 matt to 1 mirror-smooth.
    polish: f32,
}

/// A point to be shaded.
pub(crate) struct Fragment {
    pub(crate) material: Material,
    pub(crate) position: Vec3,
    /// Unit normal.
    pub(crate) normal: Vec3,
    /// Unit vector towards the eye.
    pub(crate) to_eye: Vec3,
}

fn gloss(material: Material, livery: &Livery, clutter: &[Vec3]) -> Gloss {
    let grey = |v: f32| vec3(v, v, v);
    let (diffuse, base, sharpness, polish) = match material {
        Material::Paint => (
            livery.paint,
            grey(0.045).lerp(livery.paint * 0.5, 0.3 * livery.metallic),
            260.0,
            1.0,
        ),
        Material::Plastic => (grey(0.022), grey(0.03), 18.0, 0.30),
        Material::Trim => (grey(0.010), grey(0.04), 160.0, 0.7),
        Material::Glass => (grey(0.02 + 0.06 * livery.glass), grey(0.085), 500.0, 1.0),
        Material::Rubber => (grey(0.020), grey(0.03), 12.0, 0.25),
        Material::Alloy => (
            grey(mix(0.06, 0.42, livery.rim)),
            grey(mix(0.05, 0.38, livery.rim)),
            60.0,
            0.8,
        ),
        Material::Chrome => (grey(0.12), grey(0.65), 300.0, 1.0),
        Material::ClearLens => (vec3(0.62, 0.66, 0.72), grey(0.16), 400.0, 1.0),
        Material::RedLens => (vec3(0.48, 0.012, 0.016), grey(0.06), 400.0, 1.0),
        Material::AmberLens => (vec3(0.75, 0.28, 0.02), grey(0.06), 400.0, 1.0),
        Material::PlateWhite => (srgb(226, 226, 220), grey(0.04), 40.0, 0.4),
        Material::PlateInk => (grey(0.02), grey(0.04), 40.0, 0.4),
        Material::Void => (grey(0.010), grey(0.0), 1.0, 0.0),
        Material::Clutter(index) => (
            clutter
                .get(usize::from(index))
                .copied()
                .unwrap_or(grey(0.3)),
            grey(0.02),
            10.0,
            0.2,
        ),
    };
    Gloss {
        diffuse,
        base,
        sharpness,
        polish,
    }
}

/// The light that leaves `fragment` towards the eye, linear RGB.
pub(crate) fn shade(fragment: &Fragment, livery: &Livery, light: &Light, clutter: &[Vec3]) -> Vec3 {
    let look = gloss(fragment.material, livery, clutter);
    let (n, v) = (fragment.normal, fragment.to_eye);
    // Near the ground the car itself hides half of the sky.
    let open = match fragment.material {
        Material::Clutter(_) => 1.0,
        _ => mix(0.42, 1.0, smoothstep(0.05, 0.75, fragment.position.z)),
    };
    let sun = n.dot(light.sun).max(0.0);
    let diffuse = light.ambient(n) * open + light.sun_color * sun;
    let mut color = look.diffuse.tint(diffuse);
    if fragment.material == Material::Paint && livery.metallic > 0.0 {
        // Flakes throw light back around the mirror direction, broadly.
        let half = (light.sun + v).normalized().dot(n).max(0.0);
        let flop = livery.metallic * (0.7 * half.powi(14) * sun.sqrt() + 0.22 * n.dot(v).max(0.0));
        color += livery
            .paint
            .tint(light.sun_color * flop + light.horizon * (0.25 * flop));
    }
    if look.polish > 0.0 {
        let facing = n.dot(v).clamp(0.0, 1.0);
        let fresnel = (1.0 - facing).powi(5) * look.polish * 0.85;
        let mirror = look.base + (vec3(1.0, 1.0, 1.0) - look.base) * fresnel;
        let r = n * (2.0 * n.dot(v)) - v;
        let strength = look.polish * mix(0.35, 1.0, open);
        color += mirror.tint(light.reflection(r)) * strength;
        let half = (light.sun + v).normalized().dot(n).max(0.0);
        let spot = if sun > 0.0 {
            half.powf(look.sharpness) * look.polish * look.sharpness * 0.012
        } else {
            0.0
        };
        color +=
            light.sun_color.tint(look.base) * (spot.min(9.0) * smoothstep(0.0, 0.1, sun) * 4.0);
    }
    color
}
