//! Writes the report on a made-up study, with photos from a folder if there is one:
//! `cargo run --release -p psp-report --example report -- OUT [PHOTOS] [TRIALS] [IMAGES]`.

#[path = "../tests/common/mod.rs"]
mod common;

use std::path::{Path, PathBuf};
use std::time::Instant;

use common::{Shape, photos, study};
use image::RgbImage;
use psp_report::{PhotoError, Settings};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let out = PathBuf::from(arguments.next().ok_or("where to?")?);
    let folder = arguments.next().filter(|folder| !folder.is_empty());
    let mut number = |default: usize| match arguments.next() {
        Some(text) => text.parse(),
        None => Ok(default),
    };
    let (trials, images) = (number(40)?, number(1000)?);
    let input = study(Shape {
        trials,
        images,
        ..Shape::default()
    });
    let files = folder.map_or(Ok(Vec::new()), |folder| files(Path::new(&folder)))?;
    let from_folder = |name: &str| -> Result<RgbImage, PhotoError> {
        let place = name.bytes().map(usize::from).sum::<usize>() * 31;
        let file = files.get(place % files.len().max(1));
        file.map_or_else(|| photos(name), |file| Ok(image::open(file)?.into_rgb8()))
    };
    let start = Instant::now();
    let written = psp_report::write(&input, &from_folder, &out, &Settings::default())?;
    println!(
        "{}: {} KiB, {} pictures, {:.1} s, {} warnings",
        written.index.display(),
        written.page_bytes / 1024,
        written.plots.len(),
        start.elapsed().as_secs_f64(),
        written.warnings.len()
    );
    Ok(())
}

fn files(folder: &Path) -> Result<Vec<PathBuf>, std::io::Error> {
    let entries = std::fs::read_dir(folder)?;
    let mut files: Vec<PathBuf> = entries
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<_, std::io::Error>>()?;
    files.sort();
    Ok(files)
}
