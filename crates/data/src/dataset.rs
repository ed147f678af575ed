//! Labels joined with their images.

use std::collections::HashMap;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde::{Deserialize, Serialize};

use crate::decode::{DecodeLimits, decode_file};
use crate::discover::{find_images, find_labels};
use crate::error::DataError;
use crate::hash::{self, FieldHasher};
use crate::label_range::LabelRange;
use crate::labels::{LabelTable, Sample};
use crate::parallel::map_indices;
use crate::stamp::Stamp;

/// The targets that are predicted unless others are named.
pub const DEFAULT_TARGETS: [&str; 2] =
    ["perspective_score_hood", "perspective_score_backdoor_left"];

/// Where a data set is and what to predict from it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DatasetOptions {
    /// The data set's folder.
    pub dir: PathBuf,
    /// The labels CSV; by default `labels.csv` in `dir` or else the only CSV
    /// there other than `split.csv`.
    #[serde(default)]
    pub labels: Option<PathBuf>,
    /// The image folder; by default `imgs/` or `images/` in `dir`, or else
    /// `dir` itself.
    #[serde(default)]
    pub images: Option<PathBuf>,
    /// The columns to predict.
    #[serde(default = "default_targets")]
    pub targets: Vec<String>,
    /// Which labels are valid.
    #[serde(default)]
    pub label_range: LabelRange,
}

fn default_targets() -> Vec<String> {
    DEFAULT_TARGETS.map(str::to_owned).to_vec()
}

impl DatasetOptions {
    /// The usual places and targets for the data set in `dir`.
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self {
            dir: dir.into(),
            labels: None,
            images: None,
            targets: default_targets(),
            label_range: LabelRange::Auto,
        }
    }
}

/// A labels CSV whose images are all there.
///
/// It dereferences to its [`LabelTable`], so `len()`, `samples()`, `targets()`
/// and the rest are at hand.
#[derive(Clone, Debug)]
pub struct Dataset {
    table: LabelTable,
    images: PathBuf,
    /// Of the labels file and of each image, when the data set was opened.
    stamps: Vec<Option<Stamp>>,
    contents: OnceLock<Vec<[u8; 32]>>,
    /// Those of single images, as far as they have been read.
    read_contents: Vec<OnceLock<[u8; 32]>>,
}

impl Deref for Dataset {
    type Target = LabelTable;

    fn deref(&self) -> &LabelTable {
        &self.table
    }
}

impl Dataset {
    /// Reads the labels and checks that each image exists inside the image
    /// folder; the images are not decoded (see
    /// [`check_images`](Self::check_images)).
    ///
    /// # Errors
    /// All of [`LabelTable::read`]'s; labels or images that are in no usual
    /// place or in several; an image that is missing, that lies outside the
    /// image folder, or that two rows reach under different names.
    pub fn open(options: &DatasetOptions) -> Result<Self, DataError> {
        let labels = match &options.labels {
            Some(path) => path.clone(),
            None => find_labels(&options.dir)?,
        };
        let mut stamps = vec![Stamp::of(&labels)];
        let table = LabelTable::read(&labels, &options.targets, options.label_range)?;
        let images = match &options.images {
            Some(path) => path.clone(),
            None => find_images(&options.dir, &table.samples()[0].filename)?,
        };
        let samples = table.samples().iter();
        stamps.extend(samples.map(|sample| Stamp::of(&images.join(&sample.filename))));
        let dataset = Self {
            read_contents: vec![OnceLock::new(); table.len()],
            table,
            images,
            stamps,
            contents: OnceLock::new(),
        };
        dataset.check_paths()?;
        Ok(dataset)
    }

    /// Whether the labels file and all images are, by length and time, those that
    /// were there when the data set was opened.
    pub fn is_unchanged(&self) -> bool {
        let images = (0..self.len()).map(|index| self.image_path(index));
        let files = std::iter::once(self.labels_path().to_owned()).chain(images);
        let now = files.map(|path| Stamp::of(&path));
        now.eq(self.stamps.iter().copied())
    }

    /// The image folder.
    pub fn images_dir(&self) -> &Path {
        &self.images
    }

    /// The image file of sample `index`.
    ///
    /// # Panics
    /// When `index` is not below `len()`, as slices do.
    pub fn image_path(&self, index: usize) -> PathBuf {
        self.images.join(&self.samples()[index].filename)
    }

    /// Decodes the images of the samples `indices` on `threads` threads (0 =
    /// one per core).
    ///
    /// `progress(done, total)` is called after each image, from any thread.
    ///
    /// # Errors
    /// The unusable image that comes first in `indices`, whatever the thread
    /// count.
    ///
    /// # Panics
    /// When an index is not below `len()`, as slices do.
    pub fn check_images(
        &self,
        indices: &[usize],
        threads: usize,
        limits: &DecodeLimits,
        progress: &(dyn Fn(usize, usize) + Sync),
    ) -> Result<(), DataError> {
        let done = AtomicUsize::new(0);
        map_indices(threads, indices.len(), |place| {
            let index = indices[place];
            decode_file(&self.image_path(index), limits)
                .map_err(|error| self.image_error(index, error))?;
            progress(done.fetch_add(1, Ordering::Relaxed) + 1, indices.len());
            Ok(())
        })
        .map(|_: Vec<()>| ())
    }

