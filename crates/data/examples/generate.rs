//! Writes images that decoders disagree about.
//!
//! `cargo run --release -p psp-data --example generate -- OUT COUNT SEED`
//!
//! JPEGs of all sampling factors, scan structures, restart intervals and
//! colours, PNGs and WebPs; with orientations wherever a file can hold one;
//! a third of them damaged: cut off, bytes changed, parts cut out or put in.

#![allow(clippy::unwrap_used, clippy::panic)] // of what tests share with it

#[path = "../tests/support/jpeg/mod.rs"]
mod jpeg;
#[path = "../tests/support/metadata.rs"]
mod metadata;

use std::error::Error;
use std::f64::consts::TAU;
use std::io::Cursor;
use std::path::Path;

use image::{DynamicImage, ImageFormat, RgbImage};
use jpeg::{Encoder, Scans};
use metadata::{EXIF_PREFIX, XMP_PREFIX, extended_webp, itxt, raw_profile, with_chunk, ztxt};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [out, count, seed] = &arguments[..] else {
        return Err("usage: generate OUT COUNT SEED".into());
    };
    let mut dice = Dice(ChaCha8Rng::seed_from_u64(seed.parse()?));
    std::fs::create_dir_all(out)?;
    for number in 0..count.parse::<u32>()? {
        let (what, ending, mut bytes) = match dice.below(8) {
            0 => dice.png()?,
            1 => dice.webp()?,
            _ => dice.jpeg(),
        };
        let damage = match dice.below(3) {
            0 => dice.damage(&mut bytes),
            _ => "whole",
        };
        let name = format!("{number:06}-{what}-{damage}.{ending}");
        std::fs::write(Path::new(out).join(name), bytes)?;
    }
    Ok(())
}

