//! EfficientNet-B0 as `torchvision.models.efficientnet` defines it, without its
//! `classifier`.
//!
//! Tan & Le, "EfficientNet: Rethinking Model Scaling for Convolutional Neural
//! Networks", 2019 (arXiv 1905.11946).

use crate::pretrained::{Interpolation, Pretrained};
use burn::module::Module;
use burn::tensor::{Device, Tensor};

use super::network::Convolutional;
use super::spec::BackboneSpec;
use crate::config::ModelConfig;
use crate::nn::{Conv2d, Conv2dConfig, Conv2dNorm, Image, Noise};

/// One row of the paper's table 1.
struct MBConvConfig {
    expand_ratio: usize,
    kernel: usize,
    stride: usize,
    input_channels: usize,
    out_channels: usize,
    num_layers: usize,
}

const fn row(
    expand_ratio: usize,
    kernel: usize,
    stride: usize,
    input_channels: usize,
    out_channels: usize,
    num_layers: usize,
) -> MBConvConfig {
    MBConvConfig {
        expand_ratio,
        kernel,
        stride,
        input_channels,
        out_channels,
        num_layers,
    }
}

const STAGES: [MBConvConfig; 7] = [
    row(1, 3, 1, 32, 16, 1),
    row(6, 3, 2, 16, 24, 2),
    row(6, 5, 2, 24, 40, 2),
    row(6, 3, 2, 40, 80, 3),
    row(6, 5, 1, 80, 112, 3),
    row(6, 5, 2, 112, 192, 4),
    row(6, 3, 1, 192, 320, 1),
];

/// `torchvision.ops.SqueezeExcitation` with SiLU and sigmoid.
#[derive(Module, Debug)]
pub struct SqueezeExcitation {
    fc1: Conv2d,
    fc2: Conv2d,
}

impl SqueezeExcitation {
    fn new(input_channels: usize, squeeze_channels: usize, device: &Device) -> Self {
        let conv = |from, to| Conv2dConfig::new(from, to, 1).bias().init(device);
        Self {
            fc1: conv(input_channels, squeeze_channels),
            fc2: conv(squeeze_channels, input_channels),
        }
    }

    fn forward<X: Image>(&self, x: X) -> X {
        let scale = self.fc1.forward(x.clone().mean_pixel()).silu();
        x.mul(self.fc2.forward(scale).sigmoid())
    }
}

/// The layers of an [`MBConv`] without expansion.
#[derive(Module, Debug)]
pub struct Plain {
    _0: Conv2dNorm,
    _1: SqueezeExcitation,
    _2: Conv2dNorm,
}

/// The layers of an [`MBConv`] with expansion.
#[derive(Module, Debug)]
pub struct Expanded {
    _0: Conv2dNorm,
    _1: Conv2dNorm,
    _2: SqueezeExcitation,
    _3: Conv2dNorm,
}

/// torchvision numbers the layers from the first that is there.
#[derive(Module, Debug)]
// There are 16 of these; nothing is gained by boxes.
#[allow(clippy::large_enum_variant)]
pub enum Block {
    /// Depthwise, squeeze-and-excitation, projection.
    Plain(Plain),
    /// Expansion before these.
    Expanded(Expanded),
}

/// Mobile inverted bottleneck.
#[derive(Module, Debug)]
pub struct MBConv {
    block: Block,
    #[module(skip)]
    use_res_connect: bool,
    #[module(skip)]
    stochastic_depth: f64,
}

impl MBConv {
    fn new(cnf: &MBConvConfig, stochastic_depth: f64, device: &Device) -> Self {
        let expanded = cnf.input_channels * cnf.expand_ratio;
        let conv1x1 = |from, to| Conv2dNorm::new(Conv2dConfig::new(from, to, 1), device);
        let depthwise = Conv2dConfig::same(expanded, expanded, [cnf.kernel; 2])
            .stride(cnf.stride)
            .depthwise();
        let depthwise = Conv2dNorm::new(depthwise, device);
        let squeeze = SqueezeExcitation::new(expanded, (cnf.input_channels / 4).max(1), device);
        let project = conv1x1(expanded, cnf.out_channels);
        let block = if expanded == cnf.input_channels {
            Block::Plain(Plain {
                _0: depthwise,
                _1: squeeze,
                _2: project,
            })
        } else {
            Block::Expanded(Expanded {
                _0: conv1x1(cnf.input_channels, expanded),
                _1: depthwise,
                _2: squeeze,
                _3: project,
            })
        };
        Self {
            block,
            use_res_connect: cnf.stride == 1 && cnf.input_channels == cnf.out_channels,
            stochastic_depth,
        }
    }

