//! Models for prediction alone against the models that they are made from.

use burn::module::Module;
use burn::tensor::{Device, Distribution, Tensor};
use psp_models::nn::Noise;
use psp_models::{BackboneKind, InferenceModel, ModelConfig, Output, Precision, Regressor, state};

/// `PSP_TEST_DEVICE`, or Flex.
fn device() -> Device {
    let name = std::env::var("PSP_TEST_DEVICE").unwrap_or_else(|_| "flex".to_owned());
    name.parse::<psp_models::DeviceSpec>()
        .unwrap()
        .open()
        .unwrap()
}

fn config(kind: BackboneKind) -> ModelConfig {
    let size = match kind {
        BackboneKind::InceptionV3 => 96,
        _ => 64,
    };
    ModelConfig {
        input_size: size,
        ..ModelConfig::new(kind, 2)
    }
}

/// Initial weights, and norms that have seen something: no statistic and no
/// factor is that of a fresh layer.
fn model(kind: BackboneKind) -> Regressor {
    let config = config(kind);
    let fresh = Regressor::new(&config, 3, &device());
    let values = state::collect(&fresh).unwrap();
    let norms: Vec<String> = values
        .keys()
        .filter_map(|key| Some(key.strip_suffix("running_var")?.to_owned()))
        .collect();
    state::fill(fresh, |key, shape| {
        let within = norms.iter().find(|norm| key.starts_with(norm.as_str()));
        let Some(norm) = within else {
            return values[key].data.clone();
        };
        let base = match &key[norm.len()..] {
            "running_var" | "weight" => 1.0,
            _ => 0.0,
        };
        let wave = |channel: usize| ((channel * 7 + key.len()) as f32).sin();
        let count = shape.iter().product();
        (0..count)
            .map(|channel| base + 0.2 * wave(channel))
            .collect()
    })
}

fn images(kind: BackboneKind) -> Tensor<4> {
    let size = config(kind).input_size as usize;
    Tensor::random(
        [2, 3, size, size],
        Distribution::Normal(0.0, 1.0),
        &device(),
    )
}

/// The largest difference, as a share of the largest value.
fn difference(a: Tensor<2>, b: Tensor<2>) -> f32 {
    let largest = b.clone().abs().max().into_scalar::<f32>();
    (a - b).abs().max().into_scalar::<f32>() / largest
}

#[test]
fn folded_norms_change_no_prediction_of_any_backbone() {
    for &kind in BackboneKind::ALL {
        let (model, images) = (model(kind), images(kind));
        let whole = model.forward(images.clone(), &mut Noise::off());
        let folded = model.for_inference(Precision::Fp32).forward(images);
        let error = difference(folded, whole);
        assert!(error < 1e-4, "{kind}: {error}");
    }
}

#[test]
fn making_a_model_for_inference_leaves_the_model_alone() {
    let kind = BackboneKind::ResNet18;
    let model = model(kind);
    let before = state::collect(&model).unwrap();
    let other = model.clone().for_inference(Precision::Fp32);
    assert_eq!(state::collect(&model).unwrap(), before);
    // And of it nothing is left to train: the norms are in the convolutions.
    let images = images(kind);
    let again = model.for_inference(Precision::Fp32).forward(images.clone());
    assert_eq!(other.forward(images).to_data(), again.to_data());
}

#[test]
fn on_libtorch_bf16_predicts_what_f32_does_to_two_digits() {
    if std::env::var("PSP_TEST_DEVICE").as_deref() != Ok("libtorch") {
        eprintln!("SKIPPED: bf16 is computed on LibTorch only (PSP_TEST_DEVICE=libtorch)");
        return;
    }
    for &kind in BackboneKind::ALL {
        let (model, images) = (model(kind).valid(), images(kind));
        let [exact, rounded] = [Precision::Fp32, Precision::Bf16]
            .map(|precision| model.for_inference(precision).forward(images.clone()));
        let error = difference(rounded, exact);
        assert!(error > 0.0, "{kind}: not rounded at all");
        assert!(error < 0.05, "{kind}: {error}");
    }
}

