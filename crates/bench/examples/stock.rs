//! A training step of ResNet18 out of psp's layers beside one out of Burn's own
//! modules and optimiser, in turn, on the Flex device.
//!
//! `cargo run --release -p psp-bench --example stock -- [BATCH] [SIZE] [ROUNDS]`

use std::error::Error;
use std::time::Instant;

use burn::module::Module;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::pool::{AdaptiveAvgPool2d, AdaptiveAvgPool2dConfig, MaxPool2d, MaxPool2dConfig};
use burn::nn::{BatchNorm, BatchNormConfig, Linear, LinearConfig, PaddingConfig2d, Relu};
use burn::tensor::{Device, Distribution, Tensor};
use burn_optim::{AdamWConfig, GradientsParams};
use psp_models::nn::Noise;
use psp_models::{BackboneKind, Input, ModelConfig, Regressor};
use psp_train::Forward;
use psp_train::optim::{Grads, Optimizer, OptimizerConfig};

#[derive(Module, Debug)]
struct Block {
    conv1: Conv2d,
    bn1: BatchNorm,
    conv2: Conv2d,
    bn2: BatchNorm,
    downsample: Option<(Conv2d, BatchNorm)>,
    relu: Relu,
}

impl Block {
    fn new(inputs: usize, outputs: usize, stride: usize, device: &Device) -> Self {
        let downsample = (inputs != outputs).then(|| {
            let conv = convolution(inputs, outputs, 1, stride, device);
            (conv, BatchNormConfig::new(outputs).init(device))
        });
        Self {
            conv1: convolution(inputs, outputs, 3, stride, device),
            bn1: BatchNormConfig::new(outputs).init(device),
            conv2: convolution(outputs, outputs, 3, 1, device),
            bn2: BatchNormConfig::new(outputs).init(device),
            downsample,
            relu: Relu::new(),
        }
    }

    fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let identity = match &self.downsample {
            Some((conv, norm)) => norm.forward(conv.forward(x.clone())),
            None => x.clone(),
        };
        let x = self.relu.forward(self.bn1.forward(self.conv1.forward(x)));
        let x = self.bn2.forward(self.conv2.forward(x));
        self.relu.forward(x + identity)
    }
}

fn convolution(
    inputs: usize,
    outputs: usize,
    kernel: usize,
    stride: usize,
    device: &Device,
) -> Conv2d {
    let pad = kernel / 2;
    Conv2dConfig::new([inputs, outputs], [kernel; 2])
        .with_stride([stride; 2])
        .with_padding(PaddingConfig2d::Explicit(pad, pad, pad, pad))
        .with_bias(false)
        .init(device)
}

/// ResNet18 with the perspective-score project's head.
#[derive(Module, Debug)]
struct Stock {
    conv1: Conv2d,
    bn1: BatchNorm,
    relu: Relu,
    maxpool: MaxPool2d,
    blocks: Vec<Block>,
    avgpool: AdaptiveAvgPool2d,
    hidden: Linear,
    output: Linear,
}

impl Stock {
    fn new(device: &Device) -> Self {
        let widths = [(64, 64, 1), (64, 128, 2), (128, 256, 2), (256, 512, 2)];
        let blocks = widths.into_iter().flat_map(|(inputs, outputs, stride)| {
            [
                Block::new(inputs, outputs, stride, device),
                Block::new(outputs, outputs, 1, device),
            ]
        });
        Self {
            conv1: convolution(3, 64, 7, 2, device),
            bn1: BatchNormConfig::new(64).init(device),
            relu: Relu::new(),
            maxpool: MaxPool2dConfig::new([3, 3])
                .with_strides([2, 2])
                .with_padding(PaddingConfig2d::Explicit(1, 1, 1, 1))
                .init(),
            blocks: blocks.collect(),
            avgpool: AdaptiveAvgPool2dConfig::new([1, 1]).init(),
            hidden: LinearConfig::new(512, 256).init(device),
            output: LinearConfig::new(256, 2).init(device),
        }
    }

    fn forward(&self, x: Tensor<4>) -> Tensor<2> {
        let x = self.relu.forward(self.bn1.forward(self.conv1.forward(x)));
        let x = self.maxpool.forward(x);
        let x = self.blocks.iter().fold(x, |x, block| block.forward(x));
        let x = self.avgpool.forward(x).flatten(1, 3);
        self.output
            .forward(self.relu.forward(self.hidden.forward(x)))
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut numbers = std::env::args().skip(1).map(|text| text.parse::<usize>());
    let mut number = |default| numbers.next().unwrap_or(Ok(default));
    let (batch, size, rounds) = (number(16)?, number(224)?, number(5)?);
    let device = Device::flex().autodiff();
    let shape = [batch, 3, size, size];
    let images = Tensor::<4>::random(shape, Distribution::Normal(0.0, 1.0), &device);
    let labels = Tensor::<2>::random([batch, 2], Distribution::Uniform(0.0, 1.0), &device);

    let mut stock = Stock::new(&device);
    let mut stock_optimizer = AdamWConfig::new().init();
    let mut stock_step = || {
        let difference = stock.forward(images.clone()) - labels.clone();
        let loss = difference.square().mean();
        let grads = GradientsParams::from_grads(loss.backward(), &stock);
        stock = stock_optimizer.step(1e-4, stock.clone(), grads);
    };

    let config = ModelConfig {
        input_size: u32::try_from(size)?,
        ..ModelConfig::new(BackboneKind::ResNet18, 2)
    };
    let mut model = Regressor::new(&config, 0, &device);
    let mut optimizer = Optimizer::new(OptimizerConfig::AdamW {
        betas: [0.9, 0.999],
        epsilon: 1e-8,
        weight_decay: 1e-4,
    });
    let mut step = 0;
    let mut psp_step = || {
        step += 1;
        let mut noise = Noise::for_step(0, step);
        let input = Input::Images(images.clone());
        let forward = Forward::new(&model, input, &labels, &mut noise);
        let (_, gradients) = forward.backward();
        let grads = Grads::take(&model, gradients);
        model = optimizer.step(model.clone(), grads, |_| 1e-4);
    };

    // The first of each finds memory.
    stock_step();
    psp_step();
    let rate = |step: &mut dyn FnMut()| {
        let begun = Instant::now();
        step();
        batch as f64 / begun.elapsed().as_secs_f64()
    };
    let mut ratios = Vec::with_capacity(rounds);
    println!("round  Burn's modules  psp (images/s)  ratio");
    for round in 1..=rounds {
        let (theirs, ours) = (rate(&mut stock_step), rate(&mut psp_step));
        println!(
            "{round:5}  {theirs:14.2}  {ours:14.2}  {:5.2}",
            ours / theirs
        );
        ratios.push(ours / theirs);
    }
    ratios.sort_by(f64::total_cmp);
    if let [smallest, .., largest] = ratios[..] {
        let median = ratios[rounds / 2];
        println!("median ratio {median:.2} ({smallest:.2} to {largest:.2})");
    }
    Ok(())
}
