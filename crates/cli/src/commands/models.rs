//! `psp models`.

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result, ensure};
use clap::CommandFactory;
use clap::error::ErrorKind;
use psp_bench::verify::{RecordedBy, Reference, Report, Settings, compare, record};
use psp_models::{BackboneKind, BackboneSummary, DeviceSpec};
use psp_report::perspective_scores;
use serde::Serialize;

use crate::args::{Args, VerifyArgs};

/// A backbone with the size that the perspective-score project states.
#[derive(Serialize)]
struct Listed {
    #[serde(flatten)]
    summary: BackboneSummary,
    study_mib: Option<f64>,
}

pub(crate) fn list(json: bool) -> Result<ExitCode> {
    let device = DeviceSpec::Auto.open()?;
    let project = perspective_scores();
    let listed = BackboneKind::ALL.iter().map(|kind| Listed {
        summary: BackboneSummary::of(*kind, &device),
        study_mib: project.sizes.get(kind.name()).copied(),
    });
    let listed: Vec<Listed> = listed.collect();
    if json {
        println!("{}", serde_json::to_string_pretty(&listed)?);
        return Ok(ExitCode::SUCCESS);
    }
    println!(
        "{:<16} {:>10} {:>8} {:>8} {:>8} {:>6} {:>9}  torchvision's weights",
        "backbone", "parameters", "MiB", "stated", "features", "input", "mult-adds"
    );
    for Listed {
        summary: s,
        study_mib,
    } in &listed
    {
        let stated = study_mib.map_or("-".to_owned(), |mib| format!("{mib:.3}"));
        println!(
            "{:<16} {:>10} {:>8.3} {stated:>8} {:>8} {:>6} {:>7.3} G  {}",
            s.name,
            s.parameters,
            s.mib,
            s.features,
            s.input_size,
            s.multiply_adds as f64 / 1e9,
            s.weights
        );
    }
    let mib = |name: &str| {
        let mut listed = listed.iter().map(|one| &one.summary);
        listed.find(|one| one.name == name).map(|one| one.mib)
    };
    if let Some(note) = project.sizes_note(mib) {
        println!("\n{note}");
    }
    println!("\nStages that can be frozen, from input to output; `head` is one more:");
    for Listed { summary: s, .. } in &listed {
        println!("  {}: {}", s.name, s.stages.join(" "));
    }
    Ok(ExitCode::SUCCESS)
}

pub(crate) fn verify(args: &VerifyArgs) -> Result<ExitCode> {
    // What clap can't say of an argument that may be repeated.
    if args.export.is_some() && args.reference.len() > 1 {
        let message = "--export writes the numbers of one --reference, not of several";
        Args::command()
            .error(ErrorKind::ArgumentConflict, message)
            .print()?;
        return Ok(ExitCode::from(2));
    }
    if let Some(path) = args.export.as_deref().filter(|path| path.exists()) {
        ensure!(
            Reference::read(path).is_ok(),
            "{}: holds something other than such numbers and is not replaced; export to another \
             file",
            path.display()
        );
    }
    let device = args.device.open()?;
    if let Some(backbone) = args.backbone {
        let standard = Settings::standard(backbone);
        let settings = Settings {
            size: args.size.unwrap_or(standard.size),
            batch: args.batch.map_or(standard.batch, usize::from),
            ..standard
        };
        export(record(&settings, &device)?, args)?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut all_pass = true;
    for path in &args.reference {
        if let Some(export) = &args.export {
            ensure!(
                !psp_schema::is_same_place(export, path),
                "{}: not replaced, since it is the reference itself; export to another file",
                export.display()
            );
        }
        let reference = Reference::read(path)?;
        let recorded = Settings::of(&reference)
            .and_then(|settings| record(&settings, &device))
            .with_context(|| path.display().to_string())?;
        let report = compare(&reference, &recorded);
        print_report(&reference, path, &report, args.device);
        all_pass &= report.passes();
        export(recorded, args)?;
    }
    println!("{}", if all_pass { "passed" } else { "FAILED" });
    Ok(if all_pass {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Writes what was computed, within tolerance or not, where that is asked for.
fn export(recorded: Reference, args: &VerifyArgs) -> Result<()> {
    let Some(path) = &args.export else {
        return Ok(());
    };
    let recorded = Reference {
        recorded_by: Some(RecordedBy::psp(args.device)),
        ..recorded
    };
    recorded.write(path)?;
    println!(
        "{}: numbers of {} at {} pixels on {}",
        path.display(),
        recorded.model,
        recorded.size,
        args.device.resolved()
    );
    Ok(())
}

fn print_report(reference: &Reference, path: &Path, report: &Report, device: DeviceSpec) {
    println!(
        "{} at {} pixels on {} ({})",
        reference.model,
        reference.size,
        device.resolved(),
        path.display()
    );
    println!(
        "  {:<20} {:>7} {:>11} {:>11}",
        "part", "numbers", "error", "tolerance"
    );
    for part in &report.parts {
        let verdict = if part.passes() { "" } else { "  FAILS at " };
        let place = if part.passes() { "" } else { &part.worst };
        println!(
            "  {:<20} {:>7} {:>11.2e} {:>11.2e}{verdict}{place}",
            part.name, part.count, part.error, part.tolerance
        );
    }
}
