//! Prints label statistics, a histogram per target and the speed on one core.
//!
//! `cargo run --release -p psp-synth --example label_statistics --
//! [count] [seed] [WIDTHxHEIGHT]`

use std::error::Error;
use std::process::ExitCode;
use std::time::Instant;

use psp_synth::{Summary, SynthOptions, render};

fn main() -> ExitCode {
    match run() {
        Ok(report) => {
            println!("{report}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("label_statistics: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<String, Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let size = arguments.get(2).map_or("256x192", String::as_str);
    let (width, height) = size.split_once('x').ok_or("a size is WIDTHxHEIGHT")?;
    let options = SynthOptions {
        count: arguments.first().map_or(Ok(2000), |text| text.parse())?,
        seed: arguments.get(1).map_or(Ok(1), |text| text.parse())?,
        width: width.parse()?,
        height: height.parse()?,
    };
    options.validate()?;
    let start = Instant::now();
    let scores: Vec<(f32, f32)> = (0..options.count)
        .map(|index| {
            let rendered = render(&options, index);
            (rendered.hood, rendered.backdoor_left)
        })
        .collect();
    let speed = options.count as f64 / start.elapsed().as_secs_f64();
    let summary = Summary::of(&scores);
    let share = |n: usize| n as f64 / options.count as f64;
    let histogram = |pick: fn(&(f32, f32)) -> f32| {
        let mut bins = [0usize; 10];
        for score in scores.iter().map(pick).filter(|&s| s > 0.0) {
            bins[((score * 10.0) as usize).min(9)] += 1;
        }
        bins.map(|n| format!("{:.3}", share(n))).join(" ")
    };
    Ok(format!(
        "{summary}\nhood: {:.3} above 0.88; tenths of non-zero scores {}\n\
         backdoor_left: {:.3} above 0.88; tenths {}\n{speed:.1} images/s on one core",
        share(summary.hood.good),
        histogram(|s| s.0),
        share(summary.backdoor_left.good),
        histogram(|s| s.1),
    ))
}
