//! The weights that a run begins with: torchvision's, any other program's, or those
//! of a model that psp has trained.

use std::path::{Path, PathBuf};

use psp_models::stages::is_within;
use psp_models::{
    BackboneKind, HEAD, ModelConfig, Output, Regressor, StateDict, StateError, WeightsFile,
    read_weights,
};
use psp_schema::shell_quoted;

use crate::bundle::{BUNDLE_JSON, BURNPACK, Bundle, MODEL_FILES, SAFETENSORS};
use crate::checkpoint::{Checkpoint, CheckpointError};
use crate::config::{ConfigError, InitialWeights, RunConfig, TransformInput};
use crate::error::TrainError;
use crate::machine::Machine;
use crate::run_dir::RunDir;

/// torchvision's file for a backbone, as `psp weights fetch` has stored it.
///
/// # Errors
/// [`ConfigError::Value`] where it isn't there.
pub(crate) fn official(kind: BackboneKind, machine: &Machine) -> Result<PathBuf, ConfigError> {
    let dir = machine.weights_dir.as_ref();
    let stored = dir.and_then(|dir| psp_models::pretrained::find(kind.pretrained(), dir));
    stored.ok_or_else(|| ConfigError::Value {
        key: "model.weights",
        value: format!("{:?}", InitialWeights::ImageNet.to_string()),
        expected: format!("torchvision's file is not here yet: psp weights fetch {kind}"),
    })
}

/// Refuses a value of `model.weights` that nothing on this machine stands for.
///
/// # Errors
/// [`ConfigError::Value`].
pub fn check_is_there(
    weights: &InitialWeights,
    kind: BackboneKind,
    machine: &Machine,
) -> Result<(), ConfigError> {
    match weights {
        InitialWeights::Scratch => Ok(()),
        InitialWeights::ImageNet => official(kind, machine).map(drop),
        InitialWeights::Path(path) if path.exists() => Ok(()),
        InitialWeights::Path(path) => Err(ConfigError::Value {
            key: "model.weights",
            value: format!("{path:?}"),
            expected: "expected a file that exists, an exported model or a run".to_owned(),
        }),
    }
}

/// Replaces `model.weights` by the file that it stands for: `imagenet` by the one
/// that `psp weights fetch` has stored, a folder by the one in it. What decides how
/// a model of psp's own sees its input is taken over where nothing else is said.
///
/// # Errors
/// When there is no such file, or it holds another backbone of psp's own.
pub(crate) fn locate(config: &mut RunConfig, machine: &Machine) -> Result<(), TrainError> {
    let kind = config.model.backbone;
    let given = &config.model.weights;
    check_is_there(given, kind, machine)?;
    let path = match given {
        InitialWeights::Scratch => return Ok(()),
        InitialWeights::ImageNet => {
            config.model.weights = InitialWeights::Path(official(kind, machine)?);
            return Ok(());
        }
        InitialWeights::Path(path) => file_of(path)?,
    };
    if let Some(Description { model: own, .. }) = description_of(&path)? {
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
            config.model.transform_input = if own.transform_input {
                TransformInput::On
            } else {
                TransformInput::Off
            };
        }
    }
    config.model.weights = InitialWeights::Path(path);
    Ok(())
}

/// The SHA-256 of a weights file, which is torchvision's where it lies in the place of
/// that.
///
/// # Errors
/// [`ConfigError::Value`] where it is not; a file that can't be read.
pub(crate) fn verified_hash(
    path: &Path,
    kind: BackboneKind,
    machine: &Machine,
) -> Result<String, TrainError> {
    let hash = psp_schema::hash_of(path)?;
    let entry = kind.pretrained();
    let dir = machine.weights_dir.as_ref();
    let is_official = dir.is_some_and(|dir| *path == dir.join(entry.file));
    if !is_official || hash == entry.sha256 {
        return Ok(hash);
    }
    Err(TrainError::Config(ConfigError::Value {
        key: "model.weights",
        value: format!("{:?}", path.display().to_string()),
        expected: format!(
            "expected torchvision's file, and it is damaged or another (SHA-256 {hash}, \
             torchvision's {}); remove it, then: psp weights fetch {kind}",
            entry.sha256
        ),
    }))
}

/// The weights file that `path` stands for: itself, or of an exported model's folder
/// the model, of a run's folder the best checkpoint.
///
/// # Errors
/// For another folder, a pipe, and a run that has no best checkpoint yet.
pub fn file_of(path: &Path) -> Result<PathBuf, TrainError> {
    let refused = |expected: &str| {
        TrainError::Config(ConfigError::Value {
            key: "model.weights",
            value: format!("{path:?}"),
            expected: expected.to_owned(),
        })
    };
    if !path.is_dir() {
        psp_schema::check_is_file(path)?;
        let others = MODEL_FILES.into_iter().filter(|name| *name != SAFETENSORS);
        let is_other = others.chain([BUNDLE_JSON]).any(|name| path.ends_with(name));
        if is_other && folder_of(path).join(SAFETENSORS).exists() {
            return Err(refused(
                "holds no weights that are read from it; name the exported model's folder",
            ));
        }
        return Ok(path.to_owned());
    }
    let exported = path.join(SAFETENSORS);
    if exported.is_file() {
        return Ok(exported);
    }
    let run = RunDir::new(path);
    let expected = if !run.is_begun() {
        "expected a .pth, .ckpt or .safetensors file, an exported model or a run \
         (a study's model: psp export)"
    } else if run.best().is_file() {
        return Ok(run.best());
    } else if run.has_lost_best() {
        "the run's best checkpoint is missing; psp train --resume looks for another of its epoch"
    } else {
        "the run has no epoch that is done"
    };
    Err(refused(expected))
}

