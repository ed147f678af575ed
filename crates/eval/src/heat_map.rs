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
    /// `[height, width]`, row-major: what the method gives, in its own unit. Maps of one
    /// method are compared on one scale: one that hardly differs from 0 is noise, however
    /// lively it looks on a scale of its own.
    pub values: Vec<f32>,
}

impl HeatMap {
    /// A map of `values`, `[height, width]`.
    ///
    /// # Errors
    /// A value that is NaN or infinite.
    pub fn new(
        method: Method,
        target: Option<usize>,
        [height, width]: [usize; 2],
        values: Vec<f32>,
    ) -> Result<Self, NotFinite> {
        if let Some(&value) = values.iter().find(|value| !value.is_finite()) {
            return Err(NotFinite {
                method,
                target,
                value,
            });
        }
        Ok(Self {
            method,
            target,
            width,
            height,
            values,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_that_is_not_finite_is_refused_with_its_method_and_target() {
        let raw = vec![0.0, f32::NAN];
        let error = HeatMap::new(Method::GradCam, Some(1), [1, 2], raw).unwrap_err();
        let text = error.to_string();
        assert!(text.starts_with("grad_cam of target 1 gives NaN"), "{text}");
    }
}
