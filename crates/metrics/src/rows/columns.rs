//! One target's rows, column by column and sorted by label.

use std::ops::Range;

use crate::rank::{ascending, tie_ends};
use crate::settings::MetricSettings;
use crate::sum::Sum;

/// All columns are in the order of the labels. A label's ties, its bin and
/// whether it is 0 then are runs of places, and totals over any of these are
/// sums over contiguous memory.
#[derive(Debug, Clone)]
pub(crate) struct Columns {
    /// The row at each place.
    pub(crate) order: Vec<u32>,
    pub(crate) label: Vec<f64>,
    /// Clipped, if the settings say so.
    pub(crate) prediction: Vec<f64>,
    /// Less the mean over all rows: a drawn mean is then a small number, and
    /// deviations from it keep their digits whatever the label's offset.
    pub(crate) centred_label: Vec<f64>,
    pub(crate) centred_prediction: Vec<f64>,
    pub(crate) error: Vec<f64>,
    pub(crate) absolute: Vec<f64>,
    pub(crate) squared: Vec<f64>,
    pub(crate) baseline_squared: Vec<f64>,
    /// 1 for a raw prediction outside the label range, else 0.
    pub(crate) outside: Vec<f64>,
    /// For each bound, 1 for a row within it, else 0.
    pub(crate) within: Vec<(f64, Vec<f64>)>,
    /// Where each run of equal labels ends.
    pub(crate) label_ties: Vec<u32>,
    /// The places by ascending prediction, and where each run of ties ends.
    pub(crate) by_prediction: Vec<u32>,
    pub(crate) prediction_ties: Vec<u32>,
    /// The places by ascending absolute error.
    pub(crate) by_error: Vec<u32>,
    pub(crate) segments: Vec<Segment>,
    pub(crate) bins: usize,
}

/// A run of places whose labels are in the same groups.
#[derive(Debug, Clone)]
pub(crate) struct Segment {
    pub(crate) places: Range<usize>,
    pub(crate) is_zero: bool,
    pub(crate) bin: Option<usize>,
}

impl Columns {
    /// From each row's raw prediction and label.
    pub(crate) fn new(settings: &MetricSettings, mean: f64, pairs: &[(f64, f64)]) -> Self {
        let labels: Vec<f64> = pairs.iter().map(|pair| pair.1).collect();
        let order = ascending(&labels);
        let column = |of: &dyn Fn(f64, f64) -> f64| -> Vec<f64> {
            let pairs = order.iter().map(|&row| pairs[row as usize]);
            pairs.map(|(raw, label)| of(raw, label)).collect()
        };
        let flag = |is: bool| if is { 1.0 } else { 0.0 };
        let label = column(&|_, label| label);
        let prediction = column(&|raw, _| settings.clipped(raw));
        let error = column(&|raw, label| settings.clipped(raw) - label);
        let mean = settings.clipped(mean);
        let absolute: Vec<f64> = error.iter().map(|error| error.abs()).collect();
        let within = settings.within.iter().map(|&bound| {
            let flags = absolute.iter().map(|&error| flag(error <= bound));
            (bound, flags.collect())
        });
        let by_prediction = ascending(&prediction);
        let in_order: Vec<u32> = (0..label.len()).map(|place| place as u32).collect();
        Self {
            centred_label: centred(&label),
            centred_prediction: centred(&prediction),
            squared: error.iter().map(|error| error * error).collect(),
            baseline_squared: column(&|_, label| (mean - label) * (mean - label)),
            outside: column(&|raw, _| flag(settings.is_outside(raw))),
            within: within.collect(),
            label_ties: tie_ends(&label, &in_order),
            prediction_ties: tie_ends(&prediction, &by_prediction),
            by_prediction,
            by_error: ascending(&absolute),
            segments: segments(settings, &label),
            bins: settings.bin_edges.len(),
            order,
            label,
            prediction,
            error,
            absolute,
        }
    }
}

fn centred(values: &[f64]) -> Vec<f64> {
    let origin = values.first().copied().unwrap_or_default();
    let mut sum = Sum::default();
    values.iter().for_each(|value| sum.add(value - origin));
    let mean = sum.value() / values.len() as f64;
    values.iter().map(|value| (value - origin) - mean).collect()
}

fn segments(settings: &MetricSettings, labels: &[f64]) -> Vec<Segment> {
    let mut segments: Vec<Segment> = Vec::new();
    for (place, &label) in labels.iter().enumerate() {
        let (is_zero, bin) = (label == 0.0, settings.bin(label));
        match segments.last_mut() {
            Some(last) if last.is_zero == is_zero && last.bin == bin => last.places.end += 1,
            _ => segments.push(Segment {
                places: place..place + 1,
                is_zero,
                bin,
            }),
        }
    }
    segments
}
