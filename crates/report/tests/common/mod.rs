//! A made-up study that looks like a real one, from a seed.

#![allow(dead_code)] // Each test uses a part of it.
#![allow(clippy::unwrap_used)]

mod labels;
mod models;
#[cfg(test)]
pub(crate) mod page;
mod trials;

use std::collections::BTreeMap;

use image::RgbImage;
use psp_report::PhotoError;
use psp_report::input::{
    BackboneSize, Data, Environment, Explanation, HeatMap, Input, Method, PartLabels,
    PredictionRow, Predictions, PrunerName, SamplerName, Study,
};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

pub(crate) const TARGETS: [&str; 2] = ["perspective_score_hood", "perspective_score_backdoor_left"];

/// Name, parameters, MiB, multiply-adds, and input size.
type Size = (&'static str, u64, f64, u64, u32);

/// torchvision's sizes with the default head.
const SIZES: [Size; 5] = [
    ("resnet18", 11_308_354, 43.175, 1_814_000_000, 224),
    ("googlenet", 5_862_818, 22.421, 1_497_000_000, 224),
    ("inception_v3", 22_310_626, 85.240, 5_712_000_000, 299),
    ("efficientnet_b0", 4_335_998, 16.701, 385_000_000, 224),
    ("vit_b_16", 85_996_034, 328.049, 16_862_000_000, 224),
];

/// How large a made-up study is.
#[derive(Clone, Debug)]
pub(crate) struct Shape {
    pub(crate) seed: u64,
    pub(crate) trials: usize,
    pub(crate) runs: u64,
    pub(crate) images: usize,
    pub(crate) targets: usize,
    pub(crate) epochs: u64,
}

impl Default for Shape {
    fn default() -> Self {
        Self {
            seed: 1,
            trials: 40,
            runs: 2,
            images: 1000,
            targets: 2,
            epochs: 12,
        }
    }
}

pub(crate) struct Maker {
    pub(crate) shape: Shape,
    pub(crate) rng: ChaCha8Rng,
    /// Names and labels of all images, the training ones first.
    pub(crate) images: Vec<(String, Vec<f32>)>,
}

impl Maker {
    pub(crate) fn new(shape: Shape) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(shape.seed);
        let images = (0..shape.images)
            .map(|index| {
                let name = format!("{index:05}-{:08x}.jpg", rng.random::<u32>());
                (name, labels::row(&mut rng, shape.targets))
            })
            .collect();
        Self { shape, rng, images }
    }

    /// 80, 10 and 10 percent.
    fn part(&self, part: usize) -> &[(String, Vec<f32>)] {
        let n = self.images.len();
        let edges = [0, n * 8 / 10, n * 9 / 10, n];
        &self.images[edges[part]..edges[part + 1]]
    }

    fn targets(&self) -> Vec<String> {
        let targets = (0..self.shape.targets).map(|target| match TARGETS.get(target) {
            Some(name) => (*name).to_owned(),
            None => format!("score_{target}"),
        });
        targets.collect()
    }

    fn data(&self) -> Data {
        let train = self.part(0);
        let mean = |target: usize| {
            let labels = train.iter().map(|(_, row)| f64::from(row[target]));
            labels.sum::<f64>() / train.len() as f64
        };
        let wide = |row: &Vec<f32>| row.iter().copied().map(f64::from).collect();
        let parts = ["train", "valid", "test"].into_iter().enumerate();
        Data {
            folder: "data/cars".to_owned(),
            fingerprint: "9f2c".repeat(16),
            split_fingerprint: "01ab".repeat(16),
            targets: self.targets(),
            label_range: Some([0.0, 1.0]),
            training_means: (0..self.shape.targets).map(mean).collect(),
            trained_on: train.len(),
            parts: parts
                .map(|(part, name)| PartLabels {
                    name: name.to_owned(),
                    labels: self.part(part).iter().map(|(_, row)| wide(row)).collect(),
                })
                .collect(),
            notes: vec!["The images are rendered, not photographed.".to_owned()],
        }
    }

    fn study(&mut self) -> Study {
        let trials = trials::trials(self);
        let importance = [
            ("model.backbone", 0.38),
            ("model.dropout", 0.06),
            ("model.hidden", 0.05),
            ("model.stochastic_depth", 0.02),
            ("train.learning_rate", 0.41),
            ("train.weight_decay", 0.08),
        ];
        Study {
            folder: "../../experiments/cars".to_owned(),
            note: String::new(),
            sampler: SamplerName::RandomGrid,
            pruner: PrunerName::Median,
            seed: 30,
            grid_points: "12600".to_owned(),
            wanted: trials.len(),
            open_finals: 0,
            dimensions: trials::dimensions(),
            trials,
            importance: Some(
                importance
                    .into_iter()
                    .map(|(key, share)| (key.to_owned(), share))
                    .collect(),
            ),
            finalists_per_backbone: 1,
            seeds: self.shape.runs,
            folds: 0,
            confidence: 0.95,
            config: "[study]\nsampler = \"random-grid\"\ntrials = 40\n\n[space]\nmodel.backbone = [\"resnet18\", \"vit_b_16\"]\n".to_owned(),
        }
    }
}

