//! The default of every key; `configs/train.toml` shows them on one screen.

use std::collections::BTreeMap;
use std::path::PathBuf;

use psp_data::LabelRange;
use psp_models::{BackboneKind, DeviceSpec, Precision};

use super::stages::ALL_STAGES;
use super::{
    DataConfig, InitialWeights, ModelSection, OptimizerName, OptionalRate, PreprocessConfig,
    ResizeMode, SplitSource, TrainConfig, TransformInput,
};
use crate::optim::ScheduleConfig;

impl Default for DataConfig {
    fn default() -> Self {
        Self {
            dir: PathBuf::new(),
            labels: None,
            images: None,
            filename_column: None,
            targets: ["perspective_score_hood", "perspective_score_backdoor_left"]
                .map(str::to_owned)
                .to_vec(),
            label_range: LabelRange::Auto,
            split: SplitSource::Auto,
            fractions: [0.7, 0.15, 0.15],
            split_seed: 0,
            split_bins: 4,
            train_images: None,
            threads: None,
            cache_mib: 1024,
            pixel_store_mib: 8192,
            cache_dir: None,
            max_megapixels: 179,
        }
    }
}

impl Default for PreprocessConfig {
    fn default() -> Self {
        Self {
            size: None,
            resize: ResizeMode::Squash,
            mean: [0.485, 0.456, 0.406],
            std: [0.229, 0.224, 0.225],
        }
    }
}

impl Default for ModelSection {
    fn default() -> Self {
        Self {
            backbone: BackboneKind::ResNet18,
            weights: InitialWeights::Scratch,
            hidden: 256,
            dropout: 0.0,
            unfreeze: vec![ALL_STAGES.to_owned()],
            stochastic_depth: 0.2,
            auxiliary: false,
            transform_input: TransformInput::Auto,
        }
    }
}

impl Default for TrainConfig {
    fn default() -> Self {
        Self {
            device: DeviceSpec::Auto,
            replicas: Vec::new(),
            seed: 0,
            epochs: 10,
            batch_size: 16,
            drop_last: false,
            accumulate: 1,
            optimizer: OptimizerName::AdamW,
            learning_rate: 3e-4,
            backbone_learning_rate: OptionalRate::default(),
            layer_decay: 1.0,
            stage_learning_rates: BTreeMap::new(),
            unfreeze_every: None,
            cache_features: true,
            precision: Precision::Fp32,
            gradient_checkpointing: false,
            weight_decay: 1e-4,
            betas: [0.9, 0.999],
            epsilon: 1e-8,
            momentum: 0.9,
            nesterov: false,
            schedule: ScheduleConfig::Cosine,
            warmup_epochs: 0.0,
            clip_norm: None,
            ema_decay: None,
            patience: None,
            min_delta: 0.0,
            checkpoint_seconds: Some(60),
        }
    }
}
