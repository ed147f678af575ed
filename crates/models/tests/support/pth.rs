//! The two containers of `torch.save`
//! (<https://github.com/pytorch/pytorch/blob/main/torch/serialization.py>):
//! the zip archive since PyTorch 1.6 and the file of pickles before it.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use half::{bf16, f16};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::pickle::{Value, int};

/// The bytes that tensors are views of.
#[derive(Clone, Debug)]
pub(crate) struct Storage {
    /// Its class in `torch`, which says what its elements are.
    class: &'static str,
    numel: usize,
    bytes: Vec<u8>,
}

impl Storage {
    pub(crate) fn float(values: &[f32]) -> Self {
        Self::of("FloatStorage", values, |value| value.to_le_bytes())
    }

    pub(crate) fn double(values: &[f64]) -> Self {
        Self::of("DoubleStorage", values, |value| value.to_le_bytes())
    }

    pub(crate) fn half(values: &[f32]) -> Self {
        let bytes = |value| f16::from_f32(value).to_le_bytes();
        Self::of("HalfStorage", values, bytes)
    }

    pub(crate) fn bfloat16(values: &[f32]) -> Self {
        let bytes = |value| bf16::from_f32(value).to_le_bytes();
        Self::of("BFloat16Storage", values, bytes)
    }

    pub(crate) fn long(values: &[i64]) -> Self {
        Self::of("LongStorage", values, |value| value.to_le_bytes())
    }

    fn of<T: Copy, const N: usize>(
        class: &'static str,
        values: &[T],
        bytes: impl Fn(T) -> [u8; N],
    ) -> Self {
        Self {
            class,
            numel: values.len(),
            bytes: values.iter().flat_map(|&value| bytes(value)).collect(),
        }
    }
}

/// A tensor: which elements of which storage.
#[derive(Clone, Debug)]
struct View {
    storage: usize,
    offset: usize,
    shape: Vec<usize>,
    strides: Vec<usize>,
}

/// What is handed to `torch.save`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Saved {
    storages: Vec<Storage>,
    tensors: Vec<(String, View)>,
    /// Entries of the state dict that are no tensors.
    pub(crate) others: Vec<(String, Value)>,
}

impl Saved {
    /// Adds a storage that views can be taken of.
    pub(crate) fn share(&mut self, storage: Storage) -> usize {
        self.storages.push(storage);
        self.storages.len() - 1
    }

    pub(crate) fn view(
        &mut self,
        key: &str,
        storage: usize,
        offset: usize,
        shape: &[usize],
        strides: &[usize],
    ) {
        let view = View {
            storage,
            offset,
            shape: shape.to_vec(),
            strides: strides.to_vec(),
        };
        self.tensors.push((key.to_owned(), view));
    }

    /// Adds a tensor with a storage of its own.
    pub(crate) fn tensor(&mut self, key: &str, shape: &[usize], storage: Storage) {
        let mut strides = vec![1; shape.len()];
        for axis in (1..shape.len()).rev() {
            strides[axis - 1] = strides[axis] * shape[axis];
        }
        let storage = self.share(storage);
        self.view(key, storage, 0, shape, &strides);
    }

    /// The `state_dict()` of a module, with its attribute `_metadata`.
    fn state_dict(&self, id: &dyn Fn(usize, &Storage) -> Value) -> Value {
        let tensor = |(key, view): &(String, View)| {
            let args = vec![
                Value::Persistent(Box::new(id(view.storage, &self.storages[view.storage]))),
                int(view.offset),
                Value::extents(&view.shape),
                Value::extents(&view.strides),
                // It requires no gradient and has no hooks.
                Value::Bool(false),
                Value::ordered_dict(Vec::new(), None),
            ];
            let tensor = Value::call("torch._utils", "_rebuild_tensor_v2", args);
            (Value::text(key), tensor)
        };
        let others = self.others.iter();
        let others = others.map(|(key, value)| (Value::text(key), value.clone()));
        let items = self.tensors.iter().map(tensor).chain(others).collect();
        Value::ordered_dict(items, Some(self.metadata()))
    }

    /// The version of every module.
    fn metadata(&self) -> Value {
        let mut modules = vec![""];
        for (key, _) in &self.tensors {
            let module = key.rsplit_once('.').map_or("", |(module, _)| module);
            if !modules.contains(&module) {
                modules.push(module);
            }
        }
        let version = Value::Dict(vec![(Value::text("version"), Value::Int(1))]);
        let versions = modules
            .iter()
            .map(|module| (Value::text(*module), version.clone()));
        let versions = Value::ordered_dict(versions.collect(), None);
        Value::Dict(vec![(Value::text("_metadata"), versions)])
    }
}

