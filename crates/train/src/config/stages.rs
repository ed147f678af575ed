//! Which stages are trained when, and how fast.

use psp_models::HEAD;

use super::RunConfig;

/// The entry of `model.unfreeze` that stands for every stage.
pub(super) const ALL_STAGES: &str = "all";

impl RunConfig {
    /// The stages that are trained in `epoch` (counted from 0), of the
    /// backbone's stages and [`HEAD`]. With `train.unfreeze_every` they become
    /// more from epoch to epoch, and never fewer.
    pub fn trained_stages(&self, epoch: u64) -> Vec<&'static str> {
        let open = match self.train.unfreeze_every {
            None => usize::MAX,
            // A large quotient saturates, which is as good as any.
            Some(every) => (epoch as f64 / every) as usize,
        };
        let kind = self.model.backbone;
        let stages = kind.stages().iter().chain([&HEAD]).copied();
        stages
            .filter(|stage| self.trains(stage) && kind.distance(stage) <= open)
            .collect()
    }

    /// The stages that are trained in the last epoch, and so in any.
    pub fn ever_trained_stages(&self) -> Vec<&'static str> {
        self.trained_stages(self.train.epochs.saturating_sub(1))
    }

    /// Whether `model.unfreeze` names a stage.
    pub(super) fn trains(&self, stage: &str) -> bool {
        let mut names = self.model.unfreeze.iter();
        names.any(|name| name == stage || name == ALL_STAGES)
    }

    /// Whether every stage is trained from the first epoch on.
    pub fn trains_everything(&self) -> bool {
        self.trained_stages(0).len() == self.model.backbone.stages().len() + 1
    }

    /// Whether the backbone stays frozen throughout, so that its features of an
    /// image are always the same. Auxiliary classifiers see inside of it.
    pub fn has_constant_features(&self) -> bool {
        self.ever_trained_stages() == [HEAD] && !self.model.auxiliary
    }

    /// The first stage with a batch norm that is trained and that sees a single value
    /// per channel of one image. The variance of that is 0, so no batch may have one
    /// image alone; PyTorch refuses it, too.
    pub fn single_value_stage(&self) -> Option<&'static str> {
        let model = &self.model;
        let trained = self.ever_trained_stages();
        let single = model
            .backbone
            .single_value_stages(self.input_size(), model.auxiliary);
        single.iter().copied().find(|stage| trained.contains(stage))
    }

    /// Peak learning rate of a stage.
    pub fn learning_rate(&self, stage: &str) -> f64 {
        let train = &self.train;
        if let Some(rate) = train.stage_learning_rates.get(stage) {
            return *rate;
        }
        if stage == HEAD {
            return train.learning_rate;
        }
        let own = train.backbone_learning_rate.get();
        let backbone = own.unwrap_or(train.learning_rate);
        let distance = self.model.backbone.distance(stage);
        backbone
            * train
                .layer_decay
                .powi(distance.try_into().unwrap_or(i32::MAX))
    }
}
