//! Labels joined with their images.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde::{Deserialize, Serialize};

use crate::decode::{DecodeLimits, decode_file, read_image};
use crate::discover::{find_images, find_labels, has_image_extension};
use crate::error::DataError;
use crate::hash::{self, FieldHasher};
use crate::label_range::LabelRange;
use crate::labels::LabelTable;
use crate::notice::DataNotice;
use crate::parallel::map_indices;
use crate::resolve::resolve;
use crate::sample::Sample;
use crate::stamp::Stamp;
use crate::walk::{is_hidden, walk};

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
    /// The column that names the images; by default `filename`, or else the only one
    /// under another name that is known as such.
    #[serde(default)]
    pub filename_column: Option<String>,
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
            filename_column: None,
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
    /// The image file of each sample.
    paths: Vec<PathBuf>,
    /// Those of samples that [`only`](Self::only) left out.
    left_out: Vec<PathBuf>,
    /// What is worth telling about labels and file names.
    notices: Vec<DataNotice>,
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
    /// Reads the labels and finds each row's image file; the images are not decoded
    /// (see [`check_images`](Self::check_images)).
    ///
    /// Names are relative to the image folder, or absolute paths into it. One that is
    /// spelled a little differently from the file's (case, extension, Unicode form, URL
    /// escapes, blanks, dots, invisible characters, slashes, the image folder in front)
    /// stands for it where it can be no other's; [`notices`](Self::notices) tell.
    /// Symbolic links are followed.
    ///
    /// # Errors
    /// All of [`LabelTable::read`]'s; labels or images that are in no usual
    /// place or in several; images that are missing or ambiguous; a name that
    /// leads out of the image folder, or to the same file as another row's.
    pub fn open(options: &DatasetOptions) -> Result<Self, DataError> {
        let labels = match &options.labels {
            Some(path) => path.clone(),
            None => find_labels(&options.dir)?,
        };
        let mut stamps = vec![Stamp::of(&labels)];
        let filename = options.filename_column.as_deref();
        let (targets, range) = (&options.targets, options.label_range);
        let table = LabelTable::read_named(&labels, targets, range, filename)?;
        let images = match &options.images {
            Some(path) => path.clone(),
            None => find_images(&options.dir, &table.samples()[0].filename)?,
        };
        let (paths, near_names) = resolve(&table, &images, &options.dir)?;
        stamps.extend(paths.iter().map(|path| Stamp::of(path)));
        let mut notices = table.notices().to_vec();
        notices.extend(near_names);
        Ok(Self {
            read_contents: vec![OnceLock::new(); table.len()],
            table,
            images,
            paths,
            left_out: Vec::new(),
            notices,
            stamps,
            contents: OnceLock::new(),
        })
    }

    /// The samples of these file names alone.
    #[must_use]
    pub fn only(&self, names: &HashSet<String>) -> Self {
        let (kept, others): (Vec<usize>, Vec<usize>) =
            (0..self.len()).partition(|index| names.contains(&self.samples()[*index].filename));
        let of = |index: &usize| self.read_contents[*index].clone();
        let images = kept.iter().map(|index| self.stamps[index + 1]);
        Self {
            table: self.table.only(&kept),
            images: self.images.clone(),
            paths: kept
                .iter()
                .map(|&index| self.paths[index].clone())
                .collect(),
            left_out: others
                .iter()
                .map(|&index| self.paths[index].clone())
                .collect(),
            notices: self.notices.clone(),
            stamps: self.stamps[..1].iter().copied().chain(images).collect(),
            contents: OnceLock::new(),
            read_contents: kept.iter().map(of).collect(),
        }
    }

    /// What is worth telling about how labels and file names were read.
    pub fn notices(&self) -> &[DataNotice] {
        &self.notices
    }

    /// The images beside the samples' that no row names, if there are any.
    ///
    /// # Errors
    /// A folder that can't be listed.
    pub fn unlabelled(&self) -> Result<Option<DataNotice>, DataError> {
        let labelled = self.paths.iter().chain(&self.left_out);
        let labelled: HashSet<&Path> = labelled.map(PathBuf::as_path).collect();
        let mut folders: BTreeSet<&Path> = self.paths.iter().filter_map(|p| p.parent()).collect();
        folders.insert(&self.images);
        let mut found = Vec::new();
        for folder in folders {
            walk(folder, false, &mut |path| {
                let is_image = has_image_extension(path) && !is_hidden(path);
                if is_image && !labelled.contains(path) {
                    found.push(path.to_owned());
                }
            })?;
        }
        Ok(found.first().map(|first| {
            let example = first.strip_prefix(&self.images).unwrap_or(first);
            DataNotice::Unlabelled {
                path: self.labels_path().to_owned(),
                images: self.images.clone(),
                count: found.len(),
                example: example.to_string_lossy().into_owned(),
            }
        }))
    }

    /// Whether the labels file and all images are, by length and time, those that
    /// were there when the data set was opened.
    pub fn is_unchanged(&self) -> bool {
        let images = self.paths.iter().map(PathBuf::as_path);
        let files = std::iter::once(self.labels_path()).chain(images);
        files.map(Stamp::of).eq(self.stamps.iter().copied())
    }

    /// The image folder.
    pub fn images_dir(&self) -> &Path {
        &self.images
    }

    /// The image file of sample `index`.
    ///
    /// # Panics
    /// When `index` is not below `len()`, as slices do.
    pub fn image_path(&self, index: usize) -> &Path {
        &self.paths[index]
    }

    /// The image file of the sample that the labels call `filename`; in the image
    /// folder under that name if there is no such sample.
    pub fn image_named(&self, filename: &str) -> PathBuf {
        let mut samples = self.samples().iter();
        match samples.position(|sample| sample.filename == filename) {
            Some(index) => self.image_path(index).to_owned(),
            None => self.images.join(filename),
        }
    }

    /// The samples with the same image content, each group in the order of the CSV
    /// and at least two.
    ///
    /// # Errors
    /// An image that can't be read.
    pub fn copies(&self) -> Result<Vec<Vec<usize>>, DataError> {
        let mut groups: HashMap<&[u8; 32], Vec<usize>> = HashMap::with_capacity(self.len());
        for (index, content) in self.contents()?.iter().enumerate() {
            groups.entry(content).or_default().push(index);
        }
        let mut copies: Vec<Vec<usize>> = groups.into_values().filter(|g| g.len() > 1).collect();
        copies.sort();
        Ok(copies)
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
            decode_file(self.image_path(index), limits)
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
        read_image(self.image_path(index))
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
            hash_row(&mut hasher, sample);
            hasher.field(content);
        }
        Ok(hasher.hex())
    }

    /// SHA-256, as 64 hex digits, over the same without the images.
    pub fn labels_fingerprint(&self) -> String {
        let mut hasher = FieldHasher::new("psp labels 1");
        for target in self.targets() {
            hasher.field(target.as_bytes());
        }
        for sample in self.samples() {
            hash_row(&mut hasher, sample);
        }
        hasher.hex()
    }

    /// What of this data is not what it was when its labels had this fingerprint, in words.
    pub fn changed_since(&self, labels: Option<&str>) -> String {
        let data = format!("the data of {}", self.labels_path().display());
        match labels {
            None => data,
            Some(then) if then == self.labels_fingerprint() => format!("{data} (an image)"),
            Some(_) => format!("{data} (labels, rows or their order)"),
        }
    }

    /// Adds the labels file and the line to an image's error.
    pub(crate) fn image_error(&self, index: usize, error: DataError) -> DataError {
        DataError::Image {
            path: self.labels_path().to_owned(),
            row: self.samples()[index].row,
            source: Box::new(error),
        }
    }
}

/// Adds a sample's file name and the bits of its labels.
fn hash_row(hasher: &mut FieldHasher, sample: &Sample) {
    hasher.field(sample.filename.as_bytes());
    for label in &sample.labels {
        hasher.field(&label.to_bits().to_le_bytes());
    }
}