/// How `torch.save` writes.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Container {
    Zip,
    Legacy,
}

/// What a file may say besides its state dict.
#[derive(Clone, Copy, Default)]
pub(crate) struct Variant {
    /// Claims big-endian values.
    pub(crate) big_endian: bool,
    /// What is saved instead of the bare state dict.
    pub(crate) wrap: Option<fn(Value) -> Value>,
}

impl Container {
    pub(crate) const BOTH: [Self; 2] = [Self::Zip, Self::Legacy];

    pub(crate) fn write(self, path: &Path, saved: &Saved) {
        self.write_variant(path, saved, Variant::default());
    }

    pub(crate) fn write_variant(self, path: &Path, saved: &Saved, variant: Variant) {
        let wrap = variant.wrap.unwrap_or(|state| state);
        let pickle = |id: &dyn Fn(usize, &Storage) -> Value| wrap(saved.state_dict(id)).pickle();
        let out = BufWriter::new(File::create(path).unwrap());
        match self {
            Self::Zip => {
                let id = |index: usize, storage: &Storage| {
                    Value::Tuple(storage_id(storage, index.to_string()))
                };
                let byteorder = variant.big_endian.then_some("big");
                write_zip(out, &pickle(&id), byteorder, &saved.storages);
            }
            Self::Legacy => {
                let id = |index: usize, storage: &Storage| {
                    let mut id = storage_id(storage, address(index));
                    // It is no view of another storage.
                    id.push(Value::None);
                    Value::Tuple(id)
                };
                write_legacy(out, &pickle(&id), !variant.big_endian, &saved.storages);
            }
        }
    }
}

fn storage_id(storage: &Storage, key: String) -> Vec<Value> {
    vec![
        Value::text("storage"),
        Value::Global("torch", storage.class),
        Value::Text(key),
        Value::text("cpu"),
        int(storage.numel),
    ]
}

/// Legacy files name a storage by its address, which follows no order.
fn address(index: usize) -> String {
    let scattered = (index as u64 * 2_654_435_761) % (1 << 32);
    (94_046_178_925_008 + scattered).to_string()
}

/// A zip archive of `archive/…`, stored, with each entry's content on a
/// boundary of 64 bytes. `byteorder` is written since PyTorch 2.0.
pub(crate) fn write_zip(
    out: impl Write + std::io::Seek,
    pickle: &[u8],
    byteorder: Option<&str>,
    storages: &[Storage],
) {
    let mut zip = ZipWriter::new(out);
    // PyTorch's padding has this id.
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Stored)
        .with_alignment_and_header_id(64, u16::from_le_bytes(*b"FB"));
    let mut add = |name: &str, content: &[u8]| {
        zip.start_file(format!("archive/{name}"), options).unwrap();
        zip.write_all(content).unwrap();
    };
    add("data.pkl", pickle);
    if let Some(byteorder) = byteorder {
        add("byteorder", byteorder.as_bytes());
    }
    for (index, storage) in storages.iter().enumerate() {
        add(&format!("data/{index}"), &storage.bytes);
    }
    add("version", b"3\n");
    zip.finish().unwrap().flush().unwrap();
}

/// Pickles of a magic number, of the protocol's version, of the machine, of the
/// object and of the storages' keys, and then the storages in that order.
pub(crate) fn write_legacy(
    mut out: impl Write,
    pickle: &[u8],
    little_endian: bool,
    storages: &[Storage],
) {
    // LONG1 0x1950a86a20f9469cfc6c.
    let magic = b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.";
    let size = |name: &str, bytes| (Value::text(name), Value::Int(bytes));
    let system = Value::Dict(vec![
        (Value::text("protocol_version"), Value::Int(1001)),
        (Value::text("little_endian"), Value::Bool(little_endian)),
        (
            Value::text("type_sizes"),
            Value::Dict(vec![size("short", 2), size("int", 4), size("long", 4)]),
        ),
    ]);
    let mut keys: Vec<(String, &Storage)> = (0..).map(address).zip(storages).collect();
    keys.sort_by(|(left, _), (right, _)| left.cmp(right));
    let listed = keys.iter().map(|(key, _)| Value::text(key)).collect();
    out.write_all(magic).unwrap();
    out.write_all(&Value::Int(1001).pickle()).unwrap();
    out.write_all(&system.pickle()).unwrap();
    out.write_all(pickle).unwrap();
    out.write_all(&Value::List(listed).pickle()).unwrap();
    for (_, storage) in keys {
        out.write_all(&(storage.numel as i64).to_le_bytes())
            .unwrap();
        out.write_all(&storage.bytes).unwrap();
    }
    out.flush().unwrap();
}
