//! Small runs in temporary folders. Seed of the weights and of the batch order: 0.

use std::collections::BTreeMap;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicBool, Ordering};

use psp_schema::{EpochRecord, read_metrics};
use psp_synth::SynthOptions;
use psp_train::{
    Checkpoint, Control, Event, Machine, Outcome, RunConfig, RunDir, TrainError, trainer,
};
use tempfile::TempDir;

/// A machine with no folders of its own.
pub(crate) static HERE: LazyLock<Machine> = LazyLock::new(Machine::default);

/// 18 rendered images and runs on them.
pub(crate) struct Folder(TempDir);

/// What a run told.
#[derive(Default)]
pub(crate) struct Told {
    /// Images whose features were computed.
    pub(crate) features: usize,
    /// Stages per epoch in which they changed.
    pub(crate) stages: BTreeMap<u64, Vec<&'static str>>,
    pub(crate) damaged: usize,
    /// Devices that shared the batches.
    pub(crate) devices: usize,
}

impl Folder {
    pub(crate) fn new() -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        let options = SynthOptions {
            count: 18,
            seed: 1,
            width: 48,
            height: 36,
        };
        let never = AtomicBool::new(false);
        psp_synth::write_dataset(&folder.path("data"), &options, &|_, _| {}, &never).unwrap();
        folder
    }

    pub(crate) fn path(&self, name: &str) -> std::path::PathBuf {
        self.0.path().join(name)
    }

    /// Which device is tested: `PSP_TEST_DEVICE`, or Flex.
    pub(crate) fn device(&self) -> &'static str {
        match std::env::var("PSP_TEST_DEVICE").as_deref() {
            Ok("libtorch") => "libtorch",
            _ => "flex",
        }
    }

    pub(crate) fn config(&self, sets: &[&str]) -> RunConfig {
        let device = self.device();
        let mut all = vec![
            format!("data.dir={}", self.path("data").display()),
            format!("data.cache_dir={}", self.path("cache").display()),
            format!("train.device={device}"),
            // The smallest backbone, of which checkpoints are small.
            "model.backbone=mobilenet_v2".to_owned(),
            "preprocess.size=32".to_owned(),
            "train.batch_size=4".to_owned(),
            "train.epochs=3".to_owned(),
        ];
        all.extend(sets.iter().map(|&set| set.to_owned()));
        RunConfig::read(None, &all).unwrap()
    }

    pub(crate) fn run(&self, name: &str) -> RunDir {
        RunDir::new(self.path(name))
    }

    pub(crate) fn train(&self, name: &str, sets: &[&str]) -> Told {
        let mut told = Told::default();
        let never = AtomicBool::new(false);
        let outcome = trainer::start(
            &self.run(name),
            self.config(sets),
            Control::new(&HERE, &never),
            &mut |event| {
                told.hear(&event);
            },
        );
        assert!(matches!(outcome.unwrap(), Outcome::Ended(_)));
        told
    }

    /// Trains until `stop` says so.
    pub(crate) fn interrupt(&self, name: &str, sets: &[&str], stop: impl Fn(&Event<'_>) -> bool) {
        let cancelled = AtomicBool::new(false);
        let config = self.config(sets);
        let outcome = trainer::start(
            &self.run(name),
            config,
            Control::new(&HERE, &cancelled),
            &mut |event| {
                if stop(&event) {
                    cancelled.store(true, Ordering::Relaxed);
                }
            },
        );
        assert!(matches!(outcome.unwrap(), Outcome::Interrupted));
    }

    pub(crate) fn resume(&self, name: &str) -> Result<Told, TrainError> {
        let mut told = Told::default();
        let never = AtomicBool::new(false);
        trainer::resume(&self.run(name), Control::new(&HERE, &never), &mut |event| {
            told.hear(&event)
        })?;
        Ok(told)
    }

    pub(crate) fn records(&self, name: &str) -> Vec<EpochRecord> {
        read_metrics(&self.run(name).metrics()).unwrap()
    }

    pub(crate) fn last(&self, name: &str) -> Checkpoint {
        Checkpoint::read(&self.run(name).last()).unwrap()
    }
}

impl Told {
    pub(crate) fn hear(&mut self, event: &Event<'_>) {
        match event {
            Event::Features { total, .. } => self.features = *total,
            Event::Stages { epoch, stages } => {
                self.stages.insert(*epoch, stages.to_vec());
            }
            Event::DamagedFeatures { .. } => self.damaged += 1,
            Event::Started { devices, .. } => self.devices = *devices,
            _ => {}
        }
    }
}
