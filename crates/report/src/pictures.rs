//! Photos, made as small as they are shown.

use std::collections::{BTreeMap, BTreeSet};

use base64::{Engine, prelude::BASE64_STANDARD};
use image::RgbImage;
use image::codecs::jpeg::JpegEncoder;
use psp_plot::{Photo, resized};
use rayon::prelude::*;

use crate::{PhotoError, Photos};

/// Of JPEGs in the page: no artefacts that one sees at this size.
const QUALITY: u8 = 82;

/// A photo as it stands in the page.
#[derive(Debug)]
pub(crate) struct Picture {
    /// A data URI.
    pub(crate) uri: String,
    pub(crate) width: u32,
    pub(crate) height: u32,
    /// For figures.
    pub(crate) photo: Photo,
}

/// Photos by their file names, or why there is none.
#[derive(Debug, Default)]
pub(crate) struct Pictures(BTreeMap<String, Result<Picture, String>>);

impl Pictures {
    /// Each of `names` once.
    pub(crate) fn load(names: &BTreeSet<&str>, photos: &dyn Photos, side: u32) -> Self {
        let load = |name: &&str| {
            let picture = photos
                .photo(name)
                .and_then(|photo| Picture::new(&photo, side));
            ((*name).to_owned(), picture.map_err(|error| told(&*error)))
        };
        let names: Vec<&str> = names.iter().copied().collect();
        let loaded: Vec<_> = names.par_iter().map(load).collect();
        Self(loaded.into_iter().collect())
    }

    /// The photo, or why there is none.
    pub(crate) fn get(&self, name: &str) -> Result<&Picture, &str> {
        match self.0.get(name) {
            Some(Ok(picture)) => Ok(picture),
            Some(Err(error)) => Err(error),
            None => Err("it was not loaded"),
        }
    }

    /// What is missing, and why.
    pub(crate) fn problems(&self) -> impl Iterator<Item = String> {
        self.0.iter().filter_map(|(name, picture)| {
            let error = picture.as_ref().err()?;
            Some(format!("photo {name}: {error}"))
        })
    }
}

/// An error with its causes, in one line.
fn told(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text += &format!(": {error}");
        cause = error.source();
    }
    text
}

impl Picture {
    fn new(photo: &RgbImage, side: u32) -> Result<Self, PhotoError> {
        // Refuses a photo without pixels.
        let small = Photo::new(photo)?;
        let (width, height) = photo.dimensions();
        let scale = (f64::from(side) / f64::from(width.max(height))).min(1.0);
        let scaled = |length: u32| ((f64::from(length) * scale).round() as u32).max(1);
        let (width, height) = (scaled(width), scaled(height));
        let shown = if scale < 1.0 {
            &resized(photo, (width, height))?
        } else {
            photo
        };
        Ok(Self {
            uri: jpeg_uri(shown)?,
            width,
            height,
            photo: small,
        })
    }
}

/// A JPEG as a data URI.
pub(crate) fn jpeg_uri(image: &RgbImage) -> Result<String, PhotoError> {
    let mut bytes = Vec::new();
    JpegEncoder::new_with_quality(&mut bytes, QUALITY).encode_image(image)?;
    Ok(uri("image/jpeg", &bytes))
}

/// Bytes as a data URI.
pub(crate) fn uri(kind: &str, bytes: &[u8]) -> String {
    format!("data:{kind};base64,{}", BASE64_STANDARD.encode(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn red(name: &str) -> Result<RgbImage, PhotoError> {
        match name {
            "wide.jpg" => Ok(RgbImage::from_pixel(1000, 10, image::Rgb([200, 0, 0]))),
            "empty.jpg" => Ok(RgbImage::new(0, 0)),
            _ => Err("no such file".into()),
        }
    }

    #[test]
    fn photos_are_made_smaller_never_larger_and_keep_their_shape() {
        let pictures = Pictures::load(&BTreeSet::from(["wide.jpg"]), &red, 480);
        let picture = pictures.get("wide.jpg").unwrap();
        assert_eq!((picture.width, picture.height), (480, 5));
        assert!(picture.uri.starts_with("data:image/jpeg;base64,/9j/"));
        let pictures = Pictures::load(&BTreeSet::from(["wide.jpg"]), &red, 4000);
        assert_eq!(pictures.get("wide.jpg").unwrap().width, 1000);
    }

    #[test]
    fn a_photo_that_cannot_be_had_is_told_of_and_stops_nothing() {
        let names = BTreeSet::from(["gone.jpg", "empty.jpg", "wide.jpg"]);
        let pictures = Pictures::load(&names, &red, 480);
        assert_eq!(pictures.get("gone.jpg").unwrap_err(), "no such file");
        assert!(pictures.get("wide.jpg").is_ok());
        let problems: Vec<String> = pictures.problems().collect();
        assert_eq!(
            problems,
            [
                "photo empty.jpg: the photo is 0×0 pixels large",
                "photo gone.jpg: no such file"
            ]
        );
    }
}
