//! Reading weights: `.safetensors`, and `.pth` in any container that
//! `torch.save` has written.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use half::{bf16, f16};
use psp_schema::{FileError, check_is_file, write_atomic};
use pytorch_reader::{DType as TorchDType, PytorchReader};
use safetensors::{Dtype, SafeTensorError, SafeTensors, tensor::TensorView};

use crate::state::{HostTensor, StateDict};

mod error;
mod foreign;
mod recognise;

use foreign::Foreign;

pub use error::WeightsError;
pub use recognise::Recognised;

/// What a weights file holds.
#[derive(Debug)]
pub struct WeightsFile {
    path: PathBuf,
    /// Floating-point tensors as f32, under their own names. Those in a dict inside
    /// the dict have its name before theirs (`state_dict.conv1.weight`).
    pub tensors: StateDict,
    /// Tensors that are no weights, with what is wrong with each.
    unusable: BTreeMap<String, WeightsError>,
    /// Objects of a program's own classes.
    objects: Vec<Foreign>,
}

impl WeightsFile {
    /// Tensors that were read in another way; `path` is for messages.
    pub fn of(path: &Path, tensors: StateDict) -> Self {
        Self {
            path: path.to_owned(),
            tensors,
            unusable: BTreeMap::new(),
            objects: Vec::new(),
        }
    }

    fn insert(&mut self, key: &str, tensor: Result<HostTensor, WeightsError>) {
        let tensor = tensor.and_then(|tensor| {
            match tensor.data.iter().position(|value| !value.is_finite()) {
                None => Ok(tensor),
                Some(index) => Err(WeightsError::NonFinite {
                    path: self.path.clone(),
                    key: key.to_owned(),
                    index,
                }),
            }
        });
        match tensor {
            Ok(tensor) => drop(self.tensors.insert(key.to_owned(), tensor)),
            Err(error) => drop(self.unusable.insert(key.to_owned(), error)),
        }
    }
}

/// Reads a `.safetensors` file or a PyTorch checkpoint (`.pth`, `.pt`, `.ckpt`),
/// with whatever else training left in it.
///
/// The format is told by content, not by name. BatchNorm's integer counters
/// (`num_batches_tracked`) are left out, since nothing uses them. Nothing in a
/// PyTorch file is executed, and one that calls a function which could do harm is
/// refused.
///
/// # Errors
/// Names the file, and the place in it where one is at fault.
pub fn read_weights(path: &Path) -> Result<WeightsFile, WeightsError> {
    check_is_file(path)?;
    let io = FileError::read(path);
    let mut file = File::open(path).map_err(&io)?;
    let mut start = [0u8; 9];
    let read = file.read(&mut start).map_err(io)?;
    if read == 0 {
        return Err(WeightsError::Format {
            path: path.to_owned(),
            reason: "it is empty".to_owned(),
        });
    }
    // A safetensors file starts with its header's length and the header's `{`.
    if read == start.len() && start[8] == b'{' {
        read_safetensors(path)
    } else {
        read_pytorch(path)
    }
}

/// The tensors of a file that holds weights and nothing else.
///
/// # Errors
/// As [`read_weights`]; also where there is a tensor that is no weight, or an object
/// of another class.
pub fn read_state_dict(path: &Path) -> Result<StateDict, WeightsError> {
    nothing_but_weights(read_weights(path)?)
}

/// The tensors of a `.safetensors` file of this content that holds weights and nothing else;
/// `path` is for messages.
///
/// # Errors
/// As [`read_state_dict`].
pub fn state_dict_of(path: &Path, content: &[u8]) -> Result<StateDict, WeightsError> {
    nothing_but_weights(safetensors(path, content)?)
}

fn nothing_but_weights(file: WeightsFile) -> Result<StateDict, WeightsError> {
    let WeightsFile {
        path,
        tensors,
        unusable,
        objects,
    } = file;
    if let Some(object) = objects.first() {
        return Err(object.refused(&path));
    }
    match unusable.into_values().next() {
        Some(error) => Err(error),
        None => Ok(tensors),
    }
}

