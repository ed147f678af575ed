//! The one run whose predictions are shown in detail.

use serde::{Deserialize, Serialize};

use super::candidate::{CandidateAnalysis, Evaluated};
use super::prepared::{Part, Prepared};
use crate::input::{Input, Predictions};

/// Which run is shown in detail, and over which images.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Focus {
    /// Its candidate: the chosen one, or else the best by validation.
    pub candidate: usize,
    /// Which of its runs.
    pub run: usize,
    /// Of a refit: the finalist that stands for it in the comparison.
    #[serde(default)]
    pub finalist: Option<usize>,
    /// Over which images.
    pub part: FocusPart,
    /// Whether this candidate was chosen.
    pub chosen: bool,
    /// Whether this very run was chosen.
    pub exported: bool,
}

/// The images that the run in focus is shown over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FocusPart {
    /// The test images.
    Test,
    /// The validation images, since there are no test predictions.
    Valid,
}

impl FocusPart {
    /// The one of these images.
    fn of<T>(self, test: Option<T>, valid: Option<T>) -> Option<T> {
        match self {
            Self::Test => test,
            Self::Valid => valid,
        }
    }

    /// `test` or `validation`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Test => "test",
            Self::Valid => "validation",
        }
    }
}

impl Focus {
    /// The candidate that stands for it in the comparison.
    pub fn compared(self) -> usize {
        self.finalist.unwrap_or(self.candidate)
    }

    /// `validated` are the candidates from best to worst by validation.
    pub(crate) fn of(prepared: &Prepared, validated: &[usize]) -> Option<Self> {
        let selection = prepared.input.selection.as_ref();
        let exported = selection.map(|selection| (selection.candidate, selection.run));
        let refitted = selection.and_then(|selection| selection.finalist);
        let order: Vec<usize> = match selection {
            // A refit without predictions leaves its finalist's.
            Some(selection) => [selection.candidate].into_iter().chain(refitted).collect(),
            // Those that have no score still have their predictions.
            None => (validated.iter().copied())
                .chain(0..prepared.runs.len())
                .collect(),
        };
        let find = |part: FocusPart| {
            order.iter().find_map(|&candidate| {
                let has = |run: &usize| part_of(prepared, candidate, *run, part).is_some();
                let preferred = exported.map(|(_, run)| run).filter(has);
                let run = preferred.or_else(|| (0..prepared.runs[candidate].len()).find(has))?;
                let is_exported = exported.is_some_and(|(exported, _)| exported == candidate);
                Some(Self {
                    candidate,
                    run,
                    finalist: refitted.filter(|_| is_exported),
                    part,
                    chosen: is_exported || refitted == Some(candidate),
                    exported: exported == Some((candidate, run)),
                })
            })
        };
        find(FocusPart::Test).or_else(|| find(FocusPart::Valid))
    }

    pub(crate) fn rows<'a, 'b>(self, prepared: &'b Prepared<'a>) -> Option<&'b Part<'a>> {
        part_of(prepared, self.candidate, self.run, self.part)
    }

    /// Its predictions over these images.
    pub(crate) fn predictions(self, input: &Input) -> Option<&Predictions> {
        let run = input.candidates.get(self.candidate)?.runs.get(self.run)?;
        self.part.of(run.test.as_ref(), run.valid.as_ref())
    }

    /// What was computed of it.
    pub fn evaluated(self, candidates: &[CandidateAnalysis]) -> Option<&Evaluated> {
        let run = candidates.get(self.candidate)?.runs.get(self.run)?;
        self.part.of(run.test.as_ref(), run.valid.as_ref())
    }
}

fn part_of<'a, 'b>(
    prepared: &'b Prepared<'a>,
    candidate: usize,
    run: usize,
    part: FocusPart,
) -> Option<&'b Part<'a>> {
    let run = prepared.runs.get(candidate)?.get(run)?;
    part.of(run.test.as_ref(), run.valid.as_ref())
}
