//! `psp report`.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, anyhow, bail};
use indicatif::ProgressBar;
use psp_collect::input::{Environment, MeasuredCost};
use psp_collect::{CollectError, CollectEvent, Collected, Settings, collect_runs, collect_study};
use psp_data::decode_file;
use psp_models::DeviceSpec;
use psp_report::PhotoError;
use psp_schema::shell_quoted;
use psp_search::{Study, StudyDir};
use psp_train::{EXPERIMENTS, RunConfig, RunDir};

use super::refusals::{continuing, lost, resuming, unless_moved};
use super::study::{study_dir, warn_of_gone};
use crate::args::ReportArgs;
use crate::origin::{Origin, check_is_no_data};
use crate::{interrupt, machine, progress};

pub(crate) fn report(args: &ReportArgs) -> Result<ExitCode> {
    let cancelled = interrupt::flag()?;
    let source = Source::of(&args.sources)?;
    let out = args
        .out
        .clone()
        .unwrap_or_else(|| Path::new("reports").join(source.name()));
    let origin = Origin::report(&source.roots());
    source.check_out(&out)?;
    origin.check(&out, args.overwrite)?;
    psp_report::check_place(&out)?;
    if let Source::Study(dir) = &source
        && let Ok(study) = Study::open(dir.clone())
        && let Ok(Some(selection)) = study.selected()
    {
        // What can't be read is told of below.
        warn_of_gone(&study, &selection)?;
    }
    let bar = progress::bar(0, "collect");
    let mut is_whole = true;
    let settings = Settings {
        out: out.clone(),
        machine: machine::with_devices(args.device.as_slice()),
        explained: args.explain,
        measure: if args.no_measure {
            None
        } else {
            Some(&mut measure)
        },
        notes: args.notes.clone(),
        environment: environment(&source, &out),
        cancelled: &cancelled,
        observe: &mut |event| {
            is_whole &= !matches!(event, CollectEvent::LeftOut { .. });
            show(&bar, event);
        },
    };
    let collected = match &source {
        Source::Study(dir) => collect_study(dir.clone(), settings),
        Source::Runs(runs) => collect_runs(runs, settings),
    };
    bar.finish_and_clear();
    let collected = match collected {
        Err(CollectError::Interrupted) => {
            eprintln!("{}", CollectError::Interrupted);
            return Ok(interrupt::exit_code());
        }
        Err(CollectError::Lost { run, fault }) => {
            return Err(lost(&run).unwrap_or_else(|| anyhow!(fault)));
        }
        Err(error) => return Err(source.explain(error.into())),
        Ok(collected) => collected,
    };
    let claim = origin.claim(&out, args.overwrite)?;
    let written = write(&collected, &out)?;
    if let Some((name, text)) = &claim.beside {
        psp_schema::write_atomic(&out.join(name), |file| file.write_all(text))?;
    }
    for warning in &written.warnings {
        eprintln!("warning: {warning}");
    }
    println!("wrote {}", written.index.display());
    Ok(if is_whole {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn write(collected: &Collected, out: &Path) -> Result<psp_report::Written> {
    let photo = |name: &str| {
        let path = collected.dataset.image_named(name);
        decode_file(&path, &collected.limits).map_err(PhotoError::from)
    };
    let settings = psp_report::Settings::default();
    psp_report::write(&collected.input, &photo, out, &settings)
        .with_context(|| format!("{}: the report was not written", out.display()))
}

/// What a report is on.
enum Source {
    Study(StudyDir),
    Runs(Vec<RunDir>),
}

impl Source {
    fn of(sources: &[PathBuf]) -> Result<Self> {
        if let [source] = sources {
            let dir = study_dir(source);
            // What lies here comes before what only has the name of a stored study.
            if dir.is_study() && !RunDir::new(source).is_begun() {
                return Ok(Self::Study(dir));
            }
        }
        let runs: Vec<RunDir> = sources.iter().map(RunDir::new).collect();
        for run in &runs {
            if !run.is_begun() && study_dir(run.root()).is_study() {
                let root = run.root().display();
                bail!("{root}: a study is reported on by itself; name it alone, or name runs");
            }
            if !run.is_begun() {
                return Err(unknown(run.root()));
            }
        }
        Ok(Self::Runs(runs))
    }

    /// The error, or that the data of the study or of one of the runs has moved.
    fn explain(&self, error: anyhow::Error) -> anyhow::Error {
        let way_out = |data: &Path, command: String| {
            let data = shell_quoted(data);
            format!(
                "link it there, ln -s \"$(realpath DIR)\" {data}, or name the new place and go on with the \
                 training: {command} --data DIR"
            )
        };
        match self {
            Self::Study(dir) => match Study::open(dir.clone()) {
                Ok(study) => {
                    let data = &study.config.base.data.dir;
                    unless_moved(error, data, "study", &way_out(data, continuing(dir)))
                }
                Err(_) => error,
            },
            Self::Runs(runs) => runs
                .iter()
                .fold(error, |error, run| match run.read_config() {
                    Ok(RunConfig { data, .. }) => {
                        let way_out = way_out(&data.dir, resuming(run));
                        unless_moved(error, &data.dir, "run", &way_out)
                    }
                    Err(_) => error,
                }),
        }
    }

    /// Refuses to write the report into the folder of the data.
    fn check_out(&self, out: &Path) -> Result<()> {
        let configs: Vec<RunConfig> = match self {
            Self::Study(dir) => vec![Study::open(dir.clone())?.config.base],
            Self::Runs(runs) => {
                let configs = runs.iter().map(RunDir::read_config);
                configs.collect::<Result<_, _>>()?
            }
        };
        let data = configs.iter().flat_map(|RunConfig { data, .. }| {
            let labels = data.labels.as_deref().and_then(Path::parent);
            let images = data.images.as_deref();
            [Some(data.dir.as_path()), labels, images]
        });
        check_is_no_data(out, data.flatten())
    }

    /// The folders of the study or of the runs.
    fn roots(&self) -> Vec<PathBuf> {
        match self {
            Self::Study(dir) => vec![dir.root().to_owned()],
            Self::Runs(runs) => runs.iter().map(|run| run.root().to_owned()).collect(),
        }
    }

    /// The study's name, or the first run's.
    fn name(&self) -> String {
        let root = match self {
            Self::Study(dir) => dir.root(),
            Self::Runs(runs) => runs.first().map_or(Path::new("report"), RunDir::root),
        };
        let absolute = std::path::absolute(root).unwrap_or_else(|_| root.to_owned());
        let name = absolute.file_name().unwrap_or_default();
        name.to_string_lossy().into_owned()
    }

    /// The commands that make all of it again, with the split as it was.
    fn commands(&self, out: &Path) -> Vec<String> {
        let out = shell_quoted(out);
        match self {
            Self::Study(dir) => {
                let (study, root) = (shell_quoted(&dir.study()), shell_quoted(dir.root()));
                let split = with_split(&dir.split());
                vec![
                    format!("psp search --config {study} {split} --study {root}-again"),
                    format!("psp report {root}-again --out {out}-again"),
                    format!("psp export {root}-again --out model"),
                ]
            }
            Self::Runs(runs) => {
                let mut commands = Vec::new();
                let mut again = Vec::new();
                for run in runs {
                    let (config, root) = (shell_quoted(&run.config()), shell_quoted(run.root()));
                    let split = with_split(&run.split());
                    if run.read_manifest().is_ok_and(|manifest| manifest.extended) {
                        commands.push(format!(
                            "# train.epochs or train.patience of {root} changed on the way; in \
                             one go its schedule is another, and so are its figures"
                        ));
                    }
                    commands.push(format!(
                        "psp train --config {config} {split} --out {root}-again"
                    ));
                    again.push(format!("{root}-again"));
                }
                commands.push(format!("psp report {} --out {out}-again", again.join(" ")));
                commands
            }
        }
    }
}

/// The flag that takes the split in this file.
fn with_split(path: &Path) -> String {
    let set = format!("data.split={}", path.display());
    format!("--set {}", shell_quoted(Path::new(&set)))
}

/// Why `root` can't be reported on: it is neither a study nor a run.
fn unknown(root: &Path) -> anyhow::Error {
    let shown = root.display();
    let stored = Path::new(EXPERIMENTS).join(root);
    if root.exists() {
        anyhow!("{shown}: neither a study (it has no plan.json) nor a run (no config.toml)")
    } else if root.components().count() > 1 {
        anyhow!("{shown}: no such folder")
    } else if RunDir::new(&stored).is_begun() {
        let stored = shell_quoted(&stored);
        anyhow!("{shown}: no such folder; a run is named by its path: psp report {stored}")
    } else {
        anyhow!("{shown}: no such folder, and no study of this name in {EXPERIMENTS}/")
    }
}

fn environment(source: &Source, out: &Path) -> Environment {
    Environment {
        psp_version: env!("CARGO_PKG_VERSION").to_owned(),
        burn_version: "0.22.1".to_owned(),
        hardware: hardware(),
        system: system(),
        commands: source.commands(out),
        date: jiff::Timestamp::now().strftime("%F").to_string(),
    }
}

/// The processor and its cores, as Linux names them.
fn hardware() -> String {
    let text = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = text
        .lines()
        .find_map(|line| line.strip_prefix("model name"));
    let model = model.and_then(|rest| rest.split_once(':'));
    let model = model.map_or(std::env::consts::ARCH, |(_, name)| name.trim());
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    format!("{model}, {cores} cores")
}

fn system() -> String {
    let text = std::fs::read_to_string("/etc/os-release").unwrap_or_default();
    let name = text
        .lines()
        .find_map(|line| line.strip_prefix("PRETTY_NAME="));
    let name = name.map(|name| name.trim_matches('"').to_owned());
    name.unwrap_or_else(|| std::env::consts::OS.to_owned())
}

/// Speed and memory of prediction, each in a process of its own, whose memory is
/// that of the model alone.
fn measure(config: &RunConfig, device: DeviceSpec) -> Result<MeasuredCost, String> {
    let run = |batch: usize, runs: usize, steps: usize| {
        let program = std::env::current_exe().unwrap_or_else(|_| PathBuf::from("psp"));
        let mut command = Command::new(program);
        command.args(["bench", "infer", "--json", "--warmup", "1"]);
        for (flag, value) in [
            ("--backbone", config.model.backbone.name().to_owned()),
            ("--device", device.to_string()),
            ("--precision", config.train.precision.on(device).to_string()),
            ("--size", config.input_size().to_string()),
            ("--batch", batch.to_string()),
            ("--runs", runs.to_string()),
            ("--steps", steps.to_string()),
        ] {
            command.args([flag, &value]);
        }
        let ran = command.output().map_err(|error| error.to_string())?;
        if !ran.status.success() {
            let reason = String::from_utf8_lossy(&ran.stderr);
            return Err(reason.trim().trim_start_matches("error: ").to_owned());
        }
        serde_json::from_slice::<serde_json::Value>(&ran.stdout).map_err(|error| error.to_string())
    };
    let rate = |report: &serde_json::Value| report["images_per_second"].as_f64();
    let (single, batch) = (run(1, 3, 5)?, run(32, 3, 1)?);
    let missing = || "no rate was printed".to_owned();
    let mib = batch["peak_memory_mib"].as_f64();
    Ok(MeasuredCost {
        device: device.to_string(),
        images_per_second_1: rate(&single).ok_or_else(missing)?,
        images_per_second_32: rate(&batch).ok_or_else(missing)?,
        peak_memory: mib.map(|mib| (mib * f64::from(1 << 20)) as u64),
    })
}

fn show(bar: &ProgressBar, event: CollectEvent<'_>) {
    let set = |done: usize, total: usize, what: String| {
        bar.set_length(total as u64);
        bar.set_position(done as u64);
        // Each piece of work is one line in a pipe.
        if done == total && !progress::is_terminal() {
            eprintln!("{what}");
        }
        bar.set_prefix(what);
    };
    match event {
        CollectEvent::Predicting {
            run,
            part,
            done,
            total,
        } => {
            let name = run.file_name().unwrap_or_default().to_string_lossy();
            set(done, total, format!("predicting {part} images with {name}"));
        }
        CollectEvent::Explaining { done, total } => set(done, total, "explaining".to_owned()),
        CollectEvent::Measuring { backbone } => {
            let text = format!("measuring {backbone}");
            if progress::is_terminal() {
                bar.set_prefix(text)
            } else {
                eprintln!("{text}")
            }
        }
        CollectEvent::LeftOut { run, what, reason } => {
            let lost = lost(&RunDir::new(run));
            let reason = lost.map_or_else(|| reason.to_owned(), |lost| lost.to_string());
            bar.suspend(|| eprintln!("warning: {what}: {reason}"));
        }
        CollectEvent::Warning { text } => bar.suspend(|| eprintln!("warning: {text}")),
    }
}
