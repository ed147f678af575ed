//! The weights that a run begins with: torchvision's, any other program's, or those
//! of a model that psp has trained.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use psp_models::{ModelConfig, WeightsFile, read_weights};
use serde::Deserialize;

use crate::checkpoint::Checkpoint;
use crate::config::{ConfigError, IMAGENET, RunConfig, TransformInput};
use crate::error::TrainError;
use crate::run_dir::RunDir;

/// The weights of an exported model, and what describes it.
const EXPORTED: &str = "model.safetensors";
const DESCRIPTION: &str = "bundle.json";

/// Replaces `model.weights` by the file that it stands for: `imagenet` by the one
/// that `psp weights fetch` has stored, a folder by the one in it. What decides how
/// a model of psp's own sees its input is taken over where nothing else is said.
///
/// # Errors
/// When there is no such file, or it holds another backbone of psp's own.
pub(crate) fn locate(config: &mut RunConfig) -> Result<(), TrainError> {
    let given = &config.model.weights;
    if given.as_os_str().is_empty() {
        return Ok(());
    }
    let kind = config.model.backbone;
    if given.as_os_str() == IMAGENET {
        let stored = kind
            .pretrained()
            .zip(psp_weights::default_dir())
            .and_then(|(entry, dir)| psp_weights::find(entry, &dir));
        let stored = stored.ok_or_else(|| ConfigError::Value {
            key: "model.weights",
            value: format!("{IMAGENET:?}"),
            expected: format!("torchvision's file is not here yet: psp weights fetch {kind}"),
        });
        config.model.weights = stored?;
        return Ok(());
    }
    let path = file_of(given)?;
    if let Some(own) = description_of(&path)? {
        if own.backbone != kind {
            return Err(TrainError::Config(ConfigError::Value {
                key: "model.backbone",
                value: kind.to_string(),
                expected: format!(
                    "{} holds a model of {backbone}; pass --set model.backbone={backbone}, \
                     or other model.weights",
                    path.display(),
                    backbone = own.backbone
                ),
            }));
        }
        if config.model.transform_input == TransformInput::Auto {
            config.model.transform_input = match own.transform_input {
                true => TransformInput::On,
                false => TransformInput::Off,
            };
        }
    }
    config.model.weights = path;
    Ok(())
}

/// The weights file that `path` stands for: itself, or of an exported model's folder
/// the model, of a run's folder the best checkpoint.
///
/// # Errors
/// For another folder, and a run that has no best checkpoint yet.
pub fn file_of(path: &Path) -> Result<PathBuf, TrainError> {
    if !path.is_dir() {
        return Ok(path.to_owned());
    }
    let exported = path.join(EXPORTED);
    if exported.is_file() {
        return Ok(exported);
    }
    let run = RunDir::new(path);
    let expected = match run.is_begun() {
        true if run.best().is_file() => return Ok(run.best()),
        true => "the run has no epoch that is done",
        false => {
            "expected a .pth or .safetensors file, an exported model or a run \
             (a study's model: psp export)"
        }
    };
    Err(TrainError::Config(ConfigError::Value {
        key: "model.weights",
        value: format!("{path:?}"),
        expected: expected.to_owned(),
    }))
}

/// Reads a weights file, or the weights of a run's checkpoint: their moving average
/// where it has one.
///
/// # Errors
/// Names the file, and the place in it where one is at fault.
pub fn open(path: &Path) -> Result<WeightsFile, TrainError> {
    match is_checkpoint(path) {
        true => Ok(WeightsFile::of(path, Checkpoint::read(path)?.weights())),
        false => Ok(read_weights(path)?),
    }
}

/// The structure of the model in a file that psp has written; `None` for another's.
fn description_of(path: &Path) -> Result<Option<ModelConfig>, TrainError> {
    #[derive(Deserialize)]
    struct Description {
        model: ModelConfig,
    }
    if is_checkpoint(path) {
        return Ok(Some(Checkpoint::read(path)?.model_config));
    }
    if path.file_name().is_none_or(|name| name != EXPORTED) {
        return Ok(None);
    }
    // One that is missing or another's says nothing.
    let text = std::fs::read(path.with_file_name(DESCRIPTION)).unwrap_or_default();
    let description = serde_json::from_slice::<Description>(&text).ok();
    Ok(description.map(|description| description.model))
}

/// Whether a file is a checkpoint of psp's, by the metadata of its header.
fn is_checkpoint(path: &Path) -> bool {
    /// More than any header has.
    const LONGEST: u64 = 100 << 20;
    let metadata = || {
        let mut file = File::open(path).ok()?;
        let mut length = [0; 8];
        file.read_exact(&mut length).ok()?;
        let length = u64::from_le_bytes(length);
        let mut header = Vec::new();
        if length > LONGEST {
            return None;
        }
        file.take(length).read_to_end(&mut header).ok()?;
        let header: serde_json::Value = serde_json::from_slice(&header).ok()?;
        header["__metadata__"]["psp"].as_str().map(drop)
    };
    metadata().is_some()
}
