//! Small data sets in temporary folders, and the way to the owner's files.

pub(crate) mod jpeg;
pub(crate) mod metadata;
pub(crate) mod pixels;
pub(crate) mod shared;

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use psp_data::{Dataset, DatasetOptions, Preprocessing, Resize, RgbImage};
use tempfile::TempDir;

/// A data set folder that lasts as long as the value.
pub(crate) struct Folder(pub(crate) TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// `count` PNGs `0.png`… in `imgs/`, each of its own colour, with labels.
    pub(crate) fn with_images(count: usize) -> Self {
        let folder = Self::new();
        let mut csv = String::from("filename,a,b\n");
        for index in 0..count {
            folder.image(&format!("imgs/{index}.png"), index as u8);
            let label = index as f32 / count as f32;
            csv += &format!("{index}.png,{label},{}\n", 1.0 - label);
        }
        folder.write("labels.csv", &csv);
        folder
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        path
    }

    /// A small PNG whose red tells which one it is.
    pub(crate) fn image(&self, name: &str, red: u8) -> PathBuf {
        let path = self.write(name, "");
        let pixel = |x, y| image::Rgb([red, x as u8 * 20, y as u8 * 20]);
        RgbImage::from_fn(12, 9, pixel).save(&path).unwrap();
        path
    }

    /// Options for the targets `a` and `b`.
    pub(crate) fn options(&self) -> DatasetOptions {
        let mut options = DatasetOptions::new(self.0.path());
        options.targets = vec!["a".to_owned(), "b".to_owned()];
        options
    }

    pub(crate) fn open(&self) -> Arc<Dataset> {
        Arc::new(Dataset::open(&self.options()).unwrap())
    }

    /// The data set must be refused with all of `parts` and the setting that mends it.
    #[track_caller]
    pub(crate) fn assert_refused(&self, parts: &[&str], setting: &str) {
        let error = Dataset::open(&self.options()).unwrap_err();
        assert_says(&error.to_string(), parts);
        assert_eq!(error.remedy().map(psp_data::Remedy::setting), Some(setting));
    }

    /// The message with which the data set is refused.
    pub(crate) fn refusal(&self) -> String {
        Dataset::open(&self.options()).unwrap_err().to_string()
    }
}

/// ImageNet normalisation at 8x8 pixels.
pub(crate) fn tiny() -> Preprocessing {
    Preprocessing {
        resize: Resize::Squash {
            width: 8,
            height: 8,
        },
        ..Preprocessing::imagenet(8)
    }
}

#[track_caller]
pub(crate) fn assert_says(message: &str, parts: &[&str]) {
    for part in parts {
        assert!(message.contains(part), "`{message}` lacks `{part}`");
    }
}
