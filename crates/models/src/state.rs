//! A model's parameters and buffers as named host tensors.

use std::collections::BTreeMap;

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param, ParamId};
use burn::tensor::{Tensor, TensorData};
use thiserror::Error;

use crate::path::{ModulePath, is_within};

/// A tensor's values in host memory, row-major.
#[derive(Clone, Debug, PartialEq)]
pub struct HostTensor {
    /// Extents, outermost first; empty for a scalar.
    pub shape: Vec<usize>,
    /// Values; as many as the product of `shape`.
    pub data: Vec<f32>,
}

/// Tensors by `state_dict` key.
pub type StateDict = BTreeMap<String, HostTensor>;

/// How a state dict fails to fit a model.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum StateError {
    /// Keys are missing or left over, or shapes differ.
    #[error("{}", outline(missing, unused, misshapen))]
    Mismatch {
        /// Keys that the model has and the file lacks.
        missing: Vec<String>,
        /// Keys that the file has and the model lacks.
        unused: Vec<String>,
        /// `key: expected [..], got [..]`.
        misshapen: Vec<String>,
    },
    /// A tensor could not be read back from its device.
    #[error("tensor `{key}` could not be read from its device: {reason}")]
    Read {
        /// The tensor's key.
        key: String,
        /// What the backend said.
        reason: String,
    },
}

/// Keys of each kind of fault that a message names.
const OUTLINED: usize = 3;

impl StateError {
    /// Every key at fault, a line for each kind of fault, where there are more than
    /// the message names.
    pub fn details(&self) -> Option<String> {
        let Self::Mismatch {
            missing,
            unused,
            misshapen,
        } = self
        else {
            return None;
        };
        let has_more = |keys: &Vec<String>| keys.len() > OUTLINED;
        if ![missing, unused, misshapen].into_iter().any(has_more) {
            return None;
        }
        let lines = faults(missing, unused, misshapen)
            .map(|(title, keys)| format!("  {} {title}: {}", keys.len(), keys.join(", ")));
        Some(lines.collect::<Vec<_>>().join("\n"))
    }
}

/// The kinds of faults that there are, with the keys at fault.
fn faults<'a>(
    missing: &'a [String],
    unused: &'a [String],
    misshapen: &'a [String],
) -> impl Iterator<Item = (&'static str, &'a [String])> {
    let all = [
        ("missing", missing),
        ("not used by the model", unused),
        ("of another shape", misshapen),
    ];
    all.into_iter().filter(|(_, keys)| !keys.is_empty())
}

/// How many keys are at fault, with the first of each kind, on one line.
fn outline(missing: &[String], unused: &[String], misshapen: &[String]) -> String {
    let parts = faults(missing, unused, misshapen).map(|(title, keys)| {
        let (first, more) = keys.split_at(keys.len().min(OUTLINED));
        let more = match more.len() {
            0 => String::new(),
            count => format!(" and {count} more"),
        };
        format!("{} {title}: {}{more}", keys.len(), first.join(", "))
    });
    let parts: Vec<String> = parts.collect();
    format!("the tensors do not fit the model: {}", parts.join("; "))
}

/// Copies every parameter and buffer of `module` to the host.
///
/// # Errors
/// When a device fails to give a tensor back.
pub fn collect<M: Module>(module: &M) -> Result<StateDict, StateError> {
    collect_where(module, |_| true)
}

/// Copies the parameters and buffers whose key `wanted` accepts to the host.
///
/// # Errors
/// When a device fails to give a tensor back.
pub fn collect_where<M: Module>(
    module: &M,
    wanted: impl Fn(&str) -> bool,
) -> Result<StateDict, StateError> {
    let mut collector = Collector {
        path: ModulePath::default(),
        wanted,
        state: StateDict::new(),
        error: None,
    };
    module.valid().visit(&mut collector);
    match collector.error {
        Some(error) => Err(error),
        None => Ok(collector.state),
    }
}

/// Keys and shapes of every parameter and buffer, in the module's order.
pub fn shapes<M: Module>(module: &M) -> Vec<(String, Vec<usize>)> {
    let parameters = parameters(module).into_iter();
    parameters.map(|one| (one.key, one.shape)).collect()
}

/// What is known of a parameter or buffer besides its values.
pub(crate) struct Parameter {
    pub(crate) id: ParamId,
    pub(crate) key: String,
    pub(crate) shape: Vec<usize>,
}

/// Every parameter and buffer, in the module's order.
pub(crate) fn parameters<M: Module>(module: &M) -> Vec<Parameter> {
    let mut parameters = Parameters::default();
    module.visit(&mut parameters);
    parameters.found
}

/// Fills every parameter and buffer of `module` with `value(key, shape)`.
///
/// The function must return as many values as the shape holds.
pub fn fill<M: Module>(module: M, mut value: impl FnMut(&str, &[usize]) -> Vec<f32>) -> M {
    fill_some(module, |key, shape| Some(value(key, shape)))
}

