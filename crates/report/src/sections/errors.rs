//! The errors of the run in focus.

use psp_metrics::{Group, GroupScores, LabelGroups, Metric, Scores};

use super::Context;
use crate::analysis::{Evaluated, FEW_LABELS, FocusPart};
use crate::document::{Cell, Section, Table};
use crate::format::{percent, ratio, tidy};

/// Ids of tables must be known when the program is compiled; there are at most so
/// many columns of targets anyway that anyone can read.
const METRIC_TABLES: [&str; 8] = [
    "metrics-1",
    "metrics-2",
    "metrics-3",
    "metrics-4",
    "metrics-5",
    "metrics-6",
    "metrics-7",
    "metrics-8",
];
/// Columns of targets, or of all targets together, in one table.
const SIDE_BY_SIDE: usize = 3;

pub(super) fn blocks<'a>(context: &Context<'a>, section: &mut Section<'a>) {
    let focus = context.analysis.focus;
    let evaluated = focus.and_then(|focus| focus.evaluated(&context.analysis.candidates));
    let (Some(focus), Some(evaluated)) = (focus, evaluated) else {
        section.say("There are no predictions of any model, and therefore no errors to tell of.");
        return;
    };
    let is_best = context.analysis.validated.first() == Some(&focus.candidate);
    let model = match (focus.chosen, is_best) {
        (true, _) => "The chosen model",
        (false, true) => "The best model by validation",
        (false, false) => "A model that has predictions",
    };
    section.heading(match focus.part {
        FocusPart::Test => format!("{model} on the test images"),
        FocusPart::Valid => format!("{model} on its validation images"),
    });
    if focus.chosen && !focus.exported {
        section.say(format!(
            "The chosen run itself has no {} predictions that can be used. The numbers and \
             pictures are of another run of the chosen model.",
            focus.part.name()
        ));
    }
    if focus.part == FocusPart::Valid {
        section.say(
            "There are no test predictions. The numbers below are over the validation images, \
             by which the best epoch was picked: they are too good.",
        );
    }
    if let Some(sampled) = evaluated.metrics.sampled {
        section.say(format!(
            "Medians and rank correlations are of a uniform sample of {sampled} images."
        ));
    }
    let parts = parts(context, evaluated);
    for (chunk, id) in parts.chunks(SIDE_BY_SIDE).zip(METRIC_TABLES) {
        section.table(metrics(context, chunk, id));
    }
    section.heading("By label");
    let piles = context.input.data.piles(context.targets);
    let piles = piles.map_or_else(String::new, |piles| {
        format!(
            " Many labels are one and the same ({piles}): a model that always gives this answer \
             looks good over all images, and is useless for the others."
        )
    });
    section.say(format!("The same predictions by what the label is.{piles}"));
    section.table(groups(context, &parts));
    let source = context.focus_source().unwrap_or_default();
    section.figure(context.figure("error_by_bin"), source);
}

/// All targets together, or one of them.
struct Part<'a> {
    name: &'a str,
    target: Option<usize>,
    evaluated: &'a Evaluated,
    model: &'a Scores,
    baseline: &'a Scores,
    skill: Option<f64>,
    groups: &'a LabelGroups,
}

fn parts<'a>(context: &Context<'a>, evaluated: &'a Evaluated) -> Vec<Part<'a>> {
    let overall = &evaluated.metrics.overall;
    let whole = Part {
        name: "all targets",
        target: None,
        evaluated,
        model: &overall.model,
        baseline: &overall.baseline,
        skill: overall.skill,
        groups: &overall.groups,
    };
    let names = context.targets.iter();
    let targets = names.zip(&evaluated.metrics.targets).enumerate();
    let targets = targets.map(|(index, (name, target))| Part {
        name,
        target: Some(index),
        evaluated,
        model: &target.model,
        baseline: &target.baseline,
        skill: target.skill,
        groups: &target.groups,
    });
    match evaluated.metrics.targets.len() {
        // One target is all targets.
        1 => targets.collect(),
        _ => std::iter::once(whole).chain(targets).collect(),
    }
}

impl Part<'_> {
    fn interval(&self, metric: Metric) -> Option<[f64; 2]> {
        let interval = match self.target {
            None => self.evaluated.overall(metric),
            Some(target) => self.evaluated.target(target, metric),
        }?;
        Some([interval.low?, interval.high?])
    }
}

