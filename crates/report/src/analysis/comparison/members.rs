//! Each candidate's test errors.

use psp_metrics::{Metric, MetricsError};

use super::Member;
use crate::ReportError;
use crate::analysis::averaged::{Draws, Errors};
use crate::analysis::candidate::CandidateAnalysis;
use crate::analysis::prepared::{Part, Prepared};

/// The tested runs of a candidate, all over the reference's images.
pub(super) fn comparable<'a, 'b>(
    prepared: &'b Prepared<'a>,
    candidate: usize,
    reference: &Part<'a>,
) -> Result<Vec<&'b Part<'a>>, String> {
    let runs: Vec<&Part> = prepared.tests(candidate).collect();
    if runs.is_empty() {
        return Err("none of its runs has test predictions".to_owned());
    }
    let images = |part: &Part<'a>| {
        let rows = part.predictions.rows.iter();
        rows.map(|row| (&row.filename, &row.labels))
    };
    let is_same = |part: &&Part<'a>| images(part).eq(images(reference));
    if runs.iter().all(is_same) {
        Ok(runs)
    } else {
        Err("it was tested on other images or labels".to_owned())
    }
}

/// What the `model` among the draws is worth; `focus` is the model that it is compared with.
pub(super) fn member(
    draws: &Draws,
    model: usize,
    focus: Option<usize>,
    analysed: &CandidateAnalysis,
    candidate: usize,
    prepared: &Prepared,
) -> Result<Member, ReportError> {
    let confidence = prepared.settings.confidence;
    let by_run = |metric| analysed.test_by_run(metric, confidence);
    let Errors {
        mse,
        r2,
        target_mse,
    } = draws.model(model);
    Ok(Member {
        candidate,
        mse,
        r2,
        target_mse,
        mse_by_run: by_run(Metric::Mse)?.ok_or(MetricsError::Empty)?,
        r2_by_run: by_run(Metric::R2)?,
        mse_to_focus: focus.map(|focus| draws.difference(model, focus).mse),
    })
}

/// Those than which none is both cheaper and better.
pub(super) fn pareto(members: &[Member], prepared: &Prepared) -> Vec<usize> {
    let candidates = &prepared.input.candidates;
    let cost = |member: &Member| candidates[member.candidate].cost.multiply_adds;
    // Where R² is defined, it orders as the MSE does only for one target.
    let error = |member: &Member| member.r2.map_or(member.mse.value, |r2| -r2.value);
    let beaten = |member: &&Member| {
        members.iter().any(|other| {
            let (cheaper, better) = (cost(other) <= cost(member), error(other) <= error(member));
            let strictly = cost(other) < cost(member) || error(other) < error(member);
            cheaper && better && strictly
        })
    };
    let front = members.iter().filter(|member| !beaten(member));
    front.map(|member| member.candidate).collect()
}
