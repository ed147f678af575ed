//! `psp weights`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, anyhow, bail, ensure};
use psp_models::pretrained::{self, FetchError, Pretrained, Source, find};
use psp_models::stages::is_within;
use psp_models::{
    BackboneKind, DeviceSpec, ModelConfig, Recognised, Regressor, StateDict, StateError, state,
    write_state_dict,
};
use psp_schema::{hash_of, shell_quoted};
use psp_train::initial_weights::{file_of, open};
use psp_train::{ConfigError, RunDir, TrainError};

use super::refusals::exists_already;
use crate::args::{FetchArgs, ImportArgs, WeightsCheckArgs, WeightsListArgs};
use crate::machine::weights_dir;
use crate::{interrupt, progress};

pub(crate) fn list(args: &WeightsListArgs) -> Result<ExitCode> {
    if args.json {
        let all: Vec<_> = official().collect();
        println!("{}", serde_json::to_string_pretty(&all)?);
        return Ok(ExitCode::SUCCESS);
    }
    println!(
        "{:<16} {:<14} {:>6}  {:<24} {:<12}  file",
        "backbone", "weights", "top-1", "trained on", "licence"
    );
    for entry in official() {
        let resize = match entry.interpolation {
            pretrained::Interpolation::Bilinear => "bilinear",
            pretrained::Interpolation::Bicubic => "bicubic",
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
    match weights_dir().and_then(|dir| find(entry, &dir)) {
        Some(path) if hash_of(&path).is_ok_and(|hash| hash == entry.sha256) => {
            path.display().to_string()
        }
        Some(path) => format!("{}: damaged, or another file", path.display()),
        None => entry.url(),
    }
}

pub(crate) fn fetch(args: &FetchArgs) -> Result<ExitCode> {
    let dir = match &args.dir {
        Some(dir) => dir.clone(),
        None => weights_dir().context("there is no cache folder; name one with --dir")?,
    };
    let source = args.from.as_deref().map_or(Source::Official, Source::parse);
    let cancelled = interrupt::flag()?;
    let wanted = |kind: &&BackboneKind| args.backbone.is_empty() || args.backbone.contains(kind);
    for kind in BackboneKind::ALL.iter().filter(wanted) {
        let entry = kind.pretrained();
        let bar = progress::bytes(entry.backbone);
        let mut show = |done: u64, total: Option<u64>| {
            if let Some(total) = total {
                bar.set_length(total);
            }
            bar.set_position(done);
        };
        let fetched = pretrained::fetch(entry, &dir, &source, &mut show, &cancelled);
        bar.finish_and_clear();
        match fetched {
            Ok(fetched) => {
                let how = if fetched.was_there {
                    "verified"
                } else {
                    "fetched and verified"
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
    let path = weights_file(&args.file)?;
    let kinds = match &args.backbone {
        Some(kind) => std::slice::from_ref(kind),
        None => BackboneKind::ALL,
    };
    let mut nearest: Option<Fitted> = None;
    for &kind in kinds {
        let fitted = Fitted::open(&path, kind, args.prefix.as_deref())?;
        if nearest
            .as_ref()
            .is_none_or(|best| fitted.faults() < best.faults())
        {
            nearest = Some(fitted);
        }
    }
    let Some(fitted) = nearest else {
        bail!("{}: there is no backbone to compare with", path.display());
    };
    let notes = fitted.notes();
    let Fitted {
        kind,
        recognised,
        model,
        own,
        ..
    } = fitted;
    model.map_err(|misfit| match args.backbone {
        Some(kind) => misfit_of(&path, kind, misfit),
        None if faults(&misfit).0 == own => anyhow!(
            "{}: no tensor has a name that one of a backbone has; psp reads torchvision's names, \
             such as `{}.…` of {kind}",
            path.display(),
            kind.stages()[0]
        ),
        None => anyhow::Error::new(misfit).context(format!(
            "{}: does not fit {kind}, which is the nearest of all backbones",
            path.display()
        )),
    })?;
    println!(
        "{}: {own} tensors fit {kind}, {} are left over ({})",
        path.display(),
        recognised.state.len() - own,
        official_name(&path)?
            .as_deref()
            .unwrap_or("not one of torchvision's own files")
    );
    for note in notes {
        println!("  {note}");
    }
    Ok(ExitCode::SUCCESS)
}

pub(crate) fn import(args: &ImportArgs) -> Result<ExitCode> {
    let path = weights_file(&args.file)?;
    check_place(&path, args)?;
    let kind = args.backbone;
    let within = |key: &str, modules: &[&str]| modules.iter().any(|m| is_within(key, m));
    let fitted = Fitted::open(&path, kind, args.prefix.as_deref())?;
    // Training with auxiliary classifiers needs them in the imported file too.
    let config = ModelConfig {
        auxiliary: {
            let mut keys = fitted.recognised.state.keys();
            keys.any(|key| within(key, kind.auxiliary()))
        },
        ..ModelConfig::new(kind, 1)
    };
    let notes = fitted.notes();
    let model = load(&config, fitted.recognised.state);
    let model = model.map_err(|misfit| misfit_of(&path, kind, misfit))?;
    let mut tensors = state::collect(&model.backbone)?;
    // These are the model's own, not the file's.
    tensors.retain(|key, _| !within(key, kind.auxiliary_classifiers()));
    write_state_dict(&args.out, &tensors)?;
    println!(
        "{}: {} tensors of {kind}",
        args.out.display(),
        tensors.len()
    );
    for note in notes {
        println!("  {note}");
    }
    if fitted.head.is_some() {
        println!(
            "  it does not tell which images the model was trained on, so that psp train can't \
             warn where they are measured on; with --set model.weights={} it can",
            shell_quoted(&args.file)
        );
    }
    println!(
        "use it with --set model.weights={}",
        shell_quoted(&args.out)
    );
    Ok(ExitCode::SUCCESS)
}

/// The file that `given` stands for: itself, or that of the model in a folder.
fn weights_file(given: &Path) -> Result<PathBuf> {
    file_of(given).map_err(|error| match error {
        TrainError::Config(ConfigError::Value { expected, .. }) => {
            anyhow!("{}: {expected}", given.display())
        }
        error => error.into(),
    })
}

/// Refuses to write over what is read, over a model's own files, and over any file
/// unless asked to.
fn check_place(from: &Path, args: &ImportArgs) -> Result<()> {
    let out = &args.out;
    let shown = out.display();
    if let Ok(place) = out.canonicalize() {
        ensure!(
            !from.canonicalize().is_ok_and(|from| from == place),
            "{shown}: is the file that is imported; name another one with --out"
        );
        let dir = place.parent().unwrap_or(Path::new("/"));
        let run = RunDir::new(dir.parent().unwrap_or(dir));
        let is_of_run = run.is_begun() && run.best().parent() == Some(dir);
        ensure!(
            !dir.join("bundle.json").exists() && !is_of_run,
            "{shown}: belongs to a model in this folder; name another file with --out"
        );
    }
    ensure!(
        out.extension().is_some_and(|name| name == "safetensors"),
        "{shown}: what is written is a .safetensors file; name it so with --out"
    );
    if out.exists() && !args.overwrite {
        return Err(exists_already(out));
    }
    Ok(())
}

/// A weights file beside a backbone.
struct Fitted {
    kind: BackboneKind,
    recognised: Recognised,
    /// What is to be told of the head of a model of psp's own.
    head: Option<String>,
    /// The model with these weights, unless they don't fit.
    model: Result<Regressor, StateError>,
    /// Tensors that the backbone has.
    own: usize,
}

impl Fitted {
    /// # Errors
    /// When the file can't be read, or a tensor of the backbone is no weight.
    fn open(path: &Path, kind: BackboneKind, prefix: Option<&str>) -> Result<Self> {
        let (file, head) = open(path)?;
        let device = DeviceSpec::Auto.open().unwrap_or_default();
        let model = Regressor::zeros(&ModelConfig::new(kind, 1), &device);
        let recognised = model.recognise(file, prefix)?;
        Ok(Self {
            kind,
            own: state::shapes(&model.backbone).len(),
            model: model.load_backbone(recognised.state.clone()),
            recognised,
            head,
        })
    }

    /// What a user should know of how the file was read.
    fn notes(&self) -> Vec<String> {
        let mut notes = self.recognised.notes();
        notes.extend(self.head.clone());
        notes
    }

    /// How many tensors don't fit.
    fn faults(&self) -> usize {
        match &self.model {
            Ok(_) => 0,
            Err(misfit) => {
                let (missing, others) = faults(misfit);
                missing.saturating_add(others)
            }
        }
    }
}

/// How many of the backbone's tensors are missing, and how many others don't fit.
fn faults(misfit: &StateError) -> (usize, usize) {
    match misfit {
        StateError::Mismatch {
            missing,
            unused,
            misshapen,
        } => (missing.len(), unused.len() + misshapen.len()),
        StateError::Read { .. } => (0, usize::MAX),
    }
}

fn misfit_of(path: &Path, kind: BackboneKind, misfit: StateError) -> anyhow::Error {
    anyhow::Error::new(misfit).context(format!("{}: does not fit {kind}", path.display()))
}

/// The model with these weights.
fn load(config: &ModelConfig, tensors: StateDict) -> Result<Regressor, StateError> {
    let device = DeviceSpec::Auto.open().unwrap_or_default();
    Regressor::zeros(config, &device).load_backbone(tensors)
}

/// torchvision's files, in the order of the backbones.
fn official() -> impl Iterator<Item = &'static Pretrained> {
    BackboneKind::ALL.iter().map(|kind| kind.pretrained())
}

/// torchvision's name of a file with this content.
fn official_name(path: &Path) -> Result<Option<String>> {
    let hash = hash_of(path).with_context(|| format!("{}", path.display()))?;
    let entry = official().find(|entry| entry.sha256 == hash);
    Ok(entry.map(|entry| format!("torchvision's {} {}", entry.backbone, entry.name)))
}
