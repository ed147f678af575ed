//! What can go wrong with a study.

use std::path::{Path, PathBuf};

use psp_data::DataError;
use psp_eval::EvalError;
use psp_export::ExportError;
use psp_lease::LeaseError;
use psp_models::predict::PredictError;
use psp_models::{BackboneKind, DeviceError};
use psp_schema::FileError;
use psp_space::SpaceError;
use psp_train::{ConfigError, TrainError};
use thiserror::Error as ThisError;

use crate::folder::StudyDir;

mod fault;

/// Why a study can't be made, worked on or read.
#[derive(Debug, ThisError)]
pub enum SearchError {
    /// The configuration that trials share.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The space.
    #[error(transparent)]
    Space(#[from] SpaceError),
    /// A point of the space that is no valid configuration.
    #[error(
        "{place}: the point {point} can't be trained: {source}; exclude it, or make the key conditional"
    )]
    Point {
        /// The study file, with the line of the key if the value is one of the space.
        place: String,
        /// The point's values.
        point: String,
        /// What is wrong.
        source: ConfigError,
    },
    /// A point of the space that can't be trained with the values of the refit.
    #[error(
        "{place}: the point {point} can't be refitted: {source}; give the key another value \
         in [study.refit], or one for this backbone in [study.refit.{backbone}]"
    )]
    Refit {
        /// File and line.
        place: String,
        /// The point's values.
        point: String,
        /// Its backbone.
        backbone: BackboneKind,
        /// What is wrong.
        source: Box<ConfigError>,
    },
    /// A key that has no place in `[study.refit]`.
    #[error("{place}: `{key}` in [study.refit]: expected {expected}")]
    RefitKey {
        /// File and line.
        place: String,
        /// The key.
        key: String,
        /// What would be valid.
        expected: String,
    },
    /// More training images than there are.
    #[error(
        "{name}: data.train_images = {wanted}: the training part has {available} images; \
         expected up to these, or 0 for all"
    )]
    TrainImages {
        /// The study file.
        name: String,
        /// What was given.
        wanted: i64,
        /// Images of the training part.
        available: usize,
    },
    /// Folds that can't be made of so few images.
    #[error("{name}: study.folds: {source}")]
    Folds {
        /// The study file.
        name: String,
        /// What is wrong.
        source: Box<DataError>,
    },
    /// The data.
    #[error(transparent)]
    Data(#[from] DataError),
    /// A run.
    #[error(transparent)]
    Train(#[from] TrainError),
    /// A claim on a trial.
    #[error(transparent)]
    Lease(#[from] LeaseError),
    /// A finalist's evaluation.
    #[error(transparent)]
    Eval(#[from] EvalError),
    /// A finalist's model.
    #[error(transparent)]
    Export(#[from] ExportError),
    /// A device.
    #[error(transparent)]
    Device(#[from] DeviceError),
    /// A forward pass.
    #[error(transparent)]
    Predict(#[from] PredictError),
    /// A file or folder could not be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// A key of the space whose values can't be compared.
    #[error("{place}: {key} can't be searched: {reason}")]
    Unsearchable {
        /// File and line.
        place: String,
        /// The key.
        key: String,
        /// Why not, and what to do.
        reason: &'static str,
    },
    /// A key of the space that decides nothing in one of its points.
    #[error(
        "{place}: {key} is searched, and has no effect with {reason}: trials that differ in it \
         alone would be one and the same; give it a `when` under which it has one, as in \
         {key} = {{ values = […], when = {{ … }} }}, or leave it out"
    )]
    Idle {
        /// File and line.
        place: String,
        /// The searched key, such as `train.momentum`.
        key: &'static str,
        /// The key and value that leave it without effect.
        reason: String,
    },
    /// Two trials that would train the same.
    #[error(
        "{name}: {} and {} would be one and the same: on {images} training images the values of \
         {keys} in which they differ come to the same; give the key other values, or a `when`",
        trials[0],
        trials[1]
    )]
    Same {
        /// The study file.
        name: String,
        /// Their places in the draw, or their points.
        trials: [String; 2],
        /// The keys in which they differ.
        keys: String,
        /// Images of the training part.
        images: usize,
    },
    /// The folder holds another study.
    #[error(
        "{}: this folder holds a study that differs in {what}; name another one with --study, \
         or remove this one with `psp study rm`",
        study.display()
    )]
    Differs {
        /// The study's folder.
        study: PathBuf,
        /// What differs.
        what: String,
    },
    /// The study's own file no longer says what its plan's trials are of.
    #[error(
        "{}: differs from plan.json beside it ({what}), so one of the two was edited since the \
         study began; undo that, or begin another study with it (--config, --study)",
        file.display()
    )]
    Edited {
        /// The study file.
        file: PathBuf,
        /// What of it.
        what: String,
    },
    /// Another command took the study's beginning over.
    #[error("{}: another command begins this study; try again", study.display())]
    BegunElsewhere {
        /// The study's folder.
        study: PathBuf,
    },
    /// The data are not where they were.
    #[error(
        "{}: the data of this study are not in {}; if they have moved: psp search --study {} \
         --data DIR",
        study.display(),
        dir.display(),
        psp_schema::shell_quoted(study)
    )]
    DataGone {
        /// The study's folder.
        study: PathBuf,
        /// Where they were.
        dir: PathBuf,
    },
    /// Another data folder was named, and it holds other data.
    #[error(
        "{}: {} holds other data than those that the study began with, which were in {}; a new \
         study on them needs another name (--study)",
        study.display(), given.display(), own.display()
    )]
    OtherData {
        /// The study's folder.
        study: PathBuf,
        /// The folder that was named.
        given: PathBuf,
        /// Where the study's data were.
        own: PathBuf,
    },
    /// The data, its split or a weights file changed since the study began.
    #[error(
        "{}: {what} changed since the study began (SHA-256 then {then:.12}, now {now:.12}): bring back what it \
         began with, or begin a new study under another name (--study)",
        study.display()
    )]
    Changed {
        /// The study's folder.
        study: PathBuf,
        /// What changed.
        what: String,
        /// Its fingerprint then.
        then: String,
        /// Its fingerprint now.
        now: String,
    },
    /// The data can no longer be used, as they could when the study began.
    #[error(
        "{}: the data changed since the study began: {source}; bring back what it began with, or \
         begin a new study under another name (--study)",
        study.display()
    )]
    Unusable {
        /// The study's folder.
        study: PathBuf,
        /// What is wrong with them.
        source: Box<DataError>,
    },
    /// A task was given back for a fault that is not its own.
    #[error(transparent)]
    GivenBack(Box<Self>),
    /// A study is to begin where something of another lies.
    #[error(
        "{}: no study was begun here, but {} exists, which it would write over; name another \
         folder with --study",
        study.display(), file.display()
    )]
    Occupied {
        /// The study's folder.
        study: PathBuf,
        /// What lies there.
        file: PathBuf,
    },
    /// A study is to begin in the folder of its data, whose split it would become.
    #[error(
        "{}: is the data folder, whose split.csv the study's own would be; name another folder \
         with --study",
        study.display()
    )]
    InData {
        /// The study's folder.
        study: PathBuf,
    },
    /// There is no study.
    #[error("{}: {}", path.display(), no_study(path, missing))]
    NoStudy {
        /// The folder.
        path: PathBuf,
        /// The first file that a study has and this folder lacks.
        missing: &'static str,
    },
    /// A study's plan is gone, and what is drawn in its place are other trials.
    #[error(
        "{}: missing, and none of the trials beside it is one that is drawn now: study file, data \
         or split are not what they were; bring them or the plan back, or name another folder \
         with --study",
        study.plan().display()
    )]
    OtherTrials {
        /// The study.
        study: StudyDir,
    },
    /// A study's plan is gone.
    #[error(
        "{}: missing; bring it back from a copy, or have it drawn again: psp search --config {} \
         --study {}",
        study.plan().display(),
        psp_schema::shell_quoted(&study.study()),
        psp_schema::shell_quoted(study.root())
    )]
    LostPlan {
        /// The study.
        study: StudyDir,
    },
    /// A study's own file is gone or empty.
    #[error(
        "{}: missing or empty; bring it back from a copy, or have it written again as the study \
         began, with the same file and flags, --data among them: psp search --config FILE --study \
         {} --data DIR",
        study.study().display(),
        psp_schema::shell_quoted(study.root())
    )]
    LostStudyFile {
        /// The study.
        study: StudyDir,
    },
    /// A study's own file can't be read as one.
    #[error(
        "{source}; restore this file from a copy, or move it away and have it written again as the \
         study began, with the same file and flags, --data among them: psp search --config FILE \
         --study {} --data DIR",
        psp_schema::shell_quoted(study.root())
    )]
    DamagedStudyFile {
        /// The study whose `study.toml` it is.
        study: StudyDir,
        /// What is wrong with it.
        source: Box<Self>,
    },
    /// A study's split is gone.
    #[error(
        "{fault}; bring the study's split back, of which its runs have copies: cp {} {}",
        psp_schema::shell_quoted(copy),
        psp_schema::shell_quoted(&study.split())
    )]
    LostSplit {
        /// The study.
        study: StudyDir,
        /// What is wrong with its split.
        fault: String,
        /// The split of one of its trials.
        copy: PathBuf,
    },
    /// The study's folder was removed while it was worked on.
    #[error(
        "{}: the study is gone: its folder was removed, or its disk is no longer there",
        study.display()
    )]
    Gone {
        /// The study's folder.
        study: PathBuf,
    },
    /// A trial that is to be tried again and has not failed.
    #[error("{}: {reason}", study.display())]
    NotFailed {
        /// The study's folder.
        study: PathBuf,
        /// What was named, and what failed.
        reason: String,
    },
    /// A study that has no model to choose yet.
    #[error("{}: {reason}", study.display())]
    NothingToChoose {
        /// The study's folder.
        study: PathBuf,
        /// What is missing.
        reason: String,
    },
}

fn no_study(path: &Path, missing: &str) -> String {
    if path.exists() {
        format!("not a study folder (it has no {missing})")
    } else {
        "no such folder".to_owned()
    }
}
