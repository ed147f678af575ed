//! A trained run with its export, and the commands that use them.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use super::{device, psp, render, run, training};

pub(crate) const TARGETS: [&str; 2] = ["perspective_score_hood", "perspective_score_backdoor_left"];

/// A run, its export and the data, made once for all tests of this file.
pub(crate) struct Trained {
    pub(crate) data: PathBuf,
    pub(crate) run: PathBuf,
    pub(crate) bundle: PathBuf,
}

pub(crate) fn trained() -> &'static Trained {
    static TRAINED: OnceLock<Trained> = OnceLock::new();
    TRAINED.get_or_init(|| {
        let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join(env!("CARGO_CRATE_NAME"));
        // What the last test run left.
        let _ = std::fs::remove_dir_all(&root);
        let (data, out) = (root.join("data"), root.join("run"));
        render(&data, 24);
        // At this rate about a third of the scores are below 0, so that clipping
        // shows.
        let sets = [
            "model.backbone=resnet18",
            "train.epochs=4",
            "train.optimizer=adamw",
            "train.learning_rate=0.003",
            "train.ema_decay=0.9",
        ];
        run(&mut training(&data, &out, &sets)).assert_done();
        let bundle = root.join("bundle");
        run(&mut export(&out, &bundle, &[])).assert_done();
        Trained {
            data,
            run: out,
            bundle,
        }
    })
}

pub(crate) fn export(from: &Path, to: &Path, more: &[&str]) -> Command {
    let mut command = psp(&["export"]);
    command.arg(from).arg("--out").arg(to).args(more);
    command
}

/// A report without measurements of speed.
pub(crate) fn report(from: &Path, to: &Path, more: &[&str]) -> Command {
    let mut command = psp(&["report", "--no-measure"]);
    command.arg(from).arg("--out").arg(to).args(more);
    command
}

pub(crate) fn eval(model: &Path, out: &Path, more: &[&str]) -> Command {
    let mut command = psp(&["eval", "--device", &device()]);
    command.arg(model).arg("--out").arg(out).args(more);
    command
}

pub(crate) fn predict(model: &Path, images: &[&Path], more: &[&str]) -> Command {
    let mut command = psp(&["predict", "--device", &device(), "--model"]);
    command.arg(model).args(images).args(more);
    command
}