    fn forward<X: Image>(&self, input: X, noise: &mut Noise) -> X {
        let (x, depthwise, squeeze, project) = match &self.block {
            Block::Plain(layers) => (input.clone(), &layers._0, &layers._1, &layers._2),
            Block::Expanded(layers) => {
                let x = layers._0.forward(input.clone()).silu();
                (x, &layers._1, &layers._2, &layers._3)
            }
        };
        let x = depthwise.forward(x).silu();
        let result = project.forward(squeeze.forward(x));
        if !self.use_res_connect {
            return result;
        }
        // A frozen block computes what it computes in evaluation.
        if project.is_frozen() {
            return result.add(input);
        }
        let result = result.stochastic_depth(self.stochastic_depth, noise);
        result.add(input)
    }
}

/// `features` of the network: stem, seven stages, last convolution.
#[derive(Module, Debug)]
pub struct Features {
    _0: Conv2dNorm,
    _1: Vec<MBConv>,
    _2: Vec<MBConv>,
    _3: Vec<MBConv>,
    _4: Vec<MBConv>,
    _5: Vec<MBConv>,
    _6: Vec<MBConv>,
    _7: Vec<MBConv>,
    _8: Conv2dNorm,
}

/// EfficientNet-B0 up to its pooled features.
#[derive(Module, Debug)]
pub struct EfficientNet {
    features: Features,
}

impl Convolutional for EfficientNet {
    const SPEC: BackboneSpec = BackboneSpec {
        features: 1280,
        stages: &[
            "features.0",
            "features.1",
            "features.2",
            "features.3",
            "features.4",
            "features.5",
            "features.6",
            "features.7",
            "features.8",
        ],
        single_values: Some((32, &["features.6", "features.7", "features.8"])),
        classifier: "classifier",
        drops_branches: true,
        pretrained: Pretrained {
            backbone: "efficientnet_b0",
            file: "efficientnet_b0_rwightman-7f5810bc.pth",
            sha256: "7f5810bc96def8f7552d5b7e68d53c4786f81167d28291b21c0d90e1fca14934",
            interpolation: Interpolation::Bicubic,
            top1: 77.692,
            ..Pretrained::IMAGENET1K_V1
        },
        recorded_variance: 0.65,
        ..BackboneSpec::CONVOLUTIONAL
    };

    /// `stochastic_depth` is the probability of dropping the last block's
    /// residual branch; the others' rise linearly to it. torchvision's is 0.2.
    fn new(config: &ModelConfig, device: &Device) -> Self {
        let total: usize = STAGES.iter().map(|cnf| cnf.num_layers).sum();
        let stage = |index: usize| -> Vec<MBConv> {
            let cnf = &STAGES[index];
            let before: usize = STAGES[..index].iter().map(|cnf| cnf.num_layers).sum();
            (0..cnf.num_layers)
                .map(|layer| {
                    let probability =
                        config.stochastic_depth * (before + layer) as f64 / total as f64;
                    let (stride, input_channels) = match layer {
                        0 => (cnf.stride, cnf.input_channels),
                        _ => (1, cnf.out_channels),
                    };
                    let cnf = MBConvConfig {
                        stride,
                        input_channels,
                        ..*cnf
                    };
                    MBConv::new(&cnf, probability, device)
                })
                .collect()
        };
        let stem = Conv2dConfig::same(3, 32, [3, 3]).stride(2);
        let last = Conv2dConfig::new(320, Self::SPEC.features, 1);
        Self {
            features: Features {
                _0: Conv2dNorm::new(stem, device),
                _1: stage(0),
                _2: stage(1),
                _3: stage(2),
                _4: stage(3),
                _5: stage(4),
                _6: stage(5),
                _7: stage(6),
                _8: Conv2dNorm::new(last, device),
            },
        }
    }

    /// `[batch, 3, height, width]` to the output of `features.8`, which the
    /// features are the mean pixel of: `[batch, 1280, height / 32, width /
    /// 32]`, rounded up.
    fn layers<X: Image>(&self, x: X, noise: &mut Noise) -> (X, Vec<Tensor<2>>) {
        let f = &self.features;
        let mut x = f._0.forward(x).silu();
        for stage in [&f._1, &f._2, &f._3, &f._4, &f._5, &f._6, &f._7] {
            for block in stage {
                x = block.forward(x, noise);
            }
        }
        (f._8.forward(x).silu(), Vec::new())
    }
}
