//! Measures decoding and resizing on one thread, and what a store of decoded
//! images saves.
//!
//! `cargo run --release -p psp-data --example throughput -- FOLDER [SIZE]`
//!
//! Reads every image of the folder into memory, then times decoding, resizing
//! (whole image to SIZE x SIZE, 224 by default) and normalising. Then a loader
//! with one decoding thread serves the folder without a [`PixelStore`], while
//! it fills one, as another process finds it, and once more.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use psp_data::{
    Dataset, DatasetOptions, DecodeLimits, Loader, LoaderOptions, PixelStore, Preprocessing,
    decode_bytes, list_images,
};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().ok_or("usage: throughput FOLDER [SIZE]")?;
    let size = arguments.next().map_or(Ok(224), |text| text.parse())?;
    let folder = Path::new(&folder);
    let paths = list_images(folder, false)?.images;
    let preprocessing = Preprocessing::imagenet(size);
    measure_steps(&paths, &preprocessing)?;
    measure_passes(folder, &paths, &preprocessing)
}

fn measure_steps(paths: &[PathBuf], preprocessing: &Preprocessing) -> Result<(), Box<dyn Error>> {
    let files: Vec<Vec<u8>> = paths.iter().map(std::fs::read).collect::<Result<_, _>>()?;
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

fn measure_passes(
    folder: &Path,
    paths: &[PathBuf],
    preprocessing: &Preprocessing,
) -> Result<(), Box<dyn Error>> {
    let scratch = tempfile::tempdir()?;
    let labels = scratch.path().join("labels.csv");
    let mut csv = csv::Writer::from_path(&labels)?;
    csv.write_record(["filename", "score"])?;
    for path in paths {
        let name = path.strip_prefix(folder)?.to_string_lossy();
        csv.write_record([&name, "0.5"])?;
    }
    csv.flush()?;
    let options = DatasetOptions {
        labels: Some(labels),
        images: Some(folder.to_owned()),
        targets: vec!["score".to_owned()],
        ..DatasetOptions::new(folder)
    };
    // A data set opened anew knows no content yet, as in another process.
    let loader = || {
        let dataset = Arc::new(Dataset::open(&options)?);
        let indices = (0..paths.len()).collect();
        let options = LoaderOptions::default();
        Loader::new(dataset, indices, preprocessing.clone(), options)
    };
    let cache = scratch.path().join("cache");
    let store = || PixelStore::open(&cache, &preprocessing.resize, u64::MAX).map(Arc::new);

    println!("a loader's passes over {} images:", paths.len());
    pass("without a store", &loader()?)?;
    pass("filling a store", &loader()?.with_pixels(store()?)?)?;
    let (next, store) = (loader()?, store()?);
    let next = next.with_pixels(Arc::clone(&store))?;
    pass("another process, first", &next)?;
    pass("another process, later", &next)?;
    for warning in store.take_warnings() {
        println!("{warning}");
    }
    Ok(())
}

fn pass(name: &str, loader: &Loader) -> Result<(), Box<dyn Error>> {
    let start = Instant::now();
    let mut images = 0;
    for batch in loader.epoch(0, 0) {
        images += batch?.len();
    }
    let seconds = start.elapsed().as_secs_f64();
    println!("{name:22} {:7.0} images/s", images as f64 / seconds);
    Ok(())
}
