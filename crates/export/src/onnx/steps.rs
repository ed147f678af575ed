//! The steps of a model as nodes of ONNX.

use psp_data::Preprocessing;
use psp_models::graph::{Op, Source, Step};
use psp_models::ops::Window;
use psp_models::path::is_within;
use psp_models::{HEAD, HostTensor, StateDict};

use super::Stored;
use super::builder::{Builder, Setting};
use super::proto::{DataType, Graph};
use super::quantized::{Quantized, Scale, rounded, value_of};

/// Adds a model's steps to a graph.
pub(super) struct Writer<'a> {
    builder: Builder,
    weights: &'a StateDict,
    stored: Stored,
    /// What is computed with 8 bits.
    quantized: Option<&'a Quantized>,
    /// The graph's input, then the output of each step.
    values: Vec<String>,
}

impl<'a> Writer<'a> {
    pub(super) fn new(
        weights: &'a StateDict,
        stored: Stored,
        quantized: Option<&'a Quantized>,
    ) -> Self {
        Self {
            builder: Builder::default(),
            weights,
            stored,
            quantized,
            values: Vec::new(),
        }
    }

    /// Calls the graph's input, which is what the model takes.
    pub(super) fn begin(&mut self, input: &str) {
        self.push(input.to_owned());
    }

    /// Adds a value, rounded where it is.
    fn push(&mut self, value: String) {
        let scale = self.quantized.and_then(|one| one.scale(self.values.len()));
        let value = match scale {
            Some(scale) => self.builder.rounded(&value, scale),
            None => value,
        };
        self.values.push(value);
    }

    /// Names of the graph's input and of each step's output.
    pub(super) fn values(&self) -> &[String] {
        &self.values
    }

    /// From pixels, the graph's input, to what the model takes.
    pub(super) fn normalise(&mut self, input: &str, preprocessing: &Preprocessing) {
        let to = ("to", Setting::Int(DataType::Float as i64));
        let pixels = self.builder.node("pixels/Cast", "Cast", &[input], &[to]);
        let perm = ("perm", Setting::Ints(vec![0, 3, 1, 2]));
        let planes = self
            .builder
            .node("pixels/Transpose", "Transpose", &[&pixels], &[perm]);
        let factors = preprocessing.std.map(|std| 1.0 / (255.0 * std));
        let [mean, std] = [preprocessing.mean, preprocessing.std];
        let terms = [0, 1, 2].map(|channel| -mean[channel] / std[channel]);
        let images = self.scale_channels("pixels", &planes, factors, terms);
        self.push(images);
    }

    fn scale_channels(
        &mut self,
        base: &str,
        x: &str,
        factors: [f32; 3],
        terms: [f32; 3],
    ) -> String {
        let builder = &mut self.builder;
        let shape = [1, 3, 1, 1];
        let factors = builder.floats(&format!("{base}/factors"), &shape, &factors);
        let terms = builder.floats(&format!("{base}/terms"), &shape, &terms);
        let scaled = builder.node(&format!("{base}/Mul"), "Mul", &[x, &factors], &[]);
        builder.node(&format!("{base}/Add"), "Add", &[&scaled, &terms], &[])
    }

    /// Clips what was computed last.
    pub(super) fn clip(&mut self, range: [f32; 2]) {
        if let Some(last) = self.values.last().cloned() {
            let output = self.clipped("label_range", &last, range);
            self.values.push(output);
        }
    }

    /// The graph, whose output is what was computed last.
    pub(super) fn finish(mut self, output: &str) -> Graph {
        self.builder.name_output(output);
        self.builder.into_graph()
    }

    /// Adds the nodes of a step.
    pub(super) fn step(&mut self, step: &Step) {
        let output = self.output(step);
        self.push(output);
    }

    fn clipped(&mut self, base: &str, x: &str, [low, high]: [f32; 2]) -> String {
        let [low, high] = [low, high].map(|bound| self.builder.scalar(bound));
        self.builder
            .node(&format!("{base}/Clip"), "Clip", &[x, &low, &high], &[])
    }

    fn value(&self, source: Source) -> &str {
        match source {
            Source::Input => &self.values[0],
            Source::Step(index) => &self.values[index + 1],
        }
    }

    /// A weight with the shape that it has there.
    fn weight(&mut self, key: &str) -> String {
        let HostTensor { shape, data } = &self.weights[key];
        self.stored_weight(key, shape, data)
    }

