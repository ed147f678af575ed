//! The errors of the run in focus.

use psp_metrics::{DetailedMetrics, Group, GroupErrors, GroupScores, LabelGroups, Metric, Scores};

use super::Context;
use crate::analysis::{Evaluated, FEW_LABELS, FocusPart};
use crate::document::{Cell, Columns, Section, Table};
use crate::format::{interval_name, percent, ratio, tidy};

/// Columns of targets, or of all targets together, in one table.
const SIDE_BY_SIDE: usize = 3;

pub(super) fn write<'a>(context: &Context<'a>, section: &mut Section<'a>) {
    let Some((focus, evaluated)) = context.focus() else {
        section.say("No model has predictions, so there are no errors to show.");
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
    for (index, chunk) in parts.chunks(SIDE_BY_SIDE).enumerate() {
        section.table(metrics(context, chunk, format!("metrics-{}", index + 1)));
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
    section.figure(context.figure("error_by_bin"), context.focus_source());
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
    let DetailedMetrics {
        targets, overall, ..
    } = &evaluated.metrics;
    let part = |(name, target): (&'a str, Option<usize>)| {
        let (model, baseline, skill, groups) = match target.map(|target| &targets[target]) {
            None => (
                &overall.model,
                &overall.baseline,
                overall.skill,
                &overall.groups,
            ),
            Some(one) => (&one.model, &one.baseline, one.skill, &one.groups),
        };
        Part {
            name,
            target,
            evaluated,
            model,
            baseline,
            skill,
            groups,
        }
    };
    let names = context.targets.iter().enumerate();
    let names = names.map(|(target, name)| (name.as_str(), Some(target)));
    // One target is all targets.
    let whole = Some(("all targets", None)).filter(|_| targets.len() > 1);
    whole.into_iter().chain(names).map(part).collect()
}

impl Part<'_> {
    fn interval(&self, metric: Metric) -> Option<[f64; 2]> {
        self.evaluated.interval(self.target, metric)
    }

    /// Of the model, and of "predict the mean".
    fn value(&self, metric: Metric) -> [Option<f64>; 2] {
        if metric == Metric::Skill {
            return [self.skill, Some(0.0)];
        }
        [self.model, self.baseline].map(|scores| match metric {
            Metric::Mse => Some(scores.mse),
            Metric::Mae => Some(scores.mae),
            Metric::Rmse => Some(scores.rmse),
            Metric::R2 => scores.r2,
            Metric::MedianAbsoluteError => Some(scores.median_absolute_error),
            Metric::Bias => Some(scores.bias),
            Metric::Pearson => scores.pearson,
            Metric::Spearman => scores.spearman,
            Metric::BalancedMse => scores.balanced_mse,
            Metric::Within(bound) => {
                let mut within = scores.within.iter();
                Some(within.find(|within| within.bound == bound)?.share)
            }
            _ => None,
        })
    }
}

/// A metric's name in the table.
fn name(metric: Metric) -> String {
    match metric {
        Metric::MedianAbsoluteError => "median error".to_owned(),
        Metric::Within(bound) => format!("within {}", tidy(bound)),
        _ => metric.to_string(),
    }
}

/// A metric's value as the table has it.
fn text(context: &Context, metric: Metric, value: f64) -> String {
    match metric {
        Metric::R2 | Metric::Pearson | Metric::Spearman | Metric::Skill => ratio(value),
        Metric::Within(_) => percent(value),
        _ => context.error(value),
    }
}

fn metrics(context: &Context, parts: &[Part], id: String) -> Columns<Metric> {
    let caption = context.focus_source().plain(format!(
        " In brackets: {} intervals over images.",
        context.confidence()
    ));
    let within = parts.iter().take(1).flat_map(|part| &part.model.within);
    let within: Vec<f64> = within.map(|within| within.bound).collect();
    let rows = Metric::main(&within).into_iter();
    let rows = rows.filter(|metric| *metric != Metric::OutsideRange);
    let table = Table::of(id, caption, rows)
        .text("metric", |metric| name(*metric))
        .group("");
    parts.iter().fold(table, |table, part| {
        table
            .number("model", |metric| {
                let shown = |value| text(context, *metric, value);
                Cell::of(part.value(*metric)[0], shown).interval(part.interval(*metric), shown)
            })
            .number("predict the mean", |metric| {
                let shown = |value| text(context, *metric, value);
                Cell::of(part.value(*metric)[1], shown)
            })
            .group(part.name)
    })
}

/// One row of the table: some labels of a part.
struct LabelGroup<'a> {
    part: &'a Part<'a>,
    name: String,
    group: Group,
    scores: &'a GroupScores,
}

fn groups<'a>(context: &Context, parts: &'a [Part<'a>]) -> Columns<LabelGroup<'a>> {
    let caption = context.focus_source().plain(format!(
        " n counts labels; of fewer than {FEW_LABELS} no interval is given, since resampling so \
         few says little."
    ));
    let error = |value: f64| context.error(value);
    let cell = |row: &LabelGroup, of: fn(&GroupErrors) -> f64, metric: fn(Group) -> Metric| {
        let interval = row.part.interval(metric(row.group));
        let interval = interval.filter(|_| row.scores.count >= FEW_LABELS);
        Cell::of(row.scores.model.as_ref().map(of), error).interval(interval, error)
    };
    Table::of("groups", caption, parts.iter().flat_map(label_groups))
        .text("target", |row| row.part.name)
        .text("label", |row| row.name.clone())
        .number("n", |row| Cell::count(row.scores.count))
        .number("MSE", |row| {
            cell(row, |errors| errors.mse, Metric::GroupMse)
        })
        .number("MSE of the mean", |row| {
            Cell::of(row.scores.baseline.map(|errors| errors.mse), error)
        })
        .hint("MSE of \"predict the mean\" for the same labels")
        .number("MAE", |row| {
            cell(row, |errors| errors.mae, Metric::GroupMae)
        })
        .number("bias", |row| {
            cell(row, |errors| errors.bias, Metric::GroupBias)
        })
}

fn label_groups<'a>(part: &'a Part<'a>) -> Vec<LabelGroup<'a>> {
    let row = |name: String, group, scores| LabelGroup {
        part,
        name,
        group,
        scores,
    };
    let LabelGroups {
        zero,
        nonzero,
        bins,
        ..
    } = part.groups;
    let mut rows = Vec::new();
    // Without zeros, the others are all labels.
    if zero.count > 0 {
        rows.push(row("= 0".to_owned(), Group::Zero, zero));
        rows.push(row("≠ 0".to_owned(), Group::Nonzero, nonzero));
    }
    // The bin of 0 alone is the row of zeros, or nothing: the range begins at 0.
    let bins = bins.iter().enumerate();
    let bins = bins.filter(|(_, bin)| (bin.low, bin.high) != (0.0, 0.0));
    rows.extend(bins.map(|(index, bin)| {
        row(
            interval_name(bin.low, bin.high),
            Group::Bin(index),
            &bin.scores,
        )
    }));
    rows
}