/// Scores of targets with such moments.
fn with_output(kind: BackboneKind, range: Option<[f32; 2]>) -> (Regressor, Output) {
    let output = Output::standardised(vec![200.0, 0.5], vec![300.0, 0.25], range);
    let plain = model(kind);
    let scaled = Regressor {
        output: output.clone(),
        ..plain
    };
    (scaled, output)
}

#[test]
fn a_model_for_inference_computes_labels_of_any_scale() {
    let kind = BackboneKind::ResNet18;
    let (model, output) = with_output(kind, None);
    let images = images(kind);
    let head = model.forward(images.clone(), &mut Noise::off());
    let want = output.to_labels(psp_models::predict::to_host(head).unwrap(), 2);
    for inference in [
        model.for_inference(Precision::Fp32),
        InferenceModel::unfolded(&model),
    ] {
        let got = inference.predict(images.clone()).unwrap();
        assert_eq!(got.len(), want.len());
        for (got, want) in got.iter().zip(&want) {
            assert!((got - want).abs() < 1e-3 * want.abs(), "{got} and {want}");
        }
    }
}

#[test]
fn predictions_are_clipped_to_the_range_and_forward_is_not() {
    let kind = BackboneKind::ResNet18;
    let (model, _) = with_output(kind, Some([0.45, 0.5]));
    let inference = model.for_inference(Precision::Fp32);
    let images = images(kind);
    let raw = psp_models::predict::to_host(inference.forward(images.clone())).unwrap();
    assert!(
        raw.iter().any(|score| !(0.45..=0.5).contains(score)),
        "{raw:?}"
    );
    let clipped: Vec<f32> = raw.iter().map(|score| score.clamp(0.45, 0.5)).collect();
    assert_eq!(inference.predict(images).unwrap(), clipped);
}

#[test]
fn a_model_in_label_units_stays_what_it_is_when_asked_again() {
    let kind = BackboneKind::ResNet18;
    let (model, _) = with_output(kind, Some([0.0, 1.0]));
    let folded = model.in_label_units();
    assert_eq!(folded.output.range, Some([0.0, 1.0]));
    let once = state::collect(&folded).unwrap();
    assert!(once == state::collect(&folded.in_label_units()).unwrap());
}

#[test]
fn a_head_that_is_taken_over_predicts_the_labels_that_it_did_before() {
    let kind = BackboneKind::ResNet18;
    let (source, output) = with_output(kind, None);
    let mut tensors = state::collect(&source.head).unwrap();
    let config = ModelConfig {
        output: Output::standardised(vec![-3.0, 40.0], vec![0.5, 10.0], None),
        ..ModelConfig::new(kind, 2)
    };
    // The same backbone with another head, on a device that trains.
    let device = device().autodiff();
    let backbone = state::collect(&source.backbone).unwrap();
    let model = Regressor::pretrained(&config, 5, backbone, &device).unwrap();
    let model = model.with_head(&tensors, &output).unwrap();
    assert_eq!(model.output, config.output);
    let want = source.for_inference(Precision::Fp32);
    let got = model.for_inference(Precision::Fp32);
    let images = images(kind);
    let want = want.predict(images.clone()).unwrap();
    let got = got.predict(images).unwrap();
    assert_eq!(got.len(), want.len());
    for (got, want) in got.iter().zip(want) {
        assert!((got - want).abs() < 1e-4 * want.abs(), "{got} and {want}");
    }
    tensors.remove("2.bias");
    assert!(model.with_head(&tensors, &output).is_err());
}

#[test]
fn the_output_is_left_out_of_a_description_that_needs_none_and_is_read_back() {
    let plain = ModelConfig::new(BackboneKind::ResNet18, 2);
    let text = serde_json::to_string(&plain).unwrap();
    assert!(!text.contains("output"), "{text}");
    assert_eq!(serde_json::from_str::<ModelConfig>(&text).unwrap(), plain);
    let scaled = ModelConfig {
        output: Output::standardised(vec![0.1, 2.0], vec![1.0 / 3.0, 7.0], Some([0.0, 1.0])),
        ..plain
    };
    let text = serde_json::to_string(&scaled).unwrap();
    assert_eq!(serde_json::from_str::<ModelConfig>(&text).unwrap(), scaled);
}
