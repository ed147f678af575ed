//! `psp export`.

use std::collections::BTreeSet;
use std::process::ExitCode;

use anyhow::{Context, Result, bail, ensure};
use psp_export::onnx::Stored;
use psp_export::{Contents, Int8Settings};
use psp_metrics::Residuals;
use psp_models::DeviceSpec;
use psp_schema::shell_quoted;
use psp_search::{Overview, Study};
use psp_train::RunDir;
use psp_train::bundle::{BUNDLE_JSON, Quantization};

use super::predictor::{note_unfinished, residuals};
use super::refusals::{check_is_there, continuing, unless_lost};
use super::study::{study_dir, warn_of_choice};
use crate::args::{ExportArgs, Format};
use crate::machine;
use crate::text::counted;

pub(crate) fn export(args: &ExportArgs) -> Result<ExitCode> {
    let mut contents = contents(args)?;
    let run = run_of(args)?;
    if !args.no_residuals {
        psp_export::check_place(&args.out, args.overwrite)?;
        contents.residuals = residuals_of(&run);
    }
    let bundle = psp_export::export(&run, &args.out, &contents, args.overwrite, &mut |told| {
        eprintln!("int8: {told}");
    })
    .map_err(|error| unless_lost(error.into(), &run))?;
    println!(
        "{}: {} of run {}, epoch {}",
        args.out.display(),
        bundle.model.backbone,
        bundle.training.run,
        bundle.training.epoch
    );
    note_unfinished(&run);
    for (name, file) in &bundle.files {
        println!(
            "  {name}  {:.1} MiB  sha256 {}",
            file.bytes as f64 / 1048576.0,
            file.sha256
        );
        if let Some(quantization) = &file.quantization {
            print_quantization(quantization);
        }
        if let Some(verification) = &file.verification {
            if let Some(fault) = &verification.fault {
                eprintln!("note: {name} is compared on generated images: {fault}");
            }
            println!(
                "    on {} its scores differ from the checkpoint's by up to {:.1e} of {}",
                counted(verification.images, &format!("{} image", verification.of)),
                verification.max_difference,
                if bundle.label_range.is_some() {
                    "the label range"
                } else {
                    "the labels' standard deviation"
                }
            );
        }
    }
    println!(
        "predict with: psp predict --model {} IMAGE…",
        shell_quoted(&args.out)
    );
    Ok(ExitCode::SUCCESS)
}

/// What is lost by 8 bits.
fn print_quantization(quantization: &Quantization) {
    let Quantization {
        images,
        r2_f32,
        r2,
        loss_interval: [low, high],
        float_layers,
        ..
    } = quantization;
    println!(
        "    on {} its R² is {r2:.4} where that of f32 is {r2_f32:.4}: {low:.4} to {high:.4} less \
         (95 %)",
        counted(*images, "validation image")
    );
    if !float_layers.is_empty() {
        println!("    in f32: {}", float_layers.join(", "));
    }
}

/// What is asked for besides the weights that psp predicts from.
fn contents(args: &ExportArgs) -> Result<Contents> {
    let has = |format| args.format.contains(&format);
    let mut onnx = args.precision.clone();
    onnx.sort_unstable();
    onnx.dedup();
    if has(Format::Onnx) {
        if onnx.is_empty() {
            onnx.push(Stored::F32);
        }
    } else {
        let flag = match (onnx.is_empty(), args.with_preprocessing) {
            (false, _) => Some("--precision"),
            (true, true) => Some("--with-preprocessing"),
            (true, false) => None,
        };
        if let Some(flag) = flag {
            bail!("{flag} is about the ONNX model: add onnx to --format, or leave it out");
        }
    }
    let mut int8 = Int8Settings::default();
    if !onnx.contains(&Stored::I8) {
        let flags = [
            (args.calibrate.is_some(), "--calibrate"),
            (args.budget.is_some(), "--budget"),
        ];
        if let Some((_, flag)) = flags.iter().find(|(is_given, _)| *is_given) {
            bail!("{flag} is about int8: add it to --precision, or leave the flag out");
        }
    }
    if let Some(calibrate) = args.calibrate {
        int8.calibrate = calibrate as usize;
    }
    if let Some(budget) = args.budget {
        ensure!(
            budget >= 0.0 && budget.is_finite(),
            "--budget {budget}: expected a number that is at least 0"
        );
        int8.budget = budget;
    }
    Ok(Contents {
        burnpack: has(Format::Burnpack),
        onnx,
        with_preprocessing: args.with_preprocessing,
        threads: machine::cores(),
        int8,
        residuals: None,
    })
}

