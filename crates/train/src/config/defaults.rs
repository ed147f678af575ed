//! The default of every key; `configs/train.toml` shows them on one screen.

use std::collections::BTreeMap;
use std::path::PathBuf;

use psp_data::LabelRange;
use psp_models::{BackboneKind, DeviceSpec, Precision};

use super::stages::ALL_STAGES;
use super::{
    DataConfig, ModelSection, OptimizerName, PreprocessConfig, ResizeMode, TrainConfig,
    TransformInput,
};
use crate::optim::ScheduleConfig;

impl Default for DataConfig {
    fn default() -> Self {
        Self {
            dir: PathBuf::new(),
            labels: PathBuf::new(),
            images: PathBuf::new(),
            filename_column: String::new(),
            targets: ["perspective_score_hood", "perspective_score_backdoor_left"]
                .map(str::to_owned)
                .to_vec(),
            label_range: LabelRange::Auto,
            split: "auto".to_owned(),
            fractions: [0.7, 0.15, 0.15],
            split_seed: 0,
            split_bins: 4,
            train_images: 0,
            threads: 0,
            cache_mib: 1024,
            pixel_store_mib: 8192,
            cache_dir: PathBuf::new(),
            max_megapixels: 179,
        }
    }
}

impl Default for PreprocessConfig {
    fn default() -> Self {
        Self {
            size: 0,
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
            weights: PathBuf::new(),
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
            backbone_learning_rate: -1.0,
            layer_decay: 1.0,
            stage_learning_rates: BTreeMap::new(),
            unfreeze_every: 0.0,
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
            clip_norm: 0.0,
            ema_decay: 0.0,
            patience: 0,
            min_delta: 0.0,
            checkpoint_seconds: 60,
        }
    }
}
