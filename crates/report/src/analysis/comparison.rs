//! The candidates against each other, over the same test images.

mod pairs;

use psp_metrics::{Metric, MetricsError, SeedSummary};
use psp_plot::{Better, pareto_front};
use serde::{Deserialize, Serialize};

use super::averaged::{Averaged, Errors};
use super::candidate::CandidateAnalysis;
use super::estimate::Estimate;
use super::focus::Focus;
use super::prepared::{Part, Prepared};
use crate::ReportError;

/// How the candidates compare on the test images, each as the mean over its runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// The test images.
    pub images: usize,
    /// The candidates that were tested on them.
    pub members: Vec<Member>,
    /// The others, each with the reason.
    pub left_out: Vec<LeftOut>,
    /// Whether there were so many candidates that only some are compared pair by pair:
    /// the one in focus, then by validation the best of each backbone, then the next
    /// best.
    pub best_of_each_backbone: bool,
    /// Pair by pair.
    pub pairs: Vec<Pair>,
    /// Candidates than which none is both cheaper (in multiply-adds) and better.
    pub pareto: Vec<usize>,
}

/// One candidate's test errors, averaged over its runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Member {
    /// Which candidate.
    pub candidate: usize,
    /// Mean over its runs of the MSE over all targets. The interval is the test
    /// images': that of these trained models.
    pub mse: Estimate,
    /// The same of R²; `None` where no target's labels differ.
    pub r2: Option<Estimate>,
    /// The same of each target's MSE.
    pub target_mse: Vec<Estimate>,
    /// The MSE of each run: how much training varies beside how much the choice of
    /// test images does.
    pub mse_by_run: SeedSummary,
    /// The same of R².
    pub r2_by_run: Option<SeedSummary>,
    /// Its MSE less that of the model in focus; `None` of that itself, or where that
    /// was not tested.
    pub mse_to_focus: Option<Estimate>,
}

/// A candidate that has no part in the comparison.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LeftOut {
    /// Which candidate.
    pub candidate: usize,
    /// Why.
    pub reason: String,
}

/// Two candidates.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pair {
    /// The first candidate.
    pub first: usize,
    /// The second.
    pub second: usize,
    /// MSE of the first less that of the second: negative speaks for the first. The
    /// interval is of this pair alone, without a correction for their number.
    pub mse: Estimate,
    /// The same of R²: positive speaks for the first.
    pub r2: Option<Estimate>,
    /// The same of each target's MSE.
    pub target_mse: Vec<Estimate>,
    /// Of a permutation test (sign flips of each image's difference).
    pub p_value: f64,
    /// After Holm's correction over all pairs.
    pub adjusted_p_value: f64,
    /// Whether the corrected p-value is at most the level. `false` says only that
    /// these images cannot tell the two apart, not that they are equal.
    pub differs: bool,
    /// Whether the difference is also more than the runs' spread explains (Welch's
    /// t-test at the same level); `None` where one of them has a single run.
    pub beyond_seeds: Option<bool>,
}

impl Pair {
    /// The candidate that it compares this one with, if this is one of the two.
    pub(crate) fn other(&self, candidate: usize) -> Option<usize> {
        match [self.first, self.second] {
            [first, second] if first == candidate => Some(second),
            [first, second] if second == candidate => Some(first),
            _ => None,
        }
    }
}

impl Comparison {
    pub(crate) fn of(
        prepared: &Prepared,
        candidates: &[CandidateAnalysis],
        focus: Option<Focus>,
        validated: &[usize],
    ) -> Result<Option<Self>, ReportError> {
        let focus = focus.map(Focus::compared);
        let mut order = focus.into_iter().chain(0..candidates.len());
        let tested = |candidate| prepared.tests(candidate).next();
        let Some(reference) = order.find_map(tested) else {
            return Ok(None);
        };
        let (mut members, mut models, mut left_out) = (Vec::new(), Vec::new(), Vec::new());
        let refit = prepared.input.refit();
        for candidate in (0..candidates.len()).filter(|one| refit != Some(*one)) {
            match comparable(prepared, candidate, reference) {
                Ok(runs) => {
                    members.push(candidate);
                    models.push(runs);
                }
                Err(reason) => left_out.push(LeftOut { candidate, reason }),
            }
        }
        let Some(averaged) = Averaged::new(&models) else {
            return Ok(None);
        };
        let draws = averaged.draw(&prepared.bootstrap());
        let place = |candidate| members.iter().position(|member| *member == candidate);
        let member = |(model, &candidate): (usize, &usize)| {
            let focus = focus.filter(|focus| *focus != candidate).and_then(place);
            let confidence = prepared.settings.confidence;
            let by_run = |metric| candidates[candidate].test_by_run(metric, confidence);
            let Errors {
                mse,
                r2,
                target_mse,
            } = draws.model(model);
            Ok::<_, ReportError>(Member {
                candidate,
                mse,
                r2,
                target_mse,
                mse_by_run: by_run(Metric::Mse)?.ok_or(MetricsError::Empty)?,
                r2_by_run: by_run(Metric::R2)?,
                mse_to_focus: focus.map(|focus| draws.mse_difference(model, focus)),
            })
        };
        let members: Vec<Member> = members
            .iter()
            .enumerate()
            .map(member)
            .collect::<Result<_, _>>()?;
        let (paired, best_of_each_backbone) = pairs::pick(prepared, &members, focus, validated);
        Ok(Some(Self {
            images: averaged.images(),
            left_out,
            best_of_each_backbone,
            pairs: pairs::pairs(&members, &averaged, &draws, &paired, prepared)?,
            pareto: pareto(&members, prepared),
            members,
        }))
    }

    /// The pair of two candidates, if they were compared, and whether they are in
    /// this order.
    pub fn pair(&self, first: usize, second: usize) -> Option<(&Pair, bool)> {
        self.pairs.iter().find_map(|pair| {
            let is_of_both = pair.other(first) == Some(second);
            is_of_both.then_some((pair, pair.first == first))
        })
    }

    /// What is known of a candidate.
    pub fn member(&self, candidate: usize) -> Option<&Member> {
        let mut members = self.members.iter();
        members.find(|member| member.candidate == candidate)
    }
}

/// The tested runs of a candidate, all over the reference's images.
fn comparable<'a, 'b>(
    prepared: &'b Prepared<'a>,
    candidate: usize,
    reference: &Part<'a>,
) -> Result<Vec<&'b Part<'a>>, String> {
    let runs: Vec<&Part> = prepared.tests(candidate).collect();
    if runs.is_empty() {
        return Err("none of its runs has test predictions".to_owned());
    }
    let images = |part: &Part<'a>| {
        let rows = part.predictions.rows().iter();
        rows.map(|row| (&row.filename, &row.labels))
    };
    let is_same = |part: &&Part<'a>| images(part).eq(images(reference));
    if runs.iter().all(is_same) {
        Ok(runs)
    } else {
        Err("it was tested on other images or labels".to_owned())
    }
}

/// Those than which none is both cheaper and better.
fn pareto(members: &[Member], prepared: &Prepared) -> Vec<usize> {
    let candidates = &prepared.input.candidates;
    let costs_and_errors = members.iter().map(|member| {
        let cost = candidates[member.candidate].cost.multiply_adds;
        // Where R² is defined, it orders as the MSE does only for one target.
        let error = member.r2.map_or(member.mse.value, |r2| -r2.value);
        (cost as f64, error)
    });
    let costs_and_errors: Vec<(f64, f64)> = costs_and_errors.collect();
    let front = pareto_front(&costs_and_errors, Better::Lower).into_iter();
    front.map(|index| members[index].candidate).collect()
}
