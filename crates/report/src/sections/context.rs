//! What all sections are written from.

use crate::analysis::{Analysis, Repeats};
use crate::document::{Cell, Text};
use crate::figures::{Drawn, Figures};
use crate::format;
use crate::input::{Input, Run};
use crate::pictures::Pictures;
use crate::project::{Project, perspective_scores};

/// The input with all that was made of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Context<'a> {
    pub(crate) input: &'a Input,
    pub(crate) analysis: &'a Analysis,
    pub(crate) figures: &'a Figures,
    pub(crate) pictures: &'a Pictures,
    /// The targets' names as tables and galleries have them.
    pub(crate) targets: &'a [String],
}

impl<'a> Context<'a> {
    /// The perspective-score project, if the data is its own.
    pub(crate) fn project(&self) -> Option<&'static Project> {
        Some(perspective_scores()).filter(|project| project.has_data(&self.input.data))
    }

    /// The width of what labels lie in.
    pub(crate) fn span(&self) -> f64 {
        let [low, high] = self.input.data.span();
        high - low
    }

    /// An error in the labels' unit, or its square.
    pub(crate) fn error(&self, value: f64) -> String {
        format::error(value, self.span())
    }

    /// `[0, 1]`: what labels lie in.
    pub(crate) fn range(&self) -> String {
        let [low, high] = self.input.data.span().map(format::tidy);
        format!("[{low}, {high}]")
    }

    /// A score that trials are ranked by.
    pub(crate) fn score(&self, value: f64) -> String {
        format::fixed(value, 4)
    }

    /// `R²`, `MSE × −1`.
    pub(crate) fn score_name(&self) -> &'static str {
        self.analysis.score.name()
    }

    /// `95 %`.
    pub(crate) fn confidence(&self) -> String {
        format::whole_percent(self.analysis.settings.confidence)
    }

    pub(crate) fn figure(&self, name: &str) -> Option<&'a Drawn> {
        self.figures.get(name)
    }

    /// A candidate's name.
    pub(crate) fn name(&self, candidate: usize) -> &'a str {
        &self.input.candidates[candidate].name
    }

    /// Whether it was chosen, or is the finalist that was.
    pub(crate) fn is_chosen(&self, candidate: usize) -> bool {
        let selection = self.input.selection.as_ref();
        selection.is_some_and(|selection| {
            selection.candidate == candidate || selection.ranked() == candidate
        })
    }

    /// A candidate's runs, each a link to its folder.
    pub(crate) fn runs(&self, candidate: usize) -> Text {
        let mut text = Text::new();
        for (index, run) in self.input.candidates[candidate].runs.iter().enumerate() {
            if index > 0 {
                text = text.plain(", ");
            }
            text = text.path(run_name(run), &run.folder);
        }
        if text.is_empty() {
            Text::from("none")
        } else {
            text
        }
    }

    /// A candidate's name with its runs below, as the heading of a row.
    pub(crate) fn heading(&self, candidate: usize) -> Cell {
        Cell::text(self.name(candidate)).detail(self.runs(candidate))
    }

    /// The run in focus: `resnet18 (trial 5), seed 2`, a link to its folder.
    pub(crate) fn focus_link(&self) -> Option<Text> {
        let focus = self.analysis.focus?;
        let candidate = self.input.candidates.get(focus.candidate)?;
        Some(self.run_link(focus.candidate, candidate.runs.get(focus.run)?))
    }

    /// `resnet18 (trial 5), seed 2`, a link to the run's folder.
    pub(crate) fn run_link(&self, candidate: usize, run: &Run) -> Text {
        let name = format!("{}, {}", self.name(candidate), run_name(run));
        Text::new().path(name, &run.folder)
    }

    /// In what the runs of a model differ.
    pub(crate) fn repeats(&self) -> Repeats {
        Repeats::of(&self.analysis.candidates)
    }

    /// A candidate's mean validation score.
    pub(crate) fn validation(&self, candidate: usize) -> Option<f64> {
        let scores = self.analysis.candidates[candidate].validation.as_ref();
        scores.map(|scores| scores.mean)
    }

    /// `Run: resnet18 (trial 5), seed 2; n = 400 test images.`, to stand at a table or
    /// figure.
    pub(crate) fn focus_source(&self) -> Option<Text> {
        let focus = self.analysis.focus?;
        let evaluated = focus.evaluated(&self.analysis.candidates)?;
        let images = format::sample_size(evaluated.images);
        let part = focus.part.name();
        let text = Text::from("Run: ").then(self.focus_link()?);
        Some(text.plain(format!("; {images} {part} images.")))
    }
}

/// `seed 2`, `seed 2, fold 1`.
pub(crate) fn run_name(run: &Run) -> String {
    match run.fold {
        Some(fold) => format!("seed {}, fold {fold}", run.seed),
        None => format!("seed {}", run.seed),
    }
}
