//! `psp export`.

use std::process::ExitCode;

use anyhow::Result;
use psp_train::RunDir;

use crate::args::ExportArgs;

pub(crate) fn export(args: &ExportArgs) -> Result<ExitCode> {
    let bundle = psp_export::export(&RunDir::new(&args.run), &args.out, args.overwrite)?;
    println!(
        "{}: {} of run {}, epoch {}",
        args.out.display(),
        bundle.model.backbone,
        bundle.training.run,
        bundle.training.epoch
    );
    for (name, file) in &bundle.files {
        println!(
            "  {name}  {:.1} MiB  sha256 {}",
            file.bytes as f64 / 1048576.0,
            file.sha256
        );
    }
    println!(
        "predict with: psp predict --model {} IMAGE…",
        args.out.display()
    );
    Ok(ExitCode::SUCCESS)
}
