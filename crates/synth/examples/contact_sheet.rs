//! Renders a contact sheet: pictures with their part ids beside them.
//!
//! `cargo run --release -p psp-synth --example contact_sheet -- OUT.png
//! [seed] [first] [columns] [rows] [WIDTHxHEIGHT] [turntable]`
//!
//! The scores are drawn as two bars below each picture: hood red, left rear
//! door green. With `turntable`, the cameras go around the car in even steps.

use std::error::Error;
use std::f32::consts::TAU;
use std::process::ExitCode;

use image::{Rgb, RgbImage, imageops};
use psp_synth::{Camera, Part, Rendered, Scene, vec3};

const BAR: u32 = 10;

fn main() -> ExitCode {
    match run() {
        Ok(line) => {
            println!("{line}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("contact_sheet: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<String, Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let path = arguments.first().ok_or("an output path is needed")?;
    let number = |index: usize, default: u32| -> Result<u32, Box<dyn Error>> {
        Ok(match arguments.get(index) {
            Some(text) => text.parse()?,
            None => default,
        })
    };
    let (seed, first) = (number(1, 1)?, number(2, 0)?);
    let (columns, rows) = (number(3, 4)?, number(4, 4)?);
    let size = arguments.get(5).map_or("256x192", String::as_str);
    let (width, height) = size.split_once('x').ok_or("a size is WIDTHxHEIGHT")?;
    let (width, height): (u32, u32) = (width.parse()?, height.parse()?);
    let turntable = arguments.get(6).is_some_and(|a| a == "turntable");

    let mut sheet = RgbImage::new(columns * width * 2, rows * (height + BAR));
    for cell in 0..columns * rows {
        let mut scene = Scene::sample(u64::from(seed), u64::from(first + cell));
        if turntable {
            scene = Scene::sample(u64::from(seed), u64::from(first));
            let azimuth = TAU * cell as f32 / (columns * rows) as f32;
            scene.camera = Camera::around(vec3(0.0, 0.0, 0.65), azimuth, 0.25, 6.8, 0.85);
        }
        let rendered = scene.render(width, height);
        let (x, y) = (cell % columns * width * 2, cell / columns * (height + BAR));
        imageops::replace(&mut sheet, &rendered.image, x.into(), y.into());
        let parts = colored_parts(&rendered);
        imageops::replace(&mut sheet, &parts, (x + width).into(), y.into());
        let bars = [
            (rendered.hood, [230, 60, 50]),
            (rendered.backdoor_left, [60, 210, 90]),
        ];
        for (line, (score, color)) in (0u32..).zip(bars) {
            for dx in 0..(score * width as f32) as u32 {
                for dy in 0..4 {
                    sheet.put_pixel(x + dx, y + height + 1 + line * 4 + dy, Rgb(color));
                }
            }
        }
    }
    sheet.save(path)?;
    Ok(format!(
        "{path}: {columns} x {rows} pictures of {width} x {height}"
    ))
}

fn colored_parts(rendered: &Rendered) -> RgbImage {
    let (width, height) = rendered.image.dimensions();
    let mut image = RgbImage::new(width, height);
    for (pixel, &id) in image.pixels_mut().zip(&rendered.part_ids) {
        *pixel = Rgb(match id {
            id if id == Part::Background.id() => [24, 24, 28],
            id if id == Part::Hood.id() => [230, 60, 50],
            id if id == Part::BackDoorLeft.id() => [60, 210, 90],
            id if id == Part::Seam.id() => [0, 0, 0],
            id => {
                let k = u32::from(id);
                let channel = |m: u32| (70 + (k * m) % 120) as u8;
                [channel(37), channel(53), channel(71).saturating_add(40)]
            }
        });
    }
    image
}