fn metrics(context: &Context, parts: &[Part], id: &'static str) -> Table {
    let caption = context.focus_source().unwrap_or_default();
    let caption = caption.plain(format!(
        " In brackets: {} intervals over images.",
        context.confidence()
    ));
    let mut table = Table::new(id, caption).text("metric").group("");
    for part in parts {
        table = table
            .number("model")
            .number("predict the mean")
            .group(part.name);
    }
    type Of = fn(&Scores) -> Option<f64>;
    let error = |value: f64| context.error(value);
    type Format<'a> = &'a dyn Fn(f64) -> String;
    let rows: [(Metric, &str, Of, Format); 8] = [
        (Metric::Mse, "MSE", |s| Some(s.mse), &error),
        (Metric::Mae, "MAE", |s| Some(s.mae), &error),
        (Metric::Rmse, "RMSE", |s| Some(s.rmse), &error),
        (Metric::R2, "R²", |s| s.r2, &ratio),
        (
            Metric::MedianAbsoluteError,
            "median error",
            |s| Some(s.median_absolute_error),
            &error,
        ),
        (Metric::Bias, "bias", |s| Some(s.bias), &error),
        (Metric::Pearson, "Pearson", |s| s.pearson, &ratio),
        (Metric::Spearman, "Spearman", |s| s.spearman, &ratio),
    ];
    let cells = |name: String,
                 metric: Metric,
                 of: &dyn Fn(&Scores) -> Option<f64>,
                 format: &dyn Fn(f64) -> String| {
        let mut cells = vec![Cell::text(name)];
        for part in parts {
            let cell = Cell::of(of(part.model), format);
            cells.push(cell.interval(part.interval(metric), format));
            cells.push(Cell::of(of(part.baseline), format));
        }
        cells
    };
    for (metric, name, of, format) in rows {
        table.row(cells(name.to_owned(), metric, &of, format));
    }
    let bounds = parts.first().map_or(&[][..], |part| &part.model.within);
    for (index, within) in bounds.iter().enumerate() {
        let of = |scores: &Scores| Some(scores.within.get(index)?.share);
        let name = format!("within {}", tidy(within.bound));
        table.row(cells(name, Metric::Within(within.bound), &of, &percent));
    }
    let balanced = |scores: &Scores| scores.balanced_mse;
    table.row(cells(
        "balanced MSE".to_owned(),
        Metric::BalancedMse,
        &balanced,
        &error,
    ));
    let mut skill = vec![Cell::text("skill")];
    for part in parts {
        let cell = Cell::of(part.skill, ratio);
        skill.push(cell.interval(part.interval(Metric::Skill), ratio));
        skill.push(Cell::number(0.0, ratio(0.0)));
    }
    table.row(skill);
    table
}

fn groups(context: &Context, parts: &[Part]) -> Table {
    let caption = context.focus_source().unwrap_or_default();
    let caption = caption.plain(format!(
        " n counts labels; of fewer than {FEW_LABELS} no interval is given, since resampling so \
         few says little."
    ));
    let mut table = Table::new("groups", caption)
        .text("target")
        .text("label")
        .number("n")
        .number("MSE")
        .number("MSE of the mean")
        .hint("MSE of \"predict the mean\" for the same labels")
        .number("MAE")
        .number("bias");
    let error = |value: f64| context.error(value);
    for part in parts {
        for (name, group, scores) in label_groups(part.groups) {
            let model = scores.model;
            let mse = Cell::of(model.map(|errors| errors.mse), error);
            let interval = |metric| {
                if scores.count < FEW_LABELS {
                    None
                } else {
                    part.interval(metric)
                }
            };
            table.row(vec![
                Cell::text(part.name),
                Cell::text(name),
                Cell::count(scores.count as usize),
                mse.interval(interval(Metric::GroupMse(group)), error),
                Cell::of(scores.baseline.map(|errors| errors.mse), error),
                Cell::of(model.map(|errors| errors.mae), error)
                    .interval(interval(Metric::GroupMae(group)), error),
                Cell::of(model.map(|errors| errors.bias), error)
                    .interval(interval(Metric::GroupBias(group)), error),
            ]);
        }
    }
    table
}

fn label_groups(groups: &LabelGroups) -> Vec<(String, Group, &GroupScores)> {
    let mut rows = Vec::new();
    // Without zeros, the others are all labels.
    if groups.zero.count > 0 {
        rows.push(("= 0".to_owned(), Group::Zero, &groups.zero));
        rows.push(("≠ 0".to_owned(), Group::Nonzero, &groups.nonzero));
    }
    for (index, bin) in groups.bins.iter().enumerate() {
        let (low, high) = (tidy(bin.low), tidy(bin.high));
        let name = match bin.low == bin.high {
            // The row of zeros, or nothing: the range begins at 0.
            true if bin.low == 0.0 => continue,
            true => format!("= {low}"),
            false => format!("({low}, {high}]"),
        };
        rows.push((name, Group::Bin(index), &bin.scores));
    }
    rows
}
