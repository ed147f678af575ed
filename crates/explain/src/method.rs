//! Which methods fit a backbone.

use psp_eval::Method;
use psp_models::{BackboneKind, ExplainedBy};

/// The methods that fit a backbone, in the order in which
/// [`explain`](crate::explain()) runs them.
pub fn fitting(backbone: BackboneKind) -> &'static [Method] {
    match backbone.spec().explained_by {
        ExplainedBy::FeatureMap => &[Method::GradCam, Method::Occlusion],
        ExplainedBy::Attention => &[Method::AttentionRollout, Method::Occlusion],
    }
}
