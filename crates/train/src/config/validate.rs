//! The range of every value.

use std::mem::discriminant;

use psp_models::{DeviceSpec, HEAD};

use super::stages::ALL_STAGES;
use super::{ConfigError, RunConfig, TrainConfig};
use crate::optim::ScheduleConfig;

/// More threads are asked for by mistake.
const MOST_THREADS: usize = 1024;

/// The widest hidden layer of a head: 32 times as wide as the widest backbone's features.
const WIDEST_HEAD: usize = 1 << 16;

impl RunConfig {
    /// Checks every value's range.
    ///
    /// # Errors
    /// [`ConfigError::Value`] for the first value out of range.
    pub fn validate(&self) -> Result<(), ConfigError> {
        let Self {
            data,
            model,
            train,
            preprocess,
        } = self;
        check(
            "data.targets",
            &data.targets,
            !data.targets.is_empty(),
            "at least one column",
        )?;
        check(
            "data.label_range",
            format_args!("{}", data.label_range),
            data.label_range.is_valid(),
            "\"auto\", \"none\" or [low, high], the first below the second",
        )?;
        check(
            "data.split_bins",
            data.split_bins,
            data.split_bins >= 1,
            "at least 1",
        )?;
        check(
            "data.max_megapixels",
            data.max_megapixels,
            data.max_megapixels >= 1,
            "at least 1",
        )?;
        check(
            "data.fractions",
            data.fractions,
            self.fractions().validate().is_ok(),
            "numbers from 0 to 1 that sum to 1, the first of them, for training, above 0",
        )?;
        let size = self.input_size();
        check(
            "preprocess.size",
            size,
            model.backbone.takes(size, model.auxiliary),
            &format!(
                "0, or {}, for {}{}",
                model.backbone.sizes(model.auxiliary),
                model.backbone,
                if model.auxiliary {
                    " with auxiliary classifiers"
                } else {
                    ""
                }
            ),
        )?;
        let (mean, std) = (preprocess.mean, preprocess.std);
        check(
            "preprocess.mean",
            mean,
            mean.iter().all(|mean| mean.is_finite()),
            "three finite numbers",
        )?;
        check(
            "preprocess.std",
            std,
            std.iter().all(|&std| std.is_finite() && std > 0.0),
            "three numbers above 0",
        )?;
        check(
            "model.hidden",
            model.hidden,
            model.hidden >= 1,
            "at least 1",
        )?;
        check(
            "model.dropout",
            model.dropout,
            (0.0..1.0).contains(&model.dropout),
            "0 or more, below 1",
        )?;
        let stages = model.backbone.stages();
        let is_stage = |name: &str| name == HEAD || stages.contains(&name);
        let known = |name: &String| name == ALL_STAGES || is_stage(name);
        check(
            "model.unfreeze",
            &model.unfreeze,
            !model.unfreeze.is_empty() && model.unfreeze.iter().all(known),
            &format!(
                "a list of \"all\", \"head\" or stages of {}: {}",
                model.backbone,
                stages.join(", ")
            ),
        )?;
        check(
            "model.stochastic_depth",
            model.stochastic_depth,
            (0.0..1.0).contains(&model.stochastic_depth),
            "0 or more, below 1",
        )?;
        check(
            "model.auxiliary",
            model.auxiliary,
            !model.auxiliary || !model.backbone.auxiliary().is_empty(),
            "a backbone with auxiliary classifiers: googlenet or inception_v3",
        )?;
        let t = train;
        let positive = |value: f64| value.is_finite() && value > 0.0;
        let not_negative = |value: f64| value.is_finite() && value >= 0.0;
        let share = |value: f64| (0.0..1.0).contains(&value);
        let or_zero = |value: Option<f64>| value.unwrap_or(0.0);
        check("train.epochs", t.epochs, t.epochs >= 1, "at least 1")?;
        check(
            "train.batch_size",
            t.batch_size,
            t.batch_size >= 1,
            "at least 1",
        )?;
        let single = self.single_value_stage();
        check(
            "train.batch_size",
            t.batch_size,
            t.batch_size > 1 || single.is_none(),
            &format!(
                "2 or more, or a larger preprocess.size: with one image per batch, a batch \
                 norm in {} has one value per channel, whose variance is 0",
                single.unwrap_or_default()
            ),
        )?;
        check(
            "train.accumulate",
            t.accumulate,
            t.accumulate >= 1,
            "at least 1",
        )?;
        check_replicas(t)?;
        check(
            "train.learning_rate",
            t.learning_rate,
            positive(t.learning_rate),
            "above 0",
        )?;
        check(
            "train.backbone_learning_rate",
            t.backbone_learning_rate.0,
            t.backbone_learning_rate.0.is_finite(),
            "a number; negative: the same as learning_rate",
        )?;
        check(
            "train.layer_decay",
            t.layer_decay,
            positive(t.layer_decay) && t.layer_decay <= 1.0,
            "above 0, at most 1",
        )?;
        for (stage, &rate) in &t.stage_learning_rates {
            check(
                "train.stage_learning_rates",
                stage,
                is_stage(stage),
                &format!(
                    "\"head\" or a stage of {}: {}",
                    model.backbone,
                    stages.join(", ")
                ),
            )?;
            check(
                "train.stage_learning_rates",
                rate,
                not_negative(rate),
                &format!("0 or more for {stage}"),
            )?;
        }
        check(
            "train.unfreeze_every",
            or_zero(t.unfreeze_every),
            not_negative(or_zero(t.unfreeze_every)),
            "0 (all from the start) or more",
        )?;
        check(
            "train.unfreeze_every",
            or_zero(t.unfreeze_every),
            t.unfreeze_every.is_none() || !self.trained_stages(0).is_empty(),
            "0 without \"head\" in model.unfreeze, since nothing would be trained at first",
        )?;
        check(
            "train.gradient_checkpointing",
            t.gradient_checkpointing,
            !t.gradient_checkpointing || model.backbone.spec().recomputes_blocks,
            "false for any backbone but vit_b_16",
        )?;
        check(
            "train.weight_decay",
            t.weight_decay,
            not_negative(t.weight_decay),
            "0 or more",
        )?;
        check(
            "train.betas",
            t.betas,
            t.betas.into_iter().all(share),
            "each 0 or more, below 1",
        )?;
        check("train.epsilon", t.epsilon, positive(t.epsilon), "above 0")?;
        check(
            "train.momentum",
            t.momentum,
            share(t.momentum),
            "0 or more, below 1",
        )?;
        check(
            "train.nesterov",
            t.nesterov,
            !t.nesterov || t.momentum > 0.0,
            "false without a momentum above 0",
        )?;
        check(
            "train.warmup_epochs",
            t.warmup_epochs,
            not_negative(t.warmup_epochs) && t.warmup_epochs <= t.epochs as f64,
            "0 to train.epochs",
        )?;
        check(
            "train.warmup_epochs",
            t.warmup_epochs,
            t.warmup_epochs == 0.0 || t.schedule != ScheduleConfig::OneCycle,
            "0 with the one-cycle schedule, which has its own warm-up",
        )?;
        check(
            "train.clip_norm",
            or_zero(t.clip_norm),
            not_negative(or_zero(t.clip_norm)),
            "0 (off) or more",
        )?;
        check(
            "train.ema_decay",
            or_zero(t.ema_decay),
            share(or_zero(t.ema_decay)),
            "0 (off) or more, below 1",
        )?;
        check(
            "train.min_delta",
            t.min_delta,
            not_negative(t.min_delta),
            "0 or more",
        )
    }
}

