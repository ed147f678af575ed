//! Reading weights: `.safetensors`, and `.pth` in any container that
//! `torch.save` has written.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use half::{bf16, f16};
use psp_files::write_atomic;
use pytorch_reader::{DType as TorchDType, PickleValue, PytorchReader};
use safetensors::{Dtype, SafeTensors, tensor::TensorView};
use thiserror::Error;

use crate::state::{HostTensor, StateDict};

/// Why a weights file can't be read.
#[derive(Debug, Error)]
pub enum WeightsError {
    /// The file can't be opened or read.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file is neither a valid safetensors file nor a PyTorch checkpoint.
    #[error("{}: not a readable weights file: {reason}", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A tensor has an element type that weights don't have.
    #[error(
        "{}: tensor `{key}` has element type {dtype}; expected F16, BF16, F32 or F64",
        path.display()
    )]
    Dtype {
        /// The file.
        path: PathBuf,
        /// The tensor's key.
        key: String,
        /// Its element type.
        dtype: String,
    },
    /// A tensor holds a NaN or an infinity.
    #[error("{}: tensor `{key}` holds a non-finite value at element {index}", path.display())]
    NonFinite {
        /// The file.
        path: PathBuf,
        /// The tensor's key.
        key: String,
        /// Row-major index of the first such element.
        index: usize,
    },
}

/// Reads all floating-point tensors of a `.safetensors` file or a PyTorch
/// checkpoint (`.pth`, `.pt`), as f32 under their own names.
///
/// The format is told by content, not by name. BatchNorm's integer counters
/// (`num_batches_tracked`) are left out, since nothing uses them. Tensors in a
/// dict inside the dict keep its name (`state_dict.conv1.weight`). Nothing in a
/// PyTorch file is executed, and one that holds what a call would have given is
/// refused.
///
/// # Errors
/// Names the file, and the tensor where one is at fault.
pub fn read_state_dict(path: &Path) -> Result<StateDict, WeightsError> {
    let io = |source| WeightsError::Io {
        path: path.to_owned(),
        source,
    };
    let mut file = File::open(path).map_err(io)?;
    let mut start = [0u8; 9];
    let read = file.read(&mut start).map_err(io)?;
    // A safetensors file starts with its header's length and the header's `{`.
    let state = if read == start.len() && start[8] == b'{' {
        read_safetensors(path)?
    } else {
        read_pytorch(path)?
    };
    for (key, tensor) in &state {
        if let Some(index) = tensor.data.iter().position(|value| !value.is_finite()) {
            return Err(WeightsError::NonFinite {
                path: path.to_owned(),
                key: key.clone(),
                index,
            });
        }
    }
    Ok(state)
}

/// Writes tensors as a `.safetensors` file that PyTorch reads: f32, with batch
/// norms' counters, so that a strict `load_state_dict` accepts it. The file
/// appears whole or not at all.
///
/// # Errors
/// When it can't be written.
pub fn write_state_dict(path: &Path, state: &StateDict) -> io::Result<()> {
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
        .map_err(io::Error::other)?;
    // The entry by which PyTorch's tools recognise their own layout.
    let metadata = HashMap::from([("format".to_owned(), "pt".to_owned())]);
    let bytes = safetensors::serialize(views, Some(metadata)).map_err(io::Error::other)?;
    write_atomic(path, |out| out.write_all(&bytes)).map_err(io::Error::other)
}

fn is_counter(key: &str) -> bool {
    key.ends_with("num_batches_tracked")
}

fn read_safetensors(path: &Path) -> Result<StateDict, WeightsError> {
    let bytes = std::fs::read(path).map_err(|source| WeightsError::Io {
        path: path.to_owned(),
        source,
    })?;
    let file = SafeTensors::deserialize(&bytes).map_err(|error| WeightsError::Format {
        path: path.to_owned(),
        reason: error.to_string(),
    })?;
    let mut state = StateDict::new();
    for (key, view) in file.iter() {
        if is_counter(key) {
            continue;
        }
        let data = floats(view.dtype(), view.data()).ok_or_else(|| WeightsError::Dtype {
            path: path.to_owned(),
            key: key.to_owned(),
            dtype: format!("{:?}", view.dtype()),
        })?;
        let shape = view.shape().to_vec();
        state.insert(key.to_owned(), HostTensor { shape, data });
    }
    Ok(state)
}

fn read_pytorch(path: &Path) -> Result<StateDict, WeightsError> {
    let format = |reason: String| WeightsError::Format {
        path: path.to_owned(),
        reason,
    };
    let content =
        PytorchReader::read_pickle_data(path, None).map_err(|error| format(error.to_string()))?;
    if let Some((place, name)) = foreign("", &content) {
        return Err(format(format!(
            "{place} is `{name}`, neither a tensor nor a plain value; nothing of it was executed"
        )));
    }
    let reader = PytorchReader::new(path).map_err(|error| format(error.to_string()))?;
    let mut state = StateDict::new();
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
                return Err(WeightsError::Dtype {
                    path: path.to_owned(),
                    key: key.clone(),
                    dtype: format!("{other:?}"),
                });
            }
        };
        let bytes = tensor
            .read()
            .map_err(|error| format(format!("tensor `{key}`: {error}")))?;
        let data = floats(dtype, &bytes).unwrap_or_default();
        let shape = tensor.shape().to_vec();
        state.insert(key.clone(), HostTensor { shape, data });
    }
    Ok(state)
}

/// Where a pickle holds an object of another class than tensors, and which: what
/// a call of a function would have given, had the pickle been executed. The
/// reader passes over such entries, and a file that has them is not to be
/// trusted with the rest.
fn foreign(place: &str, value: &PickleValue) -> Option<(String, String)> {
    let inside = |name: &str, value| match place {
        "" => foreign(name, value),
        _ => foreign(&format!("{place}.{name}"), value),
    };
    match value {
        PickleValue::Unsupported(name) if name != "torch.Tensor" => {
            let place = match place {
                "" => "its content".to_owned(),
                _ => format!("`{place}`"),
            };
            Some((place, name.clone()))
        }
        PickleValue::Dict(entries) => entries.iter().find_map(|(name, value)| inside(name, value)),
        PickleValue::List(items) => items
            .iter()
            .enumerate()
            .find_map(|(index, value)| inside(&index.to_string(), value)),
        _ => None,
    }
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
