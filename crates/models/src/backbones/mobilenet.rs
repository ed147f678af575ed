//! MobileNetV2 as `torchvision.models.mobilenetv2` defines it, without its
//! `classifier`.
//!
//! Sandler, Howard, Zhu, Zhmoginov & Chen, "MobileNetV2: Inverted Residuals and
//! Linear Bottlenecks", 2018 (arXiv 1801.04381).

use crate::pretrained::Pretrained;
use burn::module::Module;
use burn::tensor::{Device, Tensor};

use super::network::Convolutional;
use super::spec::BackboneSpec;
use crate::config::ModelConfig;
use crate::nn::{BatchNorm2d, Conv2d, Conv2dConfig, Conv2dNorm, Image, Noise};

/// The paper's table 2: expansion, output channels, blocks, stride of the first of them.
const STAGES: [[usize; 4]; 7] = [
    [1, 16, 1, 1],
    [6, 24, 2, 2],
    [6, 32, 3, 2],
    [6, 64, 4, 2],
    [6, 96, 3, 1],
    [6, 160, 3, 2],
    [6, 320, 1, 1],
];

/// The layers of an [`InvertedResidual`] without expansion.
#[derive(Module, Debug)]
pub struct Plain {
    _0: Conv2dNorm,
    _1: Conv2d,
    _2: BatchNorm2d,
}

/// The layers of an [`InvertedResidual`] with expansion.
#[derive(Module, Debug)]
pub struct Expanded {
    _0: Conv2dNorm,
    _1: Conv2dNorm,
    _2: Conv2d,
    _3: BatchNorm2d,
}

/// torchvision numbers the layers from the first that is there.
#[derive(Module, Debug)]
// There are 17 of these; nothing is gained by boxes.
#[allow(clippy::large_enum_variant)]
pub enum Layers {
    /// A depthwise convolution and a projection.
    Plain(Plain),
    /// The same after an expansion.
    Expanded(Expanded),
}

/// Expands, convolves each channel on its own and projects back without activation.
#[derive(Module, Debug)]
pub struct InvertedResidual {
    conv: Layers,
    #[module(skip)]
    use_res_connect: bool,
}

impl InvertedResidual {
    fn new(inp: usize, oup: usize, stride: usize, expand_ratio: usize, device: &Device) -> Self {
        let hidden = inp * expand_ratio;
        let depthwise = Conv2dConfig::same(hidden, hidden, [3, 3])
            .stride(stride)
            .depthwise();
        let depthwise = Conv2dNorm::new(depthwise, device);
        let project = Conv2dConfig::new(hidden, oup, 1).init(device);
        let norm = BatchNorm2d::new(oup, device);
        Self {
            conv: if expand_ratio == 1 {
                Layers::Plain(Plain {
                    _0: depthwise,
                    _1: project,
                    _2: norm,
                })
            } else {
                Layers::Expanded(Expanded {
                    _0: Conv2dNorm::new(Conv2dConfig::new(inp, hidden, 1), device),
                    _1: depthwise,
                    _2: project,
                    _3: norm,
                })
            },
            use_res_connect: stride == 1 && inp == oup,
        }
    }

    fn forward<X: Image>(&self, input: X) -> X {
        let (x, depthwise, project, norm) = match &self.conv {
            Layers::Plain(layers) => (input.clone(), &layers._0, &layers._1, &layers._2),
            Layers::Expanded(layers) => {
                let x = layers._0.forward(input.clone()).relu6();
                (x, &layers._1, &layers._2, &layers._3)
            }
        };
        let x = norm.after(project, depthwise.forward(x).relu6());
        if self.use_res_connect {
            x.add(input)
        } else {
            x
        }
    }
}

/// An entry of `features`.
#[derive(Module, Debug)]
#[allow(clippy::large_enum_variant)]
pub enum Feature {
    /// The first and the last entry, a convolution and its norm.
    Conv(Conv2dNorm),
    /// An entry between these, a block.
    Block(InvertedResidual),
}

/// MobileNetV2 up to its pooled features.
#[derive(Module, Debug)]
pub struct MobileNetV2 {
    features: Vec<Feature>,
}

impl Convolutional for MobileNetV2 {
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
            "features.9",
            "features.10",
            "features.11",
            "features.12",
            "features.13",
            "features.14",
            "features.15",
            "features.16",
            "features.17",
            "features.18",
        ],
        single_values: Some((
            32,
            &[
                "features.14",
                "features.15",
                "features.16",
                "features.17",
                "features.18",
            ],
        )),
        classifier: "classifier",
        pretrained: Pretrained {
            backbone: "mobilenet_v2",
            file: "mobilenet_v2-b0353104.pth",
            sha256: "b03531047ffacf1e2488318dcd2aba1126cde36e3bfe1aa5cb07700aeeee9889",
            top1: 71.878,
            ..Pretrained::IMAGENET1K_V1
        },
        recorded_variance: 0.6,
        ..BackboneSpec::CONVOLUTIONAL
    };

    fn new(_config: &ModelConfig, device: &Device) -> Self {
        let conv = |config| Feature::Conv(Conv2dNorm::new(config, device));
        let mut features = vec![conv(Conv2dConfig::same(3, 32, [3, 3]).stride(2))];
        let mut channels = 32;
        for [expand_ratio, out_channels, blocks, stride] in STAGES {
            for block in 0..blocks {
                let stride = if block == 0 { stride } else { 1 };
                let block =
                    InvertedResidual::new(channels, out_channels, stride, expand_ratio, device);
                features.push(Feature::Block(block));
                channels = out_channels;
            }
        }
        features.push(conv(Conv2dConfig::new(channels, Self::SPEC.features, 1)));
        Self { features }
    }

    /// `[batch, 3, height, width]` to the output of `features.18`, which the features are
    /// the mean pixel of: `[batch, 1280, height / 32, width / 32]`, rounded up.
    fn layers<X: Image>(&self, x: X, _noise: &mut Noise) -> (X, Vec<Tensor<2>>) {
        let map = self.features.iter().fold(x, |x, feature| match feature {
            Feature::Conv(conv) => conv.forward(x).relu6(),
            Feature::Block(block) => block.forward(x),
        });
        (map, Vec::new())
    }
}
