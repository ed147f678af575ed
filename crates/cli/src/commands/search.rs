//! `psp search`.

use std::path::Path;
use std::process::ExitCode;
use std::sync::atomic::AtomicBool;

use anyhow::{Result, bail};
use clap::CommandFactory;
use clap::error::ErrorKind;
use psp_schema::shell_quoted;
use psp_search::{
    Overview, Plan, SamplerName, SearchConfig, SearchError, Study, StudyDir, StudyEvent,
    SuperviseEnd, supervise,
};
use psp_train::{Event, Inputs};

use super::config::{key_of, on_devices, toml_string};
use super::refusals::FROZEN_AND_RANDOM;
use super::study::{
    lost_choice, print_selection, so_far, study_dir, trials_of, warn_of_choice, warn_of_gone,
};
use super::worker::{default_workers, devices_of_workers, worker_command};
use super::{failures, launch};
use crate::args::{Launcher, SearchArgs};
use crate::estimate;
use crate::interrupt;
use crate::machine;
use crate::progress::{self, TrainProgress};
use crate::study_view::StudyView;
use crate::text::counted;

pub(crate) fn search(args: &SearchArgs) -> Result<ExitCode> {
    check_usage(args);
    let workers = |config: &SearchConfig| {
        let given = args.workers.map(usize::from);
        given.unwrap_or_else(|| default_workers(config, args))
    };
    let machine = machine::here();
    let mut images = TrainProgress::new();
    let mut check = |done, total| images.show(Event::Checking { done, total });
    let study = match &args.config {
        None => {
            let dir = study_dir(args.study.as_deref().unwrap_or(Path::new("")));
            launch::check(args, &dir)?;
            let before = Study::open(dir.clone()).ok();
            let data = args.data.as_deref();
            let study = Study::resume(dir, data, args.trials, &machine, &mut check)?;
            tell_of_changes(before.as_ref(), &study)?;
            study
        }
        Some(path) => {
            let mut config = config(path, args)?;
            let dir = match &args.study {
                Some(study) => study_dir(study),
                None => StudyDir::new(config.default_folder()),
            };
            if args.plan {
                if dir.is_study() {
                    eprintln!(
                        "note: {root} was begun already; this is the plan of one that begins, and \
                         psp study show {quoted} tells how far that one is",
                        root = dir.root().display(),
                        quoted = shell_quoted(dir.root())
                    );
                }
                return plan(&config, workers(&config));
            }
            launch::check(args, &dir)?;
            let is_new = !dir.is_begun();
            let asked = config.study.trials;
            if is_new && args.launcher == Launcher::Local {
                match devices_of_workers(args) {
                    None => config.check_device(None)?,
                    Some(devices) => {
                        for device in devices {
                            config.check_device(Some(*device))?;
                        }
                    }
                }
            }
            let known = Study::open(dir.clone()).ok();
            if let Some(known) = known.as_ref().filter(|_| args.data.is_none()) {
                let gone = config.base.data.dir.clone();
                if config.follow(&known.config) {
                    eprintln!(
                        "note: {}: there is no such folder any more; the study's data are in {}",
                        gone.display(),
                        config.base.data.dir.display()
                    );
                }
            }
            let study = Study::begin(dir, config, &machine, &mut check)?;
            tell_of_changes(known.as_ref(), &study)?;
            let known = study.wanted() as u64;
            if args.trials.is_none() && (1..known).contains(&asked) && !is_new {
                eprintln!(
                    "note: study.trials = {asked}: the study has {known} already, which remain"
                );
            }
            if is_new {
                tell_about_data(&Inputs::open(&study.config.base)?)?;
                for (key, why) in study.without_effect()? {
                    eprintln!("note: {key} has no effect with {why}");
                }
                warn_of_random_weights(&study.config, &study.plan)?;
            }
            study
        }
    };
    let known = study.wanted() as u64;
    if let Some(trials) = args.trials.filter(|trials| (1..known).contains(trials)) {
        eprintln!("note: --trials {trials}: the study has {known} already, which remain");
    }
    if let Some(selection) = study.selected()? {
        warn_of_gone(&study, &selection)?;
    }
    match args.launcher {
        Launcher::Local => search_here(args, &study, workers(&study.config)),
        Launcher::Slurm => launch::slurm(args, &study),
        Launcher::K8s => launch::kubernetes(args, &study),
    }
}

/// Tells of the settings that are other than `before`: the choice may become another.
fn tell_of_changes(before: Option<&Study>, study: &Study) -> Result<()> {
    if let Some(before) = before {
        for change in study.config.changes_since(&before.config_as_written()?)? {
            eprintln!("changed: {change}");
        }
    }
    Ok(())
}