/// Reads a weights file, or the weights of a run's checkpoint: their moving average
/// where it has one. The head of a model that psp has trained is left out, of which the
/// second part of the answer tells.
///
/// # Errors
/// Names the file, and the place in it where one is at fault.
pub fn open(path: &Path) -> Result<(WeightsFile, Option<String>), TrainError> {
    let (file, head) = read(path)?;
    let told = head.map(|head| {
        format!(
            "its head (of {}) is left out: psp train takes it over with model.weights={}, \
             where data.targets and model.hidden are the same",
            head.targets.join(", "),
            shell_quoted(path)
        )
    });
    Ok((file, told))
}

/// The same, with the head of a model that psp has trained.
pub(crate) fn read(path: &Path) -> Result<(WeightsFile, Option<TrainedHead>), TrainError> {
    let own = description_of(path)?;
    let mut file = match &own {
        Some(Description { bundle: None, .. }) => {
            WeightsFile::of(path, Checkpoint::read(path)?.weights())
        }
        Some(Description {
            bundle: Some(bundle),
            ..
        }) => {
            bundle.check(folder_of(path), SAFETENSORS)?;
            read_weights(path)?
        }
        None => read_weights(path)?,
    };
    let head = own.and_then(|own| TrainedHead::take(own, &mut file.tensors));
    Ok((file, head))
}

/// The head of a model that psp has trained, and what its scores mean.
#[derive(Clone, Debug)]
pub(crate) struct TrainedHead {
    targets: Vec<String>,
    hidden: usize,
    output: Output,
    /// Mean and standard deviation of the labels, and their range.
    labels: Output,
    /// Under the head's own keys (`0.weight`, …).
    tensors: StateDict,
}

impl TrainedHead {
    /// Takes the head out of the tensors of a model, if it is among them.
    fn take(model: Description, tensors: &mut StateDict) -> Option<Self> {
        let all = std::mem::take(tensors).into_iter();
        let head: StateDict;
        (head, *tensors) = all.partition(|(key, _)| is_within(key, HEAD));
        let own_key = |key: String| key[HEAD.len()..].trim_start_matches('.').to_owned();
        let head = head.into_iter();
        let head: StateDict = head.map(|(key, tensor)| (own_key(key), tensor)).collect();
        (!head.is_empty()).then_some(Self {
            targets: model.targets,
            hidden: model.model.hidden,
            labels: labels_of(&model.model.output, model.bundle.as_ref()),
            output: model.model.output,
            tensors: head,
        })
    }

    /// Puts the head into a model of this structure, where it is one of the same `targets`
    /// and width: so that it predicts what the trained one did, or, where the labels have
    /// another scale, what it did in standard deviations from their mean. Says what became
    /// of it, and whether it is in the model.
    ///
    /// # Errors
    /// [`StateError::Mismatch`] for a head that is not what its description says.
    pub(crate) fn put_into(
        &self,
        model: Regressor,
        config: &ModelConfig,
        targets: &[String],
    ) -> Result<(Regressor, String, bool), StateError> {
        let other = if self.targets != targets {
            format!("other targets ({})", self.targets.join(", "))
        } else if self.hidden != config.hidden {
            format!("model.hidden was {}", self.hidden)
        } else {
            let (from, to) = (&self.labels, &config.output);
            let rescaled = self.output.rescaled(from, to, targets.len());
            let how = match rescaled {
                Some(_) => ", rescaled from its own labels to the new ones",
                None => "",
            };
            let output = rescaled.as_ref().unwrap_or(&self.output);
            let model = model.with_head(&self.tensors, output)?;
            return Ok((model, format!("its head is taken over{how}"), true));
        };
        Ok((model, format!("its head is left out: {other}"), false))
    }
}

/// Mean, standard deviation and range of the labels that a model was trained on: as its
/// output has them, or, where its head computes labels, as its description says.
fn labels_of(output: &Output, bundle: Option<&Bundle>) -> Output {
    match bundle {
        Some(Bundle {
            training,
            label_range,
            ..
        }) => Output {
            mean: training.train_means.clone(),
            scale: training.train_deviations.clone(),
            range: *label_range,
        },
        None => output.clone(),
    }
}

/// What describes a model that psp has trained.
pub(crate) struct Description {
    model: ModelConfig,
    targets: Vec<String>,
    /// The exported model that it is of; `None` in a run's checkpoint.
    pub(crate) bundle: Option<Bundle>,
}

/// That of the model in a file that psp has written; `None` for another's.
pub(crate) fn description_of(path: &Path) -> Result<Option<Description>, TrainError> {
    match Checkpoint::description_of(path) {
        Ok(Some((model, targets))) => {
            return Ok(Some(Description {
                model,
                targets,
                bundle: None,
            }));
        }
        // What reads the weights tells better of a file that can't be read.
        Ok(None) | Err(CheckpointError::File(_)) => {}
        Err(error) => return Err(error.into()),
    }
    let dir = folder_of(path);
    // Another program's weights may have this name, too.
    if path.file_name().is_none_or(|name| name != SAFETENSORS)
        || ![BUNDLE_JSON, BURNPACK]
            .iter()
            .any(|name| dir.join(name).exists())
    {
        return Ok(None);
    }
    let bundle = Bundle::read(dir)?;
    Ok(Some(Description {
        model: bundle.model.clone(),
        targets: bundle.targets.clone(),
        bundle: Some(bundle),
    }))
}

pub(crate) fn folder_of(path: &Path) -> &Path {
    path.parent().unwrap_or(Path::new(""))
}
