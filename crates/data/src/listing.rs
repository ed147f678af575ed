//! What a folder of photos holds.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::discover::{find_labels, has_image_extension, image_folders, interferes};
use crate::error::DataError;
use crate::resolve::{NamedFiles, named_files};
use crate::table::Table;
use crate::walk::{FolderKind, is_hidden, walk};

/// The files of a folder, each accounted for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    /// Images, by their extension or their content, folder by folder and sorted.
    pub images: Vec<PathBuf>,
    /// The other files, and what they are.
    pub left_out: Vec<(PathBuf, FileKind)>,
    /// The folders that were not entered, and why.
    pub folders: Vec<(PathBuf, FolderKind)>,
}

/// What a file is that is no readable image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FileKind {
    /// An image in a format that is not read, by its name.
    Unread(&'static str),
    /// Something else.
    Other,
    /// A file whose name begins with a dot.
    Hidden,
}

/// Lists the files of `dir`, with those of its sub-folders if `recursive` is set.
/// Hidden folders are never entered; links are followed, to folders that have no other path
/// in `dir`.
///
/// # Errors
/// A folder that can't be listed.
pub fn list_images(dir: &Path, recursive: bool) -> Result<Listing, DataError> {
    if !dir.is_dir() {
        return Err(DataError::no_folder(dir, "psp predict"));
    }
    let mut listing = Listing::default();
    let folders = walk(dir, recursive, &mut |path| match kind_of(path) {
        None => listing.images.push(path.to_owned()),
        Some(kind) => listing.left_out.push((path.to_owned(), kind)),
    })?;
    listing.folders = folders;
    Ok(listing)
}

/// A data set's image folder and the names that its labels give the images.
#[derive(Debug)]
pub struct DataFolder {
    /// The data set's folder.
    pub dir: PathBuf,
    /// The image folder.
    pub images: PathBuf,
    /// Each image's name in the labels, as far as they name it; or why there are none.
    pub names: Result<NamedFiles, DataError>,
}

impl DataFolder {
    /// The data set that `dir` belongs to, if it does: as its folder, which holds
    /// labels or nothing but an image folder, or as its image folder. The labels' column
    /// `filename_column`, or else a usual one, names the images.
    pub fn of(dir: &Path, filename_column: Option<&str>) -> Option<Self> {
        let is_set = |dir| find_labels(dir).is_ok() || find_images_in(dir).is_empty();
        let (dir, images) = match image_folders(dir).ok()?.as_slice() {
            [images] if is_set(dir) => (dir.to_owned(), images.clone()),
            _ if dir.join("labels.csv").is_file() => (dir.to_owned(), dir.to_owned()),
            _ => {
                let real = std::fs::canonicalize(dir).ok()?;
                let parent = real.parent()?;
                let is_images = image_folders(parent).ok()?.contains(&real);
                find_labels(parent).ok().filter(|_| is_images)?;
                (parent.to_owned(), dir.to_owned())
            }
        };
        let column = filename_column.filter(|name| Self::has_column(&dir, name));
        let names =
            find_labels(&dir).and_then(|labels| named_files(&labels, &images, &dir, column));
        Some(Self { dir, images, names })
    }

    /// Whether the labels in `dir` have this column.
    pub fn has_column(dir: &Path, name: &str) -> bool {
        let table = find_labels(dir).and_then(|labels| Table::open(&labels));
        table.is_ok_and(|mut table| table.filename_column(Some(name), None).is_ok())
    }

    /// Whether a table written to `path` would be taken for the labels or the split of the
    /// data set beside it, or keep the labels from being found.
    pub fn would_take(path: &Path) -> bool {
        path.parent().is_some_and(|dir| {
            interferes(dir, path) && Self::of(dir, None).is_some_and(|data| data.dir == dir)
        })
    }

    /// The images that lie in the data set's folder and not in its image folder.
    pub fn beside(&self) -> Vec<PathBuf> {
        if self.dir == self.images {
            Vec::new()
        } else {
            find_images_in(&self.dir)
        }
    }
}

fn find_images_in(dir: &Path) -> Vec<PathBuf> {
    list_images(dir, false).map_or_else(|_| Vec::new(), |listing| listing.images)
}

/// What a file is; `None` for an image.
fn kind_of(path: &Path) -> Option<FileKind> {
    if is_hidden(path) {
        return Some(FileKind::Hidden);
    }
    if has_image_extension(path) {
        return None;
    }
    let extension = path.extension().unwrap_or_default().to_string_lossy();
    let unread = |name| Some(FileKind::Unread(name));
    let mut head = Vec::new();
    // A pipe would be waited for.
    if path.is_file()
        && let Ok(file) = File::open(path)
    {
        // What can't be read is told by its name.
        let _ = file.take(32).read_to_end(&mut head);
    }
    if is_read(&head) {
        return None;
    }
    // Camera files are TIFF inside, so their names come first.
    match extension.to_lowercase().as_str() {
        "heic" | "heif" | "hif" => return unread("HEIC"),
        "dng" | "cr2" | "cr3" | "nef" | "arw" | "orf" | "rw2" | "raf" | "pef" | "srw" => {
            return unread("camera RAW");
        }
        "svg" | "svgz" => return unread("SVG"),
        "jxl" => return unread("JPEG XL"),
        _ => {}
    }
    match head.as_slice() {
        [_, _, _, _, b'f', b't', b'y', b'p', b'a', b'v', b'i', ..] => unread("AVIF"),
        [_, _, _, _, b'f', b't', b'y', b'p', b'h', b'e', ..]
        | [
            _,
            _,
            _,
            _,
            b'f',
            b't',
            b'y',
            b'p',
            b'm',
            b'i' | b's',
            b'f',
            b'1',
            ..,
        ] => unread("HEIC"),
        [b'I', b'I', 42, 0, ..] | [b'M', b'M', 0, 42, ..] => unread("TIFF"),
        [b'G', b'I', b'F', b'8', ..] => unread("GIF"),
        [0xFF, 0x0A, ..] | [0, 0, 0, 12, b'J', b'X', b'L', b' ', ..] => unread("JPEG XL"),
        [0, 0, 0, 12, b'j', b'P', ..] | [0xFF, 0x4F, 0xFF, 0x51, ..] => unread("JPEG 2000"),
        [b'8', b'B', b'P', b'S', ..] => unread("Photoshop"),
        [b'%', b'P', b'D', b'F', ..] => unread("PDF"),
        _ => match extension.to_lowercase().as_str() {
            "avif" => unread("AVIF"),
            "tif" | "tiff" => unread("TIFF"),
            "gif" => unread("GIF"),
            _ => Some(FileKind::Other),
        },
    }
}

/// Whether a file begins as an image of a format that is read.
fn is_read(head: &[u8]) -> bool {
    match head {
        [0xFF, 0xD8, 0xFF, ..] | [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1A, b'\n', ..] => true,
        [
            b'R',
            b'I',
            b'F',
            b'F',
            _,
            _,
            _,
            _,
            b'W',
            b'E',
            b'B',
            b'P',
            ..,
        ] => true,
        // "BM" begins many texts, too: the length of the next header follows.
        [b'B', b'M', rest @ ..] => {
            let length = rest.get(12..16);
            length.is_some_and(|length| {
                matches!(length, [12 | 40 | 52 | 56 | 64 | 108 | 124, 0, 0, 0])
            })
        }
        _ => false,
    }
}
