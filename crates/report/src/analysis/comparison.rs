//! The candidates against each other, over the same test images.

use psp_metrics::{BootstrapSettings, SeedSummary, holm, sign_flip_test};
use serde::{Deserialize, Serialize};
use statrs::distribution::{ContinuousCDF, StudentsT};

use super::averaged::{Averaged, Draws};
use super::candidate::CandidateAnalysis;
use super::estimate::Estimate;
use super::focus::Focus;
use super::prepared::{Part, Prepared};
use crate::ReportError;

/// How the candidates compare on the test images, each as the mean over its runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Comparison {
    /// The test images.
    pub images: usize,
    /// The candidates that were tested on them.
    pub members: Vec<Member>,
    /// The others, each with the reason.
    pub left_out: Vec<LeftOut>,
    /// Whether there were so many candidates that only the best of each backbone by
    /// validation (and the chosen one) are compared pair by pair.
    pub best_of_each_backbone: bool,
    /// Pair by pair.
    pub pairs: Vec<Pair>,
    /// Candidates than which none is both cheaper (in multiply-adds) and better.
    pub pareto: Vec<usize>,
}

/// One candidate's test errors, averaged over its runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
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
#[non_exhaustive]
pub struct LeftOut {
    /// Which candidate.
    pub candidate: usize,
    /// Why.
    pub reason: String,
}

/// Two candidates.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
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

impl Comparison {
    pub(crate) fn of(
        prepared: &Prepared,
        candidates: &[CandidateAnalysis],
        focus: Option<&Focus>,
        validated: &[usize],
    ) -> Result<Option<Self>, ReportError> {
        let tested = |candidate: &usize| first_test(prepared, *candidate).is_some();
        let reference = focus
            .map(|focus| focus.candidate)
            .filter(tested)
            .or_else(|| (0..candidates.len()).find(tested));
        let Some(reference) = reference.and_then(|index| first_test(prepared, index)) else {
            return Ok(None);
        };
        let (mut members, mut models, mut left_out) = (Vec::new(), Vec::new(), Vec::new());
        for candidate in 0..candidates.len() {
            match comparable(prepared, candidate, reference) {
                Ok(runs) => {
                    members.push(candidate);
                    models.push(runs);
                }
                Err(reason) => left_out.push(LeftOut { candidate, reason }),
            }
        }
        let range = prepared.metrics.label_range;
        let Some(averaged) = Averaged::new(&models, range) else {
            return Ok(None);
        };
        let settings = prepared.settings;
        let draws = averaged.draw(&BootstrapSettings {
            resamples: settings.resamples,
            confidence: settings.confidence,
            seed: settings.seed,
        });
        let focus = focus.map(|focus| focus.candidate);
        let (paired, best_of_each_backbone) = pick(prepared, &members, focus, validated);
        let place = |candidate| members.iter().position(|member| *member == candidate);
        let paired: Vec<usize> = paired.into_iter().filter_map(place).collect();
        let mut comparison = Self {
            images: averaged.images(),
            members: members
                .iter()
                .enumerate()
                .map(|(model, &candidate)| {
                    let focus = focus.filter(|f| *f != candidate).and_then(place);
                    member(
                        &draws,
                        model,
                        &candidates[candidate],
                        candidate,
                        focus,
                        prepared,
                    )
                })
                .collect::<Result<_, _>>()?,
            left_out,
            best_of_each_backbone,
            pairs: Vec::new(),
            pareto: Vec::new(),
        };
        comparison.pairs = pairs(&comparison, &averaged, &draws, &paired, prepared)?;
        comparison.pareto = pareto(&comparison, prepared);
        Ok(Some(comparison))
    }

    /// The pair of two candidates, if they were compared, and whether they are in
    /// this order.
    pub fn pair(&self, first: usize, second: usize) -> Option<(&Pair, bool)> {
        self.pairs.iter().find_map(|pair| {
            let same = (pair.first, pair.second) == (first, second);
            let turned = (pair.first, pair.second) == (second, first);
            (same || turned).then_some((pair, same))
        })
    }

    /// What is known of a candidate.
    pub fn member(&self, candidate: usize) -> Option<&Member> {
        self.members
            .iter()
            .find(|member| member.candidate == candidate)
    }
}

fn first_test<'a, 'b>(prepared: &'b Prepared<'a>, candidate: usize) -> Option<&'b Part<'a>> {
    prepared.runs[candidate]
        .iter()
        .find_map(|run| run.test.as_ref())
}

/// The tested runs of a candidate, all over the reference's images.
fn comparable<'a, 'b>(
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
        let same = |(a, b): (&crate::input::PredictionRow, &crate::input::PredictionRow)| {
            a.filename == b.filename && a.labels == b.labels
        };
        part.predictions.rows.len() == reference.predictions.rows.len()
            && rows.zip(&reference.predictions.rows).all(same)
    };
    match runs.iter().all(key) {
        true => Ok(runs),
        false => Err("it was tested on other images or labels".to_owned()),
    }
}

