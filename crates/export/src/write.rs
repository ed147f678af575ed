//! Writing a bundle.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::ErrorKind::{AlreadyExists, DirectoryNotEmpty, NotADirectory};
use std::path::Path;
use std::time::Duration;

use burn::module::Module;
use burn::tensor::Device;
use psp_metrics::{RegressionMetrics, Residuals};
use psp_models::graph::Graph;
use psp_models::{DeviceSpec, ModelConfig, Output, Regressor, StateError, state, write_state_dict};
use psp_schema::{FileError, read_metrics, sync_dir, write_json};
use psp_train::bundle::{
    BUNDLE_JSON, BUNDLE_VERSION, BURNPACK, Bundle, FileEntry, MODEL_FILES, ONNX, ONNX_F16,
    ONNX_INT8, SAFETENSORS, Training, Verification,
};
use psp_train::{Checkpoint, RunDir};
use tempfile::TempDir;

use crate::error::ExportError;
use crate::int8::{Int8Settings, quantize};
use crate::onnx::{self, Quantized, Stored};
use crate::verification::{Reference, Sample};

/// What a bundle holds besides `model.safetensors`, which psp predicts from.
#[derive(Clone, Debug, Default)]
pub struct Contents {
    /// The model in Burn's own format, too.
    pub burnpack: bool,
    /// The model as ONNX, once for each way in which weights are stored.
    pub onnx: Vec<Stored>,
    /// Whether the ONNX models take pixels and normalise them, and clip their scores.
    pub with_preprocessing: bool,
    /// Threads of the engine that runs them; 0: one per core.
    pub threads: usize,
    /// What a model in 8 bits may lose.
    pub int8: Int8Settings,
    /// How far the run's predictions for its validation images are from their labels, where
    /// that is known: [`validation_residuals`](crate::validation_residuals).
    pub residuals: Option<Residuals>,
}

/// The name of a bundle that is about to be replaced, in a folder of its own.
const ASIDE: &str = "bundle";
/// What the name of a folder begins with that an export fills.
const STAGED: &str = ".export-";
/// After which no export is at work any more.
const LONGEST: Duration = Duration::from_secs(3600);

