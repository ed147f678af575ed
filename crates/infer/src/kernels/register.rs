//! The values of a register, to calculate with.

use std::ops::{Add, Div, Mul, Sub};

use psp_models::ops::scalar::Values;
use pulp::Simd;

/// A register's values.
#[derive(Clone, Copy)]
pub(super) struct Register<S: Simd> {
    pub(super) simd: S,
    pub(super) values: S::f32s,
}

/// Gives registers an operator.
macro_rules! operator {
    ($operator:ident, $method:ident, $of_simd:ident) => {
        impl<S: Simd> $operator for Register<S> {
            type Output = Self;

            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                let values = self.simd.$of_simd(self.values, other.values);
                Self { values, ..self }
            }
        }
    };
}

operator!(Add, add, add_f32s);
operator!(Sub, sub, sub_f32s);
operator!(Mul, mul, mul_f32s);
operator!(Div, div, div_f32s);

impl<S: Simd> Mul<f32> for Register<S> {
    type Output = Self;

    #[inline(always)]
    fn mul(self, factor: f32) -> Self {
        self * self.splat(factor)
    }
}

impl<S: Simd> Values for Register<S> {
    #[inline(always)]
    fn splat(self, value: f32) -> Self {
        let values = self.simd.splat_f32s(value);
        Self { values, ..self }
    }

    #[inline(always)]
    fn mul_add(self, factor: Self, term: Self) -> Self {
        let Self { simd, values } = self;
        let values = simd.mul_add_e_f32s(values, factor.values, term.values);
        Self { values, simd }
    }

    #[inline(always)]
    fn within(self, bound: f32) -> Self {
        let Self { simd, values } = self;
        let [low, high] = [-bound, bound].map(|bound| simd.splat_f32s(bound));
        let values = simd.select_f32s(simd.less_than_f32s(values, low), low, values);
        let values = simd.select_f32s(simd.greater_than_f32s(values, high), high, values);
        Self { values, simd }
    }

    #[inline(always)]
    fn abs(self) -> Self {
        let values = self.simd.abs_f32s(self.values);
        Self { values, ..self }
    }

    #[inline(always)]
    fn if_negative(self, negative: Self, other: Self) -> Self {
        let Self { simd, values } = self;
        let is_negative = simd.less_than_f32s(values, simd.splat_f32s(0.0));
        let values = simd.select_f32s(is_negative, negative.values, other.values);
        Self { values, simd }
    }

    #[inline(always)]
    fn power_of_2(self) -> Self {
        let simd = self.simd;
        let bits = simd.transmute_u32s_f32s(self.values);
        let bits = simd.wrapping_dyn_shl_u32s(bits, simd.splat_u32s(23));
        let bits = simd.add_u32s(bits, simd.splat_u32s(127 << 23));
        let values = simd.transmute_f32s_u32s(bits);
        Self { values, simd }
    }
}

/// A register's values; fewer are filled up with zeros.
#[inline(always)]
pub(super) fn load<S: Simd>(simd: S, values: &[f32]) -> S::f32s {
    match S::as_simd_f32s(values).0 {
        [whole] => *whole,
        _ => simd.partial_load_f32s(values),
    }
}

/// Stores as many of a register's values as there is room for.
#[inline(always)]
pub(super) fn store<S: Simd>(simd: S, out: &mut [f32], values: S::f32s) {
    if let [whole] = S::as_mut_simd_f32s(out).0 {
        *whole = values;
    } else {
        simd.partial_store_f32s(out, values);
    }
}