/// What is written, its file-name ending and its bytes.
type File = (String, &'static str, Vec<u8>);

struct Dice(ChaCha8Rng);

impl Dice {
    /// A number from 0 to `end` - 1.
    fn below(&mut self, end: usize) -> usize {
        (self.0.next_u64() % end as u64) as usize
    }

    fn of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())]
    }

    fn flip(&mut self) -> bool {
        self.below(2) == 1
    }

    /// Values of each component: slopes, and waves where `rough`.
    fn picture(&mut self, components: usize) -> impl Fn(usize, f64, f64) -> f64 + use<> {
        let rough = self.flip();
        let mut number = |from: f64, to: f64| from + (to - from) * self.below(1000) as f64 / 1e3;
        let planes: Vec<[f64; 5]> = (0..components)
            .map(|_| {
                let wave = if rough { number(0.0, 60.0) } else { 0.0 };
                let slope = number(-1.0, 1.0);
                [
                    number(60.0, 200.0),
                    slope,
                    number(-1.0, 1.0),
                    wave,
                    number(2.0, 40.0),
                ]
            })
            .collect();
        move |component, x, y| {
            let [base, across, down, wave, length] = planes[component];
            let wave = wave * (TAU * (x + 2.0 * y) / length).sin();
            (base + across * x + down * y + wave).clamp(0.0, 255.0)
        }
    }

    /// Orientation 0 to 9 in an EXIF block of any type that holds numbers.
    fn exif(&mut self) -> Vec<u8> {
        let (little, value) = (self.flip(), self.below(10) as u8);
        let kind = self.of(&[1, 2, 3, 3, 3, 4, 4, 5, 6, 7, 8, 9, 10, 11, 13]);
        let prefixes = self.of(&[0, 0, 1]);
        [
            EXIF_PREFIX.repeat(prefixes),
            metadata::exif(little, kind, value),
        ]
        .concat()
    }

    fn xmp(&mut self) -> Vec<u8> {
        metadata::xmp(self.flip(), self.below(10) as u8)
    }

    fn jpeg(&mut self) -> File {
        let components = self.of(&[1, 3, 3, 3, 3, 4]);
        let usual = self.below(3) == 0;
        let mut encoder = loop {
            let factor = |dice: &mut Self| 1 + dice.below(if usual { 2 } else { 4 });
            let sampling: Vec<_> = (0..components)
                .map(|_| (factor(self), factor(self)))
                .collect();
            let (width, height) = (1 + self.below(96), 1 + self.below(96));
            let mut encoder = Encoder::new(width, height, &sampling);
            encoder.scans = self.of(&Scans::ALL);
            if encoder.is_allowed() {
                break encoder;
            }
        };
        encoder.restart = self.of(&[0, 0, 0, 1, 3, 9]);
        encoder.step = self.of(&[1, 2, 5, 20]);
        if self.below(4) == 0 {
            encoder.ids = match components {
                3 => b"RGB".to_vec(),
                _ => (0..components as u8).collect(),
            };
        }
        if self.flip() {
            encoder
                .segments
                .push((0xE0, b"JFIF\0\x01\x01\0\0\x01\0\x01\0\0".to_vec()));
        }
        if self.below(3) == 0 {
            let transform = self.of(&[0, 1, 2]);
            let mut adobe = b"Adobe\0\x64\0\0\0\0".to_vec();
            adobe.push(transform);
            // Some are shorter than they should be.
            adobe.truncate(self.of(&[12, 12, 12, 7]));
            encoder.segments.push((0xEE, adobe));
        }
        if self.below(3) == 0 {
            let block = self.exif();
            encoder
                .segments
                .push((0xE1, [EXIF_PREFIX, &block].concat()));
        }
        if self.below(4) == 0 {
            let packet = self.xmp();
            encoder
                .segments
                .push((0xE1, [XMP_PREFIX, &packet].concat()));
        }
        let factors: Vec<String> = encoder
            .sampling
            .iter()
            .map(|f| format!("{}{}", f.0, f.1))
            .collect();
        let what = format!("{:?}-{}", encoder.scans, factors.join("_"));
        (what, "jpg", encoder.encode(self.picture(components)))
    }

    fn rgb(&mut self) -> RgbImage {
        let picture = self.picture(3);
        let (width, height) = (1 + self.below(60) as u32, 1 + self.below(60) as u32);
        RgbImage::from_fn(width, height, |x, y| {
            image::Rgb([0, 1, 2].map(|c| picture(c, x.into(), y.into()) as u8))
        })
    }

    fn png(&mut self) -> Result<File, Box<dyn Error>> {
        let image = DynamicImage::ImageRgb8(self.rgb());
        let (kind, image) = match self.below(6) {
            0 => ("la", DynamicImage::ImageLumaA8(image.into_luma_alpha8())),
            1 => ("l", DynamicImage::ImageLuma8(image.into_luma8())),
            2 => ("rgb16", DynamicImage::ImageRgb16(image.into_rgb16())),
            3 => ("l16", DynamicImage::ImageLuma16(image.into_luma16())),
            4 => ("rgba", DynamicImage::ImageRgba8(image.into_rgba8())),
            _ => ("rgb", image),
        };
        let mut bytes = Vec::new();
        image.write_to(&mut Cursor::new(&mut bytes), ImageFormat::Png)?;
        let mut what = format!("png_{kind}");
        for _ in 0..self.below(3) {
            let late = self.flip();
            let (source, name, content): (_, &[u8; 4], _) = match self.below(5) {
                0 => ("exif", b"eXIf", self.exif()),
                1 => (
                    "profile",
                    b"zTXt",
                    ztxt(b"Raw profile type exif", &raw_profile(&self.exif())),
                ),
                2 => (
                    "text",
                    b"tEXt",
                    [b"Raw profile type exif\0", &raw_profile(&self.exif())[..]].concat(),
                ),
                3 => ("xmp", b"iTXt", itxt(b"XML:com.adobe.xmp", &self.xmp())),
                _ => ("zxmp", b"zTXt", ztxt(b"XML:com.adobe.xmp", &self.xmp())),
            };
            bytes = with_chunk(&bytes, name, &content, late);
            what = format!("{what}_{source}{}", if late { "_late" } else { "" });
        }
        Ok((what, "png", bytes))
    }

    fn webp(&mut self) -> Result<File, Box<dyn Error>> {
        let mut bytes = Vec::new();
        let image = DynamicImage::ImageRgb8(self.rgb());
        image.write_to(&mut Cursor::new(&mut bytes), ImageFormat::WebP)?;
        let exif = self.flip().then(|| self.exif());
        let xmp = self.flip().then(|| self.xmp());
        let bytes = extended_webp(&bytes, exif.as_deref(), xmp.as_deref());
        Ok(("webp".to_owned(), "webp", bytes))
    }

    /// Damages a file at a random place; says how.
    fn damage(&mut self, bytes: &mut Vec<u8>) -> &'static str {
        let at = self.below(bytes.len());
        match self.below(6) {
            0 => {
                bytes.truncate(at);
                "cut"
            }
            1 => {
                bytes.truncate(at);
                bytes.extend([0xFF, 0xD9]);
                "cut_and_ended"
            }
            2 => {
                let other = self.jpeg().2;
                bytes.truncate(at);
                bytes.extend(other);
                "cut_and_other"
            }
            3 => {
                let end = (at + 1 + self.below(40)).min(bytes.len());
                bytes.drain(at..end);
                "cut_out"
            }
            4 => {
                let more: Vec<u8> = (0..1 + self.below(40))
                    .map(|_| self.below(256) as u8)
                    .collect();
                bytes.splice(at..at, more);
                "put_in"
            }
            _ => {
                for _ in 0..1 + self.below(3) {
                    let at = self.below(bytes.len());
                    bytes[at] = self.below(256) as u8;
                }
                "changed"
            }
        }
    }
}
