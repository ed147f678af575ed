//! Round numbers along an axis.

use super::{Span, style::TICK};
use crate::number::{count, unsigned_zero};

/// A labelled value on an axis.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Tick {
    pub(crate) value: f64,
    pub(crate) label: String,
}

impl Tick {
    pub(crate) fn new(value: f64, label: impl Into<String>) -> Self {
        Self {
            value,
            label: label.into(),
        }
    }
}

/// What an axis is labelled with.
#[derive(Debug, Clone)]
pub(crate) enum Ticks {
    /// Round numbers of the scale.
    Round,
    /// The first of these whose labels fit. If none do, an x axis has round
    /// numbers and a y axis the last of these.
    Choices(Vec<Vec<Tick>>),
    /// These names, upright if need be, and without lines through the area.
    Names(Vec<Tick>),
}

/// As many of `names` as have room where one has `room` pixels.
pub(crate) fn thinned(names: &[Tick], room: f64) -> impl Iterator<Item = &Tick> {
    let every = (TICK.size * 1.2 / room).ceil().max(1.0) as usize;
    names.iter().step_by(every)
}

/// Multiples of a round step within `span`: the most, up to `most`, whose
/// labels `fit`, and at least those of the coarsest step. `least` is the
/// smallest step to take.
pub(crate) fn linear(
    span: Span,
    least: f64,
    most: usize,
    fit: impl Fn(&[Tick]) -> bool,
) -> Vec<Tick> {
    let mut ticks = Vec::new();
    for wanted in (1..=most).rev() {
        let mut step = round_step((span.length() / wanted as f64).max(least));
        if least >= 1.0 && step.fract() != 0.0 {
            step = 5.0;
        }
        ticks = multiples(span, step);
        if ticks.len() <= most && fit(&ticks) {
            break;
        }
    }
    ticks
}

fn multiples(span: Span, step: f64) -> Vec<Tick> {
    let first = (span.low / step - 1e-9).ceil();
    let last = (span.high / step + 1e-9).floor();
    let largest = span.low.abs().max(span.high.abs());
    let count = (last - first).clamp(-1.0, 50.0) as i32;
    (0..=count)
        .map(|index| {
            let value = (first + f64::from(index)) * step;
            Tick::new(value, label(value, step, largest))
        })
        .collect()
}

/// Powers of ten within `span`, and 2 and 5 times them if these are few; in a
/// span of less than half a decade just round numbers. `most` and `fit` are as
/// in [`linear`].
pub(crate) fn logarithmic(span: Span, most: usize, fit: impl Fn(&[Tick]) -> bool) -> Vec<Tick> {
    let (low, high) = (span.low.log10(), span.high.log10());
    if high - low < 0.5 {
        return linear(span, 0.0, most, fit);
    }
    let within = Span::new(span.low * (1.0 - 1e-9), span.high * (1.0 + 1e-9));
    let decades = |every: i32, factors: &[f64]| -> Vec<Tick> {
        let first = (low.floor() as i32).div_euclid(every) * every;
        (first..=high.ceil() as i32)
            .step_by(every as usize)
            .flat_map(|power| factors.iter().map(move |factor| (power, *factor)))
            .map(|(power, factor)| Tick::new(power_of_ten(power) * factor, decimal(power, factor)))
            .filter(|tick| within.contains(tick.value))
            .collect()
    };
    let mut finest = vec![decades(1, &[1.0, 2.0, 5.0])];
    if high - low < 1.0 {
        finest.insert(0, decades(1, &[1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0]));
    }
    let coarser = [1, 2, 3, 5, 10, 20, 50, 100].map(|every| decades(every, &[1.0]));
    let candidates = finest.into_iter().chain(coarser);
    let mut fitting = candidates.filter(|ticks| ticks.len() <= most && fit(ticks));
    fitting.next().unwrap_or_default()
}

fn power_of_ten(power: i32) -> f64 {
    // Exact where `powi` of 0.1 would not be.
    format!("1e{power}").parse().unwrap_or(f64::NAN)
}

