//! What is asked of numbers, whatever they are of.

/// The lowest and the highest value; of none, infinities.
pub(crate) fn ends(values: impl Iterator<Item = f64>) -> [f64; 2] {
    let none = [f64::INFINITY, f64::NEG_INFINITY];
    values.fold(none, |[low, high], value| [low.min(value), high.max(value)])
}
