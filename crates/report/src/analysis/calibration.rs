//! Intervals around single predictions, and whether they hold what they promise.

use psp_metrics::{Conformal, PairedRows};
use serde::{Deserialize, Serialize};

use super::estimate::wilson;
use super::focus::{Focus, FocusPart};
use super::prepared::{Part, Prepared};
use crate::ReportError;
use crate::input::PredictionRow;

/// Split-conformal intervals of the run in focus: fitted to its validation
/// predictions, measured on the test images.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Calibration {
    /// The validation images that they were fitted to.
    pub fitted_to: usize,
    /// The test images that they were measured on; `None` without test predictions.
    pub measured_on: Option<usize>,
    /// One entry per target.
    pub targets: Vec<TargetCalibration>,
}

/// The intervals of one target.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TargetCalibration {
    /// By rising nominal coverage.
    pub levels: Vec<CoverageLevel>,
}

impl TargetCalibration {
    /// The intervals of this nominal coverage.
    pub(crate) fn level(&self, nominal: f64) -> Option<&CoverageLevel> {
        self.levels.iter().find(|level| level.nominal == nominal)
    }
}

/// The intervals of one nominal coverage.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct CoverageLevel {
    /// The share of labels that intervals are to contain.
    pub nominal: f64,
    /// Half of their width; `None` where the validation images are too few for so
    /// high a coverage.
    pub radius: Option<f64>,
    /// Over all test images.
    pub all: Option<Measured>,
    /// Over those whose label is 0.
    pub zero: Option<Measured>,
    /// Over the others.
    pub nonzero: Option<Measured>,
}

/// How intervals fare.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// The images.
    pub count: u64,
    /// The share of labels inside their intervals.
    pub coverage: f64,
    /// Wilson's interval of that share.
    pub interval: Option<[f64; 2]>,
    /// The mean width of the intervals, cut off at the ends of the label range.
    pub mean_width: Option<f64>,
}

/// The nominal coverages of the picture; the settings' own is added.
const LEVELS: [f64; 6] = [0.5, 0.6, 0.7, 0.8, 0.9, 0.95];

impl Calibration {
    pub(crate) fn of(prepared: &Prepared, focus: Focus) -> Result<Option<Self>, ReportError> {
        let run = &prepared.runs[focus.candidate][focus.run];
        let Some(valid) = &run.valid else {
            return Ok(None);
        };
        let test = run.test.as_ref().filter(|_| focus.part == FocusPart::Test);
        let mut levels = LEVELS.to_vec();
        levels.push(prepared.settings.coverage);
        levels.sort_by(f64::total_cmp);
        levels.dedup();
        let is_bounded = prepared.input.data.label_range.is_some();
        let fit = |level: f64| {
            // 1 − 0.9 would be 0.09999999999999998.
            let alpha = ((1.0 - level) * 1e9).round() / 1e9;
            Ok((level, Conformal::fit(&valid.rows, alpha, is_bounded)?))
        };
        let fitted: Vec<(f64, Conformal)> = levels
            .into_iter()
            .map(fit)
            .collect::<Result<_, ReportError>>()?;
        let targets = 0..prepared.metrics.targets();
        Ok(Some(Self {
            fitted_to: valid.predictions.rows().len(),
            measured_on: test.map(|test| test.predictions.rows().len()),
            targets: targets
                .map(|target| measure(prepared, &fitted, test, target))
                .collect::<Result<_, _>>()?,
        }))
    }
}

fn measure(
    prepared: &Prepared,
    fitted: &[(f64, Conformal)],
    test: Option<&Part>,
    target: usize,
) -> Result<TargetCalibration, ReportError> {
    let confidence = prepared.settings.confidence;
    let group = |wanted: fn(f32) -> bool| {
        let rows = test.iter().flat_map(|test| test.predictions.rows());
        let rows = rows.filter(|row| wanted(row.labels[target]));
        let mut rows = rows.map(PredictionRow::to_f64).peekable();
        let is_any = rows.peek().is_some();
        let rows = is_any.then(|| PairedRows::new(prepared.metrics.clone(), rows));
        rows.transpose()
    };
    let all = test.map(|test| &test.rows);
    let (zero, nonzero) = (group(|label| label == 0.0)?, group(|label| label != 0.0)?);
    let measured = |conformal: &Conformal, rows: Option<&PairedRows>| {
        let coverages = rows.map(|rows| conformal.evaluate(rows)).transpose()?;
        Ok::<_, ReportError>(coverages.map(|coverages| {
            let coverage = coverages[target];
            Measured {
                count: coverage.count,
                coverage: coverage.coverage,
                interval: wilson(coverage.coverage, coverage.count, confidence),
                mean_width: coverage.mean_width,
            }
        }))
    };
    let levels = fitted.iter().map(|(nominal, conformal)| {
        Ok(CoverageLevel {
            nominal: *nominal,
            radius: conformal.radii[target],
            all: measured(conformal, all)?,
            zero: measured(conformal, zero.as_ref())?,
            nonzero: measured(conformal, nonzero.as_ref())?,
        })
    });
    Ok(TargetCalibration {
        levels: levels.collect::<Result<_, ReportError>>()?,
    })
}
