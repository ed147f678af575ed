//! A folder that pictures of images are written into.

use std::collections::HashSet;
use std::ffi::OsString;
use std::hash::{BuildHasher, RandomState};
use std::path::{Path, PathBuf};

use anyhow::{Result, bail, ensure};
use psp_data::{DataFolder, RgbImage};
use psp_schema::{create_folder, write_atomic, write_new};

use super::photos::Photo;
use crate::args::PredictArgs;
use crate::origin::whole;
use crate::text::counted;

/// A folder of pictures, each under the name of its image.
pub(super) struct PictureFolder {
    /// The flag that names it.
    flag: &'static str,
    root: PathBuf,
    /// Folders of images that are scored.
    sources: Vec<PathBuf>,
    overwrite: bool,
    /// Hashes of the names that are taken: of many images, names would fill the memory.
    taken: HashSet<u64>,
    hasher: RandomState,
    written: usize,
    /// How many have another name than their image, and the last of these.
    renamed: usize,
    last_renamed: PathBuf,
}

impl PictureFolder {
    /// Refuses the folder of a model and folders of images that are scored.
    ///
    /// # Errors
    /// Names the folder and the flag.
    pub(super) fn new(
        flag: &'static str,
        root: &Path,
        args: &PredictArgs,
        filename_column: Option<&str>,
    ) -> Result<Self> {
        let shown = root.display();
        ensure!(
            !root.exists() || root.is_dir(),
            "{shown}: is no folder; name another one with {flag}"
        );
        ensure!(
            !whole(root).starts_with(whole(&args.model)),
            "{shown}: lies in the model's folder; name another one with {flag}"
        );
        let folders = args.images.iter().filter(|path| path.is_dir());
        let sources = folders.map(|path| match DataFolder::of(path, filename_column) {
            Some(data) => whole(&data.dir),
            None => whole(path),
        });
        let folder = Self {
            flag,
            root: root.to_owned(),
            sources: sources.collect(),
            overwrite: args.overwrite,
            taken: HashSet::new(),
            hasher: RandomState::new(),
            written: 0,
            renamed: 0,
            last_renamed: PathBuf::new(),
        };
        folder.check_is_elsewhere(root)?;
        Ok(folder)
    }

    /// The folder.
    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    /// Writes the picture of an image.
    ///
    /// # Errors
    /// A file that is there already, unless it may be replaced, and what can't be written.
    pub(super) fn write(&mut self, photo: &Photo, picture: &RgbImage) -> Result<()> {
        let place = self.free_place(&photo.place);
        let path = self.root.join(&place);
        let folder = path.parent().unwrap_or(&self.root);
        create_folder(folder)?;
        self.check_is_elsewhere(folder)?;
        let own = photo.path.parent().unwrap_or(Path::new(""));
        let own = if own.as_os_str().is_empty() {
            Path::new(".")
        } else {
            own
        };
        ensure!(
            whole(folder) != whole(own),
            "{}: would lie beside the photo; name a folder elsewhere with {}",
            path.display(),
            self.flag
        );
        let is_png = path
            .extension()
            .is_some_and(|end| end.eq_ignore_ascii_case("png"));
        let content = if is_png {
            psp_plot::png(picture)?
        } else {
            psp_plot::jpeg(picture)?
        };
        if self.overwrite {
            write_atomic(&path, |out| out.write_all(&content))?;
        } else if !write_new(&path, |out| out.write_all(&content))? {
            bail!(
                "{}: exists already; name another folder with {}, or pass --overwrite to replace \
                 pictures",
                path.display(),
                self.flag
            );
        }
        self.written += 1;
        Ok(())
    }

    /// Says how many pictures there are, and whether any have other names.
    pub(super) fn say(&self) {
        let root = self.root.display();
        eprintln!("wrote {}: {}", root, counted(self.written, "picture"));
        match self.renamed {
            0 => {}
            count => eprintln!(
                "note: {} another name than the image, since one before has it: {}",
                match count {
                    1 => "1 picture has".to_owned(),
                    count => format!("{count} pictures have"),
                },
                self.root.join(&self.last_renamed).display()
            ),
        }
    }

    fn check_is_elsewhere(&self, folder: &Path) -> Result<()> {
        let place = whole(folder);
        match self.sources.iter().find(|source| place.starts_with(source)) {
            None => Ok(()),
            Some(source) => bail!(
                "{}: lies among the images that are scored, in {}; name a folder elsewhere with {}",
                folder.display(),
                source.display(),
                self.flag
            ),
        }
    }

    /// A place that no picture has yet: that of the image, or with a number.
    fn free_place(&mut self, place: &Path) -> PathBuf {
        let wanted = with_extension(place);
        let mut free = wanted.clone();
        let mut number = 1;
        while !self.taken.insert(self.hasher.hash_one(&free)) {
            number += 1;
            free = numbered(&wanted, number);
        }
        if number > 1 {
            self.renamed += 1;
            self.last_renamed.clone_from(&free);
        }
        free
    }
}

/// The name of a JPEG or a PNG: the image's own, if it is one of these.
fn with_extension(place: &Path) -> PathBuf {
    let end = place
        .extension()
        .map(|end| end.to_string_lossy().to_lowercase());
    match end.as_deref() {
        Some("jpg" | "jpeg" | "jpe" | "jfif" | "png") => place.to_owned(),
        _ => {
            let mut name = OsString::from(place);
            name.push(".jpg");
            name.into()
        }
    }
}

/// `a-2.jpg` of `a.jpg`.
fn numbered(place: &Path, number: usize) -> PathBuf {
    let mut name = place.file_stem().unwrap_or_default().to_owned();
    name.push(format!("-{number}"));
    if let Some(end) = place.extension() {
        name.push(".");
        name.push(end);
    }
    place.with_file_name(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_has_its_images_name_and_a_jpegs_or_pngs_extension() {
        for (image, picture) in [
            ("sub/a.JPG", "sub/a.JPG"),
            ("a.png", "a.png"),
            ("a.webp", "a.webp.jpg"),
            ("noext", "noext.jpg"),
        ] {
            assert_eq!(with_extension(Path::new(image)), Path::new(picture));
        }
        assert_eq!(
            numbered(Path::new("sub/a.JPG"), 2),
            Path::new("sub/a-2.JPG")
        );
    }
}
