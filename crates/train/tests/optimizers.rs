//! Optimisers and clipping against numbers of PyTorch 2.9, recorded with:
//!
//! ```python
//! import torch
//!
//! x = torch.tensor([[1.0, 2.0], [-0.5, 0.25], [3.0, -1.0]])
//!
//! def layer():
//!     w = torch.nn.Parameter(torch.tensor([[1.0, -2.0], [0.5, 0.25]]))
//!     return w, torch.nn.Parameter(torch.tensor([0.1, -0.3]))
//!
//! def run(make):
//!     w, b = layer()
//!     o = make([{"params": [w]}, {"params": [b], "weight_decay": 0.0}])
//!     for _ in range(5):
//!         o.zero_grad()
//!         ((x @ w.T + b) ** 2).mean().backward()
//!         o.step()
//!     print(w, b)
//!
//! run(lambda p: torch.optim.AdamW(p, lr=0.1, betas=(0.8, 0.95), eps=1e-3, weight_decay=0.2))
//! run(lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9, weight_decay=0.05))
//! run(lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9, nesterov=True, weight_decay=0.05))
//! run(lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.0, weight_decay=0.05))
//!
//! for max_norm in (1.0, 100.0):
//!     w, b = layer()
//!     ((x @ w.T + b) ** 2).mean().backward()
//!     norm = torch.nn.utils.clip_grad_norm_([w, b], max_norm)
//!     print(norm, w.grad, b.grad)
//! ```

use burn::tensor::{Device, Tensor};
use psp_models::nn::Linear;
use psp_models::ops::Tape;
use psp_models::state;
use psp_train::optim::{Ema, Grads, Optimizer, OptimizerConfig};

const WEIGHT: [f32; 4] = [1.0, -2.0, 0.5, 0.25];
const BIAS: [f32; 2] = [0.1, -0.3];

/// A layer of two inputs and outputs with the given weights.
fn layer(weight: [f32; 4], bias: [f32; 2]) -> Linear {
    let layer = Linear::new(2, 2, &Device::default().autodiff());
    state::fill(layer, |key, _| match key {
        "weight" => weight.to_vec(),
        "bias" => bias.to_vec(),
        other => panic!("unexpected tensor `{other}`"),
    })
}

/// The gradients of a loss of the layer's outputs.
fn pull(layer: &Linear, inputs: Tensor<2>, loss: impl FnOnce(Tensor<2>) -> Tensor<1>) -> Grads {
    let tape = Tape::new();
    let outputs = tape.watch(layer).forward(inputs);
    Grads::take(layer, tape.backward(loss(outputs)))
}

/// The gradients of the mean square of the layer's outputs.
fn gradients(layer: &Linear) -> Grads {
    let inputs = [[1.0, 2.0], [-0.5, 0.25], [3.0, -1.0]];
    let inputs = Tensor::<2>::from_data(inputs, &Device::default().autodiff());
    pull(layer, inputs, |outputs| outputs.square().mean())
}

/// Weight and bias in host memory.
fn values(layer: &Linear) -> (Vec<f32>, Vec<f32>) {
    let mut state = state::collect(layer).unwrap();
    let mut take = |key| state.remove(key).unwrap().data;
    (take("weight"), take("bias"))
}

#[track_caller]
fn assert_close(got: &[f32], want: &[f64], tolerance: f64) {
    assert_eq!(got.len(), want.len());
    for (got, want) in got.iter().zip(want) {
        assert!(
            (f64::from(*got) - want).abs() < tolerance,
            "{got} != {want}"
        );
    }
}

/// Five steps at a rate of 0.1 must end at PyTorch's numbers.
#[track_caller]
fn assert_follows(config: OptimizerConfig, weight: [f64; 4], bias: [f64; 2]) {
    let mut optimizer = Optimizer::new(config);
    let mut layer = layer(WEIGHT, BIAS);
    for _ in 0..5 {
        let grads = gradients(&layer);
        layer = optimizer.step(layer, grads, |_| 0.1);
    }
    let (got_weight, got_bias) = values(&layer);
    assert_close(&got_weight, &weight, 2e-6);
    assert_close(&got_bias, &bias, 2e-6);
    assert_eq!(optimizer.steps(), 5);
}

