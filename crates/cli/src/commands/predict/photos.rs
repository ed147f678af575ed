//! Which images `psp predict` scores, and under which names.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};

use anyhow::{Result, bail, ensure};
use psp_data::{DataFolder, FileKind, FolderKind, Listing, NamedFiles, list_images};

use crate::origin::whole;
use crate::text::counted;

/// What stands for images that standard input names.
const STANDARD_INPUT: &str = "-";

/// How many files of a kind are named.
const NAMED: usize = 3;

/// An image to score.
#[derive(Debug)]
pub(super) struct Photo {
    /// Its file.
    pub(super) path: PathBuf,
    /// What it is called in the output.
    pub(super) name: String,
    /// Where its pictures lie in a folder of pictures.
    pub(super) place: PathBuf,
}

impl Photo {
    fn new(path: PathBuf, name: &Path, place: &Path) -> Self {
        let name = name.to_string_lossy().into_owned();
        let place = place.to_owned();
        Self { path, name, place }
    }

    /// An image that is called by its path and lies in no folder of several.
    fn alone(path: PathBuf) -> Self {
        let place = path.file_name().map(PathBuf::from).unwrap_or_default();
        Self::new(path.clone(), &path, &place)
    }

    /// One whose path standard input gave; its pictures keep the folders in it.
    pub(super) fn streamed(path: PathBuf) -> Self {
        let is_name = |part: &Component<'_>| matches!(part, Component::Normal(_));
        let place: PathBuf = path.components().filter(is_name).collect();
        Self::new(path.clone(), &path, &place)
    }
}

impl AsRef<Path> for Photo {
    fn as_ref(&self) -> &Path {
        &self.path
    }
}

/// The images to score: those that are named on the command line or lie in folders, and
/// those whose names standard input holds, in the place of `-`.
#[derive(Default)]
pub(super) struct Photos {
    before: Vec<Photo>,
    is_streamed: bool,
    after: Vec<Photo>,
}

impl Photos {
    /// The images among `args` and in the folders among them. What is left out of a
    /// folder is said on standard error.
    ///
    /// An image is called what it is on the command line, or there with its folder. One
    /// of a data set is called what the labels call it, if that folder is all of `args`.
    pub(super) fn gather(
        args: &[PathBuf],
        recursive: bool,
        filename_column: Option<&str>,
    ) -> Result<Self> {
        let mut photos = Self::default();
        for path in args {
            if path == Path::new(STANDARD_INPUT) {
                ensure!(
                    !photos.is_streamed,
                    "standard input can be read once: leave out one of the `-` among the images"
                );
                photos.is_streamed = true;
                continue;
            }
            if !path.is_dir() {
                photos.push(Photo::alone(path.clone()));
                continue;
            }
            match DataFolder::of(path, filename_column) {
                Some(data) => photos.add_data(data, path, args.len() == 1)?,
                None => photos.add_folder(path, recursive)?,
            }
        }
        let distinct: BTreeSet<PathBuf> = photos.listed().map(|photo| whole(&photo.path)).collect();
        match photos.count() - distinct.len() {
            0 => {}
            more => eprintln!(
                "note: images are named more than once: {} of {} repeat others",
                more,
                counted(photos.count(), "row")
            ),
        }
        let lost = photos
            .listed()
            .filter(|photo| photo.path.to_str().is_none());
        note_lost_names(lost.count());
        Ok(photos)
    }

    /// Whether names come from standard input.
    pub(super) fn are_streamed(&self) -> bool {
        self.is_streamed
    }

    /// How many images there are besides those that standard input names.
    pub(super) fn count(&self) -> usize {
        self.before.len() + self.after.len()
    }

    /// These images.
    pub(super) fn listed(&self) -> impl Iterator<Item = &Photo> {
        self.before.iter().chain(&self.after)
    }

    /// All images, in order; `names` are those of standard input.
    pub(super) fn in_order(
        self,
        names: impl Iterator<Item = Photo> + Send,
    ) -> impl Iterator<Item = Photo> + Send {
        let streamed = names.take(if self.is_streamed { usize::MAX } else { 0 });
        self.before.into_iter().chain(streamed).chain(self.after)
    }

    fn push(&mut self, photo: Photo) {
        if self.is_streamed {
            self.after.push(photo);
        } else {
            self.before.push(photo);
        }
    }

