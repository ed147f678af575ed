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
    let settings = Settings {
        backbone: args.backbone,
        device: args.device,
        precision: args.precision,
        batch: args.batch,
        size: args.size,
        warmup: args.warmup,
        runs: args.runs,
        steps: args.steps,
    };
    settings.check()?;
    check_memory(&settings)?;
    let report = measure(&settings)?;
    if args.json {
        println!("{}", serde_json::to_string(&report)?);
    } else {
        print(&report);
    }
    Ok(ExitCode::SUCCESS)
}

/// Refuses a batch that this machine has no memory for.
fn check_memory(settings: &Settings) -> Result<()> {
    let Some(available) = available_memory() else {
        return Ok(());
    };
    let (batch, size) = (settings.batch as u64, settings.size() as u64);
    // An image and what the first layer makes of it, which is no smaller.
    let bytes = batch * 2 * 3 * size * size * size_of::<f32>() as u64;
    let gib = |bytes: u64| bytes as f64 / f64::from(1 << 30);
    ensure!(
        bytes <= available,
        "--batch {batch}: so many images of {size} pixels take at least {:.1} GiB, and {:.1} GiB \
         are free",
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
