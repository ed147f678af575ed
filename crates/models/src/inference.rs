//! Models that only predict: batch norms folded into the convolutions before
//! them, weights in the precision that is computed in.

use std::collections::{BTreeMap, BTreeSet};

use burn::module::{Flag, Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::{Device, FloatDType, Tensor};

use crate::nn::Noise;
use crate::ops::fast_layout;
use crate::path::{ModulePath, is_within};
use crate::precision::Precision;
use crate::regressor::{Input, Regressor};
use crate::stages::HEAD;
use crate::state;

/// A [`Regressor`] that only predicts, in the labels' unit.
#[derive(Clone, Debug)]
pub struct InferenceModel {
    model: Regressor,
    precision: Precision,
}

impl InferenceModel {
    /// The model as it is, in f32: for a few images, or stored features, which
    /// are not worth folding norms for.
    pub fn unfolded(model: &Regressor) -> Self {
        Self {
            model: model.valid().in_label_units(),
            precision: Precision::Fp32,
        }
    }

    /// Clips what [`forward`](Self::forward) gave to the labels' range.
    pub fn clip(&self, scores: &mut [f32]) {
        for score in scores {
            *score = self.model.output.clip(*score);
        }
    }

    /// Images or their features (`[batch, features]`) to `[batch, targets]`, in
    /// the labels' unit and not clipped.
    pub fn forward(&self, input: impl Into<Input>) -> Tensor<2> {
        let input = match input.into() {
            Input::Images(images) => Input::Images(self.precision.images(images)),
            features => features,
        };
        self.model.forward(input, &mut Noise::off())
    }

    /// The model behind it, with its norms folded, for what looks inside.
    pub fn regressor(&self) -> &Regressor {
        &self.model
    }
}

impl Regressor {
    /// A copy for prediction alone, without autodiff, whose head computes labels.
    ///
    /// A batch norm multiplies each channel by a factor and adds a term, both
    /// constant in evaluation: the factor goes into the weights of the
    /// convolution before it, the term becomes its bias. Computed in f64, rounded
    /// once.
    pub fn for_inference(&self, precision: Precision) -> InferenceModel {
        // Its running statistics are its own; a clone's would be shared.
        let model = self.valid().in_label_units();
        let mut rows = Rows::default();
        model.visit(&mut rows);
        let epsilon = model.backbone.kind().spec().norm_epsilon;
        let norms = rows.norms(epsilon);
        let model = model.map(&mut Folder {
            path: ModulePath::default(),
            norms,
            folded: BTreeSet::new(),
            epsilon,
            precision,
        });
        InferenceModel { model, precision }
    }
}

/// What a batch norm does to its channels, in f64, `[channels]`.
struct Norm {
    factor: Tensor<1>,
    term: Tensor<1>,
}

/// All tensors of rank 1 by key.
#[derive(Default)]
struct Rows {
    path: ModulePath,
    found: BTreeMap<String, Tensor<1>>,
}

impl Rows {
    /// The batch norms by the key of their module.
    fn norms(self, epsilon: f64) -> BTreeMap<String, Norm> {
        let of = |module: &str, leaf: &str| {
            let tensor = self.found.get(&format!("{module}.{leaf}"))?;
            Some(tensor.clone().cast(FloatDType::F64))
        };
        let norm = |module: &str| {
            let deviation = of(module, "running_var")?.add_scalar(epsilon).sqrt();
            let factor = of(module, "weight")? / deviation;
            let term = of(module, "bias")? - of(module, "running_mean")? * factor.clone();
            Some(Norm { factor, term })
        };
        self.found
            .keys()
            .filter_map(|key| {
                let module = key.strip_suffix(".running_var")?;
                Some((module.to_owned(), norm(module)?))
            })
            .collect()
    }
}

impl ModuleVisitor for Rows {
    fn enter_module(&mut self, name: &str, container_type: &str) {
        self.path.enter(name, container_type);
    }

    fn exit_module(&mut self, _name: &str, _container_type: &str) {
        self.path.exit();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if D == 1 {
            let row = param.val().reshape([-1]);
            self.found.insert(self.path.key(), row);
        }
    }
}

struct Folder {
    path: ModulePath,
    norms: BTreeMap<String, Norm>,
    /// Norms whose factor is in a convolution's weights; others stay as they are.
    /// A convolution comes before its norm.
    folded: BTreeSet<String>,
    epsilon: f64,
    precision: Precision,
}

impl Folder {
    /// A parameter's module and its name there.
    fn place(&self) -> (String, String) {
        let key = self.path.key();
        match key.rsplit_once('.') {
            Some((module, leaf)) => (module.to_owned(), leaf.to_owned()),
            None => (String::new(), key),
        }
    }

    /// The value of a folded norm's tensor: its own forward pass, should anyone
    /// call it, adds the term alone.
    fn folded_value(&self, norm: &Norm, leaf: &str, device: &Device) -> Tensor<1> {
        let channels = norm.term.dims();
        match leaf {
            "bias" => norm.term.clone().cast(FloatDType::F32),
            "weight" => Tensor::ones(channels, device),
            "running_mean" => Tensor::zeros(channels, device),
            _ => Tensor::full(channels, 1.0 - self.epsilon, device),
        }
    }
}

/// The norm that follows a convolution, by torchvision's names: `conv1` and `bn1`, `conv` and
/// `bn`, the next in a sequence.
fn norm_after(convolution: &str, is_norm: impl Fn(&str) -> bool) -> Option<String> {
    let (parent, name) = convolution.rsplit_once('.')?;
    let name = match name.parse::<usize>() {
        Ok(place) => (place + 1).to_string(),
        Err(_) => name.replacen("conv", "bn", 1),
    };
    Some(format!("{parent}.{name}")).filter(|norm| is_norm(norm))
}

/// `model` as its norms are folded, with whatever weights, and each convolution with the norm
/// that is folded into it.
pub(crate) fn marked_as_folded(model: Regressor) -> (Regressor, Vec<[String; 2]>) {
    let shapes = state::shapes(&model).into_iter();
    let norms = shapes.filter_map(|(key, _)| Some(key.strip_suffix(".running_var")?.to_owned()));
    let mut marker = Marker {
        path: ModulePath::default(),
        norms: norms.collect(),
        pairs: Vec::new(),
    };
    (model.map(&mut marker), marker.pairs)
}

struct Marker {
    path: ModulePath,
    norms: BTreeSet<String>,
    pairs: Vec<[String; 2]>,
}

impl ModuleMapper for Marker {
    fn enter_module(&mut self, name: &str, container_type: &str) {
        self.path.enter(name, container_type);
    }

    fn exit_module(&mut self, _name: &str, _container_type: &str) {
        self.path.exit();
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let key = self.path.key();
        if let Some(module) = key.strip_suffix(".weight").filter(|_| D == 4)
            && let Some(norm) = norm_after(module, |norm| self.norms.contains(norm))
        {
            self.pairs.push([module.to_owned(), norm]);
        }
        param
    }

    fn map_flag(&mut self, flag: Param<Flag>) -> Param<Flag> {
        let key = self.path.key();
        let norm = key.strip_suffix(".folded");
        let is_folded = norm.is_some_and(|norm| self.pairs.iter().any(|[_, one]| one == norm));
        if is_folded {
            flag.with_value(true)
        } else {
            flag
        }
    }
}

impl ModuleMapper for Folder {
    fn enter_module(&mut self, name: &str, container_type: &str) {
        self.path.enter(name, container_type);
    }

    fn exit_module(&mut self, _name: &str, _container_type: &str) {
        self.path.exit();
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let (module, leaf) = self.place();
        let precision = self.precision;
        if let Some(norm) = self.norms.get(&module) {
            return if self.folded.contains(&module) {
                param.map(|tensor| {
                    let value = self.folded_value(norm, &leaf, &tensor.device());
                    value.reshape(tensor.shape())
                })
            } else {
                param
            };
        }
        let follower = if D == 4 && leaf == "weight" {
            norm_after(&module, |norm| self.norms.contains_key(norm))
        } else {
            None
        };
        self.folded.extend(follower.clone());
        let norm = follower.and_then(|norm| self.norms.get(&norm));
        param.map(|tensor| {
            let tensor = match norm {
                Some(norm) => {
                    let mut shape = [1; D];
                    shape[0] = norm.factor.dims()[0];
                    let folded = tensor.cast(FloatDType::F64) * norm.factor.clone().reshape(shape);
                    folded.cast(FloatDType::F32)
                }
                None => tensor,
            };
            let tensor = match precision {
                Precision::Bf16 if D > 1 && !is_within(&module, HEAD) => {
                    tensor.cast(FloatDType::BF16)
                }
                _ => tensor,
            };
            match D {
                4 => {
                    let shape = tensor.shape();
                    fast_layout(tensor.reshape([0, 0, 0, 0])).reshape(shape)
                }
                _ => tensor,
            }
        })
    }

    fn map_flag(&mut self, flag: Param<Flag>) -> Param<Flag> {
        let (module, leaf) = self.place();
        if leaf == "folded" && self.folded.contains(&module) {
            flag.with_value(true)
        } else {
            flag
        }
    }
}
