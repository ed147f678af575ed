//! Inception v3 as `torchvision.models.inception` defines it, without its `fc`.
//!
//! Szegedy et al., "Rethinking the Inception Architecture for Computer Vision",
//! 2015 (arXiv 1512.00567).

// Field names are torchvision's keys.
#![allow(non_snake_case)]

use crate::pretrained::Pretrained;
use burn::module::Module;
use burn::tensor::{Device, Tensor};

use super::network::Convolutional;
use super::spec::{AuxiliarySpec, BackboneSpec};
use crate::config::ModelConfig;
use crate::init::{Draw, Unset};
use crate::nn::{BasicConv2d, INCEPTION_EPSILON, Image, Noise, max_pool2d, transform_input_if};
use blocks::{
    InceptionA, InceptionAux, InceptionB, InceptionC, InceptionD, InceptionE, chain, same, valid,
};

pub mod blocks;

/// Inception v3 up to its pooled features.
#[derive(Module, Debug)]
pub struct Inception3 {
    Conv2d_1a_3x3: BasicConv2d,
    Conv2d_2a_3x3: BasicConv2d,
    Conv2d_2b_3x3: BasicConv2d,
    Conv2d_3b_1x1: BasicConv2d,
    Conv2d_4a_3x3: BasicConv2d,
    Mixed_5b: InceptionA,
    Mixed_5c: InceptionA,
    Mixed_5d: InceptionA,
    Mixed_6a: InceptionB,
    Mixed_6b: InceptionC,
    Mixed_6c: InceptionC,
    Mixed_6d: InceptionC,
    Mixed_6e: InceptionC,
    AuxLogits: Option<InceptionAux>,
    Mixed_7a: InceptionD,
    Mixed_7b: InceptionE,
    Mixed_7c: InceptionE,
    #[module(skip)]
    transform_input: bool,
}

/// Truncated at ±2 in torchvision, which is at least 20 standard deviations away.
fn initial(tensor: &Unset<'_>, draw: &mut Draw) -> Vec<f32> {
    match *tensor.shape {
        [_, _, ..] => draw.normal(match tensor.key {
            "AuxLogits.conv1.conv.weight" => 0.01,
            "AuxLogits.fc.weight" => 0.001,
            _ => 0.1,
        }),
        [_] if tensor.leaf == "bias" && !tensor.is_of_norm() => draw.as_linear(tensor.fan_in),
        _ => draw.norm(tensor),
    }
}

impl Convolutional for Inception3 {
    const SPEC: BackboneSpec = BackboneSpec {
        features: 2048,
        input_size: 299,
        smallest_input: 75,
        stages: &[
            "Conv2d_1a_3x3",
            "Conv2d_2a_3x3",
            "Conv2d_2b_3x3",
            "Conv2d_3b_1x1",
            "Conv2d_4a_3x3",
            "Mixed_5b",
            "Mixed_5c",
            "Mixed_5d",
            "Mixed_6a",
            "Mixed_6b",
            "Mixed_6c",
            "Mixed_6d",
            "Mixed_6e",
            "Mixed_7a",
            "Mixed_7b",
            "Mixed_7c",
        ],
        single_values: Some((106, &["Mixed_7a", "Mixed_7b", "Mixed_7c"])),
        classifier: "fc",
        auxiliary: Some(AuxiliarySpec {
            modules: &["AuxLogits"],
            last_layers: &["AuxLogits.fc"],
            // That of torchvision's reference training.
            weight: 0.4,
            smallest_input: 299,
            single_values: 346,
        }),
        transforms_input: true,
        norm_epsilon: INCEPTION_EPSILON,
        initial,
        pretrained: Pretrained {
            backbone: "inception_v3",
            file: "inception_v3_google-0cc3c7bd.pth",
            sha256: "0cc3c7bd75056d25e46cba549dc184522069b81e9787eff6df84f397bd52a5ef",
            resize: 342,
            crop: 299,
            top1: 77.294,
            ..Pretrained::IMAGENET1K_V1
        },
        recorded_variance: 0.7,
        ..BackboneSpec::CONVOLUTIONAL
    };

    fn new(config: &ModelConfig, device: &Device) -> Self {
        let aux = || InceptionAux::new(768, config.targets, device);
        Self {
            Conv2d_1a_3x3: valid(3, 32, 3, 2, device),
            Conv2d_2a_3x3: valid(32, 32, 3, 1, device),
            Conv2d_2b_3x3: same(32, 64, [3, 3], device),
            Conv2d_3b_1x1: same(64, 80, [1, 1], device),
            Conv2d_4a_3x3: valid(80, 192, 3, 1, device),
            Mixed_5b: InceptionA::new(192, 32, device),
            Mixed_5c: InceptionA::new(256, 64, device),
            Mixed_5d: InceptionA::new(288, 64, device),
            Mixed_6a: InceptionB::new(288, device),
            Mixed_6b: InceptionC::new(768, 128, device),
            Mixed_6c: InceptionC::new(768, 160, device),
            Mixed_6d: InceptionC::new(768, 160, device),
            Mixed_6e: InceptionC::new(768, 192, device),
            AuxLogits: config.auxiliary.then(aux),
            Mixed_7a: InceptionD::new(768, device),
            Mixed_7b: InceptionE::new(1280, device),
            Mixed_7c: InceptionE::new(2048, device),
            transform_input: config.transform_input,
        }
    }

    /// `[batch, 3, height, width]` to the output of `Mixed_7c`, `[batch, 2048, h', w']`,
    /// 8×8 for an input of 299×299, and what the auxiliary classifier predicts.
    fn layers<X: Image>(&self, x: X, noise: &mut Noise) -> (X, Vec<Tensor<2>>) {
        let x = transform_input_if(self.transform_input, x);
        let x = chain(
            &x,
            [
                &self.Conv2d_1a_3x3,
                &self.Conv2d_2a_3x3,
                &self.Conv2d_2b_3x3,
            ],
        );
        let x = max_pool2d(x, 3, 2, 0, false);
        let x = chain(&x, [&self.Conv2d_3b_1x1, &self.Conv2d_4a_3x3]);
        let x = max_pool2d(x, 3, 2, 0, false);
        let x = self.Mixed_5b.forward(x);
        let x = self.Mixed_5c.forward(x);
        let x = self.Mixed_5d.forward(x);
        let x = self.Mixed_6a.forward(x);
        let x = self.Mixed_6b.forward(x);
        let x = self.Mixed_6c.forward(x);
        let x = self.Mixed_6d.forward(x);
        let x = self.Mixed_6e.forward(x);
        let aux = self.AuxLogits.as_ref().filter(|_| noise.is_on());
        let auxiliary = aux.and_then(|aux| Some(aux.forward(x.as_tensor()?.clone())));
        let x = self.Mixed_7a.forward(x);
        let x = self.Mixed_7b.forward(x);
        let x = self.Mixed_7c.forward(x);
        (x, auxiliary.into_iter().collect())
    }
}
