//! A map over an image.

use std::fmt;

use thiserror::Error;

/// How a heat map was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Method {
    /// By the gradient of a score to the last feature map.
    GradCam,
    /// By what the class token takes from each patch, through all blocks.
    AttentionRollout,
    /// By how far a score falls when a patch is covered.
    Occlusion,
}

impl Method {
    /// Its name in file names and errors.
    pub fn name(self) -> &'static str {
        match self {
            Self::GradCam => "grad_cam",
            Self::AttentionRollout => "attention_rollout",
            Self::Occlusion => "occlusion",
        }
    }

    /// Its name for people.
    pub fn title(self) -> &'static str {
        match self {
            Self::GradCam => "Grad-CAM",
            Self::AttentionRollout => "attention roll-out",
            Self::Occlusion => "occlusion",
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A map with a value that is NaN or infinite, as from weights that are.
#[derive(Debug, Error)]
#[error("{method}{} gives {value}: the model's weights or scores are not finite", of(*target))]
pub struct NotFinite {
    /// How it was made.
    pub method: Method,
    /// The target, where the method knows one.
    pub target: Option<usize>,
    /// The first such value.
    pub value: f32,
}

fn of(target: Option<usize>) -> String {
    target.map_or_else(String::new, |target| format!(" of target {target}"))
}

/// How much each place of an image matters to a model.
///
/// The cells lie over the whole image in equal parts, however coarse they are:
/// Grad-CAM has the feature map's resolution, roll-out and occlusion have one
/// cell per patch.
#[derive(Clone, Debug, PartialEq)]
pub struct HeatMap {
    /// How it was made.
    pub method: Method,
    /// Place of the explained score among the model's outputs; `None` where the
    /// method knows no score.
    pub target: Option<usize>,
    /// Cells in a row.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// `[height, width]`, row-major: [`HeatMap::raw`] brought from its range to
    /// 0 to 1, `(raw - min) / (max - min)`. A map whose raw values are all equal
    /// is all zeros.
    ///
    /// The scale is each map's own: two maps are compared by their raw values
    /// ([`HeatMap::shares_of`]), and a map whose range is next to nothing is
    /// noise, however lively it looks.
    pub values: Vec<f32>,
    /// `[height, width]`, row-major: what the method gives, in its own unit.
    pub raw: Vec<f32>,
    /// The least and the largest raw value.
    pub range: [f32; 2],
}

impl HeatMap {
    /// Scales `raw`, `[height, width]`.
    ///
    /// # Errors
    /// A raw value that is NaN or infinite.
    pub fn new(
        method: Method,
        target: Option<usize>,
        [height, width]: [usize; 2],
        raw: Vec<f32>,
    ) -> Result<Self, NotFinite> {
        if let Some(&value) = raw.iter().find(|value| !value.is_finite()) {
            return Err(NotFinite {
                method,
                target,
                value,
            });
        }
        let min = raw.iter().copied().reduce(f32::min).unwrap_or_default();
        let max = raw.iter().copied().reduce(f32::max).unwrap_or_default();
        // In f64, where no span of two f32 overflows.
        let span = f64::from(max) - f64::from(min);
        let scaled = |value: &f32| {
            if span > 0.0 {
                ((f64::from(*value) - f64::from(min)) / span) as f32
            } else {
                0.0
            }
        };
        Ok(Self {
            method,
            target,
            width,
            height,
            values: raw.iter().map(scaled).collect(),
            raw,
            range: [min, max],
        })
    }

    /// The largest magnitude of a raw value.
    pub fn strongest(&self) -> f32 {
        self.range[0].abs().max(self.range[1].abs())
    }

    /// The raw values as shares of `strongest`, so that 0 stays 0 and the sign
    /// is kept, which matters in occlusion: for colour scales with two ends.
    /// With the [`HeatMap::strongest`] of a map itself they lie in -1 to 1; with
    /// that of the strongest of several maps of one method, these share a scale,
    /// and a map of a score that hardly depends on the image looks like one.
    pub fn shares_of(&self, strongest: f32) -> Vec<f32> {
        let share = |value: &f32| {
            if strongest > 0.0 {
                value / strongest
            } else {
                0.0
            }
        };
        self.raw.iter().map(share).collect()
    }

    /// The map at another size, to lay over an image: bilinear between the
    /// cells' centres and constant beyond the outermost (as
    /// `torch.nn.functional.interpolate(mode="bilinear")`). `range` stays.
    pub fn resized(&self, width: usize, height: usize) -> Self {
        let columns = blends(self.width, width);
        let rows = blends(self.height, height);
        let resized = |cells: &[f32]| {
            let mut values = Vec::with_capacity(width * height);
            for &(top, bottom, down) in &rows {
                let row = |index: usize| &cells[index * self.width..][..self.width];
                for &(left, right, across) in &columns {
                    let between = |row: &[f32]| mix(row[left], row[right], across);
                    values.push(mix(between(row(top)), between(row(bottom)), down));
                }
            }
            values
        };
        Self {
            width,
            height,
            values: resized(&self.values),
            raw: resized(&self.raw),
            ..*self
        }
    }
}

/// For each of `to` places the two of `from` cells that it lies between and how
/// near it is to the second, 0 to 1.
fn blends(from: usize, to: usize) -> Vec<(usize, usize, f32)> {
    let last = from.saturating_sub(1);
    let blend = |place: usize| {
        let centre = (place as f64 + 0.5) * from as f64 / to as f64 - 0.5;
        let centre = centre.clamp(0.0, last as f64);
        let first = centre as usize;
        (first, (first + 1).min(last), (centre - first as f64) as f32)
    };
    (0..to).map(blend).collect()
}

fn mix(a: f32, b: f32, share: f32) -> f32 {
    a + (b - a) * share
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(raw: &[f32]) -> HeatMap {
        HeatMap::new(Method::Occlusion, Some(1), [1, raw.len()], raw.to_vec()).unwrap()
    }

    #[test]
    fn values_are_scaled_from_their_range_to_0_to_1() {
        let map = map(&[-1.0, 0.0, 3.0]);
        assert_eq!(map.values, [0.0, 0.25, 1.0]);
        assert_eq!(map.range, [-1.0, 3.0]);
        assert_eq!(map.raw, [-1.0, 0.0, 3.0]);
    }

    #[test]
    fn a_map_whose_values_are_all_equal_is_all_zeros() {
        for value in [0.0, -2.5, 7.0] {
            let map = map(&[value; 4]);
            assert_eq!(map.values, [0.0; 4]);
            assert_eq!(map.raw, [value; 4]);
        }
    }

    #[test]
    fn the_widest_range_that_f32_holds_is_scaled() {
        assert_eq!(map(&[f32::MIN, 0.0, f32::MAX]).values, [0.0, 0.5, 1.0]);
    }

    #[test]
    fn shares_of_the_strongest_value_keep_zero_and_sign() {
        let map = map(&[-4.0, 0.0, 1.0]);
        assert_eq!(map.strongest(), 4.0);
        assert_eq!(map.shares_of(4.0), [-1.0, 0.0, 0.25]);
        assert_eq!(map.shares_of(8.0), [-0.5, 0.0, 0.125]);
        assert_eq!(map.shares_of(0.0), [0.0; 3]);
    }

    #[test]
    fn a_value_that_is_not_finite_is_refused_with_its_method_and_target() {
        let raw = vec![0.0, f32::NAN];
        let error = HeatMap::new(Method::GradCam, Some(1), [1, 2], raw).unwrap_err();
        let text = error.to_string();
        assert!(text.starts_with("grad_cam of target 1 gives NaN"), "{text}");
    }

    #[test]
    fn a_resized_map_blends_between_cells_and_is_constant_beyond_the_outermost() {
        // torch.nn.functional.interpolate(torch.tensor([[[[0., 1., 0.]]]]),
        // size=(1, 6), mode="bilinear")
        let wide = map(&[0.0, 1.0, 0.0]).resized(6, 1);
        assert_eq!(wide.values, [0.0, 0.25, 0.75, 0.75, 0.25, 0.0]);
        assert_eq!((wide.width, wide.height), (6, 1));
        let tall = map(&[0.0, 1.0]).resized(2, 3);
        assert_eq!(tall.values, [0.0, 1.0, 0.0, 1.0, 0.0, 1.0]);
        assert_eq!(map(&[2.0, 4.0]).resized(4, 1).raw, [2.0, 2.5, 3.5, 4.0]);
    }
}