/// Exports the best checkpoint of `run` into the folder `out`, which appears
/// whole or not at all. An existing bundle is replaced only with `overwrite`, and only
/// if nothing else lies in its folder; of all who write a new one at once, one succeeds.
/// Where `out` is a link to a bundle, that is what is replaced.
///
/// `model.safetensors` holds the weights under torchvision's keys (`backbone.…` and
/// `head.…`); `contents` says what lies beside it. The head computes labels, which are
/// not clipped. `tell` is told how far what takes long has come.
///
/// # Errors
/// When the run has no finished epoch, a file is damaged, `out` is taken, or an ONNX model
/// predicts something else than the checkpoint.
pub fn export(
    run: &RunDir,
    out: &Path,
    contents: &Contents,
    overwrite: bool,
    tell: &mut dyn FnMut(&str),
) -> Result<Bundle, ExportError> {
    check_place(out, overwrite)?;
    let config = run.read_trained_config()?;
    let manifest = run.read_manifest()?;
    ExportError::unless_trained(run)?;
    let mut checkpoint = run.read_best()?;
    let epoch = checkpoint.progress.epoch;
    let valid = valid_metrics(run, epoch)?;

    let label_range = config.range_of(&checkpoint.model_config.output);
    checkpoint.model_config.output.range = label_range;
    let model_config = checkpoint.model_config.clone();
    // Any device can write weights; on this one they are computed with as in the file.
    let device = DeviceSpec::Flex.open().unwrap_or_default();
    let model = in_label_units(run, &checkpoint, &device)?;
    let graph = model.graph().map_err(misfit(out))?;
    let preprocessing = config.preprocessing();
    let description = onnx::Description {
        backbone: model_config.backbone,
        targets: &checkpoint.targets,
        preprocessing: &preprocessing,
        label_range,
        with_preprocessing: contents.with_preprocessing,
    };
    let mut quantization = None;
    if contents.onnx.contains(&Stored::I8) {
        let (settings, threads) = (contents.int8, contents.threads);
        let of = (run, &config);
        quantization = Some(quantize(of, &graph, &description, settings, threads, tell)?);
    }

    // Where a link leads, the link stays.
    let place = out.canonicalize().unwrap_or_else(|_| out.to_owned());
    let staged = staging_folder(&place)?;
    let path = staged.path().join(SAFETENSORS);
    let weights = state::collect(&model).map_err(misfit(&path))?;
    write_state_dict(&path, &weights)?;
    let mut verifications = BTreeMap::new();
    if !contents.onnx.is_empty() {
        let sample = Sample::of(run, &config);
        let output = &model_config.output;
        let reference = Reference::new(&model, &device, sample, output, contents.threads)?;
        let writing = OnnxWriting {
            dir: staged.path(),
            graph: &graph,
            description: &description,
            reference: &reference,
        };
        for &stored in &contents.onnx {
            let quantized = quantization.as_ref().map(|(quantized, _)| quantized);
            let quantized = quantized.filter(|_| stored == Stored::I8);
            let (name, verification) = writing.write(stored, quantized)?;
            verifications.insert(name, verification);
        }
    }
    if contents.burnpack {
        write_burnpack(&staged.path().join(BURNPACK), model)?;
    }
    let mut files = BTreeMap::new();
    for name in MODEL_FILES {
        let path = staged.path().join(name);
        if path.exists() {
            files.insert(name.to_owned(), FileEntry::of(&path)?);
        }
    }
    for (name, verification) in verifications {
        if let Some(entry) = files.get_mut(name) {
            entry.verification = Some(verification);
        }
    }
    if let Some(entry) = files.get_mut(ONNX_INT8) {
        entry.quantization = quantization.map(|(_, found)| found);
    }
    let bundle = Bundle {
        bundle_version: BUNDLE_VERSION,
        model: ModelConfig {
            output: Output::default(),
            ..model_config
        },
        targets: checkpoint.targets.clone(),
        label_range,
        filename_column: config.data.filename_column.clone(),
        preprocessing,
        max_pixels: config.decode_limits().max_pixels,
        training: Training {
            run: name_of(run.root()),
            epoch,
            step: checkpoint.progress.step,
            averaged: checkpoint.ema.is_some(),
            valid,
            train_means: manifest.train_means,
            train_deviations: checkpoint.model_config.output.scale.clone(),
            data_fingerprint: manifest.data_fingerprint,
            split_fingerprint: manifest.split_fingerprint,
            seen: manifest.seen,
            psp_version: manifest.psp_version,
            burn_version: manifest.burn_version,
            device: manifest.device,
        },
        residuals: contents.residuals.clone(),
        files,
        sha256: String::new(),
    };
    let json = staged.path().join(BUNDLE_JSON);
    let bundle = bundle
        .sealed()
        .map_err(|error| FileError::write(&json, "make its content")(error.into()))?;
    write_json(&json, &bundle)?;
    let names = bundle.files.keys().map(String::as_str);
    for name in names.chain([BUNDLE_JSON]) {
        let path = staged.path().join(name);
        let file = File::open(&path).map_err(FileError::read(&path))?;
        file.sync_all()
            .map_err(FileError::write(&path, "sync it to disk"))?;
    }
    // Something may have come there meanwhile.
    check_place(out, overwrite)?;
    publish(staged, &place, overwrite)?;
    Ok(bundle)
}

/// The validation metrics of the best `epoch`: those of the run's result, or of its log while
/// it has none.
fn valid_metrics(run: &RunDir, epoch: u64) -> Result<Option<RegressionMetrics>, ExportError> {
    if let Ok(result) = run.read_result()
        && result.best_epoch == epoch
    {
        return Ok(result.best);
    }
    let mut records = read_metrics(&run.metrics())?.into_iter();
    match records.find(|record| record.epoch == epoch) {
        Some(record) => Ok(record.valid),
        None => Err(ExportError::Format {
            path: run.metrics(),
            reason: format!("has no line for epoch {epoch}, the best one"),
        }),
    }
}

