//! A study as a report's input.

use std::collections::BTreeMap;
use std::path::PathBuf;

use psp_data::Part;
use psp_report::input::{Candidate, Input, Selection, Study, Trial};
use psp_schema::{Ranked, shell_quoted};
use psp_search::{FinalRun, Finalist, Overview, RankedFinalist, StudyDir, TrialRow};
use psp_space::value_text;
use psp_train::config::SplitSource;
use psp_train::{Inputs, RunDir};

use crate::Collected;
use crate::candidate::candidate;
use crate::error::CollectError;
use crate::run::{epochs, run};
use crate::settings::Settings;

/// Gathers what a report on the study in `dir` tells, as far as the study has come.
///
/// # Errors
/// When there is no study, or a file of it can't be read.
pub fn collect_study(dir: StudyDir, mut settings: Settings<'_>) -> Result<Collected, CollectError> {
    let study = psp_search::Study::open(dir)?;
    let overview = Overview::of(&study)?;
    let inputs = match Inputs::open(&base(&study)) {
        Ok(inputs) => {
            // Of changed data the report says that they are, which a split's fingerprint
            // depends on, too.
            if inputs.dataset.fingerprint().ok().as_ref() == Some(&study.plan.data_fingerprint) {
                study.check_split(&inputs)?;
            }
            inputs
        }
        Err(error) => {
            // Of data that changed it is not the split's fault.
            study.check_own_data()?;
            return Err(error.into());
        }
    };
    let mut candidates = Vec::new();
    let mut folders = Vec::new();
    let finalists = study.finalists()?;
    let has_finalists = finalists.is_some();
    let finalists = finalists.unwrap_or_default().entries;
    for finalist in in_rank_order(&finalists, &overview) {
        let found = of_finalist(&study, finalist, &overview, &mut settings)?;
        if let Some((candidate, of_runs)) = found {
            candidates.push(candidate);
            folders.push(of_runs);
        }
    }
    let chosen = overview.selection.as_ref();
    let mut selection = chosen.and_then(|chosen| selection(chosen, &candidates, &folders));
    if let (Some(chosen), None) = (chosen, &selection) {
        let finalist = chosen.refit.as_ref().map(|refit| &refit.finalist);
        if let Some(lost) = study.lost_training(finalist.unwrap_or(&chosen.folder))? {
            return Err(CollectError::Lost {
                run: lost.dir.run(),
                fault: lost.reason,
            });
        }
        let why = if has_finalists {
            "since one was, the study was given more trials, or its training is done again"
                .to_owned()
        } else {
            let (file, root) = (study.dir.finalists(), shell_quoted(study.dir.root()));
            let file = file.display();
            format!("{file} is missing; `psp search --study {root}` makes it again")
        };
        settings.warn(&format!("no model is shown as chosen: {why}"));
    }
    if let (Some(chosen), Some(selection)) = (chosen, selection.as_mut())
        && let Some(how) = study.outdated(chosen)?
    {
        settings.warn(&format!("{}: {how}", chosen.folder));
        selection.reason = format!("{} ({how})", selection.reason);
    }
    let shown = selection.as_ref();
    let mut shown = shown.map(|shown| folders[shown.candidate][shown.run].clone());
    if let (Some(selection), Some(refit)) = (
        selection.as_mut(),
        chosen.and_then(|chosen| chosen.refit.as_ref()),
    ) && refit.failure.is_none()
    {
        let finalist = &candidates[selection.candidate];
        let refitted = of_refit(&study, refit, finalist, &mut settings)?;
        if refitted.runs[0].failure.is_some() {
            // Why has been told.
            settings.warn(&format!(
                "the refit is left out, and {} stands in its place",
                finalist.name
            ));
        } else {
            selection.finalist = Some(selection.candidate);
            (selection.candidate, selection.run) = (candidates.len(), 0);
            candidates.push(refitted);
            shown = Some(study.dir.root().join(&refit.folder));
        }
    }
    let shown = shown.map(RunDir::new);
    let input = Input {
        title: overview.study.clone(),
        study: Some(search(&study, &overview, &mut settings)?),
        candidates,
        selection,
        ..Input::default()
    };
    let (config, fingerprint) = (&study.config.base, study.plan.data_fingerprint.clone());
    Collected::of(input, config, inputs, fingerprint, shown.as_ref(), settings)
}

