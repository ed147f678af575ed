//! What a configuration makes of a run's parts.

use psp_data::{
    DatasetOptions, DecodeLimits, LabelRange, LastBatch, Preprocessing, Resize, SplitFractions,
};
use psp_models::{ModelConfig, Output};

use super::{
    InitialWeights, OptimizerName, PreprocessConfig, ResizeMode, RunConfig, TransformInput,
};
use crate::optim::OptimizerConfig;

impl RunConfig {
    /// Where labels and images are.
    pub fn dataset_options(&self) -> DatasetOptions {
        let data = &self.data;
        DatasetOptions {
            dir: data.dir.clone(),
            labels: data.labels.clone(),
            images: data.images.clone(),
            filename_column: data.filename_column.clone(),
            targets: data.targets.clone(),
            label_range: data.label_range,
        }
    }

    /// The model's structure; what its output is, the training labels tell
    /// ([`Inputs::output`](crate::Inputs::output)).
    pub fn model_config(&self) -> ModelConfig {
        let model = &self.model;
        let transform_input = match model.transform_input {
            TransformInput::Auto => model.weights != InitialWeights::Scratch,
            TransformInput::On => true,
            TransformInput::Off => false,
        };
        ModelConfig {
            backbone: model.backbone,
            hidden: model.hidden,
            dropout: model.dropout,
            targets: self.data.targets.len(),
            input_size: self.input_size(),
            stochastic_depth: model.stochastic_depth,
            auxiliary: model.auxiliary,
            transform_input: transform_input && model.backbone.spec().transforms_input,
            output: Output::default(),
        }
    }

    /// The range that a trained model of this run clips its predictions to, by its
    /// checkpoint's `output`. Older ones leave it to the configuration, which then
    /// names one.
    pub fn range_of(&self, output: &Output) -> Option<[f32; 2]> {
        output.range.or(match self.data.label_range {
            LabelRange::Given(range) => Some(range),
            LabelRange::Auto | LabelRange::Unbounded => None,
        })
    }

    /// Side of the square input in pixels.
    pub fn input_size(&self) -> u32 {
        let own = || self.model.backbone.input_size();
        self.preprocess.size.unwrap_or_else(own)
    }

    /// From a decoded image to the model's input.
    pub fn preprocessing(&self) -> Preprocessing {
        let PreprocessConfig {
            resize, mean, std, ..
        } = self.preprocess;
        let size = self.input_size();
        let resize = match resize {
            ResizeMode::Squash => Resize::Squash {
                width: size,
                height: size,
            },
            ResizeMode::CenterCrop => Resize::ShortestSideCenterCrop {
                resize: (f64::from(size) * 256.0 / 224.0).round() as u32,
                crop: size,
            },
        };
        Preprocessing { resize, mean, std }
    }

    /// Shares of a drawn split.
    pub fn fractions(&self) -> SplitFractions {
        let [train, valid, test] = self.data.fractions;
        SplitFractions { train, valid, test }
    }

    /// What becomes of the last batch of an epoch.
    pub fn last_batch(&self) -> LastBatch {
        match (self.train.drop_last, self.single_value_stage()) {
            (true, _) => LastBatch::DropPartial,
            (false, Some(_)) => LastBatch::DropSingle,
            (false, None) => LastBatch::Keep,
        }
    }

    /// Which images are refused before they are decoded.
    pub fn decode_limits(&self) -> DecodeLimits {
        DecodeLimits {
            max_pixels: self.data.max_megapixels * 1_000_000,
        }
    }

    /// The optimiser and its settings.
    pub fn optimizer(&self) -> OptimizerConfig {
        let t = &self.train;
        match t.optimizer {
            OptimizerName::AdamW => OptimizerConfig::AdamW {
                betas: t.betas,
                epsilon: t.epsilon,
                weight_decay: t.weight_decay,
            },
            OptimizerName::Sgd => OptimizerConfig::Sgd {
                momentum: t.momentum,
                nesterov: t.nesterov,
                weight_decay: t.weight_decay,
            },
        }
    }
}
