//! Image-regression data sets: labels, images, splits, preprocessing, loading.
//!
//! A data set is a folder of images and one CSV that gives each image a few
//! scores. The pieces, in the order in which they are used:
//!
//! - [`LabelTable`] reads and checks the CSV; [`Dataset`] joins it with the
//!   image folder.
//! - [`decode_file`] turns an image file into RGB pixels as Pillow's
//!   `convert("RGB")` does, with the EXIF orientation applied.
//! - [`Preprocessing`] says how pixels become a network's input; it is stored
//!   beside every model so that all tools prepare images the same way.
//! - [`Splits`] assigns each sample to training, validation or test.
//! - [`Loader`] decodes in parallel and yields [`Batch`]es in an order that
//!   depends on the seed and the epoch alone.
//! - [`PixelStore`] keeps decoded and resized images on disk for every process
//!   that loads the same ones.
//!
//! Nothing here prints, exits or reads the environment.

mod bmp;
mod dataset;
mod decode;
mod discover;
mod error;
mod far_label;
mod hash;
mod jpeg;
mod label_range;
mod labels;
mod listing;
mod loader;
mod names;
mod notice;
mod numbers;
mod orientation;
mod parallel;
mod part;
mod pixels;
mod plural;
mod preprocess;
mod resize;
mod resolve;
mod sample;
mod separator;
mod shuffle;
mod split;
mod stamp;
mod stray_label;
mod table;
mod walk;
mod webp;
mod whole;

pub use dataset::{DEFAULT_TARGETS, Dataset, DatasetOptions};
pub use decode::{DECODE_VERSION, DecodeLimits, decode_bytes, decode_file};
pub use discover::{IMAGE_EXTENSIONS, SPLIT, find_split, is_present};
pub use error::{CsvError, DataError, LabelError, Remedy, SplitError};
/// The image type that decoding yields and preprocessing takes: rows of
/// 8-bit red, green, blue, `[height, width, 3]`.
pub use image::RgbImage;
pub use label_range::LabelRange;
pub use labels::LabelTable;
pub use listing::{DataFolder, FileKind, Listing, list_images};
pub use loader::{Batch, BatchSampler, Epoch, LastBatch, Loader, LoaderOptions};
pub use notice::{DataNotice, LabelNotice};
pub use part::Part;
pub use pixels::{PixelStore, PixelWarning};
pub use preprocess::{IMAGENET_MEAN, IMAGENET_STD, Preprocessing};
pub use resize::{RESIZE_VERSION, Resize};
pub use resolve::NamedFiles;
pub use sample::Sample;
pub use separator::Separator;
pub use split::{SplitFractions, Splits};
pub use stamp::Stamp;
pub use stray_label::StrayLabel;
pub use walk::FolderKind;
