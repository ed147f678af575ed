//! What is known of a backbone besides its layers.

use crate::init::{Initial, kaiming_fan_out};
use crate::pretrained::Pretrained;

/// What is known of a backbone besides its layers; names and numbers are torchvision's.
#[derive(Clone, Copy, Debug)]
pub struct BackboneSpec {
    /// Width of the pooled features.
    pub features: usize,
    /// Side of the square input that torchvision's weights were trained on, in pixels.
    pub input_size: u32,
    /// Smallest side of an input in pixels, below which no features are left.
    pub smallest_input: u32,
    /// What the sides of an input must be a multiple of, in pixels.
    pub input_multiple: u32,
    /// Top-level modules from input to output, the units of freezing, as prefixes of
    /// `state_dict` keys.
    pub stages: &'static [&'static str],
    /// Stages without a depth of their own: they belong to the layer before them.
    pub joined: &'static [&'static str],
    /// The largest side of an input, in pixels, at which batch norms see one value per
    /// channel of an image, and the stages that they are in.
    pub single_values: Option<(u32, &'static [&'static str])>,
    /// The classifier, whose outputs are ImageNet's classes; the backbone ends before it.
    pub classifier: &'static str,
    /// The auxiliary classifiers, where there are any.
    pub auxiliary: Option<AuxiliarySpec>,
    /// Whether torchvision, given its weights, shifts inputs from ImageNet's mean and
    /// deviation to mean and deviation 0.5 (`transform_input`).
    pub transforms_input: bool,
    /// Whether it can drop residual branches while it is trained (stochastic depth).
    pub drops_branches: bool,
    /// Whether its blocks can be computed again on the way back (gradient checkpointing).
    pub recomputes_blocks: bool,
    /// What batch norms add to the variance.
    pub norm_epsilon: f64,
    /// The initial values of a tensor that is no running statistic.
    pub(crate) initial: Initial,
    /// What of it a heat map is made from.
    pub explained_by: ExplainedBy,
    /// torchvision's weights for it.
    pub pretrained: Pretrained,
    /// Factor of the running variances in its recorded numbers, which keeps what formulas
    /// give in place of trained weights from dying out on the way.
    pub recorded_variance: f64,
}

impl BackboneSpec {
    /// What most convolutional backbones have in common; features, stages, classifier and
    /// weights are to be filled in.
    pub(crate) const CONVOLUTIONAL: Self = Self {
        features: 0,
        input_size: 224,
        smallest_input: 32,
        input_multiple: 1,
        stages: &[],
        joined: &[],
        single_values: None,
        classifier: "",
        auxiliary: None,
        transforms_input: false,
        drops_branches: false,
        recomputes_blocks: false,
        norm_epsilon: 1e-5,
        initial: kaiming_fan_out,
        explained_by: ExplainedBy::FeatureMap,
        pretrained: Pretrained::IMAGENET1K_V1,
        recorded_variance: 1.0,
    };
}

/// Classifiers that predict from a middle layer while the backbone is trained.
#[derive(Clone, Copy, Debug)]
pub struct AuxiliarySpec {
    /// The modules that hold them, by their `state_dict` keys.
    pub modules: &'static [&'static str],
    /// Their last layers, which predict ImageNet's classes in torchvision's files and the
    /// targets here.
    pub last_layers: &'static [&'static str],
    /// What the loss of one counts beside that of the head.
    pub weight: f64,
    /// Smallest side of an input with them, in pixels.
    pub smallest_input: u32,
    /// The largest side of an input, in pixels, at which their batch norms see one value
    /// per channel of an image.
    pub single_values: u32,
}

/// What of a backbone a heat map is made from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExplainedBy {
    /// The last feature map.
    FeatureMap,
    /// What the tokens attend to.
    Attention,
}
