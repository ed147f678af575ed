//! What each command does: read arguments, call the libraries, print.

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Result, anyhow, ensure};
use clap::CommandFactory;
use psp_export::Predictor;
use psp_files::shell_quoted;
use psp_models::{DeviceSpec, Precision};
use psp_search::StudyDir;
use psp_train::{RunConfig, RunDir};

use crate::args::{
    Args, BenchCommand, Command, CompletionsArgs, ConfigArgs, ConfigCommand, DataCommand,
    ModelsCommand, WeightsCommand,
};

mod bench;
mod data;
mod eval;
mod export;
mod failures;
mod launch;
mod models;
mod predict;
mod report;
mod search;
mod study;
mod train;
mod weights;

pub(crate) fn run(args: Args) -> Result<ExitCode> {
    match args.command {
        Command::Data(DataCommand::Synth(args)) => data::synth(&args),
        Command::Data(DataCommand::Split(args)) => data::split(&args),
        Command::Config(ConfigCommand::Show(args)) => {
            let devices = on_devices(&args.devices.device);
            print!("{}", resolve(&args.config, &devices)?.to_toml()?);
            Ok(ExitCode::SUCCESS)
        }
        Command::Models(args) => match &args.command {
            Some(ModelsCommand::Verify(args)) => models::verify(args),
            None => models::list(args.json),
        },
        Command::Weights(WeightsCommand::List(args)) => weights::list(&args),
        Command::Weights(WeightsCommand::Fetch(args)) => weights::fetch(&args),
        Command::Weights(WeightsCommand::Check(args)) => weights::check(&args),
        Command::Weights(WeightsCommand::Import(args)) => weights::import(&args),
        Command::Train(args) => train::train(&args),
        Command::Search(args) => search::search(&args),
        Command::SearchWorker(args) => search::work(&args),
        Command::Study(command) => study::run(&command),
        Command::Eval(args) => eval::eval(&args),
        Command::Report(args) => report::report(&args),
        Command::Export(args) => export::export(&args),
        Command::Predict(args) => predict::predict(&args),
        Command::Bench(BenchCommand::Train(args)) => bench::bench(&args, psp_bench::train),
        Command::Bench(BenchCommand::Infer(args)) => bench::bench(&args, psp_bench::infer),
        Command::Completions(args) => {
            completions(&args);
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// Prints the completions of a shell.
fn completions(args: &CompletionsArgs) {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Args::command(), "psp", &mut script);
    print!("{}", String::from_utf8_lossy(&script));
}

/// The configuration from file, flags and overrides; `more` are further
/// overrides that come from a command's own flags.
fn resolve(args: &ConfigArgs, more: &[String]) -> Result<RunConfig> {
    let mut overrides = Vec::new();
    if let Some(dir) = &args.data {
        overrides.push(format!("data.dir={}", toml_string(&dir.to_string_lossy())));
    }
    overrides.extend(more.iter().cloned());
    overrides.extend(args.overrides.iter().cloned());
    Ok(RunConfig::read(args.config.as_deref(), &overrides)?)
}

/// The key of `section.key=value`.
fn key_of(given: &str) -> &str {
    given.split('=').next().unwrap_or_default().trim()
}

/// The overrides that put training on these devices; none for none.
fn on_devices(devices: &[DeviceSpec]) -> Vec<String> {
    let Some((device, replicas)) = devices.split_first() else {
        return Vec::new();
    };
    let name = |device: &DeviceSpec| toml_string(&device.to_string());
    let replicas: Vec<String> = replicas.iter().map(name).collect();
    vec![
        format!("train.device={}", name(device)),
        format!("train.replicas=[{}]", replicas.join(", ")),
    ]
}

/// The command that goes on with a run, or with the study that it is part of.
fn resuming(run: &RunDir) -> String {
    match StudyDir::around(run.root()) {
        Some(study) => continuing(&study),
        None => format!("psp train --resume {}", shell_quoted(run.root())),
    }
}

/// `error`, or that it came of the data of a run or a study that is not in its place any
/// more, and what to do where it has moved.
fn unless_moved(error: anyhow::Error, data: &Path, whose: &str, way_out: &str) -> anyhow::Error {
    if data.as_os_str().is_empty() || data.exists() {
        return error;
    }
    anyhow!(
        "{}: the {whose}'s data is not there any more; if it has moved: {way_out}",
        data.display()
    )
}

/// Refuses a folder that is not there.
fn check_is_there(folder: &Path) -> Result<()> {
    ensure!(folder.exists(), "{}: no such folder", folder.display());
    Ok(())
}

/// Opens an exported model or a run on a device.
///
/// # Errors
/// What can't be read; of a study, how to get a model of it.
fn open_model(model: &Path, device: DeviceSpec, precision: Precision) -> Result<Predictor> {
    check_is_there(model)?;
    let quoted = shell_quoted(model);
    ensure!(
        !StudyDir::new(model).is_study(),
        "{}: a study and no model; `psp export {quoted} --out MODEL` makes one of the chosen run, \
         which `psp study best {quoted}` names",
        model.display()
    );
    Predictor::open(model, &device.open_for(precision)?, precision)
        .map_err(|error| unless_lost(error.into(), &RunDir::new(model)))
}

/// `error`, or that it came of a run's lost model.
fn unless_lost(error: anyhow::Error, run: &RunDir) -> anyhow::Error {
    lost(run).unwrap_or(error)
}

/// That the model of a run is damaged or missing, if it is, and what makes it again.
fn lost(run: &RunDir) -> Option<anyhow::Error> {
    if !run.root().exists() {
        let study = StudyDir::around(run.root())?;
        let (root, again) = (run.root().display(), continuing(&study));
        return Some(anyhow!(
            "{root}: missing; bring it back, or train it again: {again}"
        ));
    }
    let has_model = run.best().exists() || run.has_lost_best();
    let fault = run.fault_of_model().ok()?.filter(|_| has_model)?;
    let quoted = shell_quoted(run.root());
    Some(match StudyDir::around(run.root()) {
        Some(study) => {
            let name = Path::new(run.root().file_name().unwrap_or_default());
            anyhow!(
                "{fault}; restore the file, or have the study that this run is part of look for \
                 another checkpoint of its best epoch, or train it again: psp study retry {} {}",
                shell_quoted(study.root()),
                shell_quoted(name)
            )
        }
        None if run.fault_of_records().is_ok_and(|fault| fault.is_some()) => {
            anyhow!("{fault}; restore the file, or train anew into another folder")
        }
        None => anyhow!(
            "{fault}; restore the file, or look for another checkpoint of its best epoch: psp \
             train --resume {quoted}"
        ),
    })
}

/// Says that a run whose model is made use of has not come to its end.
fn note_unfinished(run: &RunDir) {
    if run.is_begun() && !run.result().exists() {
        eprintln!(
            "note: {}: the run has not come to its end; this is its best epoch so far",
            run.root().display()
        );
    }
}

/// That a file is not replaced unasked.
fn exists_already(path: &Path) -> anyhow::Error {
    anyhow!(
        "{}: exists already; choose another file, or pass --overwrite to replace it",
        path.display()
    )
}

/// The command that continues a study.
fn continuing(study: &StudyDir) -> String {
    format!("psp search --study {}", shell_quoted(study.root()))
}

/// A score in few letters: a diverged model's R² may have fifteen digits before the
/// point.
pub(crate) fn number(value: f64) -> String {
    if value.abs() < 1000.0 {
        format!("{value:.4}")
    } else {
        format!("{value:.2e}")
    }
}

/// `1 image`, `2 images`.
pub(crate) fn counted(count: usize, noun: &str) -> String {
    let s = if count == 1 { "" } else { "s" };
    format!("{count} {noun}{s}")
}

/// A TOML basic string; JSON's escapes are valid in it.
fn toml_string(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    #[test]
    fn one_is_singular() {
        let texts = [0, 1, 2].map(|count| super::counted(count, "trial"));
        assert_eq!(texts, ["0 trials", "1 trial", "2 trials"]);
    }
}
