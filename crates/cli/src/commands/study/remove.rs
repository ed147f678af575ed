//! `psp study rm`.

use std::fs::{read_dir, read_link, remove_dir, remove_dir_all, remove_file};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use psp_schema::FileError;
use psp_search::{Study, StudyDir, TrialDir};

use super::folder::study_dir;
use crate::args::StudyRmArgs;
use crate::text::counted;

/// What is done to a file, in errors.
const REMOVE: &str = "remove it";
/// More links on the way to a study are taken for a circle.
const MOST_LINKS: usize = 40;

/// Tasks that are named where some are under way, and files that stay.
const NAMED: usize = 3;

/// Times that removal begins again where a worker has just written a file, and the
/// pause before each: a worker finds within a second that its claim is gone.
const TRIES: usize = 50;
const PAUSE: Duration = Duration::from_millis(100);

/// Removes a study, and its folder unless something else is in it, and where the name is
/// that of a symbolic link, what it leads to and the link.
pub(super) fn remove(args: &StudyRmArgs) -> Result<()> {
    let dir = study_dir(&args.study);
    let root = dir.root().display();
    // A damaged study can be removed, too, if one insists.
    let is_study = dir.is_study();
    let under_way = match Study::open(dir.clone()).and_then(|study| study.under_way()) {
        Ok(tasks) => tasks,
        Err(_) if args.force && is_study => Vec::new(),
        Err(error) if is_study => {
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
    let entries = StudyDir::new(&folder).entries();
    check_is_whole(&entries)?;
    // First what makes it a study, so that half of it is none.
    for entry in &entries {
        if StudyDir::new(&folder).holds_tasks(entry) {
            remove_tasks(entry)?;
        } else {
            remove_entry(entry)?;
        }
    }
    if let Some(others) = others(&folder)? {
        println!(
            "removed the study; {} still holds {others}",
            folder.display()
        );
        return Ok(());
    }
    remove_dir(&folder).map_err(FileError::write(&folder, REMOVE))?;
    for link in &links {
        psp_schema::remove(link)?;
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

/// Removes the folders of tasks in `folder`, and it unless something else is in it.
fn remove_tasks(folder: &Path) -> Result<()> {
    let entries = match read_dir(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        other => other.map_err(FileError::list(folder))?,
    };
    let mut is_empty = true;
    for entry in entries {
        let path = entry.map_err(FileError::list(folder))?.path();
        if TrialDir::is_task(&path) {
            remove_entry(&path)?;
        } else {
            is_empty = false;
        }
    }
    if is_empty {
        remove_entry(folder)?;
    }
    Ok(())
}

/// Removes a file, or a folder in which a worker may still be writing; or nothing.
fn remove_entry(entry: &Path) -> Result<(), FileError> {
    let remove = || match remove_dir_all(entry) {
        Err(error) if error.kind() == ErrorKind::NotADirectory => remove_file(entry),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        other => other,
    };
    for _ in 0..TRIES {
        match remove() {
            Err(error) if error.kind() == ErrorKind::DirectoryNotEmpty => {
                std::thread::sleep(PAUSE);
            }
            other => return other.map_err(FileError::write(entry, REMOVE)),
        }
    }
    remove().map_err(FileError::write(entry, REMOVE))
}

/// The first things in a folder, `None` where it is empty.
fn others(folder: &Path) -> Result<Option<String>> {
    let mut names = Vec::new();
    for entry in read_dir(folder).map_err(FileError::list(folder))? {
        let name = entry.map_err(FileError::list(folder))?.file_name();
        names.push(name.display().to_string());
    }
    names.sort();
    let more = names.len().saturating_sub(NAMED);
    names.truncate(NAMED);
    let listed = names.join(", ");
    Ok(match more {
        _ if names.is_empty() => None,
        0 => Some(listed),
        _ => Some(format!("{listed} and {more} more")),
    })
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
fn check_is_whole(entries: &[PathBuf]) -> Result<()> {
    for path in entries {
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