    /// Whether the step that comes next computes with 8 bits.
    fn is_quantized(&self) -> bool {
        let step = self.values.len() - 1;
        self.quantized.is_some_and(|one| one.is_quantized(step))
    }

    /// The weight and bias of a layer with a row for each output channel, of which `x` is the
    /// input.
    fn layer(&mut self, x: Source, weight: &str, bias: Option<&String>) -> Vec<String> {
        let HostTensor { shape, data } = &self.weights[weight];
        let scale = self.quantized.and_then(|one| one.scale(value_of(x)));
        let Some(scale) = scale.filter(|_| self.is_quantized()) else {
            let weight = self.rows(weight, shape, data);
            return [weight]
                .into_iter()
                .chain(bias.map(|bias| self.weight(bias)))
                .collect();
        };
        let biases = bias.map(|bias| &self.weights[bias].data);
        // In 30 of 32 bits, what it is added to fits, too.
        let (step, most) = (f64::from(scale.step), f64::from(1 << 30));
        let least = |row: usize| biases.map_or(0.0, |all| f64::from(all[row].abs()) / step / most);
        let (bytes, scales) = rounded(shape[0], data, least);
        let matrix = self.builder.bytes(weight, shape, &bytes, (0, &scales));
        let bias = bias.map(|bias| {
            let scales: Vec<f32> = scales.iter().map(|factor| factor * scale.step).collect();
            let values = self.weights[bias].data.iter().zip(&scales);
            let whole =
                values.map(|(value, scale)| (f64::from(*value) / f64::from(*scale)).round() as i32);
            self.builder
                .whole(bias, &whole.collect::<Vec<i32>>(), &scales)
        });
        [matrix].into_iter().chain(bias).collect()
    }

    /// Whether a matrix or kernels are rounded though they are computed with in f32.
    fn rounds(&self, key: &str) -> bool {
        let is_of_weights = self.quantized.is_some_and(Quantized::is_of_weights);
        is_of_weights && !is_within(key, HEAD)
    }

    /// A matrix or kernels, as they are stored.
    fn rows(&mut self, key: &str, shape: &[usize], values: &[f32]) -> String {
        if self.rounds(key) {
            let (bytes, scales) = rounded(shape[0], values, |_| 0.0);
            return self.builder.bytes(key, shape, &bytes, (0, &scales));
        }
        self.stored_weight(key, shape, values)
    }

    /// A matrix with its rows as columns, for a product from the right.
    fn transposed(&mut self, key: &str) -> String {
        let HostTensor { shape, data } = &self.weights[key];
        let [rows, columns] = [shape[0], shape[1]];
        let values: Vec<f32> = (0..columns)
            .flat_map(|column| (0..rows).map(move |row| data[row * columns + column]))
            .collect();
        if self.rounds(key) {
            let (bytes, scales) = rounded(rows, data, |_| 0.0);
            let bytes: Vec<i8> = (0..columns)
                .flat_map(|column| {
                    let bytes = &bytes;
                    (0..rows).map(move |row| bytes[row * columns + column])
                })
                .collect();
            let shape = [columns, rows];
            return self
                .builder
                .bytes(&format!("{key}.T"), &shape, &bytes, (1, &scales));
        }
        self.stored_weight(&format!("{key}.T"), &[columns, rows], &values)
    }

    fn stored_weight(&mut self, name: &str, shape: &[usize], values: &[f32]) -> String {
        // The head's hold the labels' scale, whatever that is.
        let is_of_head = is_within(name, HEAD);
        if self.stored == Stored::F16 && shape.len() > 1 && !is_of_head {
            self.builder.halves(name, shape, values)
        } else {
            self.builder.floats(name, shape, values)
        }
    }

