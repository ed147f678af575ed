//! One file of features.
//!
//! A segment is a safetensors file with `features` (F32, `[rows, width]`) and
//! `contents` (U8, `[rows, 32]`: the SHA-256 of each row's image file). Its
//! metadata names the key that the features belong to and the SHA-256 of both
//! tensors. It is written once, whole, and then only read, through memory
//! mapping. Where nothing can be written, a segment is in memory only.

use std::collections::HashMap;
use std::fs::File;
use std::ops::Range;
use std::path::{Path, PathBuf};

use memmap2::Mmap;
use psp_schema::{FileError, write_atomic};
use safetensors::{Dtype, SafeTensors, tensor::TensorView};
use sha2::{Digest, Sha256};

use crate::features::Content;
use crate::features::error::FeatureError;
use crate::features::key::FeatureKey;

const FEATURES: &str = "features";
const CONTENTS: &str = "contents";
const KEY: &str = "key";
const SHA256: &str = "sha256";

/// The ending of a segment's file name.
pub(crate) const EXTENSION: &str = "safetensors";

/// Why a file can't be used.
#[derive(Debug)]
pub(crate) enum Unusable {
    /// It could not be opened: it may be whole.
    Unread(std::io::Error),
    /// It is no whole segment of this key.
    Damaged(String),
}

/// An open segment.
#[derive(Debug)]
pub(crate) struct Segment {
    rows: Rows,
    width: usize,
}

#[derive(Debug)]
enum Rows {
    Mapped {
        map: Mmap,
        features: Range<usize>,
        contents: Range<usize>,
    },
    Held {
        features: Vec<f32>,
        contents: Vec<Content>,
    },
}

impl Segment {
    /// Stores `features` (row-major, one row per content) in `dir`.
    pub(crate) fn write(
        dir: &Path,
        key: &FeatureKey,
        contents: &[Content],
        features: &[f32],
    ) -> Result<PathBuf, FeatureError> {
        let features: &[u8] = bytemuck::cast_slice(features);
        let contents_bytes = contents.as_flattened();
        let sha256 = digest(features, contents_bytes);
        // Named by content: the same rows from two processes are one file.
        let path = dir.join(format!("{}.{EXTENSION}", &sha256[..32]));
        let io = |error: safetensors::SafeTensorError| {
            FileError::write(&path, "lay out its content")(std::io::Error::other(error))
        };
        let rows = contents.len();
        let views = [
            (
                FEATURES,
                TensorView::new(Dtype::F32, vec![rows, key.width()], features).map_err(io)?,
            ),
            (
                CONTENTS,
                TensorView::new(Dtype::U8, vec![rows, 32], contents_bytes).map_err(io)?,
            ),
        ];
        let metadata = HashMap::from([
            (KEY.to_owned(), key.hex().to_owned()),
            (SHA256.to_owned(), sha256),
        ]);
        let bytes = safetensors::serialize(views, Some(metadata)).map_err(io)?;
        write_atomic(&path, |out| out.write_all(&bytes))?;
        Ok(path)
    }

    /// A segment that no file holds.
    pub(crate) fn held(key: &FeatureKey, contents: &[Content], features: &[f32]) -> Self {
        Self {
            rows: Rows::Held {
                features: features.to_vec(),
                contents: contents.to_vec(),
            },
            width: key.width(),
        }
    }

    /// Opens a segment and verifies its hash.
    pub(crate) fn open(path: &Path, key: &FeatureKey) -> Result<Self, Unusable> {
        let file = File::open(path).map_err(Unusable::Unread)?;
        // SAFETY: a mapping is sound as long as nobody changes or shortens the
        // file. Segments are written under temporary names, renamed when whole
        // and never written again; removing one leaves its mappings valid.
        #[allow(unsafe_code)]
        let map = unsafe { Mmap::map(&file) };
        // An empty file can't be mapped.
        let map = map.map_err(|error| Unusable::Damaged(error.to_string()))?;
        Self::of_map(map, key).map_err(Unusable::Damaged)
    }

    /// `Err` holds the reason why it is not a whole segment of this key.
    fn of_map(map: Mmap, key: &FeatureKey) -> Result<Self, String> {
        let (header, metadata) =
            SafeTensors::read_metadata(&map).map_err(|error| error.to_string())?;
        let entry = |name: &str| metadata.metadata().as_ref()?.get(name).cloned();
        if entry(KEY).as_deref() != Some(key.hex()) {
            return Err("it is of another key".to_owned());
        }
        let data = 8 + header;
        let range = |name: &str, dtype: Dtype, width: usize| {
            let info = metadata
                .info(name)
                .filter(|info| info.dtype == dtype && info.shape.len() == 2)
                .filter(|info| info.shape[1] == width)
                .ok_or_else(|| format!("its `{name}` is not of the expected form"))?;
            let (begin, end) = info.data_offsets;
            Ok::<_, String>((data + begin..data + end, info.shape[0]))
        };
        let (features, rows) = range(FEATURES, Dtype::F32, key.width())?;
        let (contents, contents_rows) = range(CONTENTS, Dtype::U8, 32)?;
        // `read_metadata` has checked that both lie within the file.
        if rows != contents_rows || features.start % align_of::<f32>() != 0 {
            return Err("its tensors do not fit together".to_owned());
        }
        let sha256 = digest(&map[features.clone()], &map[contents.clone()]);
        if entry(SHA256).as_deref() != Some(sha256.as_str()) {
            return Err("its content does not match its SHA-256".to_owned());
        }
        Ok(Self {
            rows: Rows::Mapped {
                map,
                features,
                contents,
            },
            width: key.width(),
        })
    }

    /// The content of every row's image.
    pub(crate) fn contents(&self) -> &[Content] {
        match &self.rows {
            Rows::Held { contents, .. } => contents,
            Rows::Mapped { map, contents, .. } => map[contents.clone()].as_chunks().0,
        }
    }

    /// The features of a row, `[width]`.
    pub(crate) fn row(&self, row: usize) -> &[f32] {
        let features = match &self.rows {
            Rows::Held { features, .. } => features,
            Rows::Mapped { map, features, .. } => bytemuck::cast_slice(&map[features.clone()]),
        };
        &features[row * self.width..][..self.width]
    }
}

fn digest(features: &[u8], contents: &[u8]) -> String {
    let mut hash = Sha256::new();
    hash.update(features);
    hash.update(contents);
    hex::encode(hash.finalize())
}
