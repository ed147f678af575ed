//! Measures decoding and resizing on one thread.
//!
//! `cargo run --release -p psp-data --example throughput -- FOLDER [SIZE]`
//!
//! Reads every image of the folder into memory, then times decoding, resizing
//! (whole image to SIZE x SIZE, 224 by default) and normalising.

use std::error::Error;
use std::path::Path;
use std::time::{Duration, Instant};

use psp_data::{DecodeLimits, Preprocessing, decode_bytes, list_images};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().ok_or("usage: throughput FOLDER [SIZE]")?;
    let size = arguments.next().map_or(Ok(224), |text| text.parse())?;
    let files: Vec<Vec<u8>> = list_images(Path::new(&folder))?
        .iter()
        .map(std::fs::read)
        .collect::<Result<_, _>>()?;

    let preprocessing = Preprocessing::imagenet(size);
    let limits = DecodeLimits::default();
    let mut values = vec![0.0; preprocessing.values_per_image()];
    let mut times = [Duration::ZERO; 3];
    let mut images = 0;
    while times.iter().sum::<Duration>() < Duration::from_secs(5) {
        for bytes in &files {
            let start = Instant::now();
            let image = decode_bytes(bytes, "image", &limits)?;
            let decoded = Instant::now();
            let resized = preprocessing.resize(&image)?;
            let shrunk = Instant::now();
            preprocessing.normalise_into(resized.as_raw(), &mut values);
            times[0] += decoded - start;
            times[1] += shrunk - decoded;
            times[2] += shrunk.elapsed();
            images += 1;
        }
    }
    for (step, time) in ["decode", "resize", "normalise"].iter().zip(times) {
        println!(
            "{step:10} {:8.3} ms",
            time.as_secs_f64() * 1e3 / images as f64
        );
    }
    let rate = |time: Duration| images as f64 / time.as_secs_f64();
    println!("decode + resize: {:.0} images/s", rate(times[0] + times[1]));
    println!("all three:       {:.0} images/s", rate(times.iter().sum()));
    Ok(())
}