/// `factor` times a power of ten, as a short number.
fn decimal(power: i32, factor: f64) -> String {
    let value = power_of_ten(power) * factor;
    let text = match power {
        -4..0 => {
            let digits = power.unsigned_abs() as usize + usize::from(factor.fract() != 0.0);
            format!("{value:.digits$}")
        }
        0 => value.to_string(),
        1..=5 => count(value.round() as u64),
        _ => format!("{factor}e{power}"),
    };
    text.replace('-', "−")
}

/// The next step from `least` upwards out of 1, 2, 2.5 and 5 times a power of
/// ten.
pub(crate) fn round_step(least: f64) -> f64 {
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
    let text = if largest >= 1e6 || step < 1e-5 {
        let exponent = largest.log10().floor();
        let digits = digits_after(step / 10f64.powf(exponent));
        if value == 0.0 {
            "0".to_owned()
        } else {
            format!("{value:.digits$e}")
        }
    } else if digits_after(step) == 0 {
        let sign = if value < -0.5 { "-" } else { "" };
        sign.to_owned() + &count(value.abs().round() as u64)
    } else {
        format!("{value:.*}", digits_after(step))
    };
    // A minus sign is as wide as a digit; a hyphen is easily overlooked.
    unsigned_zero(text).replace('-', "−")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::labels;

    fn round(low: f64, high: f64, most: usize) -> Vec<String> {
        labels(linear(Span::new(low, high), 0.0, most, |_| true))
    }

    fn powers(low: f64, high: f64, most: usize) -> Vec<String> {
        labels(logarithmic(Span::new(low, high), most, |_| true))
    }

    #[test]
    fn ticks_are_round_and_carry_no_more_digits_than_needed() {
        assert_eq!(
            round(-0.05, 1.05, 6),
            ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]
        );
        assert_eq!(round(-0.3, 0.3, 3), ["−0.2", "0.0", "0.2"]);
        assert_eq!(round(0.0, 1.0, 5), ["0.00", "0.25", "0.50", "0.75", "1.00"]);
        assert_eq!(round(-2e4, 2e4, 3), ["−20,000", "0", "20,000"]);
        assert_eq!(round(0.0, 4e9, 5), ["0", "1e9", "2e9", "3e9", "4e9"]);
        assert_eq!(round(0.0, 4e-7, 5), ["0", "1e−7", "2e−7", "3e−7", "4e−7"]);
    }

    #[test]
    fn labels_that_would_not_fit_make_the_step_coarser() {
        let ticks = linear(Span::UNIT, 0.0, 10, |ticks| ticks.len() <= 3);
        assert_eq!(ticks.len(), 3);
    }

    #[test]
    fn whole_numbers_have_whole_ticks() {
        let whole = |high| labels(linear(Span::new(1.0, high), 1.0, 7, |_| true));
        assert_eq!(whole(3.0), ["1", "2", "3"]);
        assert_eq!(whole(14.0), ["2", "4", "6", "8", "10", "12", "14"]);
        assert_eq!(whole(16.0), ["5", "10", "15"]);
    }

    #[test]
    fn a_logarithmic_axis_has_powers_of_ten_and_more_if_there_is_room() {
        assert_eq!(powers(1e-4, 0.1, 7), ["0.0001", "0.001", "0.01", "0.1"]);
        assert_eq!(powers(0.9, 25.0, 7), ["1", "2", "5", "10", "20"]);
        assert_eq!(powers(1e5, 1e9, 7), ["100,000", "1e6", "1e7", "1e8", "1e9"]);
        assert_eq!(powers(1e-6, 1e-5, 3), ["1e−6", "1e−5"]);
        assert_eq!(powers(3.0, 4.0, 7).len(), 6);
        assert!(powers(1e-140, 1e140, 7).len() >= 3);
        assert_eq!(powers(2e-8, 100.0, 7)[0], "1e−6");
    }
}
