//! What several commands refuse, each with the way out.

use std::path::Path;

use anyhow::{Result, anyhow, ensure};
use psp_schema::shell_quoted;
use psp_search::StudyDir;
use psp_train::RunDir;

/// `error`, or that it came of the data of a run or a study that is not in its place any
/// more, and what to do where it has moved.
pub(super) fn unless_moved(
    error: anyhow::Error,
    data: &Path,
    whose: &str,
    way_out: &str,
) -> anyhow::Error {
    if data.as_os_str().is_empty() || data.exists() {
        return error;
    }
    let leads = std::fs::read_link(data).map_or_else(
        |_| String::new(),
        |target| format!(" (a link to {}, where nothing is)", target.display()),
    );
    anyhow!(
        "{}: the {whose}'s data is not there any more{leads}; if it has moved: {way_out}",
        data.display()
    )
}

/// What a backbone that learns nothing and knows nothing is told of with.
pub(super) const FROZEN_AND_RANDOM: &str = "the whole backbone is frozen and its weights are \
     random; set model.weights, such as to imagenet, or have more stages trained \
     (model.unfreeze, train.unfreeze_every)";

/// Refuses a folder that is not there.
pub(super) fn check_is_there(folder: &Path) -> Result<()> {
    ensure!(folder.exists(), "{}: no such folder", folder.display());
    Ok(())
}

/// That a file is not replaced unasked.
pub(super) fn exists_already(path: &Path) -> anyhow::Error {
    anyhow!(
        "{}: exists already; choose another file, or pass --overwrite to replace it",
        path.display()
    )
}

/// `error`, or that it came of a run's lost model.
pub(super) fn unless_lost(error: anyhow::Error, run: &RunDir) -> anyhow::Error {
    lost(run).unwrap_or(error)
}

/// That the model of a run is damaged or missing, if it is, and what makes it again.
pub(super) fn lost(run: &RunDir) -> Option<anyhow::Error> {
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
    // What lies in its place is never replaced.
    let remedy = if run.has_foreign_best() {
        "then"
    } else {
        "restore the file, or"
    };
    Some(match StudyDir::around(run.root()) {
        Some(study) => {
            let name = Path::new(run.root().file_name().unwrap_or_default());
            let other = if run.can_be_continued() {
                "have the study that this run is part of look for another checkpoint of its best \
                 epoch, or "
            } else {
                ""
            };
            anyhow!(
                "{fault}; {remedy} {other}train it again: psp study retry {} {}",
                shell_quoted(study.root()),
                shell_quoted(name)
            )
        }
        None if !run.can_be_continued() || !run.has_other_best() => {
            anyhow!("{fault}; restore the file, or train anew into another folder")
        }
        None => anyhow!(
            "{fault}; {remedy} look for another checkpoint of its best epoch: psp \
             train --resume {quoted}"
        ),
    })
}

/// The command that goes on with a run, or with the study that it is part of.
pub(super) fn resuming(run: &RunDir) -> String {
    match StudyDir::around(run.root()) {
        Some(study) => continuing(&study),
        None => format!("psp train --resume {}", shell_quoted(run.root())),
    }
}

/// The command that continues a study.
pub(super) fn continuing(study: &StudyDir) -> String {
    format!("psp search --study {}", shell_quoted(study.root()))
}
