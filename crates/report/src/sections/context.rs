//! What all sections are written from.

use crate::analysis::{Analysis, Evaluated, Focus, Repeats};
use crate::document::{Cell, Columns, Mark, Table, Text};
use crate::figures::{Drawn, Figures};
use crate::format;
use crate::input::{Candidate, Input, Run};
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

    /// `R²` or `negative MSE`.
    pub(crate) fn score_name(&self) -> &'static str {
        self.analysis.score.name()
    }

    /// `95 %`.
    pub(crate) fn confidence(&self) -> String {
        format::whole_percent(self.analysis.settings.confidence)
    }

    /// `95 % interval 0.81 to 0.92`.
    pub(crate) fn interval(&self, ends: [f64; 2], format: impl Fn(f64) -> String) -> String {
        let (confidence, [low, high]) = (self.confidence(), ends.map(format));
        format!("{confidence} interval {low} to {high}")
    }

    pub(crate) fn figure(&self, name: &str) -> Option<&'a Drawn> {
        self.figures.get(name)
    }

    /// All runs, each with its candidate's index.
    pub(crate) fn runs(&self) -> impl Iterator<Item = (usize, &'a Run)> {
        let runs =
            |(index, one): (usize, &'a Candidate)| one.runs.iter().map(move |run| (index, run));
        self.input.candidates.iter().enumerate().flat_map(runs)
    }

    /// A candidate's name.
    pub(crate) fn name(&self, candidate: usize) -> &'a str {
        &self.input.candidates[candidate].name
    }

    /// Marks the candidate that was chosen, and the finalist that it is the refit of.
    pub(crate) fn mark(&self, candidate: usize) -> Mark {
        let chosen = self.input.selection.as_ref();
        let chosen = chosen.map(|chosen| [chosen.candidate, chosen.ranked()]);
        Mark::chosen(chosen.is_some_and(|chosen| chosen.contains(&candidate)))
    }

    /// A candidate's name with its runs below, each a link to its folder, as the heading of a
    /// row.
    pub(crate) fn heading(&self, candidate: usize) -> Cell {
        let runs = self.input.candidates[candidate].runs.iter();
        let runs = Text::links(runs.map(|run| (run_name(run), run.folder.as_str())));
        let runs = if runs.is_empty() { "none".into() } else { runs };
        Cell::from(self.name(candidate)).detail(runs)
    }

    /// A table with a row for each candidate.
    pub(crate) fn models(
        &self,
        id: &str,
        caption: impl Into<Text>,
    ) -> Columns<(usize, &'a Candidate)> {
        Table::of(id, caption, self.input.candidates.iter().enumerate())
            .marked(|(index, _)| self.mark(*index))
            .text("model and runs", |(index, _)| self.heading(*index))
    }

    /// The run in focus with what was computed of it.
    pub(crate) fn focus(&self) -> Option<(Focus, &'a Evaluated)> {
        self.analysis.evaluated()
    }

    /// The run in focus: `resnet18 (trial 5), seed 2`, a link to its folder.
    pub(crate) fn focus_link(&self) -> Option<Text> {
        let Focus { candidate, run, .. } = self.analysis.focus?;
        let run = self.input.candidates.get(candidate)?.runs.get(run)?;
        Some(self.run_link(candidate, run))
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
    /// figure; empty where no run has predictions.
    pub(crate) fn focus_source(&self) -> Text {
        let (Some((focus, evaluated)), Some(link)) = (self.focus(), self.focus_link()) else {
            return Text::new();
        };
        let images = format::sample_size(evaluated.images);
        let text = Text::from("Run: ").then(link);
        text.plain(format!("; {images} {} images.", focus.part.name()))
    }
}

/// A score that trials are ranked by.
pub(crate) fn score(value: f64) -> String {
    format::fixed(value, 4)
}

/// `seed 2`, `seed 2, fold 1`.
pub(crate) fn run_name(run: &Run) -> String {
    match run.fold {
        Some(fold) => format!("seed {}, fold {fold}", run.seed),
        None => format!("seed {}", run.seed),
    }
}
