//! Seeded randomness: a reproducible stream of draws and a lattice noise.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// The draws that one image is made from. The stream depends on `(seed,
/// index)` alone, so images can be rendered in any order, on any thread.
pub(crate) struct Draw(ChaCha8Rng);

impl Draw {
    pub(crate) fn new(seed: u64, index: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(index);
        Self(rng)
    }

    /// Uniform in [0, 1).
    pub(crate) fn unit(&mut self) -> f32 {
        // 24 bits fill the mantissa; the scale is exact.
        (self.0.next_u32() >> 8) as f32 / 16_777_216.0
    }

    /// Uniform in [low, high).
    pub(crate) fn range(&mut self, low: f32, high: f32) -> f32 {
        low + (high - low) * self.unit()
    }

    /// True with probability `p`.
    pub(crate) fn chance(&mut self, p: f32) -> bool {
        self.unit() < p
    }

    /// Uniform in `0..n`; `n` must not be 0.
    pub(crate) fn below(&mut self, n: usize) -> usize {
        ((self.unit() * n as f32) as usize).min(n - 1)
    }

    /// A bell-shaped draw with mean 0 and standard deviation 1, cut at ±3.5.
    pub(crate) fn bell(&mut self) -> f32 {
        // Twelve uniforms have variance one; four are enough here, scaled.
        let sum: f32 = (0..4).map(|_| self.unit()).sum();
        (sum - 2.0) * 1.732_050_8
    }

    /// 32 random bits, as the key of a noise field.
    pub(crate) fn key(&mut self) -> u32 {
        self.0.next_u32()
    }
}

/// A hash of a lattice point, uniform in [0, 1).
pub(crate) fn hash(x: i32, y: i32, key: u32) -> f32 {
    let mut h = (x as u32).wrapping_mul(0x9E37_79B1)
        ^ (y as u32).wrapping_mul(0x85EB_CA77)
        ^ key.wrapping_mul(0xC2B2_AE3D);
    h ^= h >> 15;
    h = h.wrapping_mul(0x2C1B_3C6D);
    h ^= h >> 12;
    h = h.wrapping_mul(0x297A_2D39);
    h ^= h >> 15;
    (h >> 8) as f32 / 16_777_216.0
}

/// The largest integer below; without a call into the C library, unlike
/// `f32::floor` on the baseline instruction set.
fn floor(x: f32) -> i32 {
    let towards_zero = x as i32;
    towards_zero - i32::from(towards_zero as f32 > x)
}

/// Smooth value noise in [0, 1], one lattice cell per unit.
pub(crate) fn value_noise(x: f32, y: f32, key: u32) -> f32 {
    let (ix, iy) = (floor(x), floor(y));
    let (tx, ty) = (x - ix as f32, y - iy as f32);
    let (sx, sy) = (tx * tx * (3.0 - 2.0 * tx), ty * ty * (3.0 - 2.0 * ty));
    let x1 = ix.wrapping_add(1);
    let y1 = iy.wrapping_add(1);
    let top = hash(ix, iy, key) * (1.0 - sx) + hash(x1, iy, key) * sx;
    let bottom = hash(ix, y1, key) * (1.0 - sx) + hash(x1, y1, key) * sx;
    top * (1.0 - sy) + bottom * sy
}

/// Three octaves of [`value_noise`], in [0, 1].
pub(crate) fn cloud_noise(x: f32, y: f32, key: u32) -> f32 {
    let a = value_noise(x, y, key);
    let b = value_noise(x * 2.1 + 7.3, y * 2.1 - 3.1, key ^ 0x51ED);
    let c = value_noise(x * 4.3 - 1.7, y * 4.3 + 9.2, key ^ 0xA7C3);
    a * 0.57 + b * 0.29 + c * 0.14
}
