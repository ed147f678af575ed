//! Explains a photo's scores and says how long that took and between what the maps lie:
//!
//! ```text
//! cargo run --release -p psp-explain --example explain -- \
//!     resnet18 model.safetensors photo.jpg [device]
//! ```
//!
//! The weights are a whole model's, as `psp export` writes them, or a
//! torchvision backbone's, below a head drawn from seed 0; `-` draws both.

use std::path::Path;
use std::process::ExitCode;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use burn::tensor::{Device, Tensor, TensorData};
use psp_data::{DecodeLimits, Preprocessing, decode_file};
use psp_explain::{HeatMap, Occlusion, explain};
use psp_models::nn::Noise;
use psp_models::{
    BackboneKind, DeviceSpec, ModelConfig, Precision, Regressor, StateDict, read_state_dict,
};

type Failure = Box<dyn std::error::Error>;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let result = match arguments[..] {
        [backbone, weights, photo] => run(backbone, weights, photo, "flex"),
        [backbone, weights, photo, device] => run(backbone, weights, photo, device),
        _ => Err("expected: BACKBONE WEIGHTS PHOTO [DEVICE]".into()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(backbone: &str, weights: &str, photo: &str, device: &str) -> Result<(), Failure> {
    let kind: BackboneKind = backbone.parse()?;
    let device = device.parse::<DeviceSpec>()?.open()?;
    let state = match weights {
        "-" => None,
        path => Some(read_state_dict(Path::new(path))?),
    };
    let model = model(kind, state, &device)?.for_inference(Precision::Fp32);

    let preprocessing = Preprocessing::imagenet(kind.input_size());
    let image = preprocessing.resize(&decode_file(Path::new(photo), &DecodeLimits::default())?)?;
    let size = image.width() as usize;
    let mut values = vec![0.0; preprocessing.values_per_image()];
    preprocessing.normalise_into(image.as_raw(), &mut values);
    let input = Tensor::from_data(TensorData::new(values, [1, 3, size, size]), &device);

    let scores = model.regressor().forward(input.clone(), &mut Noise::off());
    println!("scores: {}", scores.into_data());
    // Threads, kernels and memory are ready by then.
    all_maps(model.regressor(), input.clone())?;
    let start = Instant::now();
    let maps = all_maps(model.regressor(), input)?;
    println!("{kind}: {:.2} s", start.elapsed().as_secs_f64());

    for map in &maps {
        let target = map.target.map_or("all".to_owned(), |t| t.to_string());
        let low = map.values.iter().copied().fold(f32::INFINITY, f32::min);
        let high = map.values.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        println!("{} of target {target}: {low} to {high}", map.method);
    }
    Ok(())
}

fn all_maps(model: &Regressor, input: Tensor<4>) -> Result<Vec<HeatMap>, Failure> {
    let running = AtomicBool::new(false);
    let settings = Occlusion::default();
    Ok(explain(model, input, &settings, &running, &mut |_, _| {})?)
}

fn model(
    kind: BackboneKind,
    state: Option<StateDict>,
    device: &Device,
) -> Result<Regressor, Failure> {
    let config = ModelConfig {
        transform_input: kind.spec().transforms_input,
        ..ModelConfig::new(kind, 2)
    };
    Ok(match state {
        None => Regressor::new(&config, 0, device),
        Some(state) if state.keys().any(|key| key.starts_with("head.")) => {
            let is_weight = |key: &String| key.starts_with("backbone.") || key.starts_with("head.");
            let state = state
                .into_iter()
                .filter(|(key, _)| is_weight(key))
                .collect();
            Regressor::from_state(&config, &state, device)?
        }
        Some(state) => Regressor::pretrained(&config, 0, state, device)?,
    })
}
