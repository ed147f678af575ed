//! The input, checked, with its predictions ready for resampling.

use psp_metrics::{BootstrapSettings, MeanBaseline, MetricSettings, PairedRows};
use rayon::prelude::*;

use crate::input::{Candidate, Data, Input, PredictionRow, Predictions, Run};
use crate::{ReportError, Settings};

/// Predictions over one part of the images.
#[derive(Debug)]
pub(crate) struct Part<'a> {
    pub(crate) predictions: &'a Predictions,
    pub(crate) rows: PairedRows,
}

/// One run's usable predictions.
#[derive(Debug)]
pub(crate) struct PreparedRun<'a> {
    pub(crate) run: &'a Run,
    pub(crate) valid: Option<Part<'a>>,
    pub(crate) test: Option<Part<'a>>,
    /// What keeps the rest from being used.
    pub(crate) problem: Option<String>,
}

/// The input with what can be computed from.
#[derive(Debug)]
pub(crate) struct Prepared<'a> {
    pub(crate) input: &'a Input,
    pub(crate) settings: &'a Settings,
    pub(crate) metrics: MetricSettings,
    /// Of each candidate.
    pub(crate) runs: Vec<Vec<PreparedRun<'a>>>,
}

impl<'a> Prepared<'a> {
    pub(crate) fn new(input: &'a Input, settings: &'a Settings) -> Result<Self, ReportError> {
        if let Some(what) = contradiction(input) {
            return Err(ReportError::Input(what));
        }
        let metrics = metric_settings(&input.data);
        let prepare = |candidate: &'a Candidate| {
            let runs = candidate.runs.par_iter();
            runs.map(|run| prepare(run, &metrics)).collect()
        };
        let runs = input.candidates.iter().map(prepare).collect();
        Ok(Self {
            input,
            settings,
            metrics,
            runs,
        })
    }

    /// Every bootstrap of the report is drawn with these.
    pub(crate) fn bootstrap(&self) -> BootstrapSettings {
        BootstrapSettings {
            resamples: self.settings.resamples,
            confidence: self.settings.confidence,
            seed: self.settings.seed,
        }
    }

    /// The usable test predictions of a candidate's runs.
    pub(crate) fn tests(&self, candidate: usize) -> impl Iterator<Item = &Part<'a>> {
        self.runs[candidate]
            .iter()
            .filter_map(|run| run.test.as_ref())
    }
}

/// How metrics are computed: the bins and bounds of scores in [0, 1], laid over
/// whatever the labels lie in. Predictions are clipped already.
fn metric_settings(data: &Data) -> MetricSettings {
    let [low, high] = data.span();
    // To the bit, so that the lowest and the highest label are in a bin.
    let at = |share: f64| low * (1.0 - share) + high * share;
    MetricSettings {
        label_range: [low, high],
        clip: false,
        within: [0.05, 0.1].map(|bound| bound * (high - low)).to_vec(),
        bin_edges: [0.0, 0.25, 0.5, 0.75, 1.0].map(at).to_vec(),
        ..MetricSettings::new(MeanBaseline {
            means: data.training_means.clone(),
        })
    }
}

fn prepare<'a>(run: &'a Run, metrics: &MetricSettings) -> PreparedRun<'a> {
    let mut problem = run.failure.clone();
    let mut part = |name: &str, predictions: &'a Option<Predictions>| {
        let predictions = predictions.as_ref()?;
        let rows = predictions.rows().iter().map(PredictionRow::to_f64);
        match PairedRows::new(metrics.clone(), rows) {
            Ok(rows) => Some(Part { predictions, rows }),
            Err(error) => {
                let text = format!("its {name} predictions cannot be used: {error}");
                let earlier = problem.take().map(|earlier| earlier + "; ");
                problem = Some(earlier.unwrap_or_default() + &text);
                None
            }
        }
    };
    let (valid, test) = (part("validation", &run.valid), part("test", &run.test));
    PreparedRun {
        run,
        valid,
        test,
        problem,
    }
}

/// What only a mistake of the caller can bring about.
fn contradiction(input: &Input) -> Option<String> {
    let data = &input.data;
    let targets = data.targets.len();
    if targets == 0 {
        return Some("there are no targets".to_owned());
    }
    let means = data.training_means.len();
    if means != targets {
        return Some(format!("{means} training means of {targets} targets"));
    }
    if let Some([low, high]) = data.label_range
        && !(low.is_finite() && high.is_finite() && low < high)
    {
        return Some(format!("the label range is [{low}, {high}]"));
    }
    for part in &data.parts {
        let mut rows = part.labels.iter().map(Vec::len).enumerate();
        if let Some((row, labels)) = rows.find(|(_, labels)| *labels != targets) {
            let name = &part.name;
            return Some(format!(
                "row {row} of part `{name}` has {labels} labels of {targets} targets"
            ));
        }
    }
    if let Some(selection) = &input.selection {
        let (chosen, run) = (selection.candidate, selection.run);
        let candidate = input.candidates.get(chosen);
        if candidate.is_none_or(|candidate| run >= candidate.runs.len()) {
            return Some(format!("candidate {chosen}, run {run} was chosen"));
        }
        let unknown = |candidate: &usize| *candidate >= input.candidates.len();
        if let Some(finalist) = selection.finalist.filter(unknown) {
            return Some(format!("candidate {finalist} was chosen"));
        }
        let mut ranked = selection.ranking.iter().map(|rank| rank.candidate);
        if let Some(candidate) = ranked.find(unknown) {
            return Some(format!("candidate {candidate} is ranked"));
        }
    }
    for explanation in &input.explanations {
        let row = &explanation.row;
        if [&row.labels, &row.predictions].map(Vec::len) != [targets; 2] {
            let name = &row.filename;
            return Some(format!(
                "the explanation of {name} has not {targets} scores"
            ));
        }
        for map in &explanation.maps {
            let cells = map.width.checked_mul(map.height);
            if cells != Some(map.values.len()) || map.target.is_some_and(|t| t >= targets) {
                return Some(format!("a heat map of {} is malformed", map.method.title()));
            }
        }
    }
    None
}
