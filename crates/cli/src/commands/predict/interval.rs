//! The bounds that `psp predict --interval` gives.

use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use psp_export::{Bundle, Predictor};
use psp_metrics::{Conformal, Residuals};
use psp_models::DeviceSpec;
use psp_schema::shell_quoted;
use psp_train::RunDir;
use psp_train::bundle::BUNDLE_JSON;

use crate::commands::predictor::residuals;
use crate::machine;

/// Bounds around the scores of a model.
pub(super) struct Intervals(Conformal);

impl Intervals {
    /// Those that hold the label of a share `level` of images, by the residuals on the
    /// validation images that the exported model states or the run has.
    ///
    /// # Errors
    /// Why there are none, and what helps.
    pub(super) fn of(
        model: &Path,
        predictor: &Predictor,
        device: DeviceSpec,
        level: f64,
    ) -> Result<Self> {
        let residuals = if model.join(BUNDLE_JSON).exists() {
            of_bundle(model)?
        } else {
            let machine = machine::with_devices(&[device]);
            residuals(&RunDir::new(model), &machine)
                .context("--interval needs the predictions for the validation images")?
                .with_context(|| without_validation(model))?
        };
        let (fewest, count) = (Residuals::fewest(1.0 - level), residuals.count);
        ensure!(
            count >= fewest,
            "--interval {level}: takes at least {fewest} validation images, and {} has {count}; \
             the highest level of these is {}",
            model.display(),
            highest_level(count)
        );
        let range = predictor.label_range().map(|ends| ends.map(f64::from));
        Ok(Self(Conformal::of_residuals(
            &residuals,
            1.0 - level,
            range,
        )?))
    }

    /// The bounds of each of an image's scores, before these are clipped.
    pub(super) fn around(&self, raw: &[f32]) -> Result<Vec<[f32; 2]>> {
        let raw: Vec<f64> = raw.iter().copied().map(f64::from).collect();
        let intervals = self.0.intervals(&raw)?.into_iter();
        Ok(intervals.map(|ends| ends.map(|end| end as f32)).collect())
    }
}

fn of_bundle(model: &Path) -> Result<Residuals> {
    let bundle = Bundle::read(model)?;
    match bundle.residuals {
        Some(residuals) => Ok(residuals),
        None if bundle.training.valid.is_none() => bail!(without_validation(model)),
        None => bail!(
            "{}: holds no residuals on validation images, which --interval needs: an older psp \
             wrote it, or they were left out; export it again: psp export RUN --out {} --overwrite",
            model.join(BUNDLE_JSON).display(),
            shell_quoted(model)
        ),
    }
}

fn without_validation(model: &Path) -> String {
    format!(
        "{}: trained without validation images, as a refit on all of them is, so nothing says how \
         far its scores are from the labels of images that it was not trained on; --interval \
         needs a model with validation images",
        model.display()
    )
}

/// The highest level for so many images, rounded down.
fn highest_level(count: u64) -> f64 {
    let digits = 1e4;
    (count as f64 / (count as f64 + 1.0) * digits).floor() / digits
}