/// The run's residuals on its validation images; says why there are none.
fn residuals_of(run: &RunDir) -> Option<Residuals> {
    let machine = machine::with_devices(&[DeviceSpec::Auto]);
    let why = match residuals(run, &machine) {
        Ok(Some(residuals)) => return Some(residuals),
        Ok(None) => "the run has no validation images".to_owned(),
        Err(error) => error.to_string(),
    };
    eprintln!("note: without residuals, which psp predict --interval needs: {why}");
    None
}

/// The run to export: the folder itself, or the chosen one of a study.
fn run_of(args: &ExportArgs) -> Result<RunDir> {
    let dir = study_dir(&args.run);
    if !dir.is_study() || RunDir::new(&args.run).is_begun() {
        if args.backbone.is_some() {
            bail!(
                "{}: --backbone chooses among the models of a study, and this is none",
                args.run.display()
            );
        }
        check_is_there(&args.run)?;
        ensure!(
            !args.run.join(BUNDLE_JSON).exists(),
            "{}: is an exported model already; a copy of the folder is one, too",
            args.run.display()
        );
        return Ok(RunDir::new(&args.run));
    }
    let study = Study::open(dir)?;
    let root = args.run.display();
    let Some(selection) = study.selected()? else {
        let (quoted, again) = (shell_quoted(&args.run), continuing(&study.dir));
        if Overview::of(&study)?.all_failed() {
            bail!("{root}: all trials failed; `psp study show {quoted}` says why");
        }
        bail!(
            "{root}: nothing is chosen yet; `{again}` goes on until something is, and `psp study \
             show {quoted}` says how far it is"
        );
    };
    warn_of_choice(&study, Some(&selection))?;
    let (place, folder) = selection.folder_of(args.backbone).with_context(|| {
        let finalists = selection.finalists.iter();
        let there: BTreeSet<&str> = finalists.map(|one| one.backbone.name()).collect();
        let there = there.into_iter().collect::<Vec<_>>().join(", ");
        format!("{root}: no finalist has this backbone; the finalists have {there}")
    })?;
    match place {
        0 => println!("chosen: {folder}: {}", selection.reason),
        place => println!(
            "{folder}: place {place} of {} finalists; chosen was {}: {}",
            selection.finalists.len(),
            selection.folder,
            selection.reason
        ),
    }
    let run = RunDir::new(study.dir.root().join(folder));
    check_is_scored(&study, &run, folder)?;
    Ok(run)
}

/// Refuses a run that was trained on after the study had scored it: the model is not
/// the one that was chosen.
fn check_is_scored(study: &Study, run: &RunDir, folder: &str) -> Result<()> {
    let Some(scored) = study.scored_epoch(folder)? else {
        return Ok(());
    };
    let best = run
        .read_best()
        .map_err(|error| unless_lost(error.into(), run))?;
    let best = best.progress.epoch;
    if best != scored {
        let quoted = shell_quoted(run.root());
        bail!(
            "{}: the study scored epoch {scored}, and the best checkpoint is of epoch {best} now: \
             the run was trained on outside the study; `psp export {quoted}` exports it as it is",
            run.root().display()
        );
    }
    Ok(())
}