impl RunConfig {
    /// Checks what nothing new is begun with, though earlier versions began with it.
    ///
    /// # Errors
    /// [`ConfigError::Value`] for the first such value.
    pub fn validate_new(&self) -> Result<(), ConfigError> {
        let Self {
            data,
            model,
            preprocess,
            ..
        } = self;
        let (mean, std) = (preprocess.mean, preprocess.std);
        let trained = self.ever_trained_stages();
        let rates = &self.train.stage_learning_rates;
        let (key, value) = if rates.is_empty() {
            let backbone = self.train.backbone_learning_rate.0;
            ("train.backbone_learning_rate", format!("{backbone:?}"))
        } else {
            ("train.stage_learning_rates", format!("{rates:?}"))
        };
        check(
            key,
            format_args!("{value}"),
            trained.iter().any(|stage| self.learning_rate(stage) > 0.0),
            "a rate above 0 for one of the stages in model.unfreeze; none would be trained",
        )?;
        check(
            "data.threads",
            data.threads.unwrap_or(0),
            data.threads.unwrap_or(0) <= MOST_THREADS,
            &format!("0 (all cores) to {MOST_THREADS}"),
        )?;
        check(
            "preprocess.mean",
            mean,
            mean.iter().all(|mean| (0.0..=1.0).contains(mean)),
            "three numbers from 0 to 1, the scale of the pixels (those for 0 to 255 divided by 255)",
        )?;
        check(
            "preprocess.std",
            std,
            std.iter().all(|&std| std > 0.0 && std <= 1.0),
            "three numbers above 0, at most 1, on the pixels' scale from 0 to 1",
        )?;
        check(
            "model.hidden",
            model.hidden,
            (1..=WIDEST_HEAD).contains(&model.hidden),
            &format!("1 to {WIDEST_HEAD}"),
        )
    }
}

impl RunConfig {
    /// Checks what a run without validation images can't have.
    ///
    /// # Errors
    /// [`ConfigError::Value`].
    pub fn validate_unvalidated(&self) -> Result<(), ConfigError> {
        check(
            "train.patience",
            self.train.patience.unwrap_or(0),
            self.train.patience.is_none(),
            "0, since there are no validation images to stop by",
        )
    }
}

/// Replicas are of the device's kind, no GPU has two, and each has a batch to
/// compute.
fn check_replicas(train: &TrainConfig) -> Result<(), ConfigError> {
    check(
        "train.device",
        format_args!("{}", train.device),
        train.device != DeviceSpec::Auto || train.replicas.is_empty(),
        "a device by name, since there are train.replicas, which are of its kind",
    )?;
    let mut taken = vec![train.device];
    for &replica in &train.replicas {
        check(
            "train.replicas",
            format_args!("{replica}"),
            discriminant(&replica) == discriminant(&train.device),
            &format!("devices of the same kind as train.device, {}", train.device),
        )?;
        let is_cpu = matches!(replica, DeviceSpec::Flex | DeviceSpec::LibTorch);
        check(
            "train.replicas",
            format_args!("{replica}"),
            is_cpu || !taken.contains(&replica),
            "each GPU once, train.device among them",
        )?;
        taken.push(replica);
    }
    check(
        "train.accumulate",
        train.accumulate,
        train.accumulate >= taken.len(),
        &format!(
            "at least {}, one batch for train.device and each of train.replicas",
            taken.len()
        ),
    )
}

/// `value` is shown as it is debugged; [`format_args`] shows it as it is displayed.
fn check(
    key: &'static str,
    value: impl std::fmt::Debug,
    valid: bool,
    expected: &str,
) -> Result<(), ConfigError> {
    if valid {
        return Ok(());
    }
    Err(ConfigError::Value {
        key,
        value: format!("{value:?}"),
        expected: format!("expected {expected}"),
    })
}
