//! The reference files' weights, input and target, from names alone.
//!
//! Every number follows from a hash of its tensor's name, so no weight file
//! travels with a reference. The formulas are those of the reference's
//! description; everything is computed in f64 from f32 uniforms and rounded
//! once.

use std::f64::consts::PI;

/// `count` uniform numbers in [-1, 1) from a name and a seed: splitmix64's
/// finaliser over FNV-1a of the name.
pub fn uniform(name: &str, count: usize, seed: u64) -> impl Iterator<Item = f32> {
    let start = fnv1a64(name) ^ seed;
    (0..count as u64).map(move |i| {
        let mut z = start.wrapping_add(i).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^= z >> 31;
        ((z >> 40) as f64 / f64::from(1u32 << 23) - 1.0) as f32
    })
}

fn fnv1a64(name: &str) -> u64 {
    name.bytes().fold(0xCBF2_9CE4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3)
    })
}

/// The values of the tensor `key` (`backbone.…` or `head.…`).
pub fn weight(key: &str, shape: &[usize], seed: u64, running_var_scale: f64) -> Vec<f32> {
    let count: usize = shape.iter().product();
    let fan_in = (count / shape.first().copied().unwrap_or(1).max(1)) as f64;
    let leaf = key.rsplit('.').next().unwrap_or(key);
    let value: Box<dyn Fn(f64) -> f64> = match (leaf, shape.len()) {
        ("running_mean", _) => Box::new(|u| 0.1 * u),
        ("running_var", _) => Box::new(move |u| running_var_scale * (1.0 + 0.5 * u.abs())),
        ("weight", 4) => Box::new(move |u| u * (6.0 / fan_in).sqrt()),
        ("weight" | "in_proj_weight", 2) => Box::new(move |u| u * (3.0 / fan_in).sqrt()),
        ("class_token" | "pos_embedding", _) => Box::new(|u| 0.1 * u),
        ("weight", _) => Box::new(|u| 1.0 + 0.1 * u),
        _ => Box::new(|u| 0.1 * u),
    };
    uniform(key, count, seed)
        .map(|u| value(f64::from(u)) as f32)
        .collect()
}

/// The input images, `[batch, 3, size, size]`: noise over a wave that differs
/// by image and channel.
pub fn input(batch: usize, size: usize, seed: u64) -> Vec<f32> {
    let mut noise = uniform("input", batch * 3 * size * size, seed);
    let mut values = Vec::with_capacity(batch * 3 * size * size);
    for n in 0..batch {
        for c in 0..3 {
            for h in 0..size {
                for w in 0..size {
                    let (n, c, h, w) = (n as f64, c as f64, h as f64, w as f64);
                    let size = size as f64;
                    let rows = (2.0 * PI * (h * (n + 1.0) / size + 0.3 * c)).sin();
                    let columns = (2.0 * PI * w * (c + 1.0) / size).cos();
                    let u = f64::from(noise.next().unwrap_or_default());
                    values.push((u + 1.5 * rows * columns) as f32);
                }
            }
        }
    }
    values
}

/// The labels, `[batch, targets]`, in [0, 1).
pub fn target(batch: usize, targets: usize, seed: u64) -> Vec<f32> {
    uniform("target", batch * targets, seed)
        .map(|u| (0.5 + 0.5 * f64::from(u)) as f32)
        .collect()
}
