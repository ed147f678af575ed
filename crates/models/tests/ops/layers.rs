//! Activations, norms, attention and pooling against their definitions.

use crate::ops::common::{Graph, assert_close, device, random};
use burn::tensor::ops::{AvgPoolOptions, MaxPoolOptions};
use burn::tensor::{Tensor, TensorData, activation::softmax, module};
use psp_models::ops::{
    Window, add, attention, avg_pool2d, gelu, layer_norm, max_pool2d, mean_pixel, mul, relu, relu6,
    silu,
};

/// Compares two functions of one tensor, values and gradients.
#[track_caller]
fn compare<const D: usize, const E: usize>(
    x: Tensor<D>,
    ours: impl Fn(Tensor<D>) -> Tensor<E>,
    definition: impl Fn(Tensor<D>) -> Tensor<E>,
) {
    let pull = random(definition(x.clone()).dims());
    let [ours, burns] = Graph::both().map(|graph| {
        let x = graph.leaf(&x);
        let y = match graph {
            Graph::Ours(_) => ours(x.clone()),
            Graph::Burns => definition(x.clone()),
        };
        let values = y.to_data();
        let mut grads = graph.backward(y, &pull);
        [values, grads.of(&x)]
    });
    assert_close(&ours, &burns);
}

#[test]
fn activations_and_their_gradients_are_those_of_their_definitions() {
    let x = || random([3, 4, 5, 6]) * 3.0;
    compare(x(), relu, |x| x.clone() * x.greater_elem(0.0).float());
    // Many of 0 and 6, where PyTorch's gradient is 0.
    let stepped = (random([3, 4, 5, 6]) * 4.0).round() * 3.0;
    for x in [x() * 2.0 + 3.0, stepped] {
        compare(x, relu6, |x| {
            let inside = x.clone().greater_elem(0.0).float() * x.clone().lower_elem(6.0).float();
            x.clone() * inside + x.greater_equal_elem(6.0).float() * 6.0
        });
    }
    compare(x(), silu, |x| x.clone() / (x.neg().exp() + 1.0));
    // x · Φ(x)
    let probability = |x: Tensor<4>| ((x / 2f32.sqrt()).erf() + 1.0) * 0.5;
    compare(x(), gelu, |x| x.clone() * probability(x));
}

#[test]
fn a_layer_norm_gives_every_row_mean_zero_and_deviation_one_before_its_weights() {
    let (weight, bias) = (random([7]), random([7]));
    let ours = |x: Tensor<3>| {
        let [weight, bias] = [&weight, &bias].map(|row| like(row, &x));
        layer_norm(x, weight, bias, 1e-6)
    };
    let definition = |x: Tensor<3>| {
        let centred = x.clone() - x.mean_dim(2);
        let variance = centred.clone().square().mean_dim(2);
        let normal = centred / (variance + 1e-6).sqrt();
        let spread = |row: &Tensor<1>| like(row, &normal).reshape([1, 1, 7]);
        normal.clone() * spread(&weight) + spread(&bias)
    };
    compare(random([4, 5, 7]), ours, definition);
}

#[test]
fn attention_mixes_values_by_how_queries_meet_keys() {
    // Query, key and value out of one tensor, as a fused projection gives them.
    let split = |x: Tensor<4>| [0, 1, 2].map(|part| x.clone().narrow(3, part * 8, 8));
    let ours = |x: Tensor<4>| {
        let [query, key, value] = split(x);
        attention(query, key, value)
    };
    let definition = |x: Tensor<4>| {
        let [query, key, value] = split(x);
        softmax(query.matmul(key.transpose()) / 8f32.sqrt(), 3).matmul(value)
    };
    compare(random([2, 3, 5, 24]), ours, definition);
    compare(random([1, 1, 1, 24]), ours, definition);
}

#[test]
fn the_mean_pixel_is_the_mean_over_height_and_width() {
    let definition = |x: Tensor<4>| {
        let [batch, channels, height, width] = x.dims();
        let pixels = x.reshape([batch, channels, height * width, 1]);
        pixels.mean_dim(2)
    };
    compare(random([3, 4, 5, 7]), mean_pixel, definition);
    compare(random([1, 1, 1, 1]), mean_pixel, definition);
}

#[test]
fn an_average_pool_counts_the_zeros_around_an_image() {
    for (kernel, stride, padding) in [(3, 1, 1), (5, 3, 0), (3, 2, 1)] {
        let options = AvgPoolOptions::new([kernel; 2])
            .with_stride([stride; 2])
            .with_padding([padding; 2])
            .with_count_include_pad(true);
        compare(
            random([2, 3, 8, 7]),
            |x| avg_pool2d(x, kernel, stride, padding),
            |x| module::avg_pool2d(x, options.clone()),
        );
    }
}