/// The configuration that all trials share, with the study's own split.
fn base(study: &psp_search::Study) -> psp_train::RunConfig {
    let mut config = study.config.base.clone();
    config.data.split = SplitSource::File(study.dir.split());
    config
}

/// Ranked ones first, in the order of their ranks.
fn in_rank_order<'a>(finalists: &'a [Finalist], overview: &Overview) -> Vec<&'a Finalist> {
    let ranks = ranks(overview);
    let place = |finalist: &Finalist| {
        let place = ranks.iter().position(|rank| is_of(rank, finalist));
        place.unwrap_or(ranks.len())
    };
    let mut ordered: Vec<&Finalist> = finalists.iter().collect();
    ordered.sort_by_key(|finalist| place(finalist));
    ordered
}

/// The ranking of the last choice; empty where there was none.
fn ranks(overview: &Overview) -> &[RankedFinalist] {
    let chosen = overview.selection.as_ref();
    chosen.map_or(&[], |chosen| &chosen.finalists)
}

fn is_of(rank: &RankedFinalist, finalist: &Finalist) -> bool {
    rank.trial == finalist.trial.number
}

/// A finalist with those of its trainings that have begun, and their folders; `None`
/// where none has. What had and is not there any more is told of.
fn of_finalist(
    study: &psp_search::Study,
    finalist: &Finalist,
    overview: &Overview,
    settings: &mut Settings<'_>,
) -> Result<Option<(Candidate, Vec<PathBuf>)>, CollectError> {
    let ranked = ranks(overview).iter().find(|rank| is_of(rank, finalist));
    let mut runs = Vec::new();
    let mut folders = Vec::new();
    for seed in &finalist.seeds {
        let dir = study.dir.finalist(&finalist.trial, seed);
        let trained = dir.run();
        let ended = dir.read_outcome()?;
        let failure = match ended.as_ref().map(|record| &record.outcome) {
            Some(psp_search::TrialOutcome::Failed { reason }) => Some(reason.clone()),
            _ => None,
        };
        let is_this = |run: &FinalRun| trained.root().ends_with(&run.folder);
        let is_counted = match ranked {
            Some(rank) => rank.runs.iter().any(is_this),
            None => overview.selection.is_none(),
        };
        if !is_counted && failure.is_none() {
            // The choice, and what else is told of it, is from before this training.
            continue;
        }
        if let Some(fault) = trained.fault_of_records()? {
            // Others wait for a worker.
            if ranked.is_some() || ended.is_some() || trained.is_begun() {
                let what = "a finalist's training is left out";
                settings.leave_out(trained.root(), what, &failure.unwrap_or(fault));
            }
            continue;
        }
        let is_tested = dir.test().exists();
        // The test split is read once, when all finalists are trained.
        let parts: &[Part] = match (&ended, is_tested) {
            (Some(_), true) => &[Part::Valid, Part::Test],
            (Some(_), false) => &[Part::Valid],
            (None, _) => &[],
        };
        let mut found = run(&trained, parts, settings)?;
        found.fold = seed.fold;
        found.failure = failure.or(found.failure);
        runs.push(found);
        folders.push(trained.root().to_owned());
    }
    let Some(first) = folders.first().map(RunDir::new) else {
        return Ok(None);
    };
    let name = format!("{} (trial {})", finalist.backbone, finalist.trial.number);
    let values = psp_space::point_text(&finalist.trial.point);
    let number = Some(finalist.trial.number);
    let candidate = candidate(&first, name, number, values, runs, settings)?;
    Ok(Some((candidate, folders)))
}

