//! Where studies lie.

use std::path::{Component, Path};

use psp_search::StudyDir;
use psp_train::EXPERIMENTS;

/// The folder that a study's name or path stands for: a bare name lies in
/// `experiments/`, unless such a folder is here.
pub(crate) fn study_dir(study: &Path) -> StudyDir {
    let here = StudyDir::new(study);
    let is_name = matches!(
        study.components().collect::<Vec<_>>()[..],
        [Component::Normal(_)]
    );
    if is_name && !here.is_study() {
        StudyDir::new(Path::new(EXPERIMENTS).join(study))
    } else {
        here
    }
}