/// Refuses a place where something stands that a bundle is not to replace.
///
/// # Errors
/// Names what stands there.
pub fn check_place(out: &Path, overwrite: bool) -> Result<(), ExportError> {
    let path = out.to_owned();
    if out.is_symlink() && !out.exists() {
        let reason = std::io::Error::new(AlreadyExists, "it is a link to nothing");
        return Err(FileError::write(out, "put the exported model there")(reason).into());
    }
    let is_empty = || std::fs::read_dir(out).is_ok_and(|mut entries| entries.next().is_none());
    if !out.exists() || is_empty() {
        return Ok(());
    }
    let Some(own) = own_files(out) else {
        return Err(ExportError::NotReplaced { path });
    };
    if !overwrite {
        return Err(ExportError::Exists { path });
    }
    for entry in std::fs::read_dir(out).map_err(FileError::list(out))? {
        let name = entry.map_err(FileError::list(out))?.file_name();
        let name = name.to_string_lossy().into_owned();
        if !own.contains(&name) {
            return Err(ExportError::NotOwn { path, name });
        }
    }
    Ok(())
}

/// Names of the files that make up the bundle in a folder, whatever state they are in; `None`
/// where there is none.
fn own_files(dir: &Path) -> Option<BTreeSet<String>> {
    let text = std::fs::read(dir.join(BUNDLE_JSON)).ok()?;
    let description: serde_json::Value = serde_json::from_slice(&text).ok()?;
    description["bundle_version"].as_u64()?;
    let listed = description["files"].as_object()?;
    let listed = MODEL_FILES
        .into_iter()
        .filter(|name| listed.contains_key(*name));
    Some(listed.chain([BUNDLE_JSON]).map(str::to_owned).collect())
}

/// A folder beside `out` for the files of an export. What others left there that were
/// killed is removed.
fn staging_folder(out: &Path) -> Result<TempDir, ExportError> {
    let staged = folder_beside(out, STAGED)?;
    let beside = staged.path().parent().map(std::fs::read_dir);
    for entry in beside.into_iter().flatten().flatten().flatten() {
        if entry.file_name().to_string_lossy().starts_with(STAGED) && is_left(&entry.path()) {
            // What stays is in nobody's way.
            for name in MODEL_FILES {
                let _ = std::fs::remove_file(entry.path().join(name));
            }
            let _ = std::fs::remove_dir(entry.path());
        }
    }
    Ok(staged)
}

/// Whether this folder holds no whole model, whose description comes last, and nothing has come
/// into it for longer than an export is at work.
fn is_left(staged: &Path) -> bool {
    let changed = std::fs::metadata(staged).and_then(|folder| folder.modified());
    let age = changed.ok().and_then(|changed| changed.elapsed().ok());
    let is_whole = staged.join(BUNDLE_JSON).exists();
    !is_whole && !staged.is_symlink() && age.is_some_and(|age| age > LONGEST)
}

/// A temporary folder beside `out` that is as open as the umask lets a new folder
/// be.
fn folder_beside(out: &Path, prefix: &str) -> Result<TempDir, ExportError> {
    let parent = match out.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    std::fs::create_dir_all(parent).map_err(|error| {
        // That a file exists is all that the system says of one in a folder's place.
        match parent.ancestors().find(|path| path.exists()) {
            Some(path) if !path.is_dir() => {
                let reason = std::io::Error::new(NotADirectory, "it is not a folder");
                FileError::write(path, "create a folder in it")(reason)
            }
            _ => FileError::write(parent, "create this folder")(error),
        }
    })?;
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o777));
    let made = builder.prefix(prefix).tempdir_in(parent);
    Ok(made.map_err(FileError::write(parent, "create a folder in it"))?)
}

