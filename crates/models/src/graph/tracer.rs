//! The steps of a forward pass, written down while a model goes through it.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use burn::module::{Param, ParamId};
use burn::tensor::Tensor;

use super::{Op, Source, Step};
use crate::nn::{Geometry, Image, Noise, Sequence, Value, Weight};
use crate::ops::{Activation, Window};
use crate::regressor::Regressor;
use crate::state;

/// What `model`, whose norms are folded, does with images.
pub(super) fn steps_of(model: &Regressor) -> Vec<Step> {
    let parameters = state::parameters(model).into_iter();
    let recorder = Rc::new(Recorder {
        keys: parameters.map(|one| (one.id, one.key)).collect(),
        steps: RefCell::default(),
    });
    let images = Traced {
        recorder: Rc::clone(&recorder),
        source: Source::Input,
        rank: 4,
    };
    let noise = &mut Noise::off();
    let (features, _) = model.backbone.forward(images, noise);
    model.head.forward(features, noise);
    recorder.steps.take()
}

struct Recorder {
    /// Of the model's parameters.
    keys: BTreeMap<ParamId, String>,
    steps: RefCell<Vec<Step>>,
}

/// A value that is not computed: what is done with it is recorded.
#[derive(Clone)]
struct Traced {
    recorder: Rc<Recorder>,
    source: Source,
    rank: usize,
}

impl Traced {
    /// The output of a step whose first input this is, of as many dimensions.
    fn then(self, op: Op, others: impl IntoIterator<Item = Self>) -> Self {
        let rank = self.rank;
        self.then_of_rank(rank, op, others)
    }

    fn then_of_rank(self, rank: usize, op: Op, others: impl IntoIterator<Item = Self>) -> Self {
        let others = others.into_iter().map(|other| other.source);
        let inputs = [self.source].into_iter().chain(others).collect();
        let mut steps = self.recorder.steps.borrow_mut();
        let source = Source::Step(steps.len());
        steps.push(Step { op, inputs, rank });
        drop(steps);
        Self {
            source,
            rank,
            ..self
        }
    }

    fn key<const D: usize>(&self, param: &Param<Tensor<D>>) -> String {
        // Every parameter was visited.
        self.recorder.keys[&param.id].clone()
    }
}

impl Value for Traced {
    fn relu(self) -> Self {
        self.then(Op::Relu, [])
    }

    fn relu6(self) -> Self {
        self.then(Op::Relu6, [])
    }

    fn silu(self) -> Self {
        self.then(Op::Silu, [])
    }

    fn sigmoid(self) -> Self {
        self.then(Op::Sigmoid, [])
    }

    fn gelu(self) -> Self {
        self.then(Op::Gelu, [])
    }

    fn add(self, other: Self) -> Self {
        self.then(Op::Add, [other])
    }

    fn mul(self, other: Self) -> Self {
        self.then(Op::Mul, [other])
    }

    fn linear(self, weight: &Weight<2>, bias: &Weight<1>) -> Self {
        let (weight, bias) = (self.key(weight), self.key(bias));
        self.then(Op::Linear { weight, bias }, [])
    }

    fn layer_norm(self, weight: &Weight<1>, bias: &Weight<1>, epsilon: f64) -> Self {
        let (weight, bias) = (self.key(weight), self.key(bias));
        let op = Op::LayerNorm {
            weight,
            bias,
            epsilon,
        };
        self.then(op, [])
    }

    fn dropout(self, _rate: f64, _noise: &mut Noise) -> Self {
        self
    }
}

impl Image for Traced {
    type Row = Self;
    type Sequence = Self;

    fn conv2d(
        self,
        weight: &Weight<4>,
        bias: Option<&Weight<1>>,
        geometry: Geometry,
        activation: Activation,
    ) -> Self {
        let op = Op::Conv2d {
            weight: self.key(weight),
            bias: bias.map(|bias| self.key(bias)),
            geometry,
        };
        let output = self.then(op, []);
        match activation {
            Activation::Identity => output,
            Activation::Relu => output.relu(),
        }
    }

    fn add_relu(self, other: Self) -> Self {
        self.add(other).relu()
    }

    fn max_pool2d(self, window: Window) -> Self {
        self.then(Op::MaxPool2d(window), [])
    }

    fn avg_pool2d(self, kernel: usize, stride: usize, padding: usize) -> Self {
        let op = Op::AvgPool2d {
            kernel,
            stride,
            padding,
        };
        self.then(op, [])
    }

    fn mean_pixel(self) -> Self {
        self.then(Op::MeanPixel, [])
    }

    fn scale_channels(self, factors: [f32; 3], terms: [f32; 3]) -> Self {
        self.then(Op::ScaleChannels { factors, terms }, [])
    }

    fn concat(maps: Vec<Self>) -> Self {
        let mut maps = maps.into_iter();
        match maps.next() {
            Some(first) => first.then(Op::Concat, maps),
            None => unreachable!("a network concatenates branches"),
        }
    }

    fn stochastic_depth(self, _rate: f64, _noise: &mut Noise) -> Self {
        self
    }

    fn into_row(self) -> Self {
        self.then_of_rank(2, Op::IntoRow, [])
    }

    fn into_sequence(self) -> Self {
        self.then_of_rank(3, Op::IntoSequence, [])
    }

    fn as_tensor(&self) -> Option<&Tensor<4>> {
        None
    }

    fn computed(self, _f: impl FnOnce(Tensor<4>) -> Tensor<4>) -> Self {
        unreachable!("a model for prediction has its norms folded")
    }
}

impl Sequence for Traced {
    type Row = Self;

    fn embedded(self, token: &Weight<3>, positions: &Weight<3>) -> Self {
        let (token, positions) = (self.key(token), self.key(positions));
        self.then(Op::Embedded { token, positions }, [])
    }

    fn attention(self, weight: &Weight<2>, bias: &Weight<1>, heads: usize) -> Self {
        let (weight, bias) = (self.key(weight), self.key(bias));
        let op = Op::Attention {
            weight,
            bias,
            heads,
        };
        self.then(op, [])
    }

    fn first(self) -> Self {
        self.then_of_rank(2, Op::First, [])
    }
}