/// The same where the function returns values; other tensors stay as they are.
pub(crate) fn fill_some<M: Module>(
    module: M,
    value: impl FnMut(&str, &[usize]) -> Option<Vec<f32>>,
) -> M {
    module.map(&mut Filler {
        path: ModulePath::default(),
        value,
    })
}

/// Modules in which a state and a model may differ. The default is none.
#[derive(Clone, Copy, Debug, Default)]
pub struct Leftover<'a> {
    /// Modules of the state that the model need not have.
    pub unused: &'a [&'a str],
    /// Modules of the model that keep their values, whatever the state holds.
    pub kept: &'a [&'a str],
}

impl Leftover<'_> {
    fn keeps(&self, key: &str) -> bool {
        within(key, self.kept)
    }
}

fn within(key: &str, modules: &[&str]) -> bool {
    modules.iter().any(|module| is_within(key, module))
}

/// Loads `state` into `module`; outside `leftover` all keys must match exactly.
///
/// # Errors
/// [`StateError::Mismatch`] with every missing, unused or misshapen key.
pub fn load<M: Module>(
    module: M,
    state: &StateDict,
    leftover: Leftover<'_>,
) -> Result<M, StateError> {
    check(&module, state, leftover)?;
    Ok(fill_some(module, |key, _| {
        (!leftover.keeps(key)).then(|| state[key].data.clone())
    }))
}

/// Refuses a state that doesn't fit `module`; outside `leftover` all keys must match exactly.
pub(crate) fn check<M: Module>(
    module: &M,
    state: &StateDict,
    leftover: Leftover<'_>,
) -> Result<(), StateError> {
    let kept = |key: &str| leftover.keeps(key);
    let expected: BTreeMap<String, Vec<usize>> = shapes(module).into_iter().collect();
    let missing: Vec<String> = expected
        .keys()
        .filter(|key| !state.contains_key(*key) && !kept(key))
        .cloned()
        .collect();
    let unused: Vec<String> = state
        .keys()
        .filter(|key| !expected.contains_key(*key) && !within(key, leftover.unused))
        .cloned()
        .collect();
    let misshapen: Vec<String> = expected
        .iter()
        .filter(|(key, _)| !kept(key))
        .filter_map(|(key, shape)| {
            let got = &state.get(key)?.shape;
            (got != shape).then(|| format!("{key}: expected {shape:?}, got {got:?}"))
        })
        .collect();
    if missing.is_empty() && unused.is_empty() && misshapen.is_empty() {
        return Ok(());
    }
    Err(StateError::Mismatch {
        missing,
        unused,
        misshapen,
    })
}

struct Collector<F> {
    path: ModulePath,
    wanted: F,
    state: StateDict,
    error: Option<StateError>,
}

impl<F: Fn(&str) -> bool> ModuleVisitor for Collector<F> {
    fn enter_module(&mut self, name: &str, container_type: &str) {
        self.path.enter(name, container_type);
    }

    fn exit_module(&mut self, _name: &str, _container_type: &str) {
        self.path.exit();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let key = self.path.key();
        if !(self.wanted)(&key) {
            return;
        }
        let shape = param.val().dims().to_vec();
        match param.val().into_data_as::<f32>().try_into_vec::<f32>() {
            Ok(data) => {
                self.state.insert(key, HostTensor { shape, data });
            }
            Err(reason) => {
                let reason = format!("{reason:?}");
                self.error.get_or_insert(StateError::Read { key, reason });
            }
        }
    }
}

#[derive(Default)]
struct Parameters {
    path: ModulePath,
    found: Vec<Parameter>,
}

impl ModuleVisitor for Parameters {
    fn enter_module(&mut self, name: &str, container_type: &str) {
        self.path.enter(name, container_type);
    }

    fn exit_module(&mut self, _name: &str, _container_type: &str) {
        self.path.exit();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        self.found.push(Parameter {
            id: param.id,
            key: self.path.key(),
            shape: param.val().dims().to_vec(),
        });
    }
}

struct Filler<F> {
    path: ModulePath,
    value: F,
}

impl<F: FnMut(&str, &[usize]) -> Option<Vec<f32>>> ModuleMapper for Filler<F> {
    fn enter_module(&mut self, name: &str, container_type: &str) {
        self.path.enter(name, container_type);
    }

    fn exit_module(&mut self, _name: &str, _container_type: &str) {
        self.path.exit();
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let key = self.path.key();
        let value = &mut self.value;
        param.map(|tensor| {
            let Some(data) = value(&key, &tensor.dims()) else {
                return tensor;
            };
            let filled = Tensor::from_data(TensorData::new(data, tensor.shape()), &tensor.device());
            if tensor.is_require_grad() {
                filled.require_grad()
            } else {
                filled
            }
        })
    }
}