/// Kernel, stride and padding, as the backbones have them and others.
const WINDOWS: [[usize; 3]; 8] = [
    [3, 2, 1],
    [3, 2, 0],
    [3, 1, 1],
    [2, 2, 0],
    [5, 3, 2],
    [1, 1, 0],
    [1, 2, 0],
    [2, 3, 0],
];

#[test]
fn a_max_pool_is_the_largest_pixel_of_each_window_and_sends_the_gradient_there() {
    for [kernel, stride, padding] in WINDOWS {
        for ceil_mode in [false, true] {
            let window = Window {
                kernel,
                stride,
                padding,
                ceil_mode,
            };
            let options = MaxPoolOptions::new([kernel; 2])
                .with_stride([stride; 2])
                .with_padding([padding; 2])
                .with_ceil_mode(ceil_mode);
            for shape in [[2, 3, 8, 7], [1, 1, 5, 5], [3, 20, 6, 11], [1, 2, 33, 40]] {
                let ours = |x| max_pool2d(x, window);
                let burns = |x| module::max_pool2d(x, options.clone());
                compare(random(shape), ours, burns);
                // Many equal ones, as behind a ReLU.
                compare(random(shape).clamp_min(0.5), ours, burns);
                // Not in the order of its shape.
                let turned = |x: Tensor<4>| x.swap_dims(2, 3);
                compare(random(shape), |x| ours(turned(x)), |x| burns(turned(x)));
            }
        }
    }
}

#[test]
fn a_window_kept_over_the_edge_may_be_larger_than_the_image() {
    let window = Window {
        kernel: 3,
        stride: 2,
        padding: 0,
        ceil_mode: true,
    };
    let largest = |x: Tensor<4>| x.max_dim(3).max_dim(2);
    compare(random([2, 3, 2, 2]), |x| max_pool2d(x, window), largest);
}

#[test]
fn nan_is_larger_than_any_pixel_of_a_max_pool_and_minus_infinity_is_a_pixel() {
    let [nan, low] = [f32::NAN, f32::NEG_INFINITY];
    #[rustfmt::skip]
    let pixels = vec![
        1.0, nan, 3.0, low, low,
        nan, 0.0, 9.0, low, low,
        4.0, 4.0, 4.0, low, low,
    ];
    let x = Tensor::from_data(TensorData::new(pixels, [1, 1, 3, 5]), &device());
    let window = Window {
        kernel: 3,
        stride: 2,
        padding: 1,
        ceil_mode: false,
    };
    let options = MaxPoolOptions::new([3; 2])
        .with_stride([2; 2])
        .with_padding([1; 2]);
    let [ours, burns] = Graph::both().map(|graph| {
        let x = graph.leaf(&x);
        let y = match graph {
            Graph::Ours(_) => max_pool2d(x.clone(), window),
            Graph::Burns => module::max_pool2d(x.clone(), options.clone()),
        };
        let values = y.to_data().try_to_vec::<f32>().unwrap();
        let ones = Tensor::ones([1, 1, 2, 3], &device());
        (values, graph.backward(y, &ones).of(&x))
    });
    for (values, grads) in [ours, burns] {
        assert!(
            [0, 1, 3].iter().all(|at| values[*at].is_nan()),
            "{values:?}"
        );
        assert_eq!([values[2], values[4], values[5]], [low, 9.0, low]);
        // Of several NaN the last one, of nothing but -inf the first.
        #[rustfmt::skip]
        let want = [
            0.0, 1.0, 0.0, 1.0, 0.0,
            2.0, 0.0, 1.0, 1.0, 0.0,
            0.0, 0.0, 0.0, 0.0, 0.0,
        ];
        assert_eq!(grads.try_to_vec::<f32>().unwrap(), want);
    }
}

#[test]
fn a_sum_or_product_leaves_alone_what_a_layer_before_it_needs() {
    // The gradient of a ReLU needs its output, which Burn's own sum would
    // overwrite, being the only one that holds it.
    compare(
        random([2, 3, 4, 5]),
        |x| add(relu(x.clone()), mul(relu(x.clone()), silu(x))),
        |x| {
            let rectified = x.clone() * x.clone().greater_elem(0.0).float();
            rectified.clone() + rectified * (x.clone() / (x.neg().exp() + 1.0))
        },
    );
}

#[test]
fn a_product_spreads_factors_over_their_channels() {
    let x = random([2, 3, 4, 5]);
    compare(
        random([2, 3, 1, 1]),
        |factors| mul(like(&x, &factors), factors),
        |factors| like(&x, &factors) * factors,
    );
}

/// `x` on the device of `other`.
fn like<const D: usize, const E: usize>(x: &Tensor<D>, other: &Tensor<E>) -> Tensor<D> {
    if other.is_autodiff() {
        Tensor::from_inner(x.clone())
    } else {
        x.clone()
    }
}
