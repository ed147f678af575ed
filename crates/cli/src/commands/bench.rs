//! `psp bench`.

use std::process::ExitCode;

use anyhow::{Result, bail};
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
    let (needed, free) = (settings.least_memory()?, available_memory());
    let gib = |bytes: u64| bytes as f64 / f64::from(1 << 30);
    if let Some(free) = free.filter(|free| needed > *free) {
        bail!(
            "--batch {}: so many images take at least {:.1} GiB, and {:.1} GiB are free",
            args.batch,
            gib(needed),
            gib(free)
        );
    }
    let report = measure(&settings)?;
    if args.json {
        println!("{}", serde_json::to_string(&report)?);
    } else {
        print(&report);
    }
    Ok(ExitCode::SUCCESS)
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
