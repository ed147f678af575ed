//! `psp study`.

use std::io::{Write, stdout};
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Error, Result, anyhow};
use psp_schema::{FileError, TrialState, shell_quoted};
use psp_search::{Failure, Overview, Selection, Study, StudyDir};
use psp_train::{EXPERIMENTS, RunDir};
use serde::Serialize;

use super::refusals::{self, continuing};
use crate::args::{StudyBestArgs, StudyCommand, StudyListArgs, StudyRetryArgs, StudyShowArgs};
use crate::text::counted;

mod folder;
mod remove;
mod text;

pub(crate) use folder::study_dir;
use text::{number, print_rows};
pub(crate) use text::{print_selection, so_far, trials_of};

pub(crate) fn run(command: &StudyCommand) -> Result<ExitCode> {
    match command {
        StudyCommand::List(args) => list(args)?,
        StudyCommand::Show(args) => show(args)?,
        StudyCommand::Best(args) => best(args)?,
        StudyCommand::Retry(args) => retry(args)?,
        StudyCommand::Rm(args) => remove::remove(args)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// One study's line.
#[derive(Serialize)]
struct Line {
    study: String,
    trials: usize,
    finished: usize,
    pruned: usize,
    failed: usize,
    best: Option<f64>,
    selected: Option<String>,
}

fn list(args: &StudyListArgs) -> Result<()> {
    let mut lines = Vec::new();
    let entries = match std::fs::read_dir(&args.dir) {
        Ok(entries) => entries.collect::<Result<Vec<_>, _>>()?,
        // Where no study was begun yet.
        Err(_) if args.dir == Path::new(EXPERIMENTS) && !args.dir.exists() => Vec::new(),
        Err(error) => return Err(FileError::list(&args.dir)(error).into()),
    };
    for entry in entries {
        let dir = StudyDir::new(entry.path());
        if !dir.is_study() {
            continue;
        }
        // One that is damaged does not hide the others.
        let overview = match Study::open(dir).and_then(|study| Overview::of(&study)) {
            Ok(overview) => overview,
            Err(error) => {
                eprintln!("warning: {}: left out: {error}", entry.path().display());
                continue;
            }
        };
        lines.push(Line {
            study: entry.file_name().to_string_lossy().into_owned(),
            trials: overview.wanted(),
            finished: overview.count(TrialState::Finished),
            pruned: overview.count(TrialState::Pruned),
            failed: overview.count(TrialState::Failed),
            best: overview.best().and_then(|row| row.score),
            selected: overview.selection.map(|selection| selection.folder),
        });
    }
    lines.sort_by(|a, b| a.study.cmp(&b.study));
    if args.json {
        println!("{}", serde_json::to_string_pretty(&lines)?);
        return Ok(());
    }
    if lines.is_empty() {
        println!("no studies in {}", args.dir.display());
        return Ok(());
    }
    println!(
        "{:<24} {:>6} {:>8} {:>6} {:>6} {:>8}  chosen",
        "study", "trials", "finished", "pruned", "failed", "best"
    );
    for line in lines {
        println!(
            "{:<24} {:>6} {:>8} {:>6} {:>6} {:>8}  {}",
            line.study,
            line.trials,
            line.finished,
            line.pruned,
            line.failed,
            number(line.best),
            line.selected.as_deref().unwrap_or("-")
        );
    }
    Ok(())
}

fn show(args: &StudyShowArgs) -> Result<()> {
    let study = Study::open(study_dir(&args.study))?;
    warn_of_lost_choice(&study)?;
    let overview = Overview::of(&study)?;
    warn_of_choice(&study, overview.selection.as_ref())?;
    if args.json {
        println!("{}", serde_json::to_string_pretty(&overview)?);
        return Ok(());
    }
    if args.csv {
        return write_csv(&overview);
    }
    println!(
        "{}: {}: {} finished, {} pruned, {} failed, {} begun, {} paused, {} waiting, \
         {} to be drawn",
        overview.study,
        trials_of(overview.wanted(), &study.config, &overview.grid_points),
        overview.count(TrialState::Finished),
        overview.count(TrialState::Pruned),
        overview.count(TrialState::Failed),
        overview.count(TrialState::Begun),
        overview.count(TrialState::Paused),
        overview.count(TrialState::Waiting),
        overview.to_draw,
    );
    println!(
        "\nTrials, by validation R² of their best epoch (negative MSE where R² is undefined):"
    );
    print_rows(&overview.trials);
    if !overview.finals.is_empty() {
        println!("\nFinalists, trained again with other seeds:");
        print_rows(&overview.finals);
    }
    if let Some(refit) = &overview.refit {
        println!("\nThe chosen configuration, trained again (score by validation):");
        print_rows(std::slice::from_ref(refit));
    }
    if let Some(selection) = &overview.selection {
        println!();
        print_selection(&study, selection)?;
    }
    Ok(())
}

/// That the chosen run has no usable model any more, where that is so.
pub(super) fn lost_choice(study: &Study) -> Result<Option<Error>> {
    let lost = study.lost_choice()?;
    Ok(lost.map(|lost| refusals::lost(&lost.dir.run()).unwrap_or_else(|| anyhow!(lost.reason))))
}

/// Warns of a choice that was made before the study was given other trials or settings, whose
/// initial weights may have seen what it was measured on, or since which trainings are gone.
pub(super) fn warn_of_choice(study: &Study, selection: Option<&Selection>) -> Result<()> {
    let Some(selection) = selection else {
        return Ok(());
    };
    let folder = &selection.folder;
    if let Some(how) = study.outdated(selection)? {
        let again = continuing(&study.dir);
        eprintln!("warning: {folder}: {how}; {again} goes on and chooses again");
    }
    let manifest = RunDir::new(study.dir.root().join(folder)).read_manifest();
    if let Some(seen) = manifest.ok().and_then(|manifest| manifest.seen) {
        eprintln!("warning: {folder}: {seen}");
    }
    warn_of_gone(study, selection)
}

/// Warns of trainings that are gone since a model was chosen among them.
pub(super) fn warn_of_gone(study: &Study, selection: &Selection) -> Result<()> {
    let (gone, again) = (study.gone(selection)?, continuing(&study.dir));
    let root = study.dir.root();
    match &gone[..] {
        [] => {}
        [one] => eprintln!(
            "warning: {}: gone since the model was chosen; {again} trains it again and may choose \
             another",
            root.join(one).display()
        ),
        [one, others @ ..] => eprintln!(
            "warning: {}: gone since the model was chosen, with {} of this study; {again} trains \
             them again and may choose another",
            root.join(one).display(),
            counted(others.len(), "other training"),
        ),
    }
    Ok(())
}

fn warn_of_lost_choice(study: &Study) -> Result<()> {
    if let Some(lost) = lost_choice(study)? {
        eprintln!("warning: {lost}");
    }
    Ok(())
}

fn best(args: &StudyBestArgs) -> Result<()> {
    #[derive(Serialize)]
    struct Best<'a> {
        folder: &'a Path,
        reason: &'a str,
    }
    let dir = study_dir(&args.study);
    let study = Study::open(dir.clone())?;
    if let Some(lost) = lost_choice(&study)? {
        return Err(lost);
    }
    let overview = Overview::of(&study)?;
    warn_of_choice(&study, overview.selection.as_ref())?;
    let (folder, reason) = match &overview.selection {
        Some(selection) => (dir.root().join(&selection.folder), selection.reason.clone()),
        None => {
            let best = overview.best().with_context(|| {
                let why = if overview.all_failed() {
                    "all trials failed"
                } else {
                    "no trial was trained to its end yet"
                };
                let (root, quoted) = (dir.root().display(), shell_quoted(dir.root()));
                format!("{root}: {why}; `psp study show {quoted}` says how each stands")
            })?;
            let reason = format!(
                "the best of {} so far, validation score {}; nothing is chosen yet",
                counted(overview.count(TrialState::Finished), "finished trial"),
                number(best.score)
            );
            (dir.trials().join(&best.name), reason)
        }
    };
    if args.json {
        let best = Best {
            folder: &folder,
            reason: &reason,
        };
        println!("{}", serde_json::to_string_pretty(&best)?);
    } else {
        println!("{}", folder.display());
        eprintln!("{reason}");
    }
    Ok(())
}

fn retry(args: &StudyRetryArgs) -> Result<()> {
    let study = Study::open(study_dir(&args.study))?;
    let retried = study.retry(&args.trials)?;
    for failure in &retried {
        let reason = failure.reason.lines().next().unwrap_or_default();
        println!("{}: {reason}", failure.dir.name());
    }
    let root = study.dir.root();
    if retried.is_empty() {
        warn_of_lost_choice(&study)?;
    }
    match retried.len() {
        0 => println!("{}: no trial has failed", root.display()),
        count => println!(
            "{count} to be tried again, {}, by: {}",
            resumption(&retried),
            continuing(&study.dir)
        ),
    }
    Ok(())
}

/// Where what is tried again goes on.
fn resumption(retried: &[Failure]) -> String {
    let stored = retried.iter().filter(|one| one.has_checkpoint()).count();
    match stored {
        0 => "from the beginning".to_owned(),
        1 if retried.len() == 1 => "from its last checkpoint".to_owned(),
        all if all == retried.len() => "each from its last checkpoint".to_owned(),
        some => format!("{some} of them from the last checkpoint"),
    }
}

fn write_csv(overview: &Overview) -> Result<()> {
    let mut writer = csv::Writer::from_writer(stdout().lock());
    for row in overview
        .trials
        .iter()
        .chain(&overview.finals)
        .chain(&overview.refit)
    {
        writer.serialize(row)?;
    }
    writer.flush()?;
    stdout().flush()?;
    Ok(())
}