/// Ends the command where its arguments don't go together.
fn check_usage(args: &SearchArgs) {
    let (kind, what) = if args.max_hours.is_some() && args.launcher != Launcher::Local {
        let what = "--max-hours is for workers on this machine; a cluster's job has a time limit \
                    of its own, such as `-- --time=60`";
        (ErrorKind::ArgumentConflict, what)
    } else if args.launcher == Launcher::Local && args.is_for_a_cluster() {
        let what = "--tasks, --emit, --image, --claim, --mount and arguments after `--` are for a \
                    cluster's job: add --launcher slurm or k8s";
        (ErrorKind::ArgumentConflict, what)
    } else if args.launcher == Launcher::K8s && !args.emit {
        let what = "--launcher k8s prints the Job for `kubectl apply -f -`: pass --emit";
        (ErrorKind::MissingRequiredArgument, what)
    } else if args.config.is_some() {
        return;
    } else if args.study.is_none() {
        let what = "which study? `--config FILE` begins or continues the one that a study file \
                    describes, `--study NAME` continues one that was begun";
        (ErrorKind::MissingRequiredArgument, what)
    } else if args.plan || !args.overrides.is_empty() {
        let what = "--plan and --set go with a study file: add `--config FILE`; `--study NAME` \
                    alone continues a study as it was begun";
        (ErrorKind::MissingRequiredArgument, what)
    } else {
        return;
    };
    let mut command = crate::args::Args::command();
    command.build();
    match command.find_subcommand_mut("search") {
        Some(search) => search.error(kind, what).exit(),
        None => command.error(kind, what).exit(),
    }
}

fn search_here(args: &SearchArgs, study: &Study, workers: usize) -> Result<ExitCode> {
    let cancelled = interrupt::flag()?;
    interrupt::after(args.max_hours, &cancelled);
    let root = study.dir.root().to_owned();
    let trials = study.wanted();
    println!(
        "study {}: {}{}, {}",
        root.display(),
        trials_of(trials, &study.config, &study.plan.grid_points),
        fewer(trials, &study.config),
        counted(workers, "worker")
    );
    let mut end = work_together(args, study, workers, false, &cancelled)?;
    if end == SuperviseEnd::Done && study.config.study.refit.is_some() {
        // One training: by one worker, with all cores.
        end = work_together(args, study, 1, true, &cancelled)?;
    }
    // Where the study is gone nothing is saved, however its workers ended.
    if let Err(gone @ SearchError::Gone { .. }) = study.check_is_there() {
        return Err(gone.into());
    }
    match end {
        SuperviseEnd::Interrupted => {
            if interrupt::time_is_up() {
                let (root, so_far) = (shell_quoted(&root), so_far(&Overview::of(study)?));
                eprintln!(
                    "time is up and all is saved: {so_far}; the same command continues, and \
                     `psp study show {root}` and `psp report {root}` tell of what there is"
                );
            } else {
                eprintln!("interrupted and saved; the same command continues");
            }
            Ok(interrupt::exit_code())
        }
        SuperviseEnd::Failed { reason, may_pass } => {
            eprintln!("error: {reason}");
            Ok(if may_pass {
                eprintln!(
                    "no trial failed because of this: the same command goes on with the study \
                     once it is fixed, and so does one with another --device, or elsewhere"
                );
                ExitCode::from(interrupt::TRY_AGAIN)
            } else {
                failures::tell(study)?;
                ExitCode::FAILURE
            })
        }
        SuperviseEnd::Done => {
            let selection = study.select();
            let lost = lost_choice(study)?;
            if let Ok(selection) = &selection {
                print_selection(study, selection)?;
                warn_of_choice(study, Some(selection))?;
                if lost.is_none() {
                    println!(
                        "export with: psp export {} --out MODEL",
                        shell_quoted(&root)
                    );
                }
            }
            let failed = failures::tell(study)?;
            selection?;
            if let Some(lost) = &lost {
                eprintln!("error: {lost}");
            }
            Ok(if failed || lost.is_some() {
                ExitCode::FAILURE
            } else {
                ExitCode::SUCCESS
            })
        }
    }
}

