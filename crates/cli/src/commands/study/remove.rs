//! `psp study rm`.

use std::fs::{read_dir, read_link, remove_dir_all, remove_file};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use psp_search::{Overview, State, Study, StudyDir};

use super::study_dir;
use crate::args::StudyRmArgs;

/// More links on the way to a study are taken for a circle.
const MOST_LINKS: usize = 40;

/// Removes a study's folder with all that is in it, and where the name is that of a
/// symbolic link, what it leads to and the link.
pub(super) fn remove(args: &StudyRmArgs) -> Result<()> {
    let dir = study_dir(&args.study);
    let root = dir.root().display();
    // A damaged study can be removed, too, if one insists.
    let begun = match Study::open(dir.clone()).and_then(|study| Overview::of(&study)) {
        Ok(overview) => overview.count(State::Begun),
        Err(_) if args.force && dir.is_begun() => 0,
        Err(error) if dir.is_begun() => {
            bail!("{error}; the study is damaged, and --force removes it nevertheless")
        }
        Err(error) => return Err(error.into()),
    };
    if begun > 0 && !args.force {
        bail!(
            "{root}: {begun} trials have begun and not ended; stop their workers, or pass --force"
        );
    }
    let (links, folder) = followed(dir.root())?;
    check_is_whole(&folder)?;
    let study = StudyDir::new(&folder);
    // First what makes it a study, so that half of it is none.
    remove_file(study.plan()).with_context(|| format!("{root}: plan.json"))?;
    remove_dir_all(&folder).with_context(|| folder.display().to_string())?;
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
