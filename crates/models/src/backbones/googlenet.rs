//! GoogLeNet (Inception v1) as `torchvision.models.googlenet` defines it,
//! without its `fc`.
//!
//! Szegedy et al., "Going Deeper with Convolutions", 2014 (arXiv 1409.4842).

use crate::pretrained::Pretrained;
use burn::module::Module;
use burn::tensor::{Device, Tensor, module::adaptive_avg_pool2d};

use super::network::Convolutional;
use super::spec::{AuxiliarySpec, BackboneSpec};
use crate::config::ModelConfig;
use crate::init::{Draw, Unset};
use crate::nn::{
    BasicConv2d, Conv2dConfig, INCEPTION_EPSILON, Image, Linear, Noise, Value, max_pool2d,
    transform_input_if,
};

/// torchvision's dropout within an auxiliary classifier.
const AUX_DROPOUT: f64 = 0.7;

fn conv1x1(in_channels: usize, out_channels: usize, device: &Device) -> BasicConv2d {
    BasicConv2d::new(Conv2dConfig::new(in_channels, out_channels, 1), device)
}

fn conv3x3(in_channels: usize, out_channels: usize, device: &Device) -> BasicConv2d {
    BasicConv2d::new(
        Conv2dConfig::same(in_channels, out_channels, [3, 3]),
        device,
    )
}

/// Two convolutions in a row.
#[derive(Module, Debug)]
pub struct Branch {
    _0: BasicConv2d,
    _1: BasicConv2d,
}

impl Branch {
    fn forward<X: Image>(&self, x: X) -> X {
        self._1.forward(self._0.forward(x))
    }
}

/// A max-pool, which has no parameters, and a convolution.
#[derive(Module, Debug)]
pub struct PoolBranch {
    _1: BasicConv2d,
}

/// Four branches side by side, concatenated.
#[derive(Module, Debug)]
pub struct Inception {
    branch1: BasicConv2d,
    branch2: Branch,
    branch3: Branch,
    branch4: PoolBranch,
}

impl Inception {
    /// The numbers are torchvision's: `ch1x1, ch3x3red, ch3x3, ch5x5red,
    /// ch5x5, pool_proj`.
    fn new(in_channels: usize, channels: [usize; 6], device: &Device) -> Self {
        let [ch1x1, ch3x3red, ch3x3, ch5x5red, ch5x5, pool_proj] = channels;
        Self {
            branch1: conv1x1(in_channels, ch1x1, device),
            branch2: Branch {
                _0: conv1x1(in_channels, ch3x3red, device),
                _1: conv3x3(ch3x3red, ch3x3, device),
            },
            // torchvision's 5×5 branch has a 3×3 kernel, and so have its
            // weights (pytorch/vision issue 906).
            branch3: Branch {
                _0: conv1x1(in_channels, ch5x5red, device),
                _1: conv3x3(ch5x5red, ch5x5, device),
            },
            branch4: PoolBranch {
                _1: conv1x1(in_channels, pool_proj, device),
            },
        }
    }

    fn forward<X: Image>(&self, x: X) -> X {
        let branch1 = self.branch1.forward(x.clone());
        let branch2 = self.branch2.forward(x.clone());
        let branch3 = self.branch3.forward(x.clone());
        let branch4 = self.branch4._1.forward(max_pool2d(x, 3, 1, 1, true));
        X::concat(vec![branch1, branch2, branch3, branch4])
    }
}

/// Auxiliary classifier: predicts from a middle layer while training.
#[derive(Module, Debug)]
pub struct InceptionAux {
    conv: BasicConv2d,
    fc1: Linear,
    fc2: Linear,
}

impl InceptionAux {
    fn new(in_channels: usize, targets: usize, device: &Device) -> Self {
        Self {
            conv: conv1x1(in_channels, 128, device),
            fc1: Linear::new(2048, 1024, device),
            fc2: Linear::new(1024, targets, device),
        }
    }

    fn forward(&self, x: Tensor<4>, noise: &mut Noise) -> Tensor<2> {
        let x = self.conv.forward(adaptive_avg_pool2d(x, [4, 4]));
        let x = self.fc1.forward(x.flatten::<2>(1, 3)).relu();
        self.fc2.forward(x.dropout(AUX_DROPOUT, noise))
    }
}

/// GoogLeNet up to its pooled features.
#[derive(Module, Debug)]
pub struct GoogLeNet {
    conv1: BasicConv2d,
    conv2: BasicConv2d,
    conv3: BasicConv2d,
    inception3a: Inception,
    inception3b: Inception,
    inception4a: Inception,
    inception4b: Inception,
    inception4c: Inception,
    inception4d: Inception,
    inception4e: Inception,
    inception5a: Inception,
    inception5b: Inception,
    aux1: Option<InceptionAux>,
    aux2: Option<InceptionAux>,
    #[module(skip)]
    transform_input: bool,
}