fn member(
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
            .test_by_run(psp_metrics::Metric::Mse, prepared.settings.confidence)?
            .ok_or(psp_metrics::MetricsError::Empty)?,
        r2_by_run: analysed.test_by_run(psp_metrics::Metric::R2, prepared.settings.confidence)?,
        mse_to_focus: focus.map(|focus| draws.mse_difference(model, focus)),
    })
}

/// Who is compared pair by pair: all, or, of too many, the best of each backbone
/// (first in `validated`, the candidates from best to worst by validation) and the
/// model in focus.
fn pick(
    prepared: &Prepared,
    members: &[usize],
    focus: Option<usize>,
    validated: &[usize],
) -> (Vec<usize>, bool) {
    let most = prepared.settings.compared;
    if members.len() <= most {
        return (members.to_vec(), false);
    }
    let candidates = &prepared.input.candidates;
    let ordered = || validated.iter().filter(|index| members.contains(index));
    let mut picked: Vec<usize> = focus.into_iter().filter(|f| members.contains(f)).collect();
    for &index in ordered() {
        let backbone = &candidates[index].backbone;
        let seen = |other: &usize| candidates[*other].backbone == *backbone;
        if picked.len() < most.max(1) && !picked.iter().any(seen) {
            picked.push(index);
        }
    }
    // Fewer backbones than places: the next best, whatever their backbone.
    for &index in ordered() {
        if picked.len() < most && !picked.contains(&index) {
            picked.push(index);
        }
    }
    picked.sort_unstable();
    (picked, true)
}

fn pairs(
    comparison: &Comparison,
    averaged: &Averaged,
    draws: &Draws,
    paired: &[usize],
    prepared: &Prepared,
) -> Result<Vec<Pair>, ReportError> {
    let settings = prepared.settings;
    let errors: Vec<Vec<f64>> = paired.iter().map(|&m| averaged.squared_errors(m)).collect();
    let mut pairs = Vec::new();
    for a in 0..paired.len() {
        for b in a + 1..paired.len() {
            let (first, second) = (paired[a], paired[b]);
            let differences = errors[a].iter().zip(&errors[b]).map(|(a, b)| a - b);
            let differences: Vec<f64> = differences.collect();
            let p_value = sign_flip_test(&differences, settings.permutations, settings.seed)?;
            let [one, other] = [first, second].map(|model| &comparison.members[model]);
            let targets = 0..prepared.metrics.targets();
            pairs.push(Pair {
                first: one.candidate,
                second: other.candidate,
                mse: draws.mse_difference(first, second),
                r2: draws.r2_difference(first, second),
                target_mse: targets
                    .map(|target| draws.target_difference(first, second, target))
                    .collect(),
                p_value,
                adjusted_p_value: p_value,
                differs: false,
                beyond_seeds: welch(&one.mse_by_run, &other.mse_by_run, settings.level),
            });
        }
    }
    let p_values: Vec<f64> = pairs.iter().map(|pair| pair.p_value).collect();
    for (pair, adjusted) in pairs.iter_mut().zip(holm(&p_values)?) {
        pair.adjusted_p_value = adjusted;
        pair.differs = adjusted <= settings.level;
    }
    Ok(pairs)
}

/// Whether two means differ by more than the spread of their values explains
/// (B. L. Welch, 1947).
fn welch(a: &SeedSummary, b: &SeedSummary, level: f64) -> Option<bool> {
    let part = |summary: &SeedSummary| {
        let count = summary.values.len() as f64;
        Some((summary.std?.powi(2) / count, count - 1.0))
    };
    let ((a_part, a_free), (b_part, b_free)) = (part(a)?, part(b)?);
    let variance = a_part + b_part;
    let difference = (a.mean - b.mean).abs();
    if variance == 0.0 {
        return Some(difference > 0.0);
    }
    let freedom = variance.powi(2) / (a_part.powi(2) / a_free + b_part.powi(2) / b_free);
    let t = StudentsT::new(0.0, 1.0, freedom).ok()?;
    Some(difference / variance.sqrt() > t.inverse_cdf(1.0 - level / 2.0))
}

fn pareto(comparison: &Comparison, prepared: &Prepared) -> Vec<usize> {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn runs(values: &[f64]) -> SeedSummary {
        SeedSummary::new(values, &[], 0.95).unwrap()
    }

    /// SciPy 1.17, `ttest_ind(a, b, equal_var=False)`: p = 0.0196 and 0.3162.
    #[test]
    fn welchs_test_tells_a_difference_from_the_spread_of_seeds() {
        let a = runs(&[0.010, 0.011, 0.012]);
        assert_eq!(welch(&a, &runs(&[0.014, 0.0145, 0.0135]), 0.05), Some(true));
        assert_eq!(welch(&a, &runs(&[0.010, 0.016, 0.014]), 0.05), Some(false));
    }

    #[test]
    fn a_single_run_has_no_spread_to_compare_with() {
        assert_eq!(welch(&runs(&[0.1]), &runs(&[0.2, 0.3]), 0.05), None);
        assert_eq!(
            welch(&runs(&[0.1, 0.1]), &runs(&[0.2, 0.2]), 0.05),
            Some(true)
        );
    }
}
