//! Activations of values that were just computed.

use psp_models::ops::scalar::{self, Values};
use pulp::{Arch, Simd, WithSimd};

use super::register::{Register, load, store};

/// What becomes of a layer's output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Activation {
    #[default]
    Identity,
    Relu,
    Relu6,
    Silu,
    Sigmoid,
    Gelu,
}

/// What is done to values while they are in registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rectifier {
    Identity,
    Relu,
    Relu6,
}

impl Rectifier {
    /// NaN stays NaN.
    #[inline(always)]
    pub(crate) fn apply<S: Simd>(self, simd: S, x: S::f32s) -> S::f32s {
        if self == Self::Identity {
            return x;
        }
        let zero = simd.splat_f32s(0.0);
        let x = simd.select_f32s(simd.less_than_f32s(x, zero), zero, x);
        if self == Self::Relu {
            return x;
        }
        let six = simd.splat_f32s(6.0);
        simd.select_f32s(simd.greater_than_f32s(x, six), six, x)
    }
}

impl Activation {
    /// Its part that costs nothing while values are in registers.
    pub(crate) fn rectifier(self) -> Rectifier {
        match self {
            Self::Relu => Rectifier::Relu,
            Self::Relu6 => Rectifier::Relu6,
            Self::Identity | Self::Silu | Self::Sigmoid | Self::Gelu => Rectifier::Identity,
        }
    }

    /// The rest, of values that were stored.
    pub(crate) fn finish(self, arch: Arch, values: &mut [f32]) {
        if self.is_finished_later() {
            self.apply(arch, values);
        }
    }

    /// All of it.
    pub(crate) fn apply(self, arch: Arch, values: &mut [f32]) {
        match self {
            Self::Identity => {}
            Self::Relu => values.iter_mut().for_each(|x| *x = scalar::relu(*x)),
            Self::Relu6 => values.iter_mut().for_each(|x| *x = scalar::relu6(*x)),
            Self::Silu => map(arch, values, Silu),
            Self::Sigmoid => map(arch, values, Sigmoid),
            Self::Gelu => map(arch, values, Gelu),
        }
    }

    /// Whether there is something for [`Activation::finish`] to do.
    pub(crate) fn is_finished_later(self) -> bool {
        matches!(self, Self::Silu | Self::Sigmoid | Self::Gelu)
    }
}

/// A function of each value.
pub(super) trait Function {
    fn of<T: Values>(&self, x: T) -> T;
}

struct Silu;

impl Function for Silu {
    #[inline(always)]
    fn of<T: Values>(&self, x: T) -> T {
        scalar::silu(x)
    }
}

struct Sigmoid;

impl Function for Sigmoid {
    #[inline(always)]
    fn of<T: Values>(&self, x: T) -> T {
        scalar::sigmoid(x)
    }
}

struct Gelu;

impl Function for Gelu {
    #[inline(always)]
    fn of<T: Values>(&self, x: T) -> T {
        scalar::gelu(x)
    }
}

/// Puts what `function` gives in place of each value.
pub(super) fn map(arch: Arch, values: &mut [f32], function: impl Function) {
    arch.dispatch(Map(values, function));
}

struct Map<'a, F>(&'a mut [f32], F);

impl<F: Function> WithSimd for Map<'_, F> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self(values, function) = self;
        let (whole, rest) = S::as_mut_simd_f32s(values);
        for values in whole {
            *values = function
                .of(Register {
                    simd,
                    values: *values,
                })
                .values;
        }
        if !rest.is_empty() {
            let values = load(simd, rest);
            let values = function.of(Register { simd, values }).values;
            store(simd, rest, values);
        }
    }
}