/// Runs workers until the study is done, or all of it but the refit.
fn work_together(
    args: &SearchArgs,
    study: &Study,
    workers: usize,
    refit: bool,
    cancelled: &AtomicBool,
) -> Result<SuperviseEnd> {
    let threads = (machine::cores() / workers).max(1);
    let mut view = StudyView::new(study, workers)?;
    let command = |slot| {
        let mut command = worker_command(study, slot, threads, args);
        if refit {
            command.arg("--refit");
        }
        command
    };
    let observe = &mut |event: StudyEvent<'_>| view.show(&event);
    Ok(supervise(workers, command, cancelled, observe)?)
}

fn config(path: &Path, args: &SearchArgs) -> Result<SearchConfig> {
    let mut overrides = Vec::new();
    if let Some(dir) = &args.data {
        overrides.push(format!("data.dir={}", toml_string(&dir.to_string_lossy())));
    }
    if args.device.len() == 1 {
        overrides.extend(on_devices(&args.device));
    }
    for given in &args.overrides {
        check_override(given, path)?;
        overrides.push(given.clone());
    }
    let mut config = SearchConfig::read(path, &overrides)?;
    for given in &args.overrides {
        let key = key_of(given);
        let mut dimensions = config.space.dimensions().iter();
        if dimensions.any(|dimension| dimension.key == key && dimension.when.is_none()) {
            bail!(
                "--set {given}: {key} varies in [space] of {}, so a single value has no effect; \
                 leave out either",
                path.display()
            );
        }
    }
    if config.base.data.dir.as_os_str().is_empty() {
        bail!("no data folder: pass --data DIR, or set data.dir in the study file");
    }
    if let Some(name) = args.study.as_deref().and_then(Path::file_name) {
        config.rename(&name.to_string_lossy())?;
    }
    if let Some(trials) = args.trials {
        config.set_trials(trials)?;
    }
    Ok(config)
}

/// Refuses to override what is no value that trials share, and says where it is set.
fn check_override(given: &str, file: &Path) -> Result<()> {
    let key = key_of(given);
    let section = key.split('.').next().unwrap_or_default();
    let place = match key {
        "study.trials" => "pass --trials N".to_owned(),
        "study.name" => "pass --study NAME".to_owned(),
        _ if ["study", "space", "exclude"].contains(&section) => {
            format!("write it into {}", file.display())
        }
        _ => return Ok(()),
    };
    bail!("--set {given}: --set is for values that all trials share; {place}")
}

fn plan(config: &SearchConfig, workers: usize) -> Result<ExitCode> {
    let inputs = Inputs::open(&config.base)?;
    tell_about_data(&inputs)?;
    let plan = Plan::of(config, &inputs, &machine::here())?;
    warn_of_random_weights(config, &plan)?;
    let points = config.space.drawable_points().unwrap_or(u128::MAX);
    let points = usize::try_from(points).unwrap_or(usize::MAX);
    let wanted = plan.trials.len().max(match config.study.sampler {
        SamplerName::Tpe => points.min(config.study.trials as usize),
        _ => 0,
    });
    println!(
        "{}{}\n",
        trials_of(wanted, config, &plan.grid_points),
        fewer(wanted, config)
    );
    println!("{:>6}  {:<12}  {:>4}  values", "trial", "id", "seed");
    for trial in &plan.trials {
        println!(
            "{:>6}  {:<12}  {:>4}  {}",
            trial.number,
            trial.id,
            config.trial(&trial.point)?.train.seed,
            psp_space::point_text(&trial.point)
        );
    }
    if wanted > plan.trials.len() {
        println!(
            "   and {} more, each drawn from the results of earlier ones",
            wanted - plan.trials.len()
        );
    }
    println!();
    estimate::print(config, &plan, wanted, &inputs, workers)?;
    Ok(ExitCode::SUCCESS)
}

/// Warns of trials that train only a head on a frozen, random backbone.
fn warn_of_random_weights(config: &SearchConfig, plan: &Plan) -> Result<()> {
    let mut count = 0;
    for trial in &plan.trials {
        count += usize::from(config.trial(&trial.point)?.freezes_random_weights());
    }
    if count > 0 {
        eprintln!(
            "warning: in {count} of {} {FROZEN_AND_RANDOM}",
            counted(plan.trials.len(), "trial")
        );
    }
    Ok(())
}

/// Says that the space has fewer points than there were to be trials.
fn fewer(trials: usize, config: &SearchConfig) -> String {
    match config.study.trials {
        wanted if wanted > trials as u64 => {
            format!(" (all that the space has: fewer than study.trials = {wanted})")
        }
        _ => String::new(),
    }
}

fn tell_about_data(inputs: &Inputs) -> Result<()> {
    for about in inputs.notices()? {
        progress::notice(&about);
    }
    Ok(())
}
