//! `psp weights`.

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use psp_models::stages::is_within;
use psp_models::{
    BackboneKind, DeviceSpec, ModelConfig, Regressor, StateDict, StateError, read_state_dict,
    state, write_state_dict,
};
use psp_weights::{FetchError, Pretrained, REGISTRY, Source, default_dir, find, hash_of};

use crate::args::{FetchArgs, ImportArgs, WeightsCheckArgs, WeightsListArgs};
use crate::{interrupt, progress};

pub(crate) fn list(args: &WeightsListArgs) -> Result<ExitCode> {
    if args.json {
        println!("{}", serde_json::to_string_pretty(&REGISTRY)?);
        return Ok(ExitCode::SUCCESS);
    }
    println!(
        "{:<16} {:<14} {:>6}  {:<24} {:<12}  file",
        "backbone", "weights", "top-1", "trained on", "licence"
    );
    for entry in &REGISTRY {
        let resize = match entry.interpolation {
            psp_weights::Interpolation::Bilinear => "bilinear",
            psp_weights::Interpolation::Bicubic => "bicubic",
        };
        let trained_on = format!("{} of {} px, {resize}", entry.crop, entry.resize);
        println!(
            "{:<16} {:<14} {:>5.1}%  {trained_on:<24} {:<12}  {}",
            entry.backbone,
            entry.name,
            entry.top1,
            entry.licence,
            place(entry)
        );
    }
    Ok(ExitCode::SUCCESS)
}

/// Where the file is, or where it can be had.
fn place(entry: &Pretrained) -> String {
    match default_dir().and_then(|dir| find(entry, &dir)) {
        Some(path) => path.display().to_string(),
        None => entry.url(),
    }
}

pub(crate) fn fetch(args: &FetchArgs) -> Result<ExitCode> {
    let dir = match &args.dir {
        Some(dir) => dir.clone(),
        None => default_dir().context("there is no cache folder; name one with --dir")?,
    };
    let source = args.from.as_deref().map_or(Source::Official, Source::parse);
    let cancelled = interrupt::flag()?;
    let wanted = |entry: &&Pretrained| {
        let named = |kind: &BackboneKind| kind.name() == entry.backbone;
        args.backbone.is_empty() || args.backbone.iter().any(named)
    };
    for entry in REGISTRY.iter().filter(wanted) {
        let bar = progress::bytes(entry.backbone);
        let mut show = |done: u64, total: Option<u64>| {
            if let Some(total) = total {
                bar.set_length(total);
            }
            bar.set_position(done);
        };
        let fetched = psp_weights::fetch(entry, &dir, &source, &mut show, &cancelled);
        bar.finish_and_clear();
        match fetched {
            Ok(fetched) => {
                let how = match fetched.was_there {
                    true => "verified",
                    false => "fetched and verified",
                };
                println!("{}: {how}", fetched.path.display());
            }
            Err(error @ FetchError::Cancelled) => {
                eprintln!("{error}");
                return Ok(interrupt::exit_code());
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(ExitCode::SUCCESS)
}

pub(crate) fn check(args: &WeightsCheckArgs) -> Result<ExitCode> {
    let tensors = read_state_dict(&args.file)?;
    let official = official_name(&args.file)?;
    let kinds = match &args.backbone {
        Some(kind) => std::slice::from_ref(kind),
        None => BackboneKind::ALL,
    };
    let mut misfits = Vec::new();
    for kind in kinds {
        match fit(&ModelConfig::new(*kind, 1), tensors.clone()) {
            Ok(backbone) => {
                println!(
                    "{}: {} tensors fit {kind}, {} are left over ({})",
                    args.file.display(),
                    state::shapes(&backbone.backbone).len(),
                    tensors.len() - state::shapes(&backbone.backbone).len(),
                    official.as_deref().unwrap_or("not an official file")
                );
                return Ok(ExitCode::SUCCESS);
            }
            Err(error) => misfits.push((*kind, error)),
        }
    }
    // The one with the fewest complaints is what was meant.
    let nearest = misfits.into_iter().min_by_key(|(_, error)| faults(error));
    match nearest {
        Some((kind, error)) => {
            bail!("{}: does not fit {kind}: {error}", args.file.display())
        }
        None => bail!(
            "{}: there is no backbone to compare with",
            args.file.display()
        ),
    }
}

pub(crate) fn import(args: &ImportArgs) -> Result<ExitCode> {
    let tensors = read_state_dict(&args.file)?;
    let kind = args.backbone;
    let within = |key: &str, modules: &[&str]| modules.iter().any(|m| is_within(key, m));
    // Training with auxiliary classifiers needs them in the imported file too.
    let config = ModelConfig {
        auxiliary: tensors.keys().any(|key| within(key, kind.auxiliary())),
        ..ModelConfig::new(kind, 1)
    };
    let model = fit(&config, tensors)
        .with_context(|| format!("{}: does not fit {kind}", args.file.display()))?;
    let mut tensors = state::collect(&model.backbone)?;
    // These are the model's own, not the file's.
    tensors.retain(|key, _| !within(key, kind.auxiliary_classifiers()));
    write_state_dict(&args.out, &tensors)?;
    println!(
        "{}: {} tensors of {kind}",
        args.out.display(),
        tensors.len()
    );
    println!("use it with --set model.weights={}", args.out.display());
    Ok(ExitCode::SUCCESS)
}

/// The model with these weights.
fn fit(config: &ModelConfig, tensors: StateDict) -> Result<Regressor, StateError> {
    let device = DeviceSpec::Auto.open().unwrap_or_default();
    Regressor::zeros(config, &device).load_backbone(tensors)
}

fn faults(error: &StateError) -> usize {
    match error {
        StateError::Mismatch {
            missing,
            unused,
            misshapen,
        } => missing.len() + unused.len() + misshapen.len(),
        StateError::Read { .. } => usize::MAX,
    }
}

/// The registry's name of a file with this content.
fn official_name(path: &Path) -> Result<Option<String>> {
    let hash = hash_of(path).with_context(|| format!("{}", path.display()))?;
    let entry = REGISTRY.iter().find(|entry| entry.sha256 == hash);
    Ok(entry.map(|entry| format!("torchvision's {} {}", entry.backbone, entry.name)))
}