/// Renames the finished folder to its place; a bundle that was there is moved
/// aside first, brought back if that fails, and deleted last.
fn publish(staged: TempDir, out: &Path, overwrite: bool) -> Result<(), ExportError> {
    let replace = FileError::write(out, "put the exported model there");
    let mut replaced = None;
    if overwrite && out.exists() {
        let aside = folder_beside(out, ".replaced-")?;
        std::fs::rename(out, aside.path().join(ASIDE)).map_err(&replace)?;
        // From here on it holds what must not be lost.
        replaced = Some(aside.keep());
    }
    // It replaces nothing but an empty folder.
    if let Err(error) = std::fs::rename(staged.path(), out) {
        let Some(aside) = replaced else {
            let kind = error.kind();
            let is_taken = matches!(kind, AlreadyExists | DirectoryNotEmpty | NotADirectory);
            return Err(match check_place(out, false) {
                Err(taken) if is_taken => taken,
                _ => replace(error).into(),
            });
        };
        let old = aside.join(ASIDE);
        return Err(match std::fs::rename(&old, out) {
            Ok(()) => {
                // Empty, and hidden if it stays.
                let _ = std::fs::remove_dir(&aside);
                replace(error)
            }
            Err(_) => {
                let told = format!("{error}; what was there is now {}", old.display());
                replace(std::io::Error::new(error.kind(), told))
            }
        }
        .into());
    }
    // It is `out` now, and no longer a temporary folder.
    let _ = staged.keep();
    sync_dir(out.parent().unwrap_or(Path::new(".")))?;
    if let Some(aside) = replaced {
        // The new bundle stands whether or not the old one can be deleted.
        let _ = remove_bundle(&aside.join(ASIDE));
        let _ = std::fs::remove_dir(aside);
    }
    Ok(())
}

/// Deletes a bundle and nothing else: what came into its folder meanwhile stays there.
fn remove_bundle(dir: &Path) -> std::io::Result<()> {
    let own = own_files(dir).unwrap_or_default();
    for entry in std::fs::read_dir(dir)? {
        let entry = entry?;
        if own.contains(&*entry.file_name().to_string_lossy()) {
            std::fs::remove_file(entry.path())?;
        }
    }
    std::fs::remove_dir(dir)
}

/// The checkpoint's model with a head that computes labels.
fn in_label_units(
    run: &RunDir,
    checkpoint: &Checkpoint,
    device: &Device,
) -> Result<Regressor, ExportError> {
    let weights = checkpoint.weights();
    let model = Regressor::from_state(&checkpoint.model_config, &weights, device);
    Ok(model.map_err(misfit(&run.best()))?.in_label_units())
}

fn misfit(path: &Path) -> impl Fn(StateError) -> ExportError + use<> {
    let path = path.to_owned();
    move |source| ExportError::Misfit {
        path: path.clone(),
        source,
    }
}

/// A model that is written as ONNX.
struct OnnxWriting<'a> {
    dir: &'a Path,
    graph: &'a Graph,
    description: &'a onnx::Description<'a>,
    reference: &'a Reference,
}

impl OnnxWriting<'_> {
    /// Writes the file of a way in which weights are stored, and compares it with the checkpoint.
    fn write(
        &self,
        stored: Stored,
        quantized: Option<&Quantized>,
    ) -> Result<(&'static str, Verification), ExportError> {
        let (name, tolerance) = match stored {
            Stored::F32 => (ONNX, 1e-4),
            Stored::F16 => (ONNX_F16, 5e-3),
            // Its budget is what counts.
            Stored::I8 => (ONNX_INT8, f64::INFINITY),
        };
        let path = self.dir.join(name);
        if self.description.with_preprocessing {
            // Clipped scores alone could all be those of a bound.
            let plain = onnx::Description {
                with_preprocessing: false,
                ..self.description.clone()
            };
            onnx::write(&path, self.graph, &plain, stored, quantized)?;
            self.reference.verify(&path, tolerance)?;
        }
        onnx::write(&path, self.graph, self.description, stored, quantized)?;
        Ok((name, self.reference.verify(&path, tolerance)?))
    }
}

fn write_burnpack(path: &Path, model: Regressor) -> Result<(), ExportError> {
    let write = FileError::write(path, "write its content");
    let packed = model.valid().into_record().into_bytes();
    let packed = packed.map_err(|error| write(std::io::Error::other(error)))?;
    // Burn's own `save` tells of the system's errors in words alone.
    Ok(std::fs::write(path, &*packed).map_err(write)?)
}

fn name_of(path: &Path) -> String {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    absolute.file_name().map_or_else(
        || path.display().to_string(),
        |name| name.to_string_lossy().into_owned(),
    )
}