/// A whole study, finished.
pub(crate) fn study(shape: Shape) -> Input {
    let mut maker = Maker::new(shape);
    let study = maker.study();
    let (candidates, selection) = models::candidates(&mut maker, &study);
    let explanations = explanations(&mut maker);
    Input {
        title: "cars".to_owned(),
        data: maker.data(),
        study: Some(study),
        candidates,
        selection: Some(selection),
        backbones: backbones(),
        explanations,
        environment: environment(),
    }
}

pub(crate) fn backbones() -> Vec<BackboneSize> {
    let size = |(name, parameters, mib, multiply_adds, input_size): Size| BackboneSize {
        name: name.to_owned(),
        parameters,
        mib,
        multiply_adds,
        input_size,
    };
    SIZES.into_iter().map(size).collect()
}

pub(crate) fn environment() -> Environment {
    Environment {
        psp_version: "0.1.0".to_owned(),
        burn_version: "0.22.1".to_owned(),
        hardware: "AMD EPYC, 2 cores".to_owned(),
        system: "Debian GNU/Linux 12".to_owned(),
        commands: vec![
            "psp search --config configs/search.toml --data data/cars".to_owned(),
            "psp report experiments/cars --out reports/cars".to_owned(),
        ],
        date: "2026-01-31".to_owned(),
    }
}

fn explanations(maker: &mut Maker) -> Vec<Explanation> {
    let test = maker.part(2).to_vec();
    let targets = maker.shape.targets;
    let methods: Vec<(Method, usize)> = (0..targets.min(2))
        .map(|target| (Method::GradCam, target))
        .chain([(Method::Occlusion, 0)])
        .collect();
    let predicted = |label: &f32| (f64::from(*label) * 0.9 + 0.02) as f32;
    test.into_iter()
        .take(4)
        .map(|(filename, labels)| {
            let maps = methods.iter().map(|&(method, target)| {
                let (x, y): (f32, f32) = (maker.rng.random(), maker.rng.random());
                let values = (0..49).map(|cell| {
                    let (column, row) = ((cell % 7) as f32 / 7.0, (cell / 7) as f32 / 7.0);
                    (-8.0 * ((column - x).powi(2) + (row - y).powi(2))).exp()
                });
                HeatMap::new(method, Some(target), [7, 7], values.collect()).unwrap()
            });
            Explanation {
                maps: maps.collect(),
                row: PredictionRow {
                    predictions: labels.iter().map(predicted).collect(),
                    filename,
                    labels,
                },
                region: [0.0, 0.0, 1.0, 1.0],
            }
        })
        .collect()
}

/// All predictions of all runs.
pub(crate) fn predictions(input: &mut Input) -> impl Iterator<Item = &mut Predictions> {
    let runs = input.candidates.iter_mut().flat_map(|one| &mut one.runs);
    runs.flat_map(|run| [&mut run.valid, &mut run.test])
        .flatten()
}

/// Changes each row, which comes with its place.
pub(crate) fn change(
    predictions: &mut Predictions,
    mut change: impl FnMut(usize, &mut PredictionRow),
) {
    let mut rows = predictions.rows().to_vec();
    let places = rows.iter_mut().enumerate();
    places.for_each(|(place, row)| change(place, row));
    *predictions = Predictions::new(predictions.targets().to_vec(), rows).unwrap();
}

/// Labels and predictions on another scale.
pub(crate) fn scale(input: &mut Input, scale: impl Fn(f64) -> f64) {
    let data = &mut input.data;
    let labels = data.parts.iter_mut().flat_map(|part| &mut part.labels);
    let labels = labels.flatten().chain(&mut data.training_means);
    labels.for_each(|label| *label = scale(*label));
    for predictions in predictions(input) {
        change(predictions, |_, row| {
            let scores = row.labels.iter_mut().chain(&mut row.predictions);
            scores.for_each(|score| *score = scale(f64::from(*score)) as f32);
        });
    }
}

/// A photo of each name: colours that it chooses.
pub(crate) fn photos(name: &str) -> Result<RgbImage, PhotoError> {
    let hash = name.bytes().fold(7_u32, |hash, byte| {
        hash.wrapping_mul(31).wrapping_add(u32::from(byte))
    });
    let [r, g, b, _] = hash.to_le_bytes();
    Ok(RgbImage::from_fn(674, 506, |x, y| {
        let car = (150..520).contains(&x) && (200..400).contains(&y);
        let shade = (y / 4) as u8;
        image::Rgb(if car {
            [r, g, b]
        } else {
            [shade, shade.saturating_add(60), 160]
        })
    }))
}

/// No photo can be had.
pub(crate) fn no_photos(name: &str) -> Result<RgbImage, PhotoError> {
    Err(format!("{name} is gone").into())
}

/// Fast settings, for tests that do not look at digits.
pub(crate) fn quick() -> psp_report::Settings {
    psp_report::Settings {
        resamples: 200,
        permutations: 200,
        ..psp_report::Settings::default()
    }
}

pub(crate) type Values = BTreeMap<String, String>;
