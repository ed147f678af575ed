//! Keys that are allowed and do nothing, or nothing sensible.

use psp_models::HEAD;

use toml::{Table, Value};

use super::{ConfigError, InitialWeights, OptimizerName, OptionalRate, RunConfig};

impl RunConfig {
    /// Whether nothing but the head learns, on features that random weights make.
    pub fn freezes_random_weights(&self) -> bool {
        let model = &self.model;
        model.weights == InitialWeights::Scratch && self.ever_trained_stages() == [HEAD]
    }

    /// Keys that were given other values than the defaults and have no effect beside
    /// those of others, each with the reason.
    ///
    /// # Errors
    /// When a path is not valid UTF-8.
    pub fn without_effect(&self) -> Result<Vec<(&'static str, String)>, ConfigError> {
        let (own, default) = (self.to_table()?, Self::default().to_table()?);
        let is_set = |key: &str| value_of(&own, key) != value_of(&default, key);
        let idle = self.idle().into_iter().filter(|(key, _)| is_set(key));
        Ok(idle.collect())
    }

    /// Keys whose value has no effect beside those of others, each with the reason.
    pub fn idle(&self) -> Vec<(&'static str, String)> {
        let Self { model, train, .. } = self;
        let spec = model.backbone.spec();
        let is_sgd = train.optimizer == OptimizerName::Sgd;
        let is_head_alone = self.ever_trained_stages() == [HEAD];
        let names_head_alone = model.unfreeze.iter().all(|stage| stage == HEAD);
        let optimizer = if is_sgd {
            "train.optimizer = \"sgd\""
        } else {
            "train.optimizer = \"adamw\""
        };
        let head_alone = if names_head_alone {
            "model.unfreeze = [\"head\"]".to_owned()
        } else {
            let (every, epochs) = (train.unfreeze_every.unwrap_or_default(), train.epochs);
            format!("train.unfreeze_every = {every:?} and train.epochs = {epochs}")
        };
        let head_alone = head_alone.as_str();
        let backbone = format!("model.backbone = \"{}\"", model.backbone);
        let (keeps_branches, why_kept) = if spec.drops_branches {
            (is_head_alone, head_alone)
        } else {
            (true, backbone.as_str())
        };
        let rates = &train.stage_learning_rates;
        let has_idle_rates = !rates.is_empty() && !rates.keys().any(|stage| self.trains(stage));
        let stages = format!("model.unfreeze = {:?}", model.unfreeze);
        let keys = [
            ("train.unfreeze_every", names_head_alone, head_alone),
            ("train.stage_learning_rates", has_idle_rates, &stages),
            ("train.momentum", !is_sgd, optimizer),
            ("train.nesterov", !is_sgd, optimizer),
            ("train.betas", is_sgd, optimizer),
            ("train.epsilon", is_sgd, optimizer),
            (
                "train.min_delta",
                train.patience.is_none(),
                "train.patience = 0",
            ),
            ("train.backbone_learning_rate", is_head_alone, head_alone),
            ("train.layer_decay", is_head_alone, head_alone),
            ("model.stochastic_depth", keeps_branches, why_kept),
            ("model.transform_input", !spec.transforms_input, &backbone),
        ];
        let idle = keys.into_iter().filter(|(_, is_idle, _)| *is_idle);
        idle.map(|(key, _, why)| (key, why.to_owned())).collect()
    }

    /// This configuration with every value that has no effect, beside those of others or on
    /// so many training images, in one form: what is trained by two with the same is the same.
    ///
    /// # Errors
    /// When a path is not valid UTF-8.
    pub fn in_effect(&self, images: usize) -> Result<Self, ConfigError> {
        let mut config = self.clone();
        config.preprocess.size = Some(self.input_size());
        let trained = self.ever_trained_stages();
        config.model.unfreeze = trained.into_iter().map(str::to_owned).collect();
        let train_images = &mut config.data.train_images;
        *train_images = train_images.filter(|fewer| *fewer < images);
        let images = train_images.unwrap_or(images);
        let train = &mut config.train;
        let backbone = train.backbone_learning_rate.get();
        train.backbone_learning_rate = OptionalRate(backbone.unwrap_or(train.learning_rate));
        train.patience = train.patience.filter(|epochs| *epochs < train.epochs);
        if !train.drop_last {
            train.batch_size = train.batch_size.min(images.max(1));
        }
        train.accumulate = train.accumulate.min(images.div_ceil(train.batch_size));
        train.drop_last &= !images.is_multiple_of(train.batch_size);
        let default = Self::default().to_table()?;
        let idle = config.idle();
        let values = idle
            .iter()
            .filter_map(|(key, _)| Some((*key, value_of(&default, key)?)));
        config.with_values(values, str::to_owned)
    }
}

