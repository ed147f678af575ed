//! A graph of ONNX that grows node by node.

use std::collections::BTreeSet;

use half::f16;

use super::proto::{Attribute, AttributeType, DataType, Graph, Node, Tensor};
use super::quantized::Scale;

/// Values of nodes, and constants, are called by name.
#[derive(Debug, Default)]
pub(super) struct Builder {
    graph: Graph,
    /// Names of nodes and values: a node has its output's name.
    taken: BTreeSet<String>,
}

/// Settings of a node.
pub(super) enum Setting {
    Float(f64),
    Int(i64),
    Ints(Vec<usize>),
}

impl Builder {
    pub(super) fn into_graph(self) -> Graph {
        self.graph
    }

    /// Adds a node called `name`, numbered where that is taken, and returns its output.
    pub(super) fn node(
        &mut self,
        name: &str,
        op_type: &str,
        input: &[&str],
        settings: &[(&str, Setting)],
    ) -> String {
        let output = self.free(name);
        self.add(
            output.clone(),
            op_type,
            input,
            vec![output.clone()],
            settings,
        );
        output
    }

    /// Cuts the last dimension of `x` into three parts of one size.
    pub(super) fn thirds(&mut self, name: &str, x: &str) -> [String; 3] {
        let name = self.free(name);
        let outputs = [0, 1, 2].map(|index| format!("{name}:{index}"));
        self.taken.extend(outputs.clone());
        let axis = ("axis", Setting::Int(-1));
        self.add(name, "Split", &[x], outputs.to_vec(), &[axis]);
        outputs
    }

    fn add(
        &mut self,
        name: String,
        op_type: &str,
        input: &[&str],
        output: Vec<String>,
        settings: &[(&str, Setting)],
    ) {
        self.graph.node.push(Node {
            input: input.iter().map(|&name| name.to_owned()).collect(),
            output,
            name: Some(name),
            op_type: Some(op_type.to_owned()),
            attribute: settings.iter().map(attribute).collect(),
        });
    }

    /// A name that nothing has yet.
    fn free(&mut self, name: &str) -> String {
        let numbered = (2..).map(|number| format!("{name}_{number}"));
        let mut names = [name.to_owned()].into_iter().chain(numbered);
        // There is always another number.
        let free = names.find(|name| !self.taken.contains(name));
        let free = free.unwrap_or_default();
        self.taken.insert(free.clone());
        free
    }

    /// Gives the last node's only output another name.
    pub(super) fn name_output(&mut self, name: &str) {
        if let Some(node) = self.graph.node.last_mut() {
            node.output = vec![name.to_owned()];
        }
    }

    /// A constant of f32s, as they are.
    pub(super) fn floats(&mut self, name: &str, shape: &[usize], values: &[f32]) -> String {
        let bytes = values.iter().flat_map(|value| value.to_le_bytes());
        self.constant(name, shape, DataType::Float, bytes.collect())
    }

    /// A constant of f32s, rounded to f16 in the file.
    pub(super) fn halves(&mut self, name: &str, shape: &[usize], values: &[f32]) -> String {
        let halves = values.iter().map(|value| f16::from_f32(*value));
        let bytes = halves.flat_map(f16::to_le_bytes).collect();
        let stored = self.constant(&format!("{name}:f16"), shape, DataType::Float16, bytes);
        let to = ("to", Setting::Int(DataType::Float as i64));
        self.node(name, "Cast", &[&stored], &[to])
    }

    /// A constant of bytes times a scale for each extent of `axis`.
    pub(super) fn bytes(
        &mut self,
        name: &str,
        shape: &[usize],
        values: &[i8],
        (axis, scales): (i64, &[f32]),
    ) -> String {
        let bytes = values.iter().map(|value| value.to_le_bytes()[0]).collect();
        let stored = self.constant(&format!("{name}:i8"), shape, DataType::Int8, bytes);
        self.scaled(name, &stored, (axis, scales))
    }

    /// A constant of whole numbers times a scale each.
    pub(super) fn whole(&mut self, name: &str, values: &[i32], scales: &[f32]) -> String {
        let bytes = values
            .iter()
            .flat_map(|value| value.to_le_bytes())
            .collect();
        let shape = [values.len()];
        let stored = self.constant(&format!("{name}:i32"), &shape, DataType::Int32, bytes);
        self.scaled(name, &stored, (0, scales))
    }

    fn scaled(&mut self, name: &str, stored: &str, (axis, scales): (i64, &[f32])) -> String {
        let scale = self.floats(&format!("{name}:scale"), &[scales.len()], scales);
        let axis = ("axis", Setting::Int(axis));
        self.node(name, "DequantizeLinear", &[stored, &scale], &[axis])
    }

    /// `x` rounded to bytes, and those as what they stand for.
    pub(super) fn rounded(&mut self, x: &str, scale: Scale) -> String {
        let step = self.floats(&format!("{x}:scale"), &[], &[scale.step]);
        let zero_point = self.constant(
            &format!("{x}:zero_point"),
            &[],
            DataType::Uint8,
            vec![scale.zero_point],
        );
        let inputs = [x, &step, &zero_point];
        let bytes = self.node(&format!("{x}:u8"), "QuantizeLinear", &inputs, &[]);
        let inputs = [&*bytes, &step, &zero_point];
        self.node(&format!("{x}:rounded"), "DequantizeLinear", &inputs, &[])
    }

    /// A constant of one number, which all nodes share that take it.
    pub(super) fn scalar(&mut self, value: f32) -> String {
        self.floats(&format!("constant_{value}"), &[], &[value])
    }

    /// A list of whole numbers, such as extents.
    pub(super) fn integers(&mut self, name: &str, values: &[i64]) -> String {
        let bytes = values.iter().flat_map(|value| value.to_le_bytes());
        self.constant(name, &[values.len()], DataType::Int64, bytes.collect())
    }

    /// A whole number, such as an index.
    pub(super) fn integer(&mut self, name: &str, value: i64) -> String {
        self.constant(name, &[], DataType::Int64, value.to_le_bytes().to_vec())
    }

    /// A name that was given before stands for the same constant.
    fn constant(
        &mut self,
        name: &str,
        shape: &[usize],
        data_type: DataType,
        raw_data: Vec<u8>,
    ) -> String {
        if self.taken.insert(name.to_owned()) {
            self.graph.initializer.push(Tensor {
                dims: shape.iter().map(|&extent| extent as i64).collect(),
                data_type: Some(data_type as i32),
                name: Some(name.to_owned()),
                raw_data: Some(raw_data),
            });
        }
        name.to_owned()
    }
}

fn attribute((name, setting): &(&str, Setting)) -> Attribute {
    let name = Some((*name).to_owned());
    let (r#type, f, i, ints) = match setting {
        Setting::Float(value) => (AttributeType::Float, Some(*value as f32), None, vec![]),
        Setting::Int(value) => (AttributeType::Int, None, Some(*value), vec![]),
        Setting::Ints(values) => {
            let ints = values.iter().map(|&value| value as i64).collect();
            (AttributeType::Ints, None, None, ints)
        }
    };
    Attribute {
        name,
        f,
        i,
        ints,
        r#type: Some(r#type as i32),
    }
}
