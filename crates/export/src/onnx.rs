//! Models as ONNX: opset 17, any number of images at once, norms folded.

mod builder;
mod proto;
mod quantized;
mod steps;

use std::path::Path;
use std::str::FromStr;

use prost::Message;
use psp_data::Preprocessing;
use psp_models::BackboneKind;
use psp_models::graph::Graph;
use psp_schema::{FileError, write_atomic};

use proto::{DataType, Dimension, Entry, Model, OperatorSet, Shape, TensorType, Type, ValueInfo};
pub use quantized::Quantized;
use steps::Writer;

/// Of ONNX 1.12, the first with `LayerNormalization`.
const OPSET: i64 = 17;
/// The version of the file format that came with it.
const IR_VERSION: i64 = 8;

/// Name of the input: images, `[batch, 3, size, size]`, normalised.
pub(crate) const IMAGES: &str = "images";
/// Name of the input with preprocessing inside: pixels, `[batch, size, size, 3]`, 0 to 255.
pub(crate) const PIXELS: &str = "pixels";
/// Name of the output: `[batch, targets]`.
pub(crate) const SCORES: &str = "scores";

/// How weights are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stored {
    /// In f32, as they were trained.
    F32,
    /// Matrices and kernels of the backbone in f16, to be computed with in f32.
    F16,
    /// Matrices and kernels in 8 bits, and computed with so where a network allows it.
    I8,
}

impl FromStr for Stored {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        match name {
            "f32" => Ok(Self::F32),
            "f16" => Ok(Self::F16),
            "int8" => Ok(Self::I8),
            _ => Err("expected f32, f16 or int8".to_owned()),
        }
    }
}

/// What an ONNX file says and takes besides its weights.
#[derive(Clone, Debug)]
pub struct Description<'a> {
    /// Which network it is; the graph is called like it.
    pub backbone: BackboneKind,
    /// Names of the scores.
    pub targets: &'a [String],
    /// From a decoded image to the model's input.
    pub preprocessing: &'a Preprocessing,
    /// What scores are clipped to.
    pub label_range: Option<[f32; 2]>,
    /// Whether pixels are normalised and scores clipped within the graph.
    pub with_preprocessing: bool,
}

/// Writes `graph` as ONNX, with weights stored in this way, and computed in 8 bits where
/// `quantized` says so.
///
/// # Errors
/// When the file can't be written.
pub fn write(
    path: &Path,
    graph: &Graph,
    description: &Description,
    stored: Stored,
    quantized: Option<&Quantized>,
) -> Result<(), FileError> {
    let bytes = to_bytes(graph, description, stored, quantized);
    write_atomic(path, |out| out.write_all(&bytes))
}

/// The content of such a file.
pub(crate) fn to_bytes(
    graph: &Graph,
    description: &Description,
    stored: Stored,
    quantized: Option<&Quantized>,
) -> Vec<u8> {
    model(graph, description, stored, quantized)
        .0
        .encode_to_vec()
}

/// A model in f32 that takes images, and the names of its input and of each step's output.
pub(crate) fn with_values(graph: &Graph, description: &Description) -> (Vec<u8>, Vec<String>) {
    let (model, mut values) = model(graph, description, Stored::F32, None);
    if let Some(last) = values.last_mut() {
        *last = SCORES.to_owned();
    }
    (model.encode_to_vec(), values)
}

/// The file, and the names of the graph's input and of each step's output.
fn model(
    graph: &Graph,
    description: &Description,
    stored: Stored,
    quantized: Option<&Quantized>,
) -> (Model, Vec<String>) {
    let (width, height) = description.preprocessing.output_size();
    let [width, height] = [width, height].map(fixed);
    let batch = || Dimension {
        dim_param: Some("batch".to_owned()),
        dim_value: None,
    };
    let mut writer = Writer::new(&graph.weights, stored, quantized);
    let input = if description.with_preprocessing {
        writer.normalise(PIXELS, description.preprocessing);
        let shape = vec![batch(), height, width, fixed(3)];
        value_info(PIXELS, DataType::Uint8, shape)
    } else {
        writer.begin(IMAGES);
        let shape = vec![batch(), fixed(3), height, width];
        value_info(IMAGES, DataType::Float, shape)
    };
    for step in &graph.steps {
        writer.step(step);
    }
    let values = writer.values().to_vec();
    if description.with_preprocessing
        && let Some(range) = description.label_range
    {
        writer.clip(range);
    }
    let scores = vec![batch(), fixed(description.targets.len() as u32)];
    let mut onnx = writer.finish(SCORES);
    onnx.name = Some(description.backbone.name().to_owned());
    onnx.input = vec![input];
    onnx.output = vec![value_info(SCORES, DataType::Float, scores)];
    let model = Model {
        ir_version: Some(IR_VERSION),
        producer_name: Some("psp".to_owned()),
        producer_version: Some(env!("CARGO_PKG_VERSION").to_owned()),
        graph: Some(onnx),
        opset_import: vec![OperatorSet {
            domain: Some(String::new()),
            version: Some(OPSET),
        }],
        metadata_props: metadata(description),
    };
    (model, values)
}

