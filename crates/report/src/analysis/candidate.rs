//! Each model by itself.

use psp_metrics::{
    Bootstrap, DetailedAccumulator, DetailedMetrics, Group, Metric, MetricInterval, SeedSummary,
    bootstrap,
};
use serde::{Deserialize, Serialize};

use super::estimate::has_interval;
use super::prepared::{Part, Prepared, PreparedRun};
use super::score::Score;
use crate::ReportError;
use crate::input::Run;

/// One candidate's runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CandidateAnalysis {
    /// Its name.
    pub name: String,
    /// Its backbone.
    pub backbone: String,
    /// The trial that it comes from.
    pub trial: Option<usize>,
    /// In the order of the input.
    pub runs: Vec<RunAnalysis>,
    /// The validation scores of its runs; `None` where none has one.
    pub validation: Option<SeedSummary>,
    /// Mean seconds of a training; `None` where none is known.
    pub seconds: Option<f64>,
}

/// One run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunAnalysis {
    /// Its folder.
    pub folder: String,
    /// Its seed.
    pub seed: u64,
    /// The fold that it was validated on.
    pub fold: Option<usize>,
    /// Its validation score at its best epoch, as training recorded it, or else of
    /// its stored predictions.
    pub score: Option<f64>,
    /// Over its validation images.
    pub valid: Option<Evaluated>,
    /// Over the test images.
    pub test: Option<Evaluated>,
    /// Why something is missing.
    pub problem: Option<String>,
}

/// Everything about predictions over one part of the images.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Evaluated {
    /// Its images.
    pub images: usize,
    /// The metrics, beside those of "predict the mean".
    pub metrics: DetailedMetrics,
    /// Their intervals, without ends and standard error where more than 1 % of the
    /// resamples have no value.
    pub intervals: Bootstrap,
}

impl CandidateAnalysis {
    pub(crate) fn of(prepared: &Prepared, index: usize, score: Score) -> Result<Self, ReportError> {
        let candidate = &prepared.input.candidates[index];
        let runs = prepared.runs[index].iter();
        let runs: Vec<RunAnalysis> = runs
            .map(|run| RunAnalysis::of(prepared, run, score))
            .collect::<Result<_, _>>()?;
        let scores: Vec<f64> = runs.iter().filter_map(|run| run.score).collect();
        let seconds = candidate.runs.iter().filter_map(|run| run.seconds);
        let seconds: Vec<f64> = seconds.filter(|seconds| seconds.is_finite()).collect();
        let mean = seconds.iter().sum::<f64>() / seconds.len() as f64;
        Ok(Self {
            name: candidate.name.clone(),
            backbone: candidate.backbone.clone(),
            trial: candidate.trial,
            runs,
            validation: summary(&scores, &[], prepared.settings.confidence)?,
            seconds: Some(mean).filter(|mean| mean.is_finite()),
        })
    }

    /// A metric over all targets, on the test images, run by run; `None` where no
    /// run has it.
    pub(crate) fn test_by_run(
        &self,
        metric: Metric,
        confidence: f64,
    ) -> Result<Option<SeedSummary>, ReportError> {
        let intervals = self.runs.iter().filter_map(|run| {
            let interval = run.test.as_ref()?.overall(metric)?;
            Some((interval.estimate?, interval.standard_error))
        });
        let (values, errors): (Vec<f64>, Vec<Option<f64>>) = intervals.unzip();
        let errors: Option<Vec<f64>> = errors.into_iter().collect();
        summary(&values, &errors.unwrap_or_default(), confidence)
    }
}

/// `None` of no values.
fn summary(
    values: &[f64],
    errors: &[f64],
    confidence: f64,
) -> Result<Option<SeedSummary>, ReportError> {
    let values = Some(values).filter(|values| !values.is_empty());
    let summary = values.map(|values| SeedSummary::new(values, errors, confidence));
    Ok(summary.transpose()?)
}

impl RunAnalysis {
    fn of(prepared: &Prepared, run: &PreparedRun, score: Score) -> Result<Self, ReportError> {
        let evaluate = |part: &Option<Part>| {
            let part = part.as_ref();
            part.map(|part| Evaluated::of(prepared, part)).transpose()
        };
        let valid = evaluate(&run.valid)?;
        let predicted = || valid.as_ref().and_then(|valid| valid.score(score));
        Ok(Self {
            folder: run.run.folder.clone(),
            seed: run.run.seed,
            fold: run.run.fold,
            score: best_epoch_score(run.run, score).or_else(predicted),
            valid,
            test: evaluate(&run.test)?,
            problem: run.problem.clone(),
        })
    }
}

/// The validation score that the run itself recorded.
fn best_epoch_score(run: &Run, score: Score) -> Option<f64> {
    let epoch = run.best()?;
    let value = score.value(epoch.valid_r2(), epoch.valid_mse());
    value.filter(|value| value.is_finite())
}

impl Evaluated {
    fn of(prepared: &Prepared, part: &Part) -> Result<Self, ReportError> {
        let mut accumulator = DetailedAccumulator::new(prepared.metrics.clone())?;
        for row in part.predictions.rows() {
            let (predictions, labels) = row.to_f64();
            accumulator.push(&predictions, &labels)?;
        }
        let settings = prepared.bootstrap();
        let metrics = metrics(&prepared.metrics.within, prepared.metrics.bin_edges.len());
        let mut intervals = bootstrap(&part.rows, &metrics, &settings)?;
        let all = intervals.targets.iter_mut().chain([&mut intervals.overall]);
        for interval in all.flatten() {
            if !has_interval(interval.undefined, u64::from(settings.resamples)) {
                (interval.low, interval.high) = (None, None);
                interval.standard_error = None;
            }
        }
        Ok(Self {
            images: part.predictions.rows().len(),
            metrics: accumulator.finish()?,
            intervals,
        })
    }

    /// What models are ranked by, of these clipped predictions.
    fn score(&self, score: Score) -> Option<f64> {
        let model = &self.metrics.overall.model;
        score.value(model.r2, Some(model.mse))
    }

    /// The ends of the interval of a metric of one target, or of all together.
    pub(crate) fn interval(&self, target: Option<usize>, metric: Metric) -> Option<[f64; 2]> {
        let interval = match target {
            None => self.overall(metric),
            Some(target) => self.target(target, metric),
        }?;
        Some([interval.low?, interval.high?])
    }

    /// A metric of all targets together.
    pub fn overall(&self, metric: Metric) -> Option<&MetricInterval> {
        let mut intervals = self.intervals.overall.iter();
        intervals.find(|interval| interval.metric == metric)
    }

    /// A metric of one target.
    pub fn target(&self, target: usize, metric: Metric) -> Option<&MetricInterval> {
        let mut intervals = self.intervals.targets.get(target)?.iter();
        intervals.find(|interval| interval.metric == metric)
    }
}

/// All metrics of the report.
fn metrics(within: &[f64], bins: usize) -> Vec<Metric> {
    let mut metrics = Metric::main(within);
    let bins = (0..bins).map(Group::Bin);
    let of_group = [Metric::GroupMse, Metric::GroupMae, Metric::GroupBias];
    for group in [Group::Zero, Group::Nonzero].into_iter().chain(bins) {
        metrics.extend(of_group.map(|metric| metric(group)));
    }
    metrics
}