/// The chosen configuration, trained again.
fn of_refit(
    study: &psp_search::Study,
    refit: &psp_search::RefitRun,
    finalist: &Candidate,
    settings: &mut Settings<'_>,
) -> Result<Candidate, CollectError> {
    let dir = RunDir::new(study.dir.root().join(&refit.folder));
    let trained = run(&dir, &[Part::Valid, Part::Test], settings)?;
    let name = format!("{}, refit", finalist.name);
    let values = format!("{}, with {}", finalist.values, refit.values);
    let trial = finalist.trial;
    candidate(&dir, name, trial, values, vec![trained], settings)
}

/// Which finalist was chosen; `folders` are those of the candidates' runs.
fn selection(
    chosen: &psp_search::Selection,
    candidates: &[Candidate],
    folders: &[Vec<PathBuf>],
) -> Option<Selection> {
    let of_trial = |trial: usize| {
        let mut places = candidates.iter();
        places.position(|candidate| candidate.trial == Some(trial))
    };
    let ranking = chosen.finalists.iter().filter_map(|rank| {
        Some(Ranked {
            candidate: of_trial(rank.trial)?,
            mean: rank.mean,
            deviation: rank.deviation,
            lower_bound: rank.lower_bound,
            ties: rank.ties,
        })
    });
    let (candidate, run) = folders.iter().enumerate().find_map(|(index, of_runs)| {
        let finalist = chosen.refit.as_ref().map(|refit| &refit.finalist);
        let is_chosen = |folder: &PathBuf| folder.ends_with(finalist.unwrap_or(&chosen.folder));
        Some((index, of_runs.iter().position(is_chosen)?))
    })?;
    Some(Selection {
        candidate,
        run,
        finalist: None,
        reason: chosen.reason.clone(),
        ranking: ranking.collect(),
    })
}

fn search(
    study: &psp_search::Study,
    overview: &Overview,
    settings: &mut Settings<'_>,
) -> Result<Study, CollectError> {
    let planned = study.trials()?;
    let mut trials = Vec::new();
    let mut observations = Vec::new();
    for (trial, row) in planned.iter().zip(&overview.trials) {
        if let Some(score) = row.score {
            observations.push((trial.point.clone(), score));
        }
        trials.push(of_trial(study, trial, row, settings)?);
    }
    let importance = psp_space::importance(&study.config.space, &observations);
    let section = &study.config.study;
    let chosen = overview.selection.as_ref();
    let chosen_by = chosen.and_then(|chosen| chosen.settings.as_ref());
    let chosen_by = chosen_by.unwrap_or(section);
    Ok(Study {
        folder: settings.link(study.dir.root()),
        note: section.note.clone(),
        sampler: section.sampler,
        pruner: section.pruner,
        seed: section.seed,
        grid_points: overview.grid_points.clone(),
        wanted: overview.wanted(),
        open_finals: overview
            .finals
            .iter()
            .filter(|row| row.state.is_open())
            .count(),
        dimensions: study.config.space.dimensions().to_vec(),
        trials,
        importance: importance.map(|shares| shares.into_iter().collect()),
        finalists_per_backbone: chosen_by.finalists,
        seeds: chosen_by.seeds,
        folds: chosen_by.folds,
        confidence: chosen_by.confidence,
        config: study.config.to_toml()?,
    })
}

fn of_trial(
    study: &psp_search::Study,
    trial: &psp_search::PlannedTrial,
    row: &TrialRow,
    settings: &mut Settings<'_>,
) -> Result<Trial, CollectError> {
    let folder = study.folder(trial);
    // One trial's damaged file is not the end of the report.
    let epochs = epochs(&folder.run()).unwrap_or_else(|error| {
        settings.warn(&error.to_string());
        Vec::new()
    });
    let values = trial.point.iter();
    let values: BTreeMap<String, String> = values
        .map(|(key, value)| (key.clone(), value_text(value)))
        .collect();
    let config = study.config.trial(&trial.point)?;
    Ok(Trial {
        number: trial.number,
        folder: settings.link(folder.root()),
        backbone: config.model.backbone.name().to_owned(),
        state: row.state,
        values,
        score: row.score,
        epochs,
        seconds: row.seconds,
        ended: folder.read_outcome()?.map(|record| record.ended),
        reason: row.reason.clone(),
    })
}
