//! The methods by name.

use std::fmt;

use psp_models::{BackboneKind, ExplainedBy};

/// How a heat map was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Method {
    /// [`grad_cam`](crate::grad_cam()).
    GradCam,
    /// [`attention_rollout`](crate::attention_rollout).
    AttentionRollout,
    /// [`occlusion`](crate::occlusion()).
    Occlusion,
}

impl Method {
    /// Those that fit a backbone, in the order in which
    /// [`explain`](crate::explain()) runs them.
    pub fn fitting(backbone: BackboneKind) -> &'static [Self] {
        match backbone.spec().explained_by {
            ExplainedBy::FeatureMap => &[Self::GradCam, Self::Occlusion],
            ExplainedBy::Attention => &[Self::AttentionRollout, Self::Occlusion],
        }
    }

    /// Its name in tables and file names.
    pub fn name(self) -> &'static str {
        match self {
            Self::GradCam => "grad_cam",
            Self::AttentionRollout => "attention_rollout",
            Self::Occlusion => "occlusion",
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
