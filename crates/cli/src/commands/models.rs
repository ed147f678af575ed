//! `psp models`.

use std::process::ExitCode;

use anyhow::Result;
use psp_models::{BackboneKind, BackboneSummary, DeviceSpec};
use psp_verify::{Reference, verify as verify_reference};

use crate::args::VerifyArgs;

/// Why the study's sizes name one model more than it can have had.
const MISMATCH: &str = "\
The sizes are fp32 parameters and buffers in MiB of the backbone with the head
Linear(features, 256), ReLU, Linear(256, 2), which is how the study's table can
be reproduced to the third decimal. Its row \"Inception_v3\" says 22.421: that
is GoogLeNet, Inception v1. Inception v3 itself has 85.240.";

pub(crate) fn list(json: bool) -> Result<ExitCode> {
    let device = DeviceSpec::Auto.open()?;
    let summaries: Vec<BackboneSummary> = BackboneKind::ALL
        .iter()
        .map(|kind| BackboneSummary::of(*kind, &device))
        .collect();
    if json {
        println!("{}", serde_json::to_string_pretty(&summaries)?);
        return Ok(ExitCode::SUCCESS);
    }
    println!(
        "{:<16} {:>10} {:>8} {:>8} {:>8} {:>6} {:>9}  torchvision's weights",
        "backbone", "parameters", "MiB", "study", "features", "input", "mult-adds"
    );
    for s in &summaries {
        let study = s
            .study_mib
            .map_or("-".to_owned(), |mib| format!("{mib:.3}"));
        println!(
            "{:<16} {:>10} {:>8.3} {study:>8} {:>8} {:>6} {:>7.3} G  {}",
            s.name,
            s.parameters,
            s.mib,
            s.features,
            s.input_size,
            s.multiply_adds as f64 / 1e9,
            s.weights.as_deref().unwrap_or("-")
        );
    }
    println!(
        "\n{MISMATCH}\n\nStages that can be frozen, from input to output; `head` is one more:"
    );
    for s in &summaries {
        println!("  {}: {}", s.name, s.stages.join(" "));
    }
    Ok(ExitCode::SUCCESS)
}

pub(crate) fn verify(args: &VerifyArgs) -> Result<ExitCode> {
    let device = args.device.open()?;
    let mut all_pass = true;
    for path in &args.reference {
        let reference = Reference::read(path)?;
        let report = verify_reference(&reference, &device)?;
        println!(
            "{} at {} pixels on {} ({})",
            reference.model,
            reference.size,
            args.device.resolved(),
            path.display()
        );
        println!(
            "  {:<20} {:>7} {:>11} {:>11}",
            "part", "numbers", "error", "tolerance"
        );
        for part in &report.parts {
            let verdict = match part.passes() {
                true => "",
                false => "  FAILS at ",
            };
            let place = if part.passes() { "" } else { &part.worst };
            println!(
                "  {:<20} {:>7} {:>11.2e} {:>11.2e}{verdict}{place}",
                part.name, part.count, part.error, part.tolerance
            );
        }
        all_pass &= report.passes();
    }
    println!("{}", if all_pass { "passed" } else { "FAILED" });
    Ok(if all_pass {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
