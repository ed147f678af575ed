//! ViT-B/16 as `torchvision.models.vision_transformer` defines it, without its
//! `heads`.
//!
//! Dosovitskiy et al., "An Image is Worth 16x16 Words: Transformers for Image
//! Recognition at Scale", 2020 (arXiv 2010.11929).

use crate::pretrained::Pretrained;
use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor};

use super::network::Network;
use super::spec::{BackboneSpec, ExplainedBy};
use crate::config::ModelConfig;
use crate::init::{Draw, Unset};
use crate::nn::{
    Conv2d, Conv2dConfig, Image, LayerNorm, Linear, MultiheadAttention, Noise, Sequence,
};

/// Side of a patch in pixels; an input's sides are multiples of it.
const PATCH_SIZE: usize = 16;

const HIDDEN_DIM: usize = 768;
const MLP_DIM: usize = 3072;
const NUM_HEADS: usize = 12;
const EPSILON: f64 = 1e-6;

/// Linear, GELU and dropout of rate 0, linear.
#[derive(Module, Debug)]
pub struct MLPBlock {
    _0: Linear,
    _3: Linear,
}

/// Transformer encoder block, norms first.
#[derive(Module, Debug)]
pub struct EncoderBlock {
    ln_1: LayerNorm,
    self_attention: MultiheadAttention,
    ln_2: LayerNorm,
    mlp: MLPBlock,
}

impl EncoderBlock {
    fn new(device: &Device) -> Self {
        Self {
            ln_1: LayerNorm::new(HIDDEN_DIM, EPSILON, device),
            self_attention: MultiheadAttention::new(HIDDEN_DIM, NUM_HEADS, device),
            ln_2: LayerNorm::new(HIDDEN_DIM, EPSILON, device),
            mlp: MLPBlock {
                _0: Linear::new(HIDDEN_DIM, MLP_DIM, device),
                _3: Linear::new(MLP_DIM, HIDDEN_DIM, device),
            },
        }
    }

    /// `[batch, 1 + patches, 768]` to the same shape.
    pub fn forward<X: Sequence>(&self, input: X) -> X {
        let x = self.ln_1.forward(input.clone());
        let x = self.self_attention.forward(x).add(input);
        let y = self.mlp._0.forward(self.ln_2.forward(x.clone())).gelu();
        x.add(self.mlp._3.forward(y))
    }

    /// How much each token takes of each other one within
    /// [`EncoderBlock::forward`]: `[batch, 1 + patches, 768]` to `[batch, 12,
    /// 1 + patches, 1 + patches]`, whose rows sum to 1, one matrix per head.
    pub fn attention_weights(&self, input: Tensor<3>) -> Tensor<4> {
        self.self_attention
            .attention_weights(self.ln_1.forward(input))
    }
}

/// The blocks, under torchvision's names.
#[derive(Module, Debug)]
pub struct Layers {
    encoder_layer_0: EncoderBlock,
    encoder_layer_1: EncoderBlock,
    encoder_layer_2: EncoderBlock,
    encoder_layer_3: EncoderBlock,
    encoder_layer_4: EncoderBlock,
    encoder_layer_5: EncoderBlock,
    encoder_layer_6: EncoderBlock,
    encoder_layer_7: EncoderBlock,
    encoder_layer_8: EncoderBlock,
    encoder_layer_9: EncoderBlock,
    encoder_layer_10: EncoderBlock,
    encoder_layer_11: EncoderBlock,
}

impl Layers {
    fn new(device: &Device) -> Self {
        let block = || EncoderBlock::new(device);
        Self {
            encoder_layer_0: block(),
            encoder_layer_1: block(),
            encoder_layer_2: block(),
            encoder_layer_3: block(),
            encoder_layer_4: block(),
            encoder_layer_5: block(),
            encoder_layer_6: block(),
            encoder_layer_7: block(),
            encoder_layer_8: block(),
            encoder_layer_9: block(),
            encoder_layer_10: block(),
            encoder_layer_11: block(),
        }
    }

    fn in_order(&self) -> [&EncoderBlock; 12] {
        [
            &self.encoder_layer_0,
            &self.encoder_layer_1,
            &self.encoder_layer_2,
            &self.encoder_layer_3,
            &self.encoder_layer_4,
            &self.encoder_layer_5,
            &self.encoder_layer_6,
            &self.encoder_layer_7,
            &self.encoder_layer_8,
            &self.encoder_layer_9,
            &self.encoder_layer_10,
            &self.encoder_layer_11,
        ]
    }
}

/// Transformer encoder.
#[derive(Module, Debug)]
pub struct Encoder {
    pos_embedding: Param<Tensor<3>>,
    layers: Layers,
    ln: LayerNorm,
}

/// ViT-B/16 up to its class token.
#[derive(Module, Debug)]
pub struct VisionTransformer {
    // First, as in torchvision's `state_dict`: a module's own parameters come
    // before its children's.
    class_token: Param<Tensor<3>>,
    conv_proj: Conv2d,
    encoder: Encoder,
}

