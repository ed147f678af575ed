//! Single layers of every form.

use burn::module::Param;
use burn::tensor::{Device, Tensor, TensorData};
use psp_infer::Engine;
use psp_models::graph::{Graph, Op, Source, Step};
use psp_models::nn::{Geometry, Image, Value};
use psp_models::ops::{Activation, Window};
use psp_models::{HostTensor, StateDict};
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

fn values(rng: &mut impl Rng, len: usize) -> Vec<f32> {
    (0..len).map(|_| rng.random_range(-1.0..1.0)).collect()
}

/// Steps one after another on images, and the same by Burn.
struct Chain {
    rng: ChaCha8Rng,
    steps: Vec<Step>,
    weights: StateDict,
    images: Vec<f32>,
    size: [usize; 2],
    expected: Tensor<4>,
}

impl Chain {
    /// Of `count` images.
    fn new(seed: u64, count: usize, size: [usize; 2]) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let [height, width] = size;
        let images = values(&mut rng, count * 3 * height * width);
        let data = TensorData::new(images.clone(), [count, 3, height, width]);
        Self {
            rng,
            steps: Vec::new(),
            weights: StateDict::new(),
            images,
            size,
            expected: Tensor::from_data(data, &Device::flex()),
        }
    }

    fn step(&mut self, op: Op) {
        let source = match self.steps.len() {
            0 => Source::Input,
            count => Source::Step(count - 1),
        };
        self.steps.push(Step {
            op,
            inputs: vec![source],
            rank: 4,
        });
    }

    fn conv(mut self, out: usize, kernel: [usize; 2], geometry: Geometry) -> Self {
        let channels = self.expected.dims()[1];
        let shape = [out, channels / geometry.groups, kernel[0], kernel[1]];
        let data = values(&mut self.rng, shape.iter().product());
        let bias = values(&mut self.rng, out);
        let name = format!("{}", self.steps.len());
        let device = Device::flex();
        let weight = Tensor::from_data(TensorData::new(data.clone(), shape), &device);
        let tensor = Tensor::from_data(TensorData::new(bias.clone(), [out]), &device);
        let (weight, tensor) = (Param::from_tensor(weight), Param::from_tensor(tensor));
        self.expected =
            self.expected
                .conv2d(&weight, Some(&tensor), geometry, Activation::Identity);
        let shape = shape.to_vec();
        let keys = [format!("{name}.weight"), format!("{name}.bias")];
        self.weights
            .insert(keys[0].clone(), HostTensor { shape, data });
        let shape = vec![out];
        self.weights
            .insert(keys[1].clone(), HostTensor { shape, data: bias });
        let [weight, bias] = keys;
        self.step(Op::Conv2d {
            weight,
            bias: Some(bias),
            geometry,
        });
        self
    }

    fn silu(mut self) -> Self {
        self.expected = self.expected.silu();
        self.step(Op::Silu);
        self
    }

    fn relu6(mut self) -> Self {
        self.expected = self.expected.relu6();
        self.step(Op::Relu6);
        self
    }

    fn max_pool(mut self, window: Window) -> Self {
        self.expected = self.expected.max_pool2d(window);
        self.step(Op::MaxPool2d(window));
        self
    }

    fn avg_pool(mut self, kernel: usize, stride: usize, padding: usize) -> Self {
        self.expected = self.expected.avg_pool2d(kernel, stride, padding);
        self.step(Op::AvgPool2d {
            kernel,
            stride,
            padding,
        });
        self
    }

    /// Checks the maps, on one thread and on several.
    fn check(self, name: &str) {
        let (steps, weights) = (self.steps, self.weights);
        let graph = Graph { steps, weights };
        let dims = self.expected.dims();
        let expected: Vec<f32> = self
            .expected
            .permute([0, 2, 3, 1])
            .into_data()
            .iter::<f32>()
            .collect();
        let largest = expected.iter().fold(0.0f32, |a, b| a.max(b.abs()));
        for threads in [1, 3] {
            let engine = Engine::new(&graph, self.size, threads).unwrap();
            let found = engine.predict(&self.images);
            assert_eq!(found.len(), expected.len(), "{name}: {dims:?}");
            for (index, (found, expected)) in found.iter().zip(&expected).enumerate() {
                let difference = (found - expected).abs();
                assert!(
                    difference <= 1e-5 * largest,
                    "{name}, {threads} threads, value {index} of {dims:?}: {found} {expected}"
                );
            }
        }
    }
}

fn geometry(stride: [usize; 2], padding: [usize; 2]) -> Geometry {
    Geometry {
        stride,
        padding,
        groups: 1,
    }
}

fn depthwise(stride: usize, padding: usize, groups: usize) -> Geometry {
    Geometry {
        stride: [stride; 2],
        padding: [padding; 2],
        groups,
    }
}