/// What is needed to call the model, as JSON by key.
fn metadata(description: &Description) -> Vec<Entry> {
    let entries = [
        ("backbone", json(&description.backbone)),
        ("targets", json(&description.targets)),
        ("preprocessing", json(&description.preprocessing)),
        ("label_range", json(&description.label_range)),
        ("with_preprocessing", json(&description.with_preprocessing)),
    ];
    let entries = entries.into_iter().map(|(key, value)| Entry {
        key: Some(key.to_owned()),
        value: Some(value),
    });
    entries.collect()
}

fn json(value: &impl serde::Serialize) -> String {
    // Texts, numbers and lists, all of which JSON holds.
    serde_json::to_string(value).unwrap_or_default()
}

fn fixed(extent: u32) -> Dimension {
    Dimension {
        dim_value: Some(i64::from(extent)),
        dim_param: None,
    }
}

fn value_info(name: &str, elements: DataType, dim: Vec<Dimension>) -> ValueInfo {
    let tensor_type = TensorType {
        elem_type: Some(elements as i32),
        shape: Some(Shape { dim }),
    };
    ValueInfo {
        name: Some(name.to_owned()),
        r#type: Some(Type {
            tensor_type: Some(tensor_type),
        }),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use burn::tensor::Device;
    use psp_models::{ModelConfig, Regressor};

    use super::*;
    use crate::onnx::proto::{Graph as OnnxGraph, Node, Tensor};

    fn onnx(kind: BackboneKind, with_preprocessing: bool, stored: Stored) -> OnnxGraph {
        let config = ModelConfig::new(kind, 2);
        let graph = Regressor::new(&config, 3, &Device::flex()).graph().unwrap();
        let description = Description {
            backbone: kind,
            targets: &["a".to_owned(), "b".to_owned()],
            preprocessing: &Preprocessing::imagenet(kind.input_size()),
            label_range: Some([0.0, 1.0]),
            with_preprocessing,
        };
        let bytes = to_bytes(&graph, &description, stored, None);
        Model::decode(&*bytes).unwrap().graph.unwrap()
    }

    fn ops(graph: &OnnxGraph, op_type: &str) -> usize {
        let nodes = graph.node.iter();
        nodes.filter(|node| node.op_type() == op_type).count()
    }

    #[test]
    fn nodes_use_what_is_there_and_nothing_is_unused() {
        for &kind in BackboneKind::ALL {
            for (inside, stored) in [(false, Stored::F32), (true, Stored::F16)] {
                let graph = onnx(kind, inside, stored);
                let inputs = graph.input.iter().map(ValueInfo::name);
                let constants = graph.initializer.iter().map(Tensor::name);
                let mut there: BTreeSet<&str> = inputs.chain(constants).collect();
                let mut unused = there.clone();
                for node in &graph.node {
                    for input in &node.input {
                        assert!(there.contains(&**input), "{kind}: {input}");
                        unused.remove(&**input);
                    }
                    for output in &node.output {
                        assert!(there.insert(output), "{kind}: {output} twice");
                        unused.insert(output);
                    }
                }
                assert_eq!(unused, BTreeSet::from([SCORES]), "{kind}");
                let names: BTreeSet<&str> = graph.node.iter().map(Node::name).collect();
                assert_eq!(names.len(), graph.node.len(), "{kind}");
            }
        }
    }

    #[test]
    fn norms_are_folded_and_layers_are_called_as_torchvision_calls_them() {
        let graph = onnx(BackboneKind::ResNet18, false, Stored::F32);
        assert_eq!(ops(&graph, "BatchNormalization"), 0);
        assert_eq!(ops(&graph, "Conv"), 20);
        let names: Vec<&str> = graph.node.iter().take(7).map(Node::name).collect();
        assert_eq!(
            names,
            [
                "backbone.conv1",
                "backbone.conv1/Relu",
                "backbone.conv1/MaxPool",
                "backbone.layer1.0.conv1",
                "backbone.layer1.0.conv1/Relu",
                "backbone.layer1.0.conv2",
                "backbone.layer1.0.conv2/Add",
            ]
        );
    }

    #[test]
    fn halves_are_matrices_and_kernels_of_half_the_size() {
        let bytes = |stored| -> usize {
            let graph = onnx(BackboneKind::VitB16, false, stored);
            let raw = graph
                .initializer
                .iter()
                .map(|tensor| tensor.raw_data().len());
            raw.sum()
        };
        let share = bytes(Stored::F16) as f64 / bytes(Stored::F32) as f64;
        assert!((0.5..0.502).contains(&share), "{share}");
    }
}
