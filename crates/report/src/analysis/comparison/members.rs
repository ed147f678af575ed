//! Each candidate's test errors.

use psp_metrics::{Metric, MetricsError};

use super::{Comparison, Member};
use crate::ReportError;
use crate::analysis::averaged::Draws;
use crate::analysis::candidate::CandidateAnalysis;
use crate::analysis::prepared::{Part, Prepared};
use crate::input::PredictionRow;

pub(super) fn first_test<'a, 'b>(
    prepared: &'b Prepared<'a>,
    candidate: usize,
) -> Option<&'b Part<'a>> {
    prepared.runs[candidate]
        .iter()
        .find_map(|run| run.test.as_ref())
}

/// The tested runs of a candidate, all over the reference's images.
pub(super) fn comparable<'a, 'b>(
    prepared: &'b Prepared<'a>,
    candidate: usize,
    reference: &Part,
) -> Result<Vec<&'b Part<'a>>, String> {
    let runs = prepared.runs[candidate].iter();
    let runs: Vec<&Part> = runs.filter_map(|run| run.test.as_ref()).collect();
    if runs.is_empty() {
        return Err("none of its runs has test predictions".to_owned());
    }
    let key = |part: &&Part| {
        let rows = part.predictions.rows.iter();
        let same = |(a, b): (&PredictionRow, &PredictionRow)| {
            a.filename == b.filename && a.labels == b.labels
        };
        part.predictions.rows.len() == reference.predictions.rows.len()
            && rows.zip(&reference.predictions.rows).all(same)
    };
    if runs.iter().all(key) {
        Ok(runs)
    } else {
        Err("it was tested on other images or labels".to_owned())
    }
}

pub(super) fn member(
    draws: &Draws,
    model: usize,
    analysed: &CandidateAnalysis,
    candidate: usize,
    focus: Option<usize>,
    prepared: &Prepared,
) -> Result<Member, ReportError> {
    let targets = prepared.metrics.targets();
    Ok(Member {
        candidate,
        mse: draws.mse(model),
        r2: draws.r2(model),
        target_mse: (0..targets).map(|t| draws.target_mse(model, t)).collect(),
        mse_by_run: analysed
            .test_by_run(Metric::Mse, prepared.settings.confidence)?
            .ok_or(MetricsError::Empty)?,
        r2_by_run: analysed.test_by_run(Metric::R2, prepared.settings.confidence)?,
        mse_to_focus: focus.map(|focus| draws.mse_difference(model, focus)),
    })
}

pub(super) fn pareto(comparison: &Comparison, prepared: &Prepared) -> Vec<usize> {
    let cost = |member: &Member| {
        prepared.input.candidates[member.candidate]
            .cost
            .multiply_adds
    };
    // Where R² is defined, it orders as the MSE does only for one target.
    let error = |member: &Member| member.r2.map_or(member.mse.value, |r2| -r2.value);
    let beaten = |member: &&Member| {
        comparison.members.iter().any(|other| {
            let (cheaper, better) = (cost(other) <= cost(member), error(other) <= error(member));
            let strictly = cost(other) < cost(member) || error(other) < error(member);
            cheaper && better && strictly
        })
    };
    let front = comparison.members.iter().filter(|member| !beaten(member));
    front.map(|member| member.candidate).collect()
}