#[test]
fn convolutions_of_every_number_of_channels_and_pixels() {
    // Every rest of registers, panels and pixels.
    for channels in (1..=70).step_by(3) {
        let size = [1 + channels % 5, 1 + channels % 7];
        Chain::new(channels as u64, 1 + channels % 3, size)
            .conv(channels, [1, 1], Geometry::POINTWISE)
            .check(&format!("{channels} channels"));
    }
}

#[test]
fn convolutions_of_every_geometry() {
    let cases = [
        ([7, 7], [2, 2], [3, 3]),
        ([1, 7], [1, 1], [0, 3]),
        ([7, 1], [1, 1], [3, 0]),
        ([3, 3], [2, 2], [0, 0]),
        ([3, 3], [2, 1], [1, 1]),
        ([5, 5], [1, 1], [2, 2]),
        ([3, 3], [1, 1], [0, 0]),
    ];
    for (index, (kernel, stride, padding)) in cases.into_iter().enumerate() {
        Chain::new(index as u64, 2, [19, 13])
            .conv(20, [3, 3], geometry([1, 1], [1, 1]))
            .conv(9, kernel, geometry(stride, padding))
            .check(&format!("{kernel:?}, stride {stride:?}"));
    }
}

#[test]
fn long_sums_are_cut() {
    // Of single pixels and of windows, each more rows than are multiplied in one go.
    Chain::new(1, 5, [4, 3])
        .conv(2500, [1, 1], Geometry::POINTWISE)
        .conv(21, [1, 1], Geometry::POINTWISE)
        .check("pixels");
    Chain::new(2, 1, [9, 8])
        .conv(400, [1, 1], Geometry::POINTWISE)
        .conv(18, [3, 3], geometry([2, 2], [1, 1]))
        .check("windows");
    Chain::new(3, 1, [9, 8])
        .conv(600, [1, 1], Geometry::POINTWISE)
        .conv(18, [2, 3], geometry([2, 2], [1, 1]))
        .check("long rows");
}

#[test]
fn minimal_filtering_of_every_size() {
    for (index, size) in [[1, 1], [2, 3], [7, 7], [9, 12], [14, 14], [17, 6], [30, 23]]
        .into_iter()
        .enumerate()
    {
        Chain::new(index as u64, 3, size)
            .conv(32, [1, 1], Geometry::POINTWISE)
            .conv(48, [3, 3], geometry([1, 1], [1, 1]))
            .relu6()
            .check(&format!("{size:?}"));
    }
}

#[test]
fn depthwise_convolutions() {
    for (index, (channels, kernel, stride)) in [(5, 3, 1), (16, 3, 2), (27, 5, 1), (40, 5, 2)]
        .into_iter()
        .enumerate()
    {
        Chain::new(index as u64, 2, [21, 30])
            .conv(channels, [1, 1], Geometry::POINTWISE)
            .silu()
            .conv(
                channels,
                [kernel; 2],
                depthwise(stride, kernel / 2, channels),
            )
            .silu()
            .check(&format!("{channels} channels, {kernel} × {kernel}"));
    }
}

#[test]
fn depthwise_convolutions_of_what_is_too_large_to_be_kept() {
    for (index, (size, kernel, stride)) in [
        ([70, 81], 3, 1),
        ([71, 80], 3, 2),
        ([66, 90], 5, 2),
        ([400, 12], 5, 1),
    ]
    .into_iter()
    .enumerate()
    {
        Chain::new(index as u64, 2, size)
            .conv(72, [1, 1], Geometry::POINTWISE)
            .relu6()
            .conv(72, [kernel; 2], depthwise(stride, kernel / 2, 72))
            .silu()
            .conv(10, [1, 1], Geometry::POINTWISE)
            .check(&format!("{size:?}, {kernel} × {kernel}, stride {stride}"));
    }
    // Few channels of large images, whose matrix fills no cache line.
    Chain::new(9, 1, [190, 191])
        .conv(8, [1, 1], Geometry::POINTWISE)
        .conv(8, [3, 3], depthwise(1, 1, 8))
        .check("few channels");
}

#[test]
fn pooling() {
    for (index, (kernel, stride, padding, ceil_mode)) in [
        (3, 2, 1, false),
        (3, 2, 0, true),
        (2, 2, 0, true),
        (3, 1, 1, true),
    ]
    .into_iter()
    .enumerate()
    {
        let window = Window {
            kernel,
            stride,
            padding,
            ceil_mode,
        };
        Chain::new(index as u64, 2, [11, 14])
            .conv(19, [1, 1], Geometry::POINTWISE)
            .max_pool(window)
            .avg_pool(3, 1, 1)
            .conv(8, [3, 3], geometry([1, 1], [1, 1]))
            .check(&format!("{window:?}"));
    }
}
