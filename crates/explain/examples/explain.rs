//! Lays a model's heat maps over a photo and says how long they took:
//!
//! ```text
//! cargo run --release -p psp-explain --example explain -- \
//!     resnet18 model.safetensors photo.jpg out/ [device]
//! ```
//!
//! The weights are a whole model's, as `psp export` writes them, or a
//! torchvision backbone's, below a head drawn from seed 0; `-` draws both. Each
//! map is written as `<photo>-<method>-<target>.png`: what raises a score red,
//! what lowers it blue. The maps of one method share a scale.

use std::path::Path;
use std::process::ExitCode;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use burn::tensor::{Device, Tensor, TensorData};
use image::{Rgb, RgbImage};
use psp_data::{DecodeLimits, Preprocessing, decode_file};
use psp_explain::{HeatMap, Method, Occlusion, explain};
use psp_models::nn::Noise;
use psp_models::{
    BackboneKind, DeviceSpec, ModelConfig, Precision, Regressor, StateDict, read_state_dict,
};

type Failure = Box<dyn std::error::Error>;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let result = match arguments[..] {
        [backbone, weights, photo, out] => run(backbone, weights, photo, out, "flex"),
        [backbone, weights, photo, out, device] => run(backbone, weights, photo, out, device),
        _ => Err("expected: BACKBONE WEIGHTS PHOTO OUT [DEVICE]".into()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(backbone: &str, weights: &str, photo: &str, out: &str, device: &str) -> Result<(), Failure> {
    let (photo, out) = (Path::new(photo), Path::new(out));
    let kind: BackboneKind = backbone.parse()?;
    let device = device.parse::<DeviceSpec>()?.open()?;
    let state = match weights {
        "-" => None,
        path => Some(read_state_dict(Path::new(path))?),
    };
    let model = model(kind, state, &device)?.for_inference(Precision::Fp32);

    let preprocessing = Preprocessing::imagenet(kind.input_size());
    let image = preprocessing.resize(&decode_file(photo, &DecodeLimits::default())?)?;
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

    std::fs::create_dir_all(out)?;
    let stem = photo.file_stem().unwrap_or_default().to_string_lossy();
    for map in &maps {
        let target = map.target.map_or("all".to_owned(), |t| t.to_string());
        let path = out.join(format!("{stem}-{}-{target}.png", map.method));
        println!("{}: {:?}", path.display(), map.range);
        let alike = maps.iter().filter(|other| other.method == map.method);
        let strongest = alike.map(HeatMap::strongest).fold(0.0, f32::max);
        overlay(&image, map, strongest).save(path)?;
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

/// The photo in grey, its brightness kept, under red and blue: fully so where
/// the map is as strong as `strongest`.
fn overlay(image: &RgbImage, map: &HeatMap, strongest: f32) -> RgbImage {
    let (width, height) = image.dimensions();
    let map = map.resized(width as usize, height as usize);
    let values = match map.method {
        Method::GradCam | Method::Occlusion => map.shares_of(strongest),
        // Every value is positive: the differences are all there is to see.
        Method::AttentionRollout => map.values,
    };
    RgbImage::from_fn(width, height, |x, y| {
        let value = values[y as usize * width as usize + x as usize];
        let Rgb(rgb) = *image.get_pixel(x, y);
        let grey = rgb.iter().map(|&c| f32::from(c)).sum::<f32>() / 3.0;
        let colour = if value > 0.0 {
            [255.0, 40.0, 0.0]
        } else {
            [0.0, 80.0, 255.0]
        };
        let share = 0.65 * value.abs();
        Rgb(colour.map(|c| (grey * (1.0 - share) + c * share) as u8))
    })
}
