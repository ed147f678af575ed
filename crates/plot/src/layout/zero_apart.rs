//! An axis of labels on which those that are exactly 0 stand apart.
//!
//! About half of the labels may be exactly 0, "not visible", and are another
//! kind of label than 0.01: they get a place of their own, to the left of the
//! axis of numbers, where they cannot be taken for the bin beside them.

use super::{Axes, Axis, Span, Tick, Ticks, in_order, label_bins::LabelRange, tick::linear};
use crate::draw::{Canvas, colour::FRAME};

/// What a figure says of the zeros' place.
pub(crate) const ZERO_NOTE: &str = "“= 0”: labels that are exactly 0";

/// Where the bins of labels lie on an axis.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ZeroApart {
    /// Of the bins other than that of the zeros.
    span: Span,
    /// Of the narrowest bin.
    width: f64,
    zeros: bool,
}

impl ZeroApart {
    /// An axis for `bins`: from 0 to 1 without any.
    pub(crate) fn of(bins: &[LabelRange]) -> Self {
        let ranges = || bins.iter().filter_map(range);
        let span = Span::of(ranges().flat_map(|(low, high)| [low, high]));
        let widths = ranges().map(|(low, high)| high - low);
        let widths = widths.filter(|width| *width > 0.0);
        let (narrowest, span) = match span {
            Some(span) => (widths.fold(f64::MAX, f64::min), span),
            None => (0.1, Span::UNIT),
        };
        Self {
            span,
            // A hair's breadth would leave the zeros no room.
            width: narrowest.clamp(span.length() / 20.0, span.length()),
            zeros: bins.contains(&LabelRange::Zero),
        }
    }

    pub(crate) fn axis(&self, title: &str) -> Axis {
        let mut whole = self.span.widen(0.02);
        let mut zero = None;
        if self.zeros {
            whole.low = self.span.low - 2.4 * self.width;
            zero = Some(Tick::new(self.zero(), "= 0"));
        }
        let numbers = |most| linear(self.span, 0.0, most, |_| true);
        // The last one fits in any case: round numbers of the whole axis would
        // take the place of the zeros for a negative label.
        let with_zero = |numbers: Vec<Tick>| zero.clone().into_iter().chain(numbers).collect();
        let mut choices: Vec<Vec<Tick>> = [6, 4, 3, 2].map(|most| with_zero(numbers(most))).into();
        choices.push(with_zero(Vec::new()));
        Axis::linear(whole, title).with(Ticks::Choices(choices))
    }

    /// Where the zeros' bin has its middle.
    pub(crate) fn zero(&self) -> f64 {
        self.span.low - 1.6 * self.width
    }

    /// The left and right end of a bin; none for one that is not drawable.
    pub(crate) fn ends(&self, bin: &LabelRange) -> Option<(f64, f64)> {
        match bin {
            LabelRange::Zero => {
                let half = self.width / 2.0;
                Some((self.zero() - half, self.zero() + half))
            }
            between => range(between),
        }
    }

    /// Parts the zeros from the rest.
    pub(crate) fn draw(&self, canvas: &mut Canvas, axes: &Axes) {
        if self.zeros {
            axes.draw_dashes(canvas, self.span.low - 0.55 * self.width, 2.0, FRAME);
        }
    }
}

fn range(bin: &LabelRange) -> Option<(f64, f64)> {
    match *bin {
        LabelRange::Zero => None,
        LabelRange::Between(low, high) => in_order(low, high),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_zeros_lie_apart_from_the_first_bin() {
        let bins = [LabelRange::Zero, LabelRange::Between(0.0, 0.1)];
        let axis = ZeroApart::of(&bins);
        let (_, right) = axis.ends(&bins[0]).unwrap();
        assert!(right < -0.05);
        let Ticks::Choices(ticks) = axis.axis("label").ticks else {
            panic!("the ticks of labels are a choice");
        };
        assert_eq!(ticks[0][0].label, "= 0");
        assert!(ticks[0][1].value >= 0.0);
    }

    #[test]
    fn bins_without_place_or_width_do_not_spoil_the_axis() {
        let bins = [
            LabelRange::Between(f64::NAN, 1.0),
            LabelRange::Between(2.0, 2.0),
            LabelRange::Between(5.0, 3.0),
        ];
        let axis = ZeroApart::of(&bins);
        assert_eq!(axis.ends(&bins[0]), None);
        assert_eq!(axis.ends(&bins[2]), Some((3.0, 5.0)));
        assert!(axis.width > 0.0);
        assert_eq!(ZeroApart::of(&bins[..1]).span, Span::UNIT);
    }
}