    /// The SHA-256 of each sample's image file, in the order of the CSV. They
    /// are computed once, in parallel.
    ///
    /// # Errors
    /// An image that can't be read.
    pub fn contents(&self) -> Result<&[[u8; 32]], DataError> {
        if let Some(contents) = self.contents.get() {
            return Ok(contents);
        }
        let contents = map_indices(0, self.len(), |index| {
            if let Some(content) = self.known_content(index) {
                return Ok(content);
            }
            let bytes = self
                .read_image(index)
                .map_err(|error| self.image_error(index, error))?;
            Ok::<_, DataError>(self.note_content(index, &bytes))
        })?;
        Ok(self.contents.get_or_init(|| contents))
    }

    /// The SHA-256 of an image's file if that was read before.
    pub(crate) fn known_content(&self, index: usize) -> Option<[u8; 32]> {
        self.read_contents[index].get().copied()
    }

    /// The SHA-256 of `bytes`, which were read from an image's file.
    pub(crate) fn note_content(&self, index: usize, bytes: &[u8]) -> [u8; 32] {
        let content = hash::content(bytes);
        // A file that has changed since keeps its first one: whoever asks again
        // gets the same answer.
        let _ = self.read_contents[index].set(content);
        content
    }

    /// The bytes of an image's file; errors lack the line.
    pub(crate) fn read_image(&self, index: usize) -> Result<Vec<u8>, DataError> {
        let path = self.image_path(index);
        std::fs::read(&path).map_err(DataError::io(&path, "read this image"))
    }

    /// SHA-256, as 64 hex digits, over the targets' names and over each
    /// sample's file name, labels (the bits of the `f32`s) and image content
    /// ([`contents`](Self::contents)), in the order of the CSV.
    ///
    /// # Errors
    /// An image that can't be read.
    pub fn fingerprint(&self) -> Result<String, DataError> {
        let contents = self.contents()?;
        let mut hasher = FieldHasher::new("psp data set 1");
        hasher.field(&(self.targets().len() as u64).to_le_bytes());
        for target in self.targets() {
            hasher.field(target.as_bytes());
        }
        for (sample, content) in self.samples().iter().zip(contents) {
            hasher.field(sample.filename.as_bytes());
            for label in &sample.labels {
                hasher.field(&label.to_bits().to_le_bytes());
            }
            hasher.field(content);
        }
        Ok(hasher.hex())
    }

    /// Adds the labels file and the line to an image's error.
    pub(crate) fn image_error(&self, index: usize, error: DataError) -> DataError {
        DataError::Image {
            path: self.labels_path().to_owned(),
            row: self.samples()[index].row,
            source: Box::new(error),
        }
    }

    /// Every image exists, lies inside the image folder, and belongs to one row.
    fn check_paths(&self) -> Result<(), DataError> {
        let root = std::fs::canonicalize(&self.images)
            .map_err(DataError::io(&self.images, "open the image folder"))?;
        let mut owners: HashMap<PathBuf, &Sample> = HashMap::with_capacity(self.len());
        for (index, sample) in self.samples().iter().enumerate() {
            let resolved = self.resolve(index, sample, &root)?;
            if let Some(first) = owners.insert(resolved, sample) {
                return Err(DataError::DuplicateFilename {
                    path: self.labels_path().to_owned(),
                    filename: sample.filename.clone(),
                    first_filename: first.filename.clone(),
                    first_row: first.row,
                    row: sample.row,
                });
            }
        }
        Ok(())
    }

    fn resolve(&self, index: usize, sample: &Sample, root: &Path) -> Result<PathBuf, DataError> {
        use std::path::Component::{CurDir, Normal};
        let outside = || DataError::OutsideImages {
            path: self.labels_path().to_owned(),
            row: sample.row,
            filename: sample.filename.clone(),
            images: self.images.clone(),
        };
        let inside = |part| matches!(part, Normal(_) | CurDir);
        if !Path::new(&sample.filename).components().all(inside) {
            return Err(outside());
        }
        let image = self.image_path(index);
        let missing = |source| DataError::MissingImage {
            path: self.labels_path().to_owned(),
            row: sample.row,
            image: image.clone(),
            source,
        };
        let resolved = std::fs::canonicalize(&image).map_err(missing)?;
        if !resolved.starts_with(root) {
            return Err(outside());
        }
        if !resolved.is_file() {
            let reason = std::io::Error::new(std::io::ErrorKind::InvalidInput, "not a file");
            return Err(missing(reason));
        }
        Ok(resolved)
    }
}
