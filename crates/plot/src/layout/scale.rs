//! From values to places along an axis.

use super::{
    Span, Tick,
    tick::{linear, logarithmic},
};

/// How the numbers of an axis are spread.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Scale {
    /// Equal differences.
    Linear(Span),
    /// Equal differences, whole numbers only.
    Whole(Span),
    /// Equal ratios; the span is above 0.
    Log(Span),
}

impl Scale {
    /// A logarithmic scale over `span` if that is asked for and it lies above 0.
    pub(crate) fn over(span: Span, log: bool) -> Self {
        if log && span.low > 0.0 {
            Self::Log(span)
        } else {
            Self::Linear(span)
        }
    }

    pub(crate) fn span(&self) -> Span {
        match self {
            Self::Linear(span) | Self::Whole(span) | Self::Log(span) => *span,
        }
    }

    pub(crate) fn is_log(&self) -> bool {
        matches!(self, Self::Log(_))
    }

    /// Where `value` lies: 0 at the low end, 1 at the high end, and beyond.
    pub(crate) fn place(&self, value: f64) -> f64 {
        match self {
            Self::Linear(span) | Self::Whole(span) => (value - span.low) / span.length(),
            Self::Log(span) => {
                let low = span.low.ln();
                (value.ln() - low) / (span.high.ln() - low)
            }
        }
    }

    /// As [`Scale::place`], with what lies beyond an end brought to it.
    pub(crate) fn clamped(&self, value: f64) -> f64 {
        let place = self.place(value);
        // On a logarithmic scale what is not above 0 is below everything.
        if place.is_nan() {
            0.0
        } else {
            place.clamp(0.0, 1.0)
        }
    }

    /// This scale and `share` of its length on both sides.
    pub(crate) fn widen(&self, share: f64) -> Self {
        match self {
            Self::Linear(span) => Self::Linear(span.widen(share)),
            Self::Whole(span) => Self::Whole(span.widen(share)),
            Self::Log(span) => {
                let logs = Span::new(span.low.ln(), span.high.ln()).widen(share);
                Self::Log(Span::new(logs.low.exp(), logs.high.exp()))
            }
        }
    }

    /// Round values, up to `most`, whose labels `fit`.
    pub(crate) fn ticks(&self, most: usize, fit: impl Fn(&[Tick]) -> bool) -> Vec<Tick> {
        match self {
            Self::Linear(span) => linear(*span, 0.0, most, fit),
            Self::Whole(span) => linear(*span, 1.0, most, fit),
            Self::Log(span) => logarithmic(*span, most, fit),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_ratios_are_equal_lengths_of_a_logarithmic_scale() {
        let scale = Scale::over(Span::new(1e-4, 1.0), true);
        assert!((scale.place(1e-2) - 0.5).abs() < 1e-12);
        assert!((scale.widen(0.25).span().low / 1e-5 - 1.0).abs() < 1e-9);
        assert_eq!(scale.clamped(-1.0), 0.0);
        assert_eq!(scale.clamped(7.0), 1.0);
    }

    #[test]
    fn a_scale_with_zero_in_it_is_never_logarithmic() {
        assert!(!Scale::over(Span::UNIT, true).is_log());
    }
}
