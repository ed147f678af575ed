//! Functions of one value without a branch or a call, for loops that fill SIMD registers.

use std::ops::{Add, Div, Mul, Sub};

/// `max(x, 0)`; NaN stays NaN, as in PyTorch.
#[inline(always)]
pub fn relu(x: f32) -> f32 {
    if x < 0.0 { 0.0 } else { x }
}

/// `min(max(x, 0), 6)`; NaN stays NaN, as in PyTorch.
#[inline(always)]
pub fn relu6(x: f32) -> f32 {
    x.clamp(0.0, 6.0)
}

/// A value, or the values of a register.
pub trait Values:
    Copy
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Mul<f32, Output = Self>
{
    /// `value` as one of these.
    fn splat(self, value: f32) -> Self;

    /// `self · factor + term`, rounded once or twice.
    fn mul_add(self, factor: Self, term: Self) -> Self;

    /// At least `-bound` and at most `bound`; NaN stays NaN.
    fn within(self, bound: f32) -> Self;

    /// `max(x, -x)`.
    fn abs(self) -> Self;

    /// `negative` where this is less than 0, else `other`.
    fn if_negative(self, negative: Self, other: Self) -> Self;

    /// 2 to the power of the whole number in the lowest bits.
    fn power_of_2(self) -> Self;
}

impl Values for f32 {
    #[inline(always)]
    fn splat(self, value: f32) -> Self {
        value
    }

    /// Twice: rounding once is a call where the processor has no instruction for it.
    #[inline(always)]
    fn mul_add(self, factor: Self, term: Self) -> Self {
        self * factor + term
    }

    #[inline(always)]
    fn within(self, bound: f32) -> Self {
        self.clamp(-bound, bound)
    }

    #[inline(always)]
    fn abs(self) -> Self {
        Self::abs(self)
    }

    #[inline(always)]
    fn if_negative(self, negative: Self, other: Self) -> Self {
        if self < 0.0 { negative } else { other }
    }

    #[inline(always)]
    fn power_of_2(self) -> Self {
        Self::from_bits(self.to_bits().wrapping_shl(23).wrapping_add(127 << 23))
    }
}

/// `1 / (1 + e^-x)` within 2e-7 of its value; NaN stays NaN.
#[inline(always)]
pub fn sigmoid<T: Values>(x: T) -> T {
    let one = x.splat(1.0);
    one / (one + exp(x * -1.0))
}

/// `x · sigmoid(x)`.
#[inline(always)]
pub fn silu<T: Values>(x: T) -> T {
    x / (x.splat(1.0) + exp(x * -1.0))
}

/// `x · Φ(x)` within 3e-7 of its value, or of `x` where that is more; NaN stays NaN.
///
/// `Φ` is computed by formula 7.1.26 of Abramowitz and Stegun, "Handbook of Mathematical
/// Functions" (1964), whose error is at most 1.5e-7.
#[inline(always)]
pub fn gelu<T: Values>(x: T) -> T {
    let one = x.splat(1.0);
    let z = x.abs() * std::f32::consts::FRAC_1_SQRT_2;
    let t = one / z.mul_add(x.splat(0.327_591_1), one);
    let sum = t.mul_add(x.splat(1.061_405_4), x.splat(-1.453_152));
    let sum = sum.mul_add(t, x.splat(1.421_413_7));
    let sum = sum.mul_add(t, x.splat(-0.284_496_74));
    let sum = sum.mul_add(t, x.splat(0.254_829_6));
    // Half of what erf(z) lacks of 1.
    let tail = sum * t * exp(z * z * -1.0) * 0.5;
    x * x.if_negative(tail, one - tail)
}

/// `e^x` within 2e-7 of its value, relatively; beyond ±87 that of 87 or -87; NaN stays NaN.
///
/// `e^x` is 2^n · e^r with whole n and |r| <= ln 2 / 2, and e^r its Taylor series.
#[inline(always)]
pub fn exp<T: Values>(x: T) -> T {
    /// Added to a small number and taken away again, it rounds to a whole one, which
    /// then is in the lowest bits.
    const ROUND: f32 = 12_582_912.0;
    // -ln 2 in two parts, of which the first has few digits.
    const LN_2: [f32; 2] = [-0.693_359_4, 2.121_944_4e-4];
    let x = x.within(87.0);
    let round = x.splat(ROUND);
    let rounded = x.mul_add(x.splat(std::f32::consts::LOG2_E), round);
    let whole = rounded - round;
    let r = whole.mul_add(x.splat(LN_2[0]), x);
    let r = whole.mul_add(x.splat(LN_2[1]), r);
    let series = r.mul_add(x.splat(1.0 / 5040.0), x.splat(1.0 / 720.0));
    let series = series.mul_add(r, x.splat(1.0 / 120.0));
    let series = series.mul_add(r, x.splat(1.0 / 24.0));
    let series = series.mul_add(r, x.splat(1.0 / 6.0));
    let series = series.mul_add(r, x.splat(0.5));
    let series = series.mul_add(r, x.splat(1.0));
    let series = series.mul_add(r, x.splat(1.0));
    series * rounded.power_of_2()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points() -> impl Iterator<Item = f32> {
        let far = [f32::NEG_INFINITY, -200.0, -87.5, 87.5, 200.0, f32::INFINITY];
        (-4000..=4000).map(|step| step as f32 * 0.005).chain(far)
    }

    #[test]
    fn a_sigmoid_is_exact_far_from_zero_too_and_nan_of_nan() {
        for x in points() {
            let want = 1.0 / (1.0 + (-f64::from(x)).exp());
            let got = sigmoid(x);
            assert!((f64::from(got) - want).abs() < 2e-7, "{x}: {got} {want}");
        }
        assert!(sigmoid(f32::NAN).is_nan());
    }

    #[test]
    fn an_exponential_is_exact_and_nan_of_nan() {
        for x in points().filter(|x| x.abs() <= 87.0) {
            let (want, got) = (f64::from(x).exp(), f64::from(exp(x)));
            assert!((got / want - 1.0).abs() < 2e-7, "{x}: {got} {want}");
        }
        assert!(exp(f32::NAN).is_nan());
    }

    #[test]
    fn a_gelu_is_burns_and_nan_of_nan() {
        use burn::tensor::{Device, Tensor, activation};

        let x: Vec<f32> = points().filter(|x| x.is_finite()).collect();
        let tensor = Tensor::<1>::from_floats(&x[..], &Device::flex());
        let want = activation::gelu(tensor).into_data();
        for (x, want) in x.into_iter().zip(want.iter::<f32>()) {
            let got = gelu(x);
            assert!(
                (got - want).abs() <= 3e-7 * x.abs().max(1.0),
                "{x}: {got} {want}"
            );
        }
        assert!(gelu(f32::NAN).is_nan());
    }
}