    fn output(&mut self, step: &Step) -> String {
        let inputs: Vec<String> = step
            .inputs
            .iter()
            .map(|&source| self.value(source).to_owned())
            .collect();
        let inputs: Vec<&str> = inputs.iter().map(String::as_str).collect();
        let x = inputs[0];
        // A step without weights is called after the layer before it.
        let base = x.split(['/', ':']).next().unwrap_or(x);
        match &step.op {
            Op::Conv2d {
                weight,
                bias,
                geometry,
            } => {
                let [height, width] = geometry.padding;
                let kernel = self.weights[weight].shape[2..].to_vec();
                let mut inputs = vec![x.to_owned()];
                inputs.extend(self.layer(step.inputs[0], weight, bias.as_ref()));
                let inputs: Vec<&str> = inputs.iter().map(String::as_str).collect();
                let settings = [
                    ("kernel_shape", Setting::Ints(kernel)),
                    ("strides", Setting::Ints(geometry.stride.to_vec())),
                    ("pads", Setting::Ints(vec![height, width, height, width])),
                    ("group", Setting::Int(geometry.groups as i64)),
                ];
                self.builder
                    .node(module(weight), "Conv", &inputs, &settings)
            }
            Op::Relu => self.plain(base, "Relu", &inputs),
            Op::Relu6 => self.clipped(base, x, [0.0, 6.0]),
            Op::Sigmoid => self.plain(base, "Sigmoid", &inputs),
            Op::Silu => {
                let mut sigmoid = self.plain(base, "Sigmoid", &inputs);
                if self.is_quantized() {
                    sigmoid = self.builder.rounded(&sigmoid, Scale::SHARE);
                }
                self.plain(base, "Mul", &[x, &sigmoid])
            }
            Op::Gelu => self.gelu(base, x),
            Op::Add => self.plain(base, "Add", &inputs),
            Op::Mul => self.plain(base, "Mul", &inputs),
            Op::ScaleChannels { factors, terms } => {
                self.scale_channels("transform_input", x, *factors, *terms)
            }
            Op::Concat => {
                let axis = ("axis", Setting::Int(1));
                self.builder
                    .node(&format!("{base}/Concat"), "Concat", &inputs, &[axis])
            }
            Op::MaxPool2d(window) => {
                let Window {
                    kernel,
                    stride,
                    padding,
                    ceil_mode,
                } = *window;
                let ceil_mode = ("ceil_mode", Setting::Int(ceil_mode.into()));
                self.pool(base, "MaxPool", x, [kernel, stride, padding], ceil_mode)
            }
            Op::AvgPool2d {
                kernel,
                stride,
                padding,
            } => {
                let zeros_count = ("count_include_pad", Setting::Int(1));
                let window = [*kernel, *stride, *padding];
                self.pool(base, "AveragePool", x, window, zeros_count)
            }
            Op::MeanPixel => self.plain(base, "GlobalAveragePool", &inputs),
            Op::IntoRow => self.plain(base, "Flatten", &inputs),
            Op::IntoSequence => {
                // 0 keeps an extent, -1 is what is left.
                let shape = self.builder.integers("sequence/shape", &[0, 0, -1]);
                let pixels = self.plain(base, "Reshape", &[x, &shape]);
                self.transpose(base, &pixels, &[0, 2, 1])
            }
            Op::Embedded { token, positions } => self.embedded(base, x, token, positions),
            // The head's; tokens come in three dimensions.
            Op::Linear { weight, bias } if step.rank == 2 => {
                let mut inputs = vec![x.to_owned()];
                inputs.extend(self.layer(step.inputs[0], weight, Some(bias)));
                let inputs: Vec<&str> = inputs.iter().map(String::as_str).collect();
                let transposed = ("transB", Setting::Int(1));
                self.builder
                    .node(module(weight), "Gemm", &inputs, &[transposed])
            }
            Op::Linear { weight, bias } => self.affine(x, weight, bias),
            Op::LayerNorm {
                weight,
                bias,
                epsilon,
            } => {
                let inputs = [x.to_owned(), self.weight(weight), self.weight(bias)];
                let inputs = inputs.each_ref().map(String::as_str);
                let settings = [
                    ("axis", Setting::Int(-1)),
                    ("epsilon", Setting::Float(*epsilon)),
                ];
                self.builder
                    .node(module(weight), "LayerNormalization", &inputs, &settings)
            }
            Op::Attention {
                weight,
                bias,
                heads,
            } => self.attention(x, weight, bias, *heads),
            Op::First => {
                let first = self.builder.integer("first", 0);
                let axis = ("axis", Setting::Int(1));
                self.builder
                    .node(&format!("{base}/Gather"), "Gather", &[x, &first], &[axis])
            }
        }
    }

    /// An operator without settings.
    fn plain(&mut self, base: &str, op_type: &str, inputs: &[&str]) -> String {
        self.builder
            .node(&format!("{base}/{op_type}"), op_type, inputs, &[])
    }

