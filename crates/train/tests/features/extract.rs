//! Features are what the backbone makes of the images, and are served as the
//! images would be. Seed of the weights: 3.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use burn::module::Module;
use burn::tensor::Device;
use psp_data::{Batch, Dataset, DatasetOptions, Loader, LoaderOptions, Preprocessing};
use psp_models::nn::Noise;
use psp_models::predict::{input, to_host};
use psp_models::{Backbone, BackboneKind, DeviceSpec, Input, ModelConfig, Regressor, state};
use psp_synth::SynthOptions;
use psp_train::features::{
    Content, Extracted, Extraction, FeatureError, FeatureKey, FeatureLoader, FeatureStore,
};
use tempfile::TempDir;

struct Subject {
    dir: TempDir,
    dataset: Arc<Dataset>,
    backbone: Backbone,
    device: Device,
}

impl Subject {
    /// 11 rendered images and a ResNet18 with random weights.
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let options = SynthOptions {
            count: 11,
            seed: 1,
            width: 48,
            height: 32,
        };
        let never = AtomicBool::new(false);
        psp_synth::write_dataset(dir.path(), &options, &|_, _| {}, &never).unwrap();
        let device = DeviceSpec::Auto.open().unwrap();
        let config = ModelConfig::new(BackboneKind::ResNet18, 2);
        Self {
            dataset: open(dir.path()),
            dir,
            backbone: Regressor::new(&config, 3, &device).backbone.valid(),
            device,
        }
    }

    fn store(&self) -> FeatureStore {
        let key = FeatureKey::new(
            &ModelConfig::new(BackboneKind::ResNet18, 2),
            &state::collect(&self.backbone).unwrap(),
            &Preprocessing::imagenet(32),
            DeviceSpec::Auto,
        );
        FeatureStore::open(&self.dir.path().join("cache"), key).unwrap()
    }

    fn loader(&self, indices: Vec<usize>, options: LoaderOptions) -> Loader {
        let preprocessing = Preprocessing::imagenet(32);
        Loader::new(Arc::clone(&self.dataset), indices, preprocessing, options).unwrap()
    }

    fn contents(&self) -> &[Content] {
        self.dataset.contents().unwrap()
    }

    /// Computes what is missing, until `stop_after` images are done.
    fn extract(
        &self,
        store: &mut FeatureStore,
        stop_after: usize,
    ) -> Result<Extracted, FeatureError> {
        let options = LoaderOptions {
            batch_size: 4,
            ..LoaderOptions::default()
        };
        let loader = self.loader(store.missing(self.contents()), options);
        let cancelled = AtomicBool::new(false);
        let extraction = Extraction {
            backbone: &self.backbone,
            device: &self.device,
            loader: &loader,
            cancelled: &cancelled,
        };
        extraction.run(store, &mut |done, _| {
            cancelled.store(done >= stop_after, Ordering::Relaxed);
        })
    }

    /// The features of a batch of images, row-major.
    fn features(&self, mut batch: Batch) -> Vec<f32> {
        let Input::Images(images) = input(&mut batch, &self.device) else {
            unreachable!("a loader of images")
        };
        to_host(self.backbone.forward(images, &mut Noise::off()).0).unwrap()
    }
}

fn open(dir: &Path) -> Arc<Dataset> {
    Arc::new(Dataset::open(&DatasetOptions::new(dir)).unwrap())
}

#[test]
fn stored_features_come_in_the_images_batches_and_are_what_the_backbone_makes_of_them() {
    let subject = Subject::new();
    let mut store = subject.store();
    assert_eq!(
        subject.extract(&mut store, usize::MAX).unwrap(),
        Extracted::All
    );
    let options = LoaderOptions {
        batch_size: 3,
        shuffle_seed: Some(5),
        ..LoaderOptions::default()
    };
    let indices = vec![9, 2, 7, 0, 1, 10, 4];
    let images = subject.loader(indices.clone(), options);
    let features = FeatureLoader::new(
        Arc::new(store),
        Arc::clone(&subject.dataset),
        indices,
        images.sampler().clone(),
    )
    .unwrap();
    for (epoch, first) in [(0, 0), (4, 0), (4, 2)] {
        let mut served = features.epoch(epoch, first);
        for expected in images.epoch(epoch, first) {
            let expected = expected.unwrap();
            let got = served.next().unwrap();
            assert_eq!(got.indices, expected.indices);
            assert_eq!(got.targets, expected.targets);
            assert_eq!((got.epoch, got.number), (expected.epoch, expected.number));
            assert_eq!(got.shape, [512]);
            let wanted = subject.features(expected);
            let scale = wanted.iter().fold(0.0f32, |a, b| a.max(b.abs()));
            assert!(scale > 0.0);
            for (got, wanted) in got.values.iter().zip(&wanted) {
                assert!((got - wanted).abs() <= 1e-5 * scale, "{got} {wanted}");
            }
        }
        assert_eq!(served.next(), None);
    }
}

#[test]
fn a_cancelled_extraction_keeps_what_it_has_computed_and_the_next_does_the_rest() {
    let subject = Subject::new();
    let mut store = subject.store();
    assert_eq!(subject.extract(&mut store, 4).unwrap(), Extracted::Some);
    let mut store = subject.store();
    assert_eq!(store.missing(subject.contents()), [4, 5, 6, 7, 8, 9, 10]);
    assert_eq!(
        subject.extract(&mut store, usize::MAX).unwrap(),
        Extracted::All
    );
    assert!(subject.store().missing(subject.contents()).is_empty());
}

#[test]
fn a_bad_image_is_named_by_its_row_and_the_features_before_it_are_kept() {
    let mut subject = Subject::new();
    let path = subject.dataset.image_path(6);
    std::fs::write(path, "not an image").unwrap();
    subject.dataset = open(subject.dir.path());
    let mut store = subject.store();
    let error = subject.extract(&mut store, usize::MAX).unwrap_err();
    assert!(error.to_string().contains("line 8"), "{error}");
    assert_eq!(subject.store().missing(subject.contents()).len(), 7);
}

#[test]
fn features_that_are_not_numbers_are_refused_with_the_image() {
    let mut subject = Subject::new();
    subject.backbone = state::fill(subject.backbone, |key, shape| {
        let value = match key {
            "layer4.1.bn2.bias" => f32::INFINITY,
            _ => 0.5,
        };
        vec![value; shape.iter().product()]
    });
    let mut store = subject.store();
    let error = subject.extract(&mut store, usize::MAX).unwrap_err();
    assert!(matches!(error, FeatureError::NonFinite { .. }), "{error}");
    assert!(error.to_string().contains("synth-000000.jpg"), "{error}");
}

#[test]
fn an_image_without_features_is_refused_before_training_on_it() {
    let subject = Subject::new();
    let mut store = subject.store();
    subject.extract(&mut store, 4).unwrap();
    let sampler = subject
        .loader(vec![0, 5], LoaderOptions::default())
        .sampler()
        .clone();
    let dataset = Arc::clone(&subject.dataset);
    let error = FeatureLoader::new(Arc::new(store), dataset, vec![0, 5], sampler).unwrap_err();
    assert!(error.to_string().contains("synth-000005.jpg"), "{error}");
}
