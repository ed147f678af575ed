//! The stages that are trained at a time.

use psp_models::{BackboneKind, HEAD};

use crate::config::RunConfig;

/// The stages that are trained in some epoch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stages {
    kind: BackboneKind,
    names: Vec<&'static str>,
    /// Whether auxiliary classifiers are trained too, as part of the head.
    auxiliary: bool,
}

impl Stages {
    /// Those of `epoch`, counted from 0.
    pub(super) fn of(config: &RunConfig, epoch: u64) -> Self {
        Self {
            kind: config.model.backbone,
            names: config.trained_stages(epoch),
            auxiliary: config.model.auxiliary,
        }
    }

    /// Names of the backbone's stages, and the head.
    pub(super) fn names(&self) -> &[&'static str] {
        &self.names
    }

    /// Whether nothing of the backbone is trained: then a step need not go
    /// through it.
    pub(super) fn are_the_head(&self) -> bool {
        self.names == [HEAD] && !self.auxiliary
    }

    /// Whether the tensor `key` (`backbone.…` or `head.…`) belongs to them.
    pub(super) fn train(&self, key: &str) -> bool {
        self.names.contains(&self.kind.stage_of(key))
    }

    /// The largest distance of any of them from the scores.
    pub(super) fn depth(&self) -> usize {
        let distances = self.names.iter().map(|stage| self.kind.distance(stage));
        distances.max().unwrap_or(0)
    }
}