/// Truncated at ±2 in torchvision, which is 200 standard deviations away.
fn initial(tensor: &Unset<'_>, draw: &mut Draw) -> Vec<f32> {
    match *tensor.shape {
        [_, _, ..] => draw.normal(0.01),
        [_] if tensor.leaf == "bias" && !tensor.is_of_norm() => draw.as_linear(tensor.fan_in),
        _ => draw.norm(tensor),
    }
}

impl Convolutional for GoogLeNet {
    const SPEC: BackboneSpec = BackboneSpec {
        features: 1024,
        stages: &[
            "conv1",
            "conv2",
            "conv3",
            "inception3a",
            "inception3b",
            "inception4a",
            "inception4b",
            "inception4c",
            "inception4d",
            "inception4e",
            "inception5a",
            "inception5b",
        ],
        single_values: Some((46, &["inception5a", "inception5b"])),
        classifier: "fc",
        auxiliary: Some(AuxiliarySpec {
            modules: &["aux1", "aux2"],
            last_layers: &["aux1.fc2", "aux2.fc2"],
            // The paper's.
            weight: 0.3,
            smallest_input: 32,
            single_values: 0,
        }),
        transforms_input: true,
        norm_epsilon: INCEPTION_EPSILON,
        initial,
        pretrained: Pretrained {
            backbone: "googlenet",
            file: "googlenet-1378be20.pth",
            sha256: "1378be20a8e875cf1568b8a71654e704449655e34711a959a38b04fb34905cef",
            top1: 69.778,
            ..Pretrained::IMAGENET1K_V1
        },
        ..BackboneSpec::CONVOLUTIONAL
    };

    fn new(config: &ModelConfig, device: &Device) -> Self {
        let conv1 = Conv2dConfig::new(3, 64, 7).stride(2).padding(3);
        let inception = |in_channels, channels| Inception::new(in_channels, channels, device);
        let aux = |in_channels| {
            let aux = || InceptionAux::new(in_channels, config.targets, device);
            config.auxiliary.then(aux)
        };
        Self {
            conv1: BasicConv2d::new(conv1, device),
            conv2: conv1x1(64, 64, device),
            conv3: conv3x3(64, 192, device),
            inception3a: inception(192, [64, 96, 128, 16, 32, 32]),
            inception3b: inception(256, [128, 128, 192, 32, 96, 64]),
            inception4a: inception(480, [192, 96, 208, 16, 48, 64]),
            inception4b: inception(512, [160, 112, 224, 24, 64, 64]),
            inception4c: inception(512, [128, 128, 256, 24, 64, 64]),
            inception4d: inception(512, [112, 144, 288, 32, 64, 64]),
            inception4e: inception(528, [256, 160, 320, 32, 128, 128]),
            inception5a: inception(832, [256, 160, 320, 32, 128, 128]),
            inception5b: inception(832, [384, 192, 384, 48, 128, 128]),
            aux1: aux(512),
            aux2: aux(528),
            transform_input: config.transform_input,
        }
    }

    /// `[batch, 3, height, width]` to the output of `inception5b`, `[batch, 1024, h', w']`,
    /// 7×7 for an input of 224×224, and what the auxiliary classifiers predict.
    fn layers<X: Image>(&self, x: X, noise: &mut Noise) -> (X, Vec<Tensor<2>>) {
        let mut auxiliary = Vec::new();
        let mut predict = |aux: &Option<InceptionAux>, x: &X| {
            let aux = aux.as_ref().filter(|_| noise.is_on());
            if let (Some(aux), Some(x)) = (aux, x.as_tensor()) {
                auxiliary.push(aux.forward(x.clone(), noise));
            }
        };
        let x = transform_input_if(self.transform_input, x);
        let x = max_pool2d(self.conv1.forward(x), 3, 2, 0, true);
        let x = self.conv3.forward(self.conv2.forward(x));
        let x = max_pool2d(x, 3, 2, 0, true);
        let x = self.inception3b.forward(self.inception3a.forward(x));
        let x = max_pool2d(x, 3, 2, 0, true);
        let x = self.inception4a.forward(x);
        predict(&self.aux1, &x);
        let x = self.inception4c.forward(self.inception4b.forward(x));
        let x = self.inception4d.forward(x);
        predict(&self.aux2, &x);
        let x = max_pool2d(self.inception4e.forward(x), 2, 2, 0, true);
        let x = self.inception5b.forward(self.inception5a.forward(x));
        (x, auxiliary)
    }
}
