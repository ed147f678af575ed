//! `psp bench`.

use std::process::ExitCode;

use anyhow::{Result, ensure};
use psp_bench::{BenchError, Report, Settings};
use psp_search::available_memory;

use crate::args::BenchArgs;
use crate::text::counted;

pub(crate) fn bench(
    args: &BenchArgs,
    measure: impl FnOnce(&Settings) -> Result<Report, BenchError>,
) -> Result<ExitCode> {
    check_memory(args)?;
    let report = measure(&Settings {
        backbone: args.backbone,
        device: args.device,
        precision: args.precision,
        batch: args.batch,
        size: args.size,
        warmup: args.warmup,
        runs: args.runs,
        steps: args.steps,
    })?;
    if args.json {
        println!("{}", serde_json::to_string(&report)?);
    } else {
        print(&report);
    }
    Ok(ExitCode::SUCCESS)
}

/// Refuses a batch that this machine has no memory for.
fn check_memory(args: &BenchArgs) -> Result<()> {
    let size = match args.size {
        0 => args.backbone.input_size(),
        size => size,
    };
    // Other sizes the backbone refuses.
    let Some(available) = available_memory().filter(|_| args.backbone.takes(size, false)) else {
        return Ok(());
    };
    // An image and what the first layer makes of it, which is no smaller.
    let numbers = 2 * 3 * u64::from(size).pow(2);
    let bytes = (args.batch as u64).saturating_mul(numbers * size_of::<f32>() as u64);
    let gib = |bytes: u64| bytes as f64 / f64::from(1 << 30);
    ensure!(
        bytes <= available,
        "--batch {}: so many images of {size} pixels take at least {:.1} GiB, and {:.1} GiB are \
         free",
        args.batch,
        gib(bytes),
        gib(available)
    );
    Ok(())
}

fn print(report: &Report) {
    let Settings {
        backbone,
        device,
        precision,
        batch,
        size,
        runs,
        steps,
        ..
    } = &report.settings;
    let [slowest, fastest] = report.range;
    println!(
        "{}: {backbone}, {device}, {precision}, batch {batch}, {size} pixels",
        report.mode
    );
    println!(
        "{:.1} images/s, the median of {} of {} ({slowest:.1} to {fastest:.1})",
        report.images_per_second,
        counted(*runs, "run"),
        counted(*steps, "step"),
    );
    for phase in &report.phases {
        println!("  {:<10} {:>9.1} ms", phase.name, phase.milliseconds);
    }
    match report.peak_memory_mib {
        Some(mib) => println!("peak memory {mib:.0} MiB"),
        None => println!("peak memory not known on this system"),
    }
}
