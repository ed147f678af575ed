//! From what the head computes to labels.

use burn::tensor::{Device, Tensor, TensorData};
use psp_data::LabelRange;
use serde::{Deserialize, Serialize};

/// How a model's head relates to labels.
///
/// A head computes standardised scores, so that labels of any scale are learned
/// equally well: the label is `mean + scale · value`. What a model predicts is
/// that, clipped to `range`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Output {
    /// Mean of each target's training labels; empty: 0.
    pub mean: Vec<f64>,
    /// Standard deviation of each target's training labels, above 0; empty: 1.
    pub scale: Vec<f64>,
    /// Smallest and largest prediction, in the labels' unit; `None`: any.
    pub range: Option<[f32; 2]>,
}

/// Spreads that differ by more than this factor, and means that lie so many of them apart,
/// suggest another scale.
const FAR: f64 = 10.0;
/// The same where the labels' ranges differ, too.
const FAR_WITH_RANGES: f64 = 3.0;

impl Output {
    /// Standardised by these moments, one per target. A deviation that can't be
    /// divided by (of labels that are all the same) counts as 1.
    pub fn standardised(mean: Vec<f64>, deviation: Vec<f64>, range: Option<[f32; 2]>) -> Self {
        let usable = |value: f64| (value as f32).is_normal() && value > 0.0;
        let scale = deviation.into_iter();
        Self {
            mean,
            scale: scale.map(|d| if usable(d) { d } else { 1.0 }).collect(),
            range,
        }
    }

    /// Whether every value can be computed with, of so many targets.
    pub fn is_valid(&self, targets: usize) -> bool {
        let fits = |values: &[f64]| {
            let is_finite = values.iter().all(|&value| (value as f32).is_finite());
            (values.is_empty() || values.len() == targets) && is_finite
        };
        fits(&self.mean)
            && fits(&self.scale)
            && self.scale.iter().all(|&scale| scale as f32 > 0.0)
            && LabelRange::from(self.range).is_valid()
    }

    /// Whether this is the default: the head computes labels, of any range.
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// Whether the head computes labels as they are.
    pub(crate) fn is_identity(&self) -> bool {
        self.mean.iter().all(|&mean| mean == 0.0) && self.scale.iter().all(|&scale| scale == 1.0)
    }

    fn mean(&self, target: usize) -> f64 {
        self.mean.get(target).copied().unwrap_or(0.0)
    }

    fn scale(&self, target: usize) -> f64 {
        self.scale.get(target).copied().unwrap_or(1.0)
    }

    /// Moves this output from the scale of the labels of `from` to that of `to`, for those of
    /// the `targets` targets whose scales seem to differ: their predictions stay as many
    /// standard deviations from the mean. `None` if no target's do, or the scales are not known.
    pub fn rescaled(&self, from: &Self, to: &Self, targets: usize) -> Option<Self> {
        let is_known = |one: &Self| one.mean.len() == targets && one.scale.len() == targets;
        let is_same_range = from.range == to.range;
        if !is_known(from) || !is_known(to) || (is_same_range && from.range.is_some()) {
            return None;
        }
        let far = if is_same_range { FAR } else { FAR_WITH_RANGES };
        let differs = |target: usize| {
            let (then, now) = (from.scale(target), to.scale(target));
            let apart = (from.mean(target) - to.mean(target)).abs();
            then.max(now) > far * then.min(now) || apart > far * then.max(now)
        };
        let of = |target: usize| {
            let (mean, scale) = (self.mean(target), self.scale(target));
            if !differs(target) {
                return (mean, scale);
            }
            let ratio = to.scale(target) / from.scale(target);
            let moved = to.mean(target) + ratio * (mean - from.mean(target));
            (moved, ratio * scale)
        };
        let (mean, scale) = (0..targets).map(of).unzip();
        (0..targets).any(differs).then_some(Self {
            mean,
            scale,
            range: to.range,
        })
    }

    /// Labels (`[batch, targets]`, row-major) in the head's unit.
    pub fn standardise(&self, labels: &[f32], targets: usize) -> Vec<f32> {
        let value = |(index, &label): (usize, &f32)| {
            let target = index % targets.max(1);
            ((f64::from(label) - self.mean(target)) / self.scale(target)) as f32
        };
        if self.is_identity() {
            labels.to_vec()
        } else {
            labels.iter().enumerate().map(value).collect()
        }
    }