/// The value of a `section.key`.
fn value_of<'a>(table: &'a Table, key: &str) -> Option<&'a Value> {
    let (section, key) = key.split_once('.')?;
    table.get(section)?.get(key)
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

    #[test]
    fn what_is_said_of_stages_that_stay_frozen_is_idle() {
        let idle = |sets: &[&str]| {
            let sets: Vec<String> = sets.iter().map(|set| (*set).to_owned()).collect();
            let config = RunConfig::default().with_overrides(&sets).unwrap();
            let idle = config.idle().into_iter();
            let of_stages = ["train.unfreeze_every", "train.stage_learning_rates"];
            let idle = idle.map(|(key, _)| key);
            idle.filter(|key| of_stages.contains(key))
                .collect::<Vec<_>>()
        };
        let head = "model.unfreeze=[\"head\"]";
        let rates = "train.stage_learning_rates={layer4=1e-3}";
        assert!(idle(&["train.unfreeze_every=1.0", rates]).is_empty());
        assert_eq!(idle(&[head]), ["train.unfreeze_every"]);
        let last = "model.unfreeze=[\"layer3\", \"head\"]";
        assert_eq!(idle(&[last, rates]), ["train.stage_learning_rates"]);
        let both = "train.stage_learning_rates={layer4=1e-3, head=1e-3}";
        assert!(idle(&[last, both]).is_empty());
    }

    #[test]
    fn layers_that_are_unfrozen_after_the_last_epoch_stay_frozen() {
        let config = |epochs: u64| {
            let sets = [
                "train.unfreeze_every=3.0".to_owned(),
                format!("train.epochs={epochs}"),
            ];
            RunConfig::default().with_overrides(&sets).unwrap()
        };
        let decay = |config: &RunConfig| {
            let mut idle = config.idle().into_iter();
            idle.find(|(key, _)| *key == "train.layer_decay")
        };
        let (short, long) = (config(3), config(4));
        assert!(short.freezes_random_weights() && !long.freezes_random_weights());
        let reason = "train.unfreeze_every = 3.0 and train.epochs = 3";
        assert_eq!(
            decay(&short),
            Some(("train.layer_decay", reason.to_owned()))
        );
        assert_eq!(decay(&long), None);
    }

    #[test]
    fn configurations_that_train_the_same_are_the_same_in_effect() {
        let in_effect = |sets: &[&str], images| {
            let sets: Vec<String> = sets.iter().map(|set| (*set).to_owned()).collect();
            let config = RunConfig::default().with_overrides(&sets).unwrap();
            config.in_effect(images).unwrap()
        };
        let plain = ["train.epochs=3", "train.batch_size=10"];
        let with = |more: &[&'static str]| [&plain[..], more].concat();
        let same = |more: &[&'static str], images| {
            in_effect(&with(more), images) == in_effect(&plain, images)
        };
        assert!(same(&["train.momentum=0.5"], 20) && !same(&["train.weight_decay=0.5"], 20));
        assert!(same(&["train.patience=3"], 20) && !same(&["train.patience=2"], 20));
        assert!(same(&["train.patience=3", "train.min_delta=0.1"], 20));
        assert!(same(&["train.drop_last=true"], 20) && !same(&["train.drop_last=true"], 21));
        assert!(same(&["train.batch_size=30"], 10) && !same(&["train.batch_size=30"], 11));
        let twice = |accumulate| in_effect(&with(&[accumulate]), 20);
        assert_eq!(twice("train.accumulate=2"), twice("train.accumulate=9"));
        assert_ne!(twice("train.accumulate=2"), twice("train.accumulate=1"));
        assert!(same(&["data.train_images=20"], 20) && !same(&["data.train_images=20"], 21));
    }
}
