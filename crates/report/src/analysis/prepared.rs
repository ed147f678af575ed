//! The input, checked, with its predictions ready for resampling.

use psp_metrics::{MeanBaseline, MetricSettings, PairedRows};
use rayon::prelude::*;

use crate::input::{Candidate, Data, Input, Predictions, Run};
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
        check(input)?;
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
        let rows = predictions.rows.iter();
        let rows = rows.map(|row| (&row.predictions, &row.labels));
        match PairedRows::new(metrics.clone(), rows) {
            Ok(rows) => Some(Part { predictions, rows }),
            Err(error) => {
                let text = format!("its {name} predictions cannot be used: {error}");
                problem = Some(match problem.take() {
                    Some(earlier) => format!("{earlier}; {text}"),
                    None => text,
                });
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

/// Refuses what only a mistake of the caller can bring about.
fn check(input: &Input) -> Result<(), ReportError> {
    let data = &input.data;
    let targets = data.targets.len();
    let wrong = |what: String| Err(ReportError::Input(what));
    if targets == 0 {
        return wrong("there are no targets".to_owned());
    }
    if data.training_means.len() != targets {
        let means = data.training_means.len();
        return wrong(format!("{means} training means of {targets} targets"));
    }
    if let Some([low, high]) = data.label_range
        && !(low.is_finite() && high.is_finite() && low < high)
    {
        return wrong(format!("the label range is [{low}, {high}]"));
    }
    for part in &data.parts {
        if let Some(row) = part.labels.iter().position(|row| row.len() != targets) {
            let name = &part.name;
            return wrong(format!(
                "row {row} of part `{name}` has {} labels of {targets} targets",
                part.labels[row].len()
            ));
        }
    }
    let known = |candidate: usize| candidate < input.candidates.len();
    if let Some(selection) = &input.selection {
        let chosen = selection.candidate;
        if !known(chosen) || selection.run >= input.candidates[chosen].runs.len() {
            let run = selection.run;
            return wrong(format!("candidate {chosen}, run {run} was chosen"));
        }
        if let Some(finalist) = selection.finalist.filter(|finalist| !known(*finalist)) {
            return wrong(format!("candidate {finalist} was chosen"));
        }
        if let Some(rank) = selection.ranking.iter().find(|rank| !known(rank.candidate)) {
            return wrong(format!("candidate {} is ranked", rank.candidate));
        }
    }
    for explanation in &input.explanations {
        if explanation.labels.len() != targets || explanation.predictions.len() != targets {
            let name = &explanation.filename;
            return wrong(format!(
                "the explanation of {name} has not {targets} scores"
            ));
        }
    }
    let maps = input.explanations.iter().flat_map(|e| &e.maps);
    for map in maps {
        let cells = map.width.checked_mul(map.height);
        if cells != Some(map.values.len()) || map.target.is_some_and(|t| t >= targets) {
            return wrong(format!("a heat map of {} is malformed", map.method));
        }
    }
    Ok(())
}
