//! How far two files' numbers are apart, part by part.

use crate::verify::part::{lists, norms, norms_of_list, tolerance};
use crate::verify::{EvalNumbers, F32Error, Part, Reference, TrainNumbers};

/// All parts of one verification.
#[derive(Clone, Debug)]
pub struct Report {
    /// The parts, in the order of the file.
    pub parts: Vec<Part>,
}

impl Report {
    /// Whether every part is within its tolerance.
    pub fn passes(&self) -> bool {
        self.parts.iter().all(Part::passes)
    }
}

/// Compares `recorded`, computed with the settings of `reference`, with it.
///
/// Errors are relative to the reference's values, and its
/// [`Reference::torch_f32_error`] alone widens tolerances. Numbers of other
/// settings don't pass.
pub fn compare(reference: &Reference, recorded: &Reference) -> Report {
    let errors = reference.torch_f32_error.unwrap_or_default();
    let mut parts = structure(reference, recorded);
    parts.extend(evaluation(&reference.eval, &recorded.eval, &errors));
    parts.extend(training(&reference.train, &recorded.train, &errors));
    parts.push(lists(
        "AdamW MSE per step",
        &reference.adamw.mse_per_step,
        &recorded.adamw.mse_per_step,
        tolerance(1e-2, errors.adamw),
    ));
    Report { parts }
}

fn structure(want: &Reference, got: &Reference) -> Vec<Part> {
    let (want_state, got_state) = (state(want), state(got));
    let differs = |a: &[(String, &[usize])], b: &[(String, &[usize])]| {
        let different = a.iter().filter(|entry| !b.contains(entry));
        different.map(|(key, _)| key.clone()).collect::<Vec<_>>()
    };
    let mut wrong = differs(&want_state, &got_state);
    wrong.extend(differs(&got_state, &want_state));
    vec![
        Part {
            name: "keys and shapes",
            error: wrong.len() as f64,
            tolerance: 0.0,
            count: want_state.len(),
            worst: wrong.first().cloned().unwrap_or_default(),
        },
        Part {
            name: "parameters",
            error: (got.params as f64 - want.params as f64).abs(),
            tolerance: 0.0,
            count: 1,
            worst: format!("{}", got.params),
        },
        Part {
            name: "MiB",
            error: (got.mib - want.mib).abs(),
            tolerance: 5e-4,
            count: 1,
            worst: format!("{:.3}", got.mib),
        },
    ]
}

/// Keys and shapes of the whole model, without the counters that torchvision's
/// batch norms have and nothing uses.
fn state(of: &Reference) -> Vec<(String, &[usize])> {
    let modules = [("backbone", &of.backbone_state), ("head", &of.head_state)];
    let entries = modules.into_iter().flat_map(|(module, keys)| {
        keys.iter()
            .map(move |(key, shape)| (format!("{module}.{key}"), &**shape))
    });
    entries
        .filter(|(key, _)| !key.ends_with("num_batches_tracked"))
        .collect()
}

fn evaluation(want: &EvalNumbers, got: &EvalNumbers, errors: &F32Error) -> Vec<Part> {
    let of_norms = tolerance(1e-4, errors.eval_features_norm);
    let of_prediction = tolerance(1e-4, errors.eval_prediction);
    // A norm averages the errors of single features away. Those have no
    // error of their own in the file; a prediction, a weighted sum of them
    // all, shares theirs. (PyTorch misses single features of EfficientNet at
    // 224 pixels by 1.2e-4 in f64 and up to 3.0e-4 in f32, norms by 1e-5.)
    let of_features = of_norms.max(of_prediction);
    vec![
        lists(
            "eval features",
            &want.features_head.concat(),
            &got.features_head.concat(),
            of_features,
        ),
        lists(
            "eval feature norms",
            &want.features_norm,
            &got.features_norm,
            of_norms,
        ),
        lists(
            "eval predictions",
            &want.prediction.concat(),
            &got.prediction.concat(),
            of_prediction,
        ),
        lists("eval MSE", &[want.mse], &[got.mse], of_prediction),
    ]
}

fn training(want: &TrainNumbers, got: &TrainNumbers, errors: &F32Error) -> Vec<Part> {
    let of_train = tolerance(1e-3, errors.train_prediction);
    vec![
        lists(
            "train predictions",
            &want.prediction.concat(),
            &got.prediction.concat(),
            of_train,
        ),
        lists("train MSE", &[want.mse], &[got.mse], of_train),
        norms(
            "gradient norms",
            &want.grad_norm,
            &got.grad_norm,
            1e-4,
            tolerance(1e-2, errors.grad_norm),
        ),
        norms_of_list(
            "running means",
            &want.running_mean_norm,
            &got.running_mean_norm,
            of_train,
        ),
        norms_of_list(
            "running variances",
            &want.running_var_norm,
            &got.running_var_norm,
            of_train,
        ),
    ]
}
