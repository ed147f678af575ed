//! Draws every plot from made-up numbers, to look at:
//! `cargo run --release -p psp-eval --example evaluation -- OUT_DIR`.
//!
//! With two more arguments the photos and labels are real:
//! `… -- OUT_DIR LABELS.csv IMAGE_DIR`, the CSV with the columns filename and
//! one per target.

use std::{error::Error, path::Path};

use image::{Rgb, RgbImage};
use psp_eval::{Evaluation, PredictionRow, Predictions, WriteOptions, write_all};
use psp_metrics::MeanBaseline;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.as_slice() {
        [out] => {
            for targets in [1, 2, 3, 4, 10, 30] {
                let folder = Path::new(out).join(format!("targets_{targets}"));
                draw(&folder, &synthetic(targets)?, |name| Ok(pattern(name)))?;
            }
            draw(&Path::new(out).join("degrees"), &degrees()?, |name| {
                Ok(pattern(name))
            })
        }
        [out, labels, images] => draw(Path::new(out), &labelled(Path::new(labels))?, |name| {
            Ok(image::open(Path::new(images).join(name))?.to_rgb8())
        }),
        _ => Err("usage: evaluation OUT_DIR [LABELS.csv IMAGE_DIR]".into()),
    }
}

fn draw(
    folder: &Path,
    predictions: &Predictions,
    images: impl Fn(&str) -> Result<RgbImage, Box<dyn Error + Send + Sync>>,
) -> Result<(), Box<dyn Error>> {
    let wide = |row: &PredictionRow| row.labels.iter().copied().map(f64::from).collect();
    let baseline = MeanBaseline::fit::<Vec<f64>>(predictions.rows().iter().map(wide))?;
    let evaluation = Evaluation::new("test", predictions, &baseline)?;
    println!("{}", evaluation.table());
    let options = WriteOptions {
        seed: 7,
        sample_count: 16,
    };
    for path in write_all(folder, &evaluation, predictions, images, options, None)? {
        println!("{}", path.display());
    }
    Ok(())
}

/// Half of the labels 0, many about 0.9, the rest between; noisy predictions.
fn synthetic(targets: usize) -> Result<Predictions, Box<dyn Error>> {
    let parts = [
        "hood",
        "backdoor_left",
        "headlight_right_including_the_glass",
        "trunk",
    ];
    let names = (0..targets)
        .map(|index| match index / parts.len() {
            0 => format!("perspective_score_{}", parts[index]),
            round => format!("perspective_score_{}_{round}", parts[index % parts.len()]),
        })
        .collect();
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let mut score = |_| match rng.random_range(0..4) {
        0 | 1 => 0.0,
        2 => rng.random_range(0.88..0.93),
        _ => rng.random_range(0.02..0.9),
    };
    let labels: Vec<Vec<f32>> = (0..4000)
        .map(|_| (0..targets).map(&mut score).collect())
        .collect();
    with_noise(names, labels, 0.08)
}

fn degrees() -> Result<Predictions, Box<dyn Error>> {
    let mut rng = ChaCha8Rng::seed_from_u64(2);
    let labels = (0..500)
        .map(|_| vec![rng.random_range(-180.0..180.0), 12.0])
        .collect();
    with_noise(
        vec!["angle in °".to_owned(), "constant <b>&\"x".to_owned()],
        labels,
        20.0,
    )
}

fn labelled(path: &Path) -> Result<Predictions, Box<dyn Error>> {
    let mut reader = csv::Reader::from_path(path)?;
    let names = reader
        .headers()?
        .iter()
        .skip(1)
        .map(str::to_owned)
        .collect();
    let (mut filenames, mut labels) = (Vec::new(), Vec::new());
    for record in reader.records() {
        let record = record?;
        filenames.push(record[0].to_owned());
        let row: Result<Vec<f32>, _> = record.iter().skip(1).map(str::parse).collect();
        labels.push(row?);
    }
    let mut predictions = with_noise(names, labels, 0.1)?;
    let rows = predictions.rows().iter().zip(filenames);
    let rows = rows.map(|(row, filename)| PredictionRow {
        filename,
        ..row.clone()
    });
    predictions = Predictions::new(predictions.targets().to_vec(), rows.collect())?;
    Ok(predictions)
}

fn with_noise(
    names: Vec<String>,
    labels: Vec<Vec<f32>>,
    scale: f32,
) -> Result<Predictions, Box<dyn Error>> {
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    // The sum of uniform numbers is nearly normal.
    let mut noise = || scale * (0..12).map(|_| rng.random_range(-0.5..0.5)).sum::<f32>();
    let rows = labels
        .into_iter()
        .enumerate()
        .map(|(index, labels)| PredictionRow {
            filename: format!("{index:08x}-f403-4821-a370-8a3d72e200f9-front-left.jpg"),
            predictions: labels.iter().map(|label| label * 0.97 + noise()).collect(),
            labels,
        });
    Ok(Predictions::new(names, rows.collect())?)
}

/// A gradient with a shape that depends on the name: wide, square or tall.
fn pattern(name: &str) -> RgbImage {
    let seed = name
        .bytes()
        .fold(0_u32, |sum, byte| sum.wrapping_mul(31) + u32::from(byte));
    let (width, height) = [(674, 506), (512, 512), (300, 500), (900, 300)][seed as usize % 4];
    RgbImage::from_fn(width, height, |x, y| {
        Rgb([
            (x * 255 / width) as u8,
            (y * 255 / height) as u8,
            (seed % 256) as u8,
        ])
    })
}