    /// What the head computes (`[batch, targets]`, row-major) in the labels' unit,
    /// not clipped.
    pub fn to_labels(&self, values: Vec<f32>, targets: usize) -> Vec<f32> {
        let label = |(index, value): (usize, f32)| {
            let target = index % targets.max(1);
            (f64::from(value) * self.scale(target) + self.mean(target)) as f32
        };
        if self.is_identity() {
            values
        } else {
            values.into_iter().enumerate().map(label).collect()
        }
    }

    /// A score within the range. One that is not finite stays what it is, so that
    /// it is noticed.
    pub fn clip(&self, score: f32) -> f32 {
        match self.range {
            Some([low, high]) if score.is_finite() => score.clamp(low, high),
            _ => score,
        }
    }

    /// The MSE in the head's unit, of each target's MSE in the labels': their mean
    /// with each target's divided by the variance of its training labels, so that
    /// targets of any scale count alike.
    pub fn standardised_mse(&self, of_targets: impl ExactSizeIterator<Item = f64>) -> f64 {
        let count = of_targets.len() as f64;
        let of_targets = of_targets.enumerate();
        let sum: f64 = of_targets
            .map(|(target, mse)| mse / self.scale(target).powi(2))
            .sum();
        sum / count
    }

    /// Scale and mean as tensors (`[targets]`), where they change anything.
    pub(crate) fn tensors(&self, targets: usize, device: &Device) -> Option<[Tensor<1>; 2]> {
        let tensor = |value: &dyn Fn(usize) -> f64| {
            let values: Vec<f32> = (0..targets).map(|target| value(target) as f32).collect();
            Tensor::from_data(TensorData::new(values, [targets]), device)
        };
        (!self.is_identity()).then(|| [tensor(&|t| self.scale(t)), tensor(&|t| self.mean(t))])
    }

    /// From what a head with this output computes to what one with `other` computes
    /// for the same labels: that is `mean + scale · value`, too.
    pub(crate) fn relative_to(&self, other: &Self) -> Self {
        let told = [&self.mean, &self.scale, &other.mean, &other.scale];
        let targets = 0..told.map(Vec::len).into_iter().max().unwrap_or(0);
        let mean = |target| (self.mean(target) - other.mean(target)) / other.scale(target);
        let scale = |target| self.scale(target) / other.scale(target);
        Self {
            mean: targets.clone().map(mean).collect(),
            scale: targets.map(scale).collect(),
            range: other.range,
        }
    }

