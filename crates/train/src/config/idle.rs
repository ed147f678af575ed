//! Keys that are allowed and do nothing, or nothing sensible.

use psp_models::HEAD;

use super::{ModelSection, OptimizerName, RunConfig, TrainConfig, TransformInput};

impl RunConfig {
    /// Whether nothing but the head learns, on features that random weights make.
    pub fn freezes_random_weights(&self) -> bool {
        let model = &self.model;
        model.weights.as_os_str().is_empty() && self.trains_head_alone()
    }

    /// Keys that were given other values than the defaults and have no effect beside
    /// those of others, each with the reason.
    pub fn without_effect(&self) -> Vec<(&'static str, String)> {
        let Self { model, train, .. } = self;
        let (model_default, default) = (ModelSection::default(), TrainConfig::default());
        let is_set = |key: &str| match key {
            "train.momentum" => train.momentum != default.momentum,
            "train.nesterov" => train.nesterov,
            "train.betas" => train.betas != default.betas,
            "train.epsilon" => train.epsilon != default.epsilon,
            "train.min_delta" => train.min_delta != 0.0,
            "train.backbone_learning_rate" => train.backbone_learning_rate >= 0.0,
            "train.layer_decay" => train.layer_decay != 1.0,
            "model.stochastic_depth" => model.stochastic_depth != model_default.stochastic_depth,
            _ => model.transform_input == TransformInput::On,
        };
        let idle = self.idle().into_iter().filter(|(key, _)| is_set(key));
        idle.collect()
    }

    /// Keys whose value has no effect beside those of others, each with the reason.
    pub fn idle(&self) -> Vec<(&'static str, String)> {
        let Self { model, train, .. } = self;
        let spec = model.backbone.spec();
        let is_sgd = train.optimizer == OptimizerName::Sgd;
        let is_head_alone = self.trains_head_alone();
        let optimizer = if is_sgd {
            "train.optimizer = \"sgd\""
        } else {
            "train.optimizer = \"adamw\""
        };
        let head_alone = "model.unfreeze = [\"head\"]";
        let backbone = format!("model.backbone = \"{}\"", model.backbone);
        let (keeps_branches, why_kept) = if spec.drops_branches {
            (is_head_alone, head_alone)
        } else {
            (true, backbone.as_str())
        };
        let keys = [
            ("train.momentum", !is_sgd, optimizer),
            ("train.nesterov", !is_sgd, optimizer),
            ("train.betas", is_sgd, optimizer),
            ("train.epsilon", is_sgd, optimizer),
            ("train.min_delta", train.patience == 0, "train.patience = 0"),
            ("train.backbone_learning_rate", is_head_alone, head_alone),
            ("train.layer_decay", is_head_alone, head_alone),
            ("model.stochastic_depth", keeps_branches, why_kept),
            ("model.transform_input", !spec.transforms_input, &backbone),
        ];
        let idle = keys.into_iter().filter(|(_, is_idle, _)| *is_idle);
        idle.map(|(key, _, why)| (key, why.to_owned())).collect()
    }

    fn trains_head_alone(&self) -> bool {
        self.model.unfreeze.iter().all(|stage| stage == HEAD)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn branches_are_dropped_of_a_backbone_that_has_some_and_is_trained() {
        let reason = |sets: &[&str]| {
            let sets: Vec<String> = sets.iter().map(|set| (*set).to_owned()).collect();
            let config = RunConfig::default().with_overrides(&sets).unwrap();
            let mut idle = config.idle().into_iter();
            idle.find(|(key, _)| *key == "model.stochastic_depth")
                .map(|(_, reason)| reason)
        };
        let efficientnet = "model.backbone=efficientnet_b0";
        assert_eq!(reason(&[efficientnet]), None);
        let frozen = reason(&[efficientnet, "model.unfreeze=[\"head\"]"]);
        assert_eq!(frozen.as_deref(), Some("model.unfreeze = [\"head\"]"));
        let resnet = reason(&[]);
        assert_eq!(resnet.as_deref(), Some("model.backbone = \"resnet18\""));
    }
}
