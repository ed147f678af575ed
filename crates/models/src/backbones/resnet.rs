//! ResNet18 as `torchvision.models.resnet` defines it, without its `fc`.
//!
//! He, Zhang, Ren & Sun, "Deep Residual Learning for Image Recognition",
//! 2015 (arXiv 1512.03385).

use crate::pretrained::Pretrained;
use burn::module::Module;
use burn::tensor::{Device, Tensor};

use super::network::Convolutional;
use super::spec::BackboneSpec;
use crate::config::ModelConfig;
use crate::nn::{BatchNorm2d, Conv2d, Conv2dConfig, Image, Noise, max_pool2d};

fn conv3x3(in_planes: usize, out_planes: usize, stride: usize) -> Conv2dConfig {
    Conv2dConfig::new(in_planes, out_planes, 3)
        .stride(stride)
        .padding(1)
}

fn conv1x1(in_planes: usize, out_planes: usize, stride: usize) -> Conv2dConfig {
    Conv2dConfig::new(in_planes, out_planes, 1).stride(stride)
}

/// Two 3×3 convolutions and the shortcut around them.
#[derive(Module, Debug)]
pub struct BasicBlock {
    conv1: Conv2d,
    bn1: BatchNorm2d,
    conv2: Conv2d,
    bn2: BatchNorm2d,
    /// 1×1 convolution and its norm where the shape changes.
    downsample: Option<(Conv2d, BatchNorm2d)>,
}

impl BasicBlock {
    fn new(inplanes: usize, planes: usize, stride: usize, device: &Device) -> Self {
        let downsample = (stride != 1 || inplanes != planes).then(|| {
            (
                conv1x1(inplanes, planes, stride).init(device),
                BatchNorm2d::new(planes, device),
            )
        });
        Self {
            conv1: conv3x3(inplanes, planes, stride).init(device),
            bn1: BatchNorm2d::new(planes, device),
            conv2: conv3x3(planes, planes, 1).init(device),
            bn2: BatchNorm2d::new(planes, device),
            downsample,
        }
    }

    fn forward<X: Image>(&self, x: X) -> X {
        let identity = match &self.downsample {
            Some((conv, bn)) => bn.after(conv, x.clone()),
            None => x.clone(),
        };
        let out = self.bn1.relu_after(&self.conv1, x);
        let out = self.bn2.after(&self.conv2, out);
        out.add_relu(identity)
    }
}

/// ResNet18 up to its pooled features.
#[derive(Module, Debug)]
pub struct ResNet18 {
    conv1: Conv2d,
    bn1: BatchNorm2d,
    layer1: Vec<BasicBlock>,
    layer2: Vec<BasicBlock>,
    layer3: Vec<BasicBlock>,
    layer4: Vec<BasicBlock>,
}

impl Convolutional for ResNet18 {
    const SPEC: BackboneSpec = BackboneSpec {
        features: 512,
        stages: &["conv1", "bn1", "layer1", "layer2", "layer3", "layer4"],
        joined: &["bn1"],
        single_values: Some((32, &["layer4"])),
        classifier: "fc",
        pretrained: Pretrained {
            backbone: "resnet18",
            file: "resnet18-f37072fd.pth",
            sha256: "f37072fd47e89c5e827621c5baffa7500819f7896bbacec160b1a16c560e07ec",
            top1: 69.758,
            ..Pretrained::IMAGENET1K_V1
        },
        ..BackboneSpec::CONVOLUTIONAL
    };

    fn new(_config: &ModelConfig, device: &Device) -> Self {
        let layer = |inplanes, planes, stride| {
            vec![
                BasicBlock::new(inplanes, planes, stride, device),
                BasicBlock::new(planes, planes, 1, device),
            ]
        };
        Self {
            conv1: Conv2dConfig::new(3, 64, 7)
                .stride(2)
                .padding(3)
                .init(device),
            bn1: BatchNorm2d::new(64, device),
            layer1: layer(64, 64, 1),
            layer2: layer(64, 128, 2),
            layer3: layer(128, 256, 2),
            layer4: layer(256, 512, 2),
        }
    }

    /// `[batch, 3, height, width]` to the output of `layer4`, which the
    /// features are the mean pixel of: `[batch, 512, height / 32, width / 32]`,
    /// rounded up.
    fn layers<X: Image>(&self, x: X, _noise: &mut Noise) -> (X, Vec<Tensor<2>>) {
        let x = self.bn1.relu_after(&self.conv1, x);
        let mut x = max_pool2d(x, 3, 2, 1, false);
        for layer in [&self.layer1, &self.layer2, &self.layer3, &self.layer4] {
            for block in layer {
                x = block.forward(x);
            }
        }
        (x, Vec::new())
    }
}
