//! From values to pixels, with round numbers along the way.

/// A stretch of an axis.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Span {
    pub(super) low: f64,
    pub(super) high: f64,
}

/// A labelled value on an axis.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Tick {
    pub(super) value: f64,
    pub(super) label: String,
}

impl Span {
    /// The span of all labels and predictions: all of [0, 1] and what the
    /// predictions add if the labels are scores in [0, 1], otherwise just the
    /// values; never empty. The flag says whether they are such scores.
    pub(super) fn of_pairs(pairs: impl Iterator<Item = (f64, f64)>) -> (Self, bool) {
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        let mut scores = true;
        for (label, prediction) in pairs {
            scores &= (0.0..=1.0).contains(&label);
            low = low.min(label).min(prediction);
            high = high.max(label).max(prediction);
        }
        if scores {
            (low, high) = (low.min(0.0), high.max(1.0));
        }
        // Values that are the same but for rounding are no scale.
        if high - low <= 1e-9 * low.abs().max(high.abs()) || high == low {
            let more = (0.05 * low.abs()).max(0.5);
            (low, high) = (low - more, high + more);
        }
        (Self { low, high }, scores)
    }

    pub(super) fn length(&self) -> f64 {
        self.high - self.low
    }

    /// This span and `share` of its length on both sides.
    pub(super) fn widen(&self, share: f64) -> Self {
        let more = share * self.length();
        Self {
            low: self.low - more,
            high: self.high + more,
        }
    }

    /// Round values within the span: the most, up to `most`, whose labels
    /// `fit`, and at least those of the coarsest step.
    pub(super) fn ticks(&self, most: usize, fit: impl Fn(&[Tick]) -> bool) -> Vec<Tick> {
        let mut ticks = Vec::new();
        for wanted in (1..=most).rev() {
            ticks = self.multiples_of(round_step(self.length() / wanted as f64));
            if ticks.len() <= most && fit(&ticks) {
                break;
            }
        }
        ticks
    }

    fn multiples_of(&self, step: f64) -> Vec<Tick> {
        let first = (self.low / step - 1e-9).ceil();
        let last = (self.high / step + 1e-9).floor();
        let count = (last - first).clamp(-1.0, 50.0) as i32;
        (0..=count)
            .map(|index| {
                let value = (first + f64::from(index)) * step;
                Tick {
                    value,
                    label: label(value, step, self.low.abs().max(self.high.abs())),
                }
            })
            .collect()
    }
}

/// The next step from `least` upwards out of 1, 2, 2.5 and 5 times a power of
/// ten.
pub(super) fn round_step(least: f64) -> f64 {
    let power = 10f64.powf(least.log10().floor());
    [1.0, 2.0, 2.5, 5.0]
        .into_iter()
        .map(|factor| factor * power)
        .find(|&step| step >= least * (1.0 - 1e-9))
        .unwrap_or(10.0 * power)
}

/// `value` with as many digits as it takes to tell it from the next tick.
fn label(value: f64, step: f64, largest: f64) -> String {
    let digits_after = |unit: f64| {
        let exact = (0..=15).find(|&digits| {
            let shifted = unit * 10f64.powi(digits);
            (shifted - shifted.round()).abs() < 1e-6 * shifted.abs().max(1.0)
        });
        exact.unwrap_or(15) as usize
    };
    let text = if largest >= 1e7 || step < 1e-5 {
        let exponent = largest.log10().floor();
        let digits = digits_after(step / 10f64.powf(exponent));
        if value == 0.0 {
            "0".to_owned()
        } else {
            format!("{value:.digits$e}")
        }
    } else {
        format!("{value:.*}", digits_after(step))
    };
    let zero = text
        .trim_start_matches('-')
        .chars()
        .all(|c| matches!(c, '0' | '.'));
    let text = if zero {
        text.trim_start_matches('-')
    } else {
        &text
    };
    // A minus sign is as wide as a digit; a hyphen is easily overlooked.
    text.replace('-', "−")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(low: f64, high: f64, most: usize) -> Vec<String> {
        let ticks = Span { low, high }.ticks(most, |_| true);
        ticks.into_iter().map(|tick| tick.label).collect()
    }

    #[test]
    fn ticks_are_round_and_carry_no_more_digits_than_needed() {
        assert_eq!(
            labels(-0.05, 1.05, 6),
            ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]
        );
        assert_eq!(labels(-0.3, 0.3, 3), ["−0.2", "0.0", "0.2"]);
        assert_eq!(
            labels(0.0, 1.0, 5),
            ["0.00", "0.25", "0.50", "0.75", "1.00"]
        );
        assert_eq!(labels(0.0, 4e9, 5), ["0", "1e9", "2e9", "3e9", "4e9"]);
        assert_eq!(labels(0.0, 4e-7, 5), ["0", "1e−7", "2e−7", "3e−7", "4e−7"]);
    }

    #[test]
    fn labels_that_would_not_fit_make_the_step_coarser() {
        let ticks = Span {
            low: 0.0,
            high: 1.0,
        }
        .ticks(10, |ticks| ticks.len() <= 3);
        assert_eq!(ticks.len(), 3);
    }

    #[test]
    fn scores_span_zero_to_one_and_what_the_predictions_add() {
        let (span, scores) = Span::of_pairs([(0.2, 0.3), (0.4, -0.1)].into_iter());
        assert!(scores);
        assert_eq!(
            span,
            Span {
                low: -0.1,
                high: 1.0
            }
        );
        let (span, scores) = Span::of_pairs([(20.0, 30.0), (40.0, 25.0)].into_iter());
        assert!(!scores);
        assert_eq!(
            span,
            Span {
                low: 20.0,
                high: 40.0
            }
        );
    }

    #[test]
    fn a_constant_gets_room_around_it_whatever_its_size() {
        for value in [0.0, 7.0, 1e6, -1e30] {
            let (span, _) = Span::of_pairs([(value, value)].into_iter());
            assert!(span.low < span.high, "{value}");
        }
    }
}