fn initial(tensor: &Unset<'_>, draw: &mut Draw) -> Vec<f32> {
    let xavier = |shape: &[usize]| (6.0 / shape.iter().sum::<usize>() as f64).sqrt();
    match (tensor.leaf, tensor.shape) {
        _ if tensor.key == "conv_proj.weight" => draw.normal(1.0 / tensor.fan_in.sqrt()),
        ("pos_embedding", _) => draw.normal(0.02),
        // `torch.nn.Linear`'s own, which attention leaves as it is.
        ("weight", [_, _]) if tensor.key.ends_with("out_proj.weight") => {
            draw.as_linear(tensor.fan_in)
        }
        ("weight" | "in_proj_weight", [_, _]) => draw.uniform(xavier(tensor.shape)),
        ("bias", _) if tensor.key.contains(".mlp.") => draw.normal(1e-6),
        _ => draw.norm(tensor),
    }
}

impl Network for VisionTransformer {
    const SPEC: BackboneSpec = BackboneSpec {
        features: HIDDEN_DIM,
        input_size: 224,
        smallest_input: 32,
        input_multiple: PATCH_SIZE as u32,
        stages: &[
            "conv_proj",
            "class_token",
            "encoder.pos_embedding",
            "encoder.layers.encoder_layer_0",
            "encoder.layers.encoder_layer_1",
            "encoder.layers.encoder_layer_2",
            "encoder.layers.encoder_layer_3",
            "encoder.layers.encoder_layer_4",
            "encoder.layers.encoder_layer_5",
            "encoder.layers.encoder_layer_6",
            "encoder.layers.encoder_layer_7",
            "encoder.layers.encoder_layer_8",
            "encoder.layers.encoder_layer_9",
            "encoder.layers.encoder_layer_10",
            "encoder.layers.encoder_layer_11",
            "encoder.ln",
        ],
        joined: &["class_token", "encoder.pos_embedding", "encoder.ln"],
        single_values: None,
        classifier: "heads",
        auxiliary: None,
        transforms_input: false,
        drops_branches: false,
        recomputes_blocks: true,
        norm_epsilon: 1e-5,
        initial,
        explained_by: ExplainedBy::Attention,
        pretrained: Pretrained {
            backbone: "vit_b_16",
            file: "vit_b_16-c867db91.pth",
            sha256: "c867db91d3e12c6cbadabb610d73c24a546bf82d8c03a9fea34f43a712ddb0e9",
            top1: 81.072,
            ..Pretrained::IMAGENET1K_V1
        },
        recorded_variance: 1.0,
    };

    fn new(config: &ModelConfig, device: &Device) -> Self {
        let seq_length = (config.input_size as usize / PATCH_SIZE).pow(2) + 1;
        let zeros = |shape| Param::from_tensor(Tensor::zeros(shape, device));
        Self {
            class_token: zeros([1, 1, HIDDEN_DIM]),
            conv_proj: Conv2dConfig::new(3, HIDDEN_DIM, PATCH_SIZE)
                .stride(PATCH_SIZE)
                .bias()
                .init(device),
            encoder: Encoder {
                pos_embedding: zeros([1, seq_length, HIDDEN_DIM]),
                layers: Layers::new(device),
                ln: LayerNorm::new(HIDDEN_DIM, EPSILON, device),
            },
        }
    }

    fn forward<X: Image>(&self, x: X, _noise: &mut Noise) -> (X::Row, Vec<Tensor<2>>) {
        let mut x = self.embed(x);
        for block in self.blocks() {
            x = block.forward(x);
        }
        (self.pool(x), Vec::new())
    }

    fn feature_map(&self, _x: Tensor<4>) -> Option<Tensor<4>> {
        None
    }
}

impl VisionTransformer {
    /// Images `[batch, 3, image_size, image_size]` to embeddings of the class
    /// token and the patches, `[batch, 1 + patches, 768]`.
    pub fn embed<X: Image>(&self, x: X) -> X::Sequence {
        let patches = self.conv_proj.forward(x).into_sequence();
        patches.embedded(&self.class_token, &self.encoder.pos_embedding)
    }

    /// Side of the square inputs that the network is for, in pixels.
    pub fn image_size(&self) -> usize {
        let [_, seq_length, _] = self.encoder.pos_embedding.dims();
        (seq_length - 1).isqrt() * PATCH_SIZE
    }

    /// The encoder's blocks from input to output, each `[batch, 1 + patches,
    /// 768]` to the same shape.
    pub fn blocks(&self) -> [&EncoderBlock; 12] {
        self.encoder.layers.in_order()
    }

    /// The last block's output to the features `[batch, 768]`: the normalised
    /// class token.
    pub fn pool<X: Sequence>(&self, x: X) -> X::Row {
        self.encoder.ln.forward(x).first()
    }
}
