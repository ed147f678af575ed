//! Draws every figure, to look at, and says how long it took:
//! `cargo run --release -p psp-plot --example gallery -- OUT_DIR`.
//!
//! Each is drawn from a realistic study of 200 trials, 5 backbones and 4000
//! images, from nasty numbers and names, and from nothing. With two more
//! arguments the labels and photos are real: `… -- OUT_DIR LABELS.csv
//! IMAGE_DIR`, the CSV with the columns filename and one per target.

mod bins;
mod finalists;
mod images;
mod nasty;
mod nasty_models;
mod nothing;
mod study;
mod study_trials;
mod trials;

use std::{error::Error, fs, path::Path, time::Instant};

use psp_plot::{Figure, PlotError};

/// What this example fails with.
type Failure = Box<dyn Error>;

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (out, images) = match arguments.as_slice() {
        [out] => (Path::new(out), images::Images::synthetic()),
        [out, labels, folder] => {
            let images = images::Images::read(Path::new(labels), Path::new(folder))?;
            (Path::new(out), images)
        }
        _ => return Err("usage: gallery OUT_DIR [LABELS.csv IMAGE_DIR]".into()),
    };
    let study = study::inputs(&images)?;
    write(
        &out.join("study"),
        study.iter().map(|(name, draw)| (*name, draw())),
    )?;
    write(&out.join("nasty"), nasty::figures())?;
    write(&out.join("nothing"), nothing::figures())
}

/// Writes figures as PNG and SVG, and an HTML page with all of them inline.
fn write<'a>(
    folder: &Path,
    figures: impl IntoIterator<Item = (&'a str, Result<Figure, PlotError>)>,
) -> Result<(), Failure> {
    fs::create_dir_all(folder)?;
    let mut page = "<!doctype html>\n<meta charset=\"utf-8\">\n<style>:root { color-scheme: \
                    light dark } main { max-width: 760px; margin: auto } svg { width: 100%; \
                    height: auto; margin: 1em 0 }</style>\n<main>\n"
        .to_owned();
    let mut figures = figures.into_iter();
    let (mut seconds, mut count) = (0.0, 0);
    loop {
        let start = Instant::now();
        let Some((name, figure)) = figures.next() else {
            break;
        };
        let figure = figure?;
        let (svg, png) = (figure.to_svg()?, figure.to_png()?);
        let taken = start.elapsed().as_secs_f64();
        println!(
            "{taken:6.3} s  {:5} kB PNG  {:5} kB SVG  {name}",
            png.len() / 1024,
            svg.len() / 1024
        );
        seconds += taken;
        count += 1;
        fs::write(folder.join(name).with_extension("png"), png)?;
        page += &svg;
        fs::write(folder.join(name).with_extension("svg"), svg)?;
    }
    fs::write(folder.join("index.html"), page + "</main>\n")?;
    println!(
        "{seconds:6.3} s for {count} figures in {}\n",
        folder.display()
    );
    Ok(())
}
