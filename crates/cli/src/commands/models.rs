//! `psp models`.

use std::process::ExitCode;

use anyhow::Result;
use psp_verify::{Reference, verify as verify_reference};

use crate::args::VerifyArgs;

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