    fn transpose(&mut self, base: &str, x: &str, order: &[usize]) -> String {
        let perm = ("perm", Setting::Ints(order.to_vec()));
        self.builder
            .node(&format!("{base}/Transpose"), "Transpose", &[x], &[perm])
    }

    fn pool(
        &mut self,
        base: &str,
        op_type: &str,
        x: &str,
        [kernel, stride, padding]: [usize; 3],
        setting: (&'static str, Setting),
    ) -> String {
        let settings = [
            ("kernel_shape", Setting::Ints(vec![kernel; 2])),
            ("strides", Setting::Ints(vec![stride; 2])),
            ("pads", Setting::Ints(vec![padding; 4])),
            setting,
        ];
        self.builder
            .node(&format!("{base}/{op_type}"), op_type, &[x], &settings)
    }

    /// `x · (erf(x / √2) + 1) · ½`, as engines know it.
    fn gelu(&mut self, base: &str, x: &str) -> String {
        let [sqrt2, one, half] =
            [std::f32::consts::SQRT_2, 1.0, 0.5].map(|value| self.builder.scalar(value));
        let divided = self.plain(base, "Div", &[x, &sqrt2]);
        let erf = self.plain(base, "Erf", &[&divided]);
        let raised = self.plain(base, "Add", &[&erf, &one]);
        let product = self.plain(base, "Mul", &[x, &raised]);
        self.plain(base, "Mul", &[&product, &half])
    }

    /// `x · weightᵀ + bias` of tokens.
    fn affine(&mut self, x: &str, weight: &str, bias: &str) -> String {
        let (matrix, shift) = (self.transposed(weight), self.weight(bias));
        let base = module(weight);
        let product = self.plain(base, "MatMul", &[x, &matrix]);
        self.builder.node(base, "Add", &[&shift, &product], &[])
    }

    /// A row of zeros before each sequence, and what is added: positions, and the token to
    /// that of the first row.
    fn embedded(&mut self, base: &str, x: &str, token: &str, positions: &str) -> String {
        let HostTensor { shape, data } = &self.weights[positions];
        let token = self.weights[token].data.iter().copied();
        let token = token.chain(std::iter::repeat(0.0));
        let added: Vec<f32> = data.iter().zip(token).map(|(a, b)| a + b).collect();
        let added = self.stored_weight("token_and_positions", shape, &added);
        // Rows before and after, per dimension.
        let pads = self.builder.integers("token/pads", &[0, 1, 0, 0, 0, 0]);
        let padded = self.plain(base, "Pad", &[x, &pads]);
        self.plain(base, "Add", &[&padded, &added])
    }

    /// Query, key and value by one product, then each head's
    /// `softmax(query · keyᵀ / √depth) · value`, joined.
    fn attention(&mut self, x: &str, weight: &str, bias: &str, heads: usize) -> String {
        let base = module(weight);
        let width = self.weights[weight].shape[1];
        let depth = width / heads;
        let projected = self.affine(x, weight, bias);
        let parts = self.builder.thirds(&format!("{base}/Split"), &projected);
        let by_head = [0, 0, heads as i64, depth as i64];
        let by_head = self.builder.integers("heads/shape", &by_head);
        let orders = [[0, 2, 1, 3], [0, 2, 3, 1], [0, 2, 1, 3]];
        let mut part = |index: usize| {
            let split = self.plain(base, "Reshape", &[&parts[index], &by_head]);
            self.transpose(base, &split, &orders[index])
        };
        let [query, key, value] = [part(0), part(1), part(2)];
        let scale = self.builder.scalar(1.0 / (depth as f32).sqrt());
        let scaled = self.plain(base, "Mul", &[&query, &scale]);
        let scores = self.plain(base, "MatMul", &[&scaled, &key]);
        let softmax = ("axis", Setting::Int(-1));
        let weights = self.builder.node(
            &format!("{base}/Softmax"),
            "Softmax",
            &[&scores],
            &[softmax],
        );
        let mixed = self.plain(base, "MatMul", &[&weights, &value]);
        let mixed = self.transpose(base, &mixed, &[0, 2, 1, 3]);
        let joined = self.builder.integers("joined/shape", &[0, 0, width as i64]);
        self.plain(base, "Reshape", &[&mixed, &joined])
    }
}

/// The module of a weight.
fn module(key: &str) -> &str {
    key.rsplit_once('.').map_or(key, |(module, _)| module)
}