    /// That of the same model once its head computes labels.
    pub(crate) fn folded(&self) -> Self {
        Self {
            range: self.range,
            ..Self::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn output() -> Output {
        Output::standardised(vec![200.0, 0.5], vec![300.0, 0.25], Some([-300.0, 700.0]))
    }

    #[test]
    fn labels_come_back_from_the_heads_unit() {
        let labels = [-300.0, 0.25, 700.0, 1.0];
        let values = output().standardise(&labels, 2);
        assert_eq!(values[1], -1.0);
        assert_eq!(values[3], 2.0);
        let back = output().to_labels(values, 2);
        for (label, back) in labels.iter().zip(back) {
            assert!((label - back).abs() < 1e-4, "{label} and {back}");
        }
    }

    #[test]
    fn another_scale_is_told_by_the_ranges_and_the_moments() {
        let of = |mean: f64, deviation: f64, range| {
            Output::standardised(vec![0.5, mean], vec![0.25, deviation], range)
        };
        let scores = of(0.5, 0.3, Some([0.0, 1.0]));
        let own = output();
        for (other, is_other) in [
            (of(0.9, 0.02, Some([0.0, 1.0])), false),
            (of(0.7, 0.2, None), false),
            (of(3.0, 1.0, None), true),
            (of(50.0, 30.0, Some([0.0, 100.0])), true),
            (of(9.5, 0.3, None), true),
            (Output::default(), false),
        ] {
            assert_eq!(
                own.rescaled(&scores, &other, 2).is_some(),
                is_other,
                "{other:?}"
            );
            assert_eq!(
                own.rescaled(&other, &scores, 2).is_some(),
                is_other,
                "{other:?}"
            );
        }
        // In one unit without a range, a part of the data may have a narrower spread.
        let (wide, narrow) = (of(50.0, 10.0, None), of(45.0, 2.0, None));
        assert_eq!(own.rescaled(&wide, &narrow, 2), None);
        assert!(own.rescaled(&wide, &of(0.5, 0.1, None), 2).is_some());
    }

    #[test]
    fn a_rescaled_head_predicts_the_same_in_standard_deviations() {
        let from = Output::standardised(vec![200.0, 0.5], vec![300.0, 0.25], None);
        let to = Output::standardised(vec![0.5, 0.6], vec![0.3, 0.2], None);
        for own in [from.clone(), Output::default()] {
            let values = vec![0.5, -1.0, 2.0, 3.0];
            let moved = own.rescaled(&from, &to, 2).unwrap();
            let there = moved.to_labels(values.clone(), 2);
            let here = own.to_labels(values, 2);
            for (index, (there, here)) in there.iter().zip(&here).enumerate() {
                let (there, here) = (f64::from(*there), f64::from(*here));
                // The second target's labels have the same scale.
                let expected = if index % 2 == 0 {
                    0.5 + 0.3 * (here - 200.0) / 300.0
                } else {
                    here
                };
                assert!(
                    (there - expected).abs() <= 1e-4 * expected.abs(),
                    "{there} {expected}"
                );
            }
        }
    }

    #[test]
    fn values_of_two_outputs_mean_the_same_labels() {
        let narrow = Output::standardised(vec![0.5, 2.0], vec![0.25, 4.0], Some([0.0, 1.0]));
        for (from, to) in [
            (output(), narrow.clone()),
            (output(), Output::default()),
            (Output::default(), narrow.clone()),
            (narrow.clone(), narrow),
        ] {
            let values = vec![0.5, -1.0, 2.0, 3.0];
            let there = from.relative_to(&to).to_labels(values.clone(), 2);
            let (labels, same) = (from.to_labels(values, 2), to.to_labels(there, 2));
            for (label, same) in labels.iter().zip(same) {
                assert!((label - same).abs() <= 1e-6 * label.abs(), "{label} {same}");
            }
        }
        assert!(output().relative_to(&output()).is_identity());
    }

    #[test]
    fn a_target_whose_labels_are_all_the_same_is_shifted_and_not_scaled() {
        let output = Output::standardised(vec![3.0; 3], vec![0.0, f64::NAN, 1e-320], None);
        assert_eq!(output.scale, [1.0; 3]);
        assert_eq!(output.standardise(&[3.0, 4.0, 2.0], 3), [0.0, 1.0, -1.0]);
    }

    #[test]
    fn values_that_cannot_be_computed_with_are_not_valid() {
        assert!(output().is_valid(2) && Output::default().is_valid(2));
        assert!(!output().is_valid(1));
        let broken: [fn(&mut Output); 5] = [
            |output| output.mean[1] = f64::NAN,
            |output| output.scale[0] = 0.0,
            |output| output.scale[0] = 1e300,
            |output| output.scale[0] = 1e-300,
            |output| output.range = Some([1.0, 0.0]),
        ];
        for (index, change) in broken.into_iter().enumerate() {
            let mut output = output();
            change(&mut output);
            assert!(!output.is_valid(2), "{index}");
        }
    }

    #[test]
    fn scores_are_clipped_to_the_range_but_for_those_that_are_no_numbers() {
        let output = output();
        assert_eq!(output.clip(701.0), 700.0);
        assert_eq!(output.clip(-301.0), -300.0);
        assert_eq!(output.clip(5.0), 5.0);
        assert!(output.clip(f32::NAN).is_nan());
        assert_eq!(output.clip(f32::INFINITY), f32::INFINITY);
        assert_eq!(Output::default().clip(5.0), 5.0);
    }

    #[test]
    fn targets_of_any_scale_count_alike_in_the_standardised_mse() {
        let mse = output().standardised_mse([90_000.0, 0.125].into_iter());
        assert_eq!(mse, f64::midpoint(1.0, 2.0));
        assert_eq!(
            Output::default().standardised_mse([2.0, 4.0].into_iter()),
            3.0
        );
    }
}