    fn add_folder(&mut self, dir: &Path, recursive: bool) -> Result<()> {
        let listing = list_images(dir, recursive)?;
        say_left_out(dir, &listing);
        if listing.images.is_empty() {
            bail!(
                "{}: no image files; expected JPEG, PNG, WebP or BMP",
                dir.display()
            );
        }
        for path in listing.images {
            let place = path.strip_prefix(dir).unwrap_or(&path).to_owned();
            self.push(Photo::new(path.clone(), &path, &place));
        }
        Ok(())
    }

    /// Adds the images of the data set that the folder `asked` is, or is a part of.
    fn add_data(&mut self, data: DataFolder, asked: &Path, under_labels_names: bool) -> Result<()> {
        // Labels may name images in sub-folders.
        let listing = list_images(&data.images, true)?;
        say_left_out(&data.images, &listing);
        let beside = if asked == data.dir {
            data.beside()
        } else {
            Vec::new()
        };
        let beside: Vec<&Path> = beside.iter().map(PathBuf::as_path).collect();
        if !beside.is_empty() {
            let images = data.images.display();
            eprintln!("left out: {} (not in {images})", named(&data.dir, &beside));
        }
        let NamedFiles { names, missing } = data.names.unwrap_or_else(|error| {
            if under_labels_names {
                eprintln!("note: images are called by their files' names: {error}");
            }
            Default::default()
        });
        if !missing.is_empty() {
            let rows = counted(missing.len(), "row");
            let missing: Vec<&Path> = missing.iter().map(Path::new).collect();
            let names = named(Path::new(""), &missing);
            eprintln!("left out: {rows} of the labels whose image is missing, {names}");
        }
        let mut paths = listing.images;
        let unlisted = names.keys().filter(|path| !paths.contains(path));
        let mut unlisted: Vec<PathBuf> = unlisted.cloned().collect();
        unlisted.sort();
        paths.extend(unlisted);
        if paths.is_empty() {
            bail!(
                "{}: no image files; expected JPEG, PNG, WebP or BMP",
                data.images.display()
            );
        }
        for path in paths {
            let own = path.strip_prefix(&data.images).map(Path::to_owned);
            let own = own.unwrap_or_else(|_| PathBuf::from(path.file_name().unwrap_or_default()));
            let name = names.get(&path).map_or_else(|| own.clone(), PathBuf::from);
            let name = if under_labels_names { &name } else { &path };
            self.push(Photo::new(path.clone(), name, &own));
        }
        Ok(())
    }
}

/// Says that so many names are not text.
pub(super) fn note_lost_names(count: usize) {
    if count > 0 {
        eprintln!(
            "note: {} not valid UTF-8; `\u{fffd}` stands for what is not",
            match count {
                1 => "1 file name is".to_owned(),
                count => format!("{count} file names are"),
            }
        );
    }
}

/// Says which files and folders of `dir` are not scored, by their kind.
fn say_left_out(dir: &Path, listing: &Listing) {
    for (kind, files) in by_kind(&listing.left_out) {
        let names = named(dir, &files);
        match kind {
            FileKind::Unread(format) => {
                eprintln!("left out: {names} ({format} is not read; convert to JPEG)");
            }
            FileKind::Other => eprintln!("left out: {names} (no image)"),
            FileKind::Hidden => {
                let count = counted(files.len(), "hidden file");
                eprintln!("left out: {count}, {names}");
            }
        }
    }
    for (kind, folders) in by_kind(&listing.folders) {
        let (count, names) = (counted(folders.len(), "folder"), named(dir, &folders));
        let why = match kind {
            FolderKind::Inner => "; --recursive enters folders",
            FolderKind::Hidden => " (hidden folders are never entered)",
            FolderKind::Repeated => " (listed already under another path)",
        };
        eprintln!("left out: {count} not entered, {names}{why}");
    }
}

fn by_kind<K: Ord + Copy>(paths: &[(PathBuf, K)]) -> BTreeMap<K, Vec<&Path>> {
    let mut kinds: BTreeMap<K, Vec<&Path>> = BTreeMap::new();
    for (path, kind) in paths {
        kinds.entry(*kind).or_default().push(path);
    }
    kinds
}

/// The first few of some files, and how many more there are.
fn named(dir: &Path, files: &[&Path]) -> String {
    let names = files.iter().take(NAMED).map(|path| {
        let name = path.strip_prefix(dir).unwrap_or(path);
        name.display().to_string()
    });
    let names = names.collect::<Vec<_>>().join(", ");
    match files.len().saturating_sub(NAMED) {
        0 => names,
        more => format!("{names} and {more} more"),
    }
}
