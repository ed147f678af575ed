//! `psp study rm`.

use std::fs::{read_dir, read_link, remove_dir_all, remove_file};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use psp_search::{Study, StudyDir, TrialDir};

use super::study_dir;
use crate::args::StudyRmArgs;
use crate::commands::counted;

/// More links on the way to a study are taken for a circle.
const MOST_LINKS: usize = 40;

/// Tasks that are named where some are under way.
const NAMED: usize = 3;

/// Times that removal begins again where a worker has just written a file, and the
/// pause before each: a worker finds within a second that its claim is gone.
const TRIES: usize = 50;
const PAUSE: Duration = Duration::from_millis(100);

/// Removes a study's folder with all that is in it, and where the name is that of a
/// symbolic link, what it leads to and the link.
pub(super) fn remove(args: &StudyRmArgs) -> Result<()> {
    let dir = study_dir(&args.study);
    let root = dir.root().display();
    // A damaged study can be removed, too, if one insists.
    let under_way = match Study::open(dir.clone()).and_then(|study| study.under_way()) {
        Ok(tasks) => tasks,
        Err(_) if args.force && dir.is_begun() => Vec::new(),
        Err(error) if dir.is_begun() => {
            bail!("{error}; the study is damaged, and --force removes it nevertheless")
        }
        Err(error) => return Err(error.into()),
    };
    if !under_way.is_empty() && !args.force {
        let count = under_way.len();
        let verb = if count == 1 { "has" } else { "have" };
        bail!(
            "{root}: {} {verb} begun and not ended ({}); stop the workers, or pass --force",
            counted(count, "task"),
            named(&under_way, dir.root())
        );
    }
    let (links, folder) = followed(dir.root())?;
    check_is_whole(&folder)?;
    let study = StudyDir::new(&folder);
    // First what makes it a study, so that half of it is none.
    remove_file(study.plan()).with_context(|| format!("{root}: plan.json"))?;
    remove_folder(&folder).with_context(|| folder.display().to_string())?;
    for link in &links {
        remove_file(link).with_context(|| link.display().to_string())?;
    }
    if links.is_empty() {
        println!("removed {root}");
    } else {
        println!("removed {root} and {}, which it led to", folder.display());
    }
    Ok(())
}

/// The first tasks' folders, within the study's.
fn named(tasks: &[TrialDir], study: &Path) -> String {
    let first = tasks.iter().take(NAMED);
    let mut names: Vec<String> = first.map(|task| task.within(study)).collect();
    if tasks.len() > NAMED {
        names.push("…".to_owned());
    }
    names.join(", ")
}

/// Removes a folder in which a worker may still be writing.
fn remove_folder(folder: &Path) -> std::io::Result<()> {
    for _ in 0..TRIES {
        match remove_dir_all(folder) {
            Err(error) if error.kind() == ErrorKind::DirectoryNotEmpty => {
                std::thread::sleep(PAUSE);
            }
            other => return other,
        }
    }
    remove_dir_all(folder)
}

/// The symbolic links on the way from `path` to a folder, and the folder.
fn followed(path: &Path) -> Result<(Vec<PathBuf>, PathBuf)> {
    let mut links = Vec::new();
    // Without a slash at its end, behind which the link would not be seen.
    let mut at: PathBuf = path.components().collect();
    while at.is_symlink() {
        let target = read_link(&at).with_context(|| at.display().to_string())?;
        let target = at.parent().unwrap_or(Path::new("")).join(target);
        links.push(std::mem::replace(&mut at, target.components().collect()));
        if links.len() > MOST_LINKS {
            bail!("{}: symbolic links that lead nowhere", path.display());
        }
    }
    Ok((links, at))
}

/// Refuses a study with parts elsewhere, which would stay behind.
fn check_is_whole(folder: &Path) -> Result<()> {
    for entry in read_dir(folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        if path.is_symlink() {
            bail!(
                "{}: a symbolic link, behind which a part of the study would stay; remove it \
                 and what it leads to first",
                path.display()
            );
        }
    }
    Ok(())
}