fn sgd(momentum: f64, nesterov: bool, weight_decay: f64) -> OptimizerConfig {
    OptimizerConfig::Sgd {
        momentum,
        nesterov,
        weight_decay,
    }
}

fn adamw(weight_decay: f64) -> OptimizerConfig {
    OptimizerConfig::AdamW {
        betas: [0.8, 0.95],
        epsilon: 1e-3,
        weight_decay,
    }
}

#[test]
fn adamw_follows_pytorch() {
    assert_follows(
        adamw(0.2),
        [
            0.4401739239692688,
            -1.3335555791854858,
            0.08336906135082245,
            0.1897585242986679,
        ],
        [-0.23525260388851166, -0.4827876091003418],
    );
}

#[test]
fn sgd_with_momentum_follows_pytorch() {
    assert_follows(
        sgd(0.9, false, 0.05),
        [
            -0.9271301031112671,
            0.9463735818862915,
            -0.11365874856710434,
            0.08164095133543015,
        ],
        [0.29236578941345215, -0.37740784883499146],
    );
}

#[test]
fn sgd_with_nesterovs_momentum_follows_pytorch() {
    assert_follows(
        sgd(0.9, true, 0.05),
        [
            -0.30190566182136536,
            0.6544906497001648,
            0.0448002889752388,
            0.06183763965964317,
        ],
        [0.39401301741600037, -0.26659059524536133],
    );
}

#[test]
fn sgd_without_momentum_follows_pytorch() {
    assert_follows(
        sgd(0.0, false, 0.05),
        [
            -0.014521855860948563,
            -0.7376154661178589,
            0.18571403622627258,
            0.18733029067516327,
        ],
        [0.11151973903179169, -0.3617416322231293],
    );
}

/// With a gradient of zero only the decay moves anything.
#[test]
fn weight_decay_shrinks_matrices_and_leaves_biases_and_norms() {
    for config in [adamw(0.5), sgd(0.9, false, 0.5)] {
        let layer = layer(WEIGHT, BIAS);
        let inputs = Tensor::<2>::ones([1, 2], &Device::default().autodiff());
        let grads = pull(&layer, inputs, |outputs| outputs.mul_scalar(0.0).sum());
        assert_eq!(grads.norms().len(), 2, "both tensors have a gradient");
        let moved = Optimizer::new(config.clone()).step(layer.clone(), grads.clone(), |_| 0.1);
        let (weight, bias) = values(&moved);
        // Both rules give weight · (1 − rate · decay) here.
        assert_close(&weight, &WEIGHT.map(|w| f64::from(w) * 0.95), 1e-7);
        assert_eq!(bias, BIAS, "{config:?}");
        let all = Optimizer::new(config)
            .decay_all()
            .step(layer, grads, |_| 0.1);
        assert_close(&values(&all).1, &BIAS.map(|b| f64::from(b) * 0.95), 1e-7);
    }
}

#[test]
fn each_tensor_is_moved_at_the_rate_of_its_own_key() {
    let layer = layer(WEIGHT, BIAS);
    let grads = gradients(&layer);
    let rate = |key: &str| if key == "bias" { 0.1 } else { 0.0 };
    let (weight, bias) = values(&Optimizer::new(sgd(0.0, false, 0.0)).step(layer, grads, rate));
    assert_eq!(weight, WEIGHT);
    assert_close(
        &bias,
        &[0.1 - 0.1 * UNCLIPPED[4], -0.3 - 0.1 * UNCLIPPED[5]],
        1e-6,
    );
}

/// `torch.optim` counts each parameter's own steps: with `m̂ = g` and `v̂ = g²`
/// the first one moves by the rate, however many steps others have had.
#[test]
fn a_tensor_that_joins_later_starts_with_its_own_first_step() {
    let mut optimizer = Optimizer::new(adamw(0.0));
    let mut layer = layer(WEIGHT, BIAS);
    layer.bias = layer.bias.set_require_grad(false);
    for _ in 0..3 {
        let grads = gradients(&layer);
        layer = optimizer.step(layer, grads, |_| 0.1);
    }
    assert_eq!(values(&layer).1, BIAS);
    layer.bias = layer.bias.set_require_grad(true);
    let grads = gradients(&layer);
    let first: Vec<f64> = read(grads.clone())[4..]
        .iter()
        .map(|g| f64::from(*g))
        .collect();
    // It joins in a run that was continued, too.
    let state = optimizer.state().unwrap();
    optimizer = Optimizer::new(adamw(0.0));
    optimizer.restore(&state, &Device::default());
    layer = optimizer.step(layer, grads, |_| 0.1);
    let moved: Vec<f64> = (0..2)
        .map(|i| f64::from(BIAS[i]) - 0.1 * first[i] / (first[i].abs() + 1e-3))
        .collect();
    assert_close(&values(&layer).1, &moved, 1e-6);
    assert_eq!(optimizer.state().unwrap().skipped["bias"], 3);
}

