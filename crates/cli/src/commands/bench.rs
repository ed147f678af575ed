//! `psp bench`.

use std::process::ExitCode;

use anyhow::Result;
use psp_bench::{BenchError, Report, Settings};

use crate::args::BenchArgs;
use crate::text::counted;

pub(crate) fn bench(
    args: &BenchArgs,
    measure: impl FnOnce(&Settings) -> Result<Report, BenchError>,
) -> Result<ExitCode> {
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
