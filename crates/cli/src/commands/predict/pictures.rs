//! The pictures that `psp predict` writes: photos with their scores, and what the model looked at.

use anyhow::{Context, Result, ensure};
use psp_data::{Resize, RgbImage};
use psp_export::{Predictor, seen};
use psp_models::Precision;
use psp_plot::{HeatMap, ImageScores, LONGEST_SIDE, LookedAt, PlotError};

use super::folder::PictureFolder;
use super::photos::Photo;
use crate::args::PredictArgs;

/// The pictures of all images.
pub(super) struct Pictures {
    annotated: Option<PictureFolder>,
    explained: Option<PictureFolder>,
    resize: Resize,
}

/// What pictures are made of.
pub(super) struct Kept {
    /// No larger than it is shown.
    photo: RgbImage,
    /// What the model sees of it.
    region: [f64; 4],
    /// The model's input, where it is needed.
    pixels: Vec<f32>,
}

/// What is kept of an image for its pictures.
#[derive(Clone)]
pub(super) struct Keep {
    is_drawn: bool,
    is_explained: bool,
    resize: Resize,
}

impl Keep {
    /// `None` where there are no pictures.
    pub(super) fn of(&self, image: &RgbImage, pixels: &[f32]) -> Option<Result<Kept, PlotError>> {
        self.is_drawn.then(|| {
            Ok(Kept {
                photo: psp_plot::shrunk(image, LONGEST_SIDE, LONGEST_SIDE)?,
                region: seen(&self.resize, image.dimensions()),
                pixels: if self.is_explained {
                    pixels.to_vec()
                } else {
                    Vec::new()
                },
            })
        })
    }
}

impl Pictures {
    /// The pictures that the flags ask for.
    ///
    /// # Errors
    /// A folder that is no place for them.
    pub(super) fn of(args: &PredictArgs, predictor: &Predictor) -> Result<Self> {
        let column = predictor.filename_column.as_deref();
        let folder = |flag, root: &Option<_>| {
            let root: Option<&std::path::PathBuf> = root.as_ref();
            let open = |root| PictureFolder::new(flag, root, args, column);
            root.map(|root| open(root)).transpose()
        };
        let annotated = folder("--annotate", &args.annotate)?;
        let explained = folder("--explain", &args.explain)?;
        if let (Some(one), Some(other)) = (&annotated, &explained) {
            ensure!(
                one.root() != other.root(),
                "{}: --annotate and --explain need a folder each",
                one.root().display()
            );
        }
        ensure!(
            explained.is_none() || args.precision == Precision::Fp32,
            "--explain: computes in fp32; leave out --precision {}, or --explain",
            args.precision
        );
        Ok(Self {
            annotated,
            explained,
            resize: predictor.preprocessing.resize,
        })
    }

    /// What is to be kept of images.
    pub(super) fn keep(&self) -> Keep {
        Keep {
            is_drawn: self.annotated.is_some() || self.explained.is_some(),
            is_explained: self.explained.is_some(),
            resize: self.resize,
        }
    }

    /// Draws and writes the pictures of an image.
    ///
    /// # Errors
    /// What can't be drawn or written.
    pub(super) fn write(
        &mut self,
        photo: &Photo,
        kept: Kept,
        scores: &[f32],
        bounds: Option<&[[f32; 2]]>,
        predictor: &Predictor,
    ) -> Result<()> {
        let wide = |ends: [f32; 2]| ends.map(f64::from);
        let scores = ImageScores {
            targets: predictor.targets.clone(),
            scores: scores.iter().copied().map(f64::from).collect(),
            bounds: bounds.map(|bounds| bounds.iter().copied().map(wide).collect()),
            range: predictor.label_range().map(wide),
        };
        let at = || photo.name.clone();
        if let Some(folder) = &mut self.annotated {
            let picture = psp_plot::scored_photo(&kept.photo, &scores).with_context(at)?;
            folder.write(photo, &picture)?;
        }
        if let Some(folder) = &mut self.explained {
            let looked_at = looked_at(predictor, kept.pixels).with_context(at)?;
            let part = psp_plot::part(&kept.photo, kept.region);
            let picture = psp_plot::looked_at(&part, &scores, &looked_at).with_context(at)?;
            folder.write(photo, &picture)?;
        }
        Ok(())
    }

    /// Says what was written.
    pub(super) fn say(&self) {
        for folder in self.annotated.iter().chain(&self.explained) {
            folder.say();
        }
    }
}

/// The model's maps of an image on one scale; what lowers a score is dark.
fn looked_at(predictor: &Predictor, pixels: Vec<f32>) -> Result<LookedAt> {
    let maps = predictor.heat_maps(pixels)?;
    let values = maps.iter().flat_map(|map| &map.values);
    let highest = values.copied().fold(0.0, f32::max);
    let drawn = maps.iter().map(|map| {
        let map_on_scale = HeatMap {
            width: map.width,
            values: map.values.iter().map(|value| value.max(0.0)).collect(),
            highest: Some(highest),
        };
        (map.target, map_on_scale)
    });
    Ok(LookedAt {
        method: predictor.method().title().to_owned(),
        maps: drawn.collect(),
    })
}