/// Writes tensors as a `.safetensors` file that PyTorch reads: f32, with batch
/// norms' counters, so that a strict `load_state_dict` accepts it. The file
/// appears whole or not at all.
///
/// # Errors
/// When it can't be written.
pub fn write_state_dict(path: &Path, state: &StateDict) -> Result<(), FileError> {
    let write = FileError::write(path, "lay out its content");
    let fail = |error: SafeTensorError| write(io::Error::other(error));
    let mut tensors: Vec<(String, Dtype, Vec<usize>, Vec<u8>)> = Vec::new();
    for (key, tensor) in state {
        let bytes = tensor.data.iter().flat_map(|v| v.to_le_bytes()).collect();
        tensors.push((key.clone(), Dtype::F32, tensor.shape.clone(), bytes));
        if let Some(norm) = key.strip_suffix(".running_mean") {
            let counter = format!("{norm}.num_batches_tracked");
            tensors.push((counter, Dtype::I64, Vec::new(), vec![0; 8]));
        }
    }
    let views = tensors
        .iter()
        .map(|(key, dtype, shape, bytes)| {
            TensorView::new(*dtype, shape.clone(), bytes).map(|view| (key, view))
        })
        .collect::<Result<Vec<_>, _>>()
        .map_err(&fail)?;
    // The entry by which PyTorch's tools recognise their own layout.
    let metadata = HashMap::from([("format".to_owned(), "pt".to_owned())]);
    let bytes = safetensors::serialize(views, Some(metadata)).map_err(fail)?;
    write_atomic(path, |out| out.write_all(&bytes))
}

fn is_counter(key: &str) -> bool {
    key.ends_with("num_batches_tracked")
}

fn read_safetensors(path: &Path) -> Result<WeightsFile, WeightsError> {
    let bytes = std::fs::read(path).map_err(FileError::read(path))?;
    safetensors(path, &bytes)
}

fn safetensors(path: &Path, bytes: &[u8]) -> Result<WeightsFile, WeightsError> {
    let file = SafeTensors::deserialize(bytes).map_err(|error| WeightsError::Format {
        path: path.to_owned(),
        reason: match error {
            SafeTensorError::MetadataIncompleteBuffer => {
                "it is not as long as its header says; it may be cut off".to_owned()
            }
            other => other.to_string(),
        },
    })?;
    let mut weights = WeightsFile::of(path, StateDict::new());
    for (key, view) in file.iter().filter(|(key, _)| !is_counter(key)) {
        let data = floats(view.dtype(), view.data()).ok_or_else(|| WeightsError::Dtype {
            path: path.to_owned(),
            key: key.to_owned(),
            dtype: format!("{:?}", view.dtype()),
        });
        let shape = view.shape().to_vec();
        weights.insert(key, data.map(|data| HostTensor { shape, data }));
    }
    Ok(weights)
}

fn read_pytorch(path: &Path) -> Result<WeightsFile, WeightsError> {
    let format = |reason: String| WeightsError::Format {
        path: path.to_owned(),
        reason,
    };
    let content = PytorchReader::read_pickle_data(path, None).map_err(|error| {
        let reason = error.to_string();
        // A ZIP file's directory stands at its end.
        let advice = if reason.contains("EOCD") {
            "; it is cut off or damaged"
        } else {
            ""
        };
        format(format!("{reason}{advice}"))
    })?;
    let objects = Foreign::within(&content);
    if let Some(object) = objects.iter().find(|object| object.could_do_harm()) {
        return Err(object.refused(path));
    }
    let reader = PytorchReader::new(path).map_err(|error| format(error.to_string()))?;
    let mut weights = WeightsFile {
        objects,
        ..WeightsFile::of(path, StateDict::new())
    };
    for (key, tensor) in reader.tensors() {
        if is_counter(key) {
            continue;
        }
        let dtype = match tensor.dtype() {
            TorchDType::F64 => Dtype::F64,
            TorchDType::F32 => Dtype::F32,
            TorchDType::F16 => Dtype::F16,
            TorchDType::BF16 => Dtype::BF16,
            other => {
                let error = WeightsError::Dtype {
                    path: path.to_owned(),
                    key: key.clone(),
                    dtype: format!("{other:?}"),
                };
                weights.insert(key, Err(error));
                continue;
            }
        };
        let bytes = tensor
            .read()
            .map_err(|error| format(format!("tensor `{key}`: {error}")))?;
        let data = floats(dtype, &bytes).unwrap_or_default();
        let shape = tensor.shape().to_vec();
        weights.insert(key, Ok(HostTensor { shape, data }));
    }
    Ok(weights)
}

/// Little-endian floats of any width as f32; `None` for other types.
fn floats(dtype: Dtype, bytes: &[u8]) -> Option<Vec<f32>> {
    Some(match dtype {
        Dtype::F64 => each(bytes, |b| f64::from_le_bytes(b) as f32),
        Dtype::F32 => each(bytes, f32::from_le_bytes),
        Dtype::F16 => each(bytes, |b| f16::from_le_bytes(b).to_f32()),
        Dtype::BF16 => each(bytes, |b| bf16::from_le_bytes(b).to_f32()),
        _ => return None,
    })
}

fn each<const N: usize>(bytes: &[u8], value: impl Fn([u8; N]) -> f32) -> Vec<f32> {
    let (elements, _) = bytes.as_chunks::<N>();
    elements.iter().map(|element| value(*element)).collect()
}