#[test]
fn an_optimiser_restored_from_its_state_continues_bit_for_bit() {
    for config in [adamw(0.2), sgd(0.9, true, 0.05)] {
        let mut optimizer = Optimizer::new(config.clone());
        let mut layer = layer(WEIGHT, BIAS);
        for _ in 0..3 {
            let grads = gradients(&layer);
            layer = optimizer.step(layer, grads, |_| 0.1);
        }
        let state = optimizer.state().unwrap();
        let mut restored = Optimizer::new(config);
        restored.restore(&state, &Device::default());
        let grads = gradients(&layer);
        let a = optimizer.step(layer.clone(), grads.clone(), |_| 0.1);
        let b = restored.step(layer, grads, |_| 0.1);
        assert_eq!(values(&a), values(&b));
        assert_eq!(optimizer.state().unwrap(), restored.state().unwrap());
    }
}

/// The gradients themselves: a step of SGD at rate 1 subtracts them.
fn read(grads: Grads) -> Vec<f32> {
    let zero = layer([0.0; 4], [0.0; 2]);
    let (weight, bias) = values(&Optimizer::new(sgd(0.0, false, 0.0)).step(zero, grads, |_| 1.0));
    weight.into_iter().chain(bias).map(|value| -value).collect()
}

const NORM: f64 = 5.835044860839844;
const UNCLIPPED: [f64; 6] = [
    4.2833333015441895,
    -3.7083334922790527,
    1.2645833492279053,
    0.109375,
    0.4333333969116211,
    0.38749998807907104,
];

#[test]
fn clipping_by_the_global_norm_follows_pytorch() {
    let grads = gradients(&layer(WEIGHT, BIAS));
    let norm = grads.global_norm().unwrap().into_scalar::<f32>();
    assert_close(&[norm], &[NORM], 1e-5);
    let clipped = [
        0.7340701818466187,
        -0.6355277299880981,
        0.21672208607196808,
        0.018744496628642082,
        0.07426392287015915,
        0.06640907377004623,
    ];
    assert_close(&read(grads.clone().clip(1.0)), &clipped, 1e-6);
    assert_close(&read(grads.clip(100.0)), &UNCLIPPED, 1e-6);
}

#[test]
fn accumulated_gradients_are_their_scaled_sum() {
    let grads = gradients(&layer(WEIGHT, BIAS));
    let sum = grads.clone().scale(0.25) + grads.scale(0.5);
    assert_close(&read(sum), &UNCLIPPED.map(|value| 0.75 * value), 1e-6);
}

/// `average ← d · average + (1 − d) · weights`, `d = min(decay, (1 + t) / (10 + t))`.
#[test]
fn the_moving_average_follows_its_formula_through_the_warm_up() {
    for decay in [0.2, 0.999] {
        let mut ema = Ema::new(decay, &layer(WEIGHT, BIAS), |_| true);
        let mut want = f64::from(WEIGHT[0]);
        for step in 1..=20_u32 {
            let weight = f64::from(step).sin();
            ema.update(&layer([weight as f32, 0.0, 0.0, 0.0], BIAS), step.into());
            let t = f64::from(step);
            let d = decay.min((1.0 + t) / (10.0 + t));
            want = d * want + (1.0 - d) * weight;
            let state = ema.state().unwrap();
            assert_close(&state["weight"].data[..1], &[want], 1e-6);
            assert_close(&state["bias"].data, &BIAS.map(f64::from), 1e-6);
        }
        let applied = ema.apply(layer([0.0; 4], [0.0; 2]));
        assert_close(&values(&applied).0[..1], &[want], 1e-6);
    }
}
