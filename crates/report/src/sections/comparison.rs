//! The candidates against each other.

use psp_metrics::SeedSummary;

use super::Context;
use crate::analysis::{Comparison, Member, Pair, Repeats};
use crate::document::{Cell, Mark, Section, Table, Text};
use crate::format::{count, counted, fixed, listed, ratio, sample_size, signed, whole_percent};

pub(super) fn blocks<'a>(context: &Context<'a>, section: &mut Section<'a>) {
    section.heading("Models against each other");
    let Some(comparison) = &context.analysis.comparison else {
        section.say("There are no test predictions: nothing can be compared on the same images.");
        return;
    };
    let images = counted(comparison.images, "test image", "test images");
    let repeats = context.repeats();
    let from_images = "\"from images\" is the bootstrap's standard error of one run's MSE: how \
                       much another draw of test images would move it";
    section.say(if is_repeated(comparison) {
        format!(
            "Each model stands for the mean over its runs: its squared error of an image is the \
             mean of its runs' squared errors there. All are over the same {images}. \"Between \
             {}\" is the standard deviation between the runs of a model{}, {from_images}.",
            repeats.name(),
            match repeats {
                Repeats::Seeds | Repeats::Runs => "",
                Repeats::Folds => ", which were trained on different folds with one seed",
                Repeats::SeedsAndFolds =>
                    ", which were trained on different folds and with different seeds",
            }
        )
    } else {
        format!(
            "Each model was trained once, and all are over the same {images}: {from_images}. \
             How much another training would move it was not measured."
        )
    });
    section.table(members(context, comparison));
    left_out(context, comparison, section);
    section.figure(
        context.figure("comparison"),
        format!(
            "Mean over runs; the intervals are over {images}, each grey dot is one run. Intervals \
             that overlap say little: the same images are hard for all models, and the table \
             below compares image by image. The runs are those of the table above."
        ),
    );
    if comparison.pairs.is_empty() {
        section.say(match comparison.members.len() {
            1 => "There is only one model with test predictions, so nothing to compare.",
            _ => "No two models were compared image by image.",
        });
        return;
    }
    section.heading("Pair by pair");
    section.say(verdicts(context, comparison));
    section.table(pairs(context, comparison));
}

fn members(context: &Context, comparison: &Comparison) -> Table {
    let percent = context.confidence();
    let caption = format!(
        "Test errors, in brackets {percent} intervals over {} images. The numbers of a row \
         come from the runs that it links to.",
        sample_size(comparison.images)
    );
    let error = |value: f64| context.error(value);
    let mut table = Table::new("models", caption)
        .text("model and runs")
        .group("")
        .number("MSE")
        .number("R²")
        .group("on the test images");
    let is_repeated = is_repeated(comparison);
    if is_repeated {
        table = table
            .number(format!("between {}", context.repeats().name()))
            .hint("Standard deviation of the MSE between runs");
    }
    table = table
        .number("from images")
        .hint("Bootstrap standard error of one run's MSE")
        .group("noise of the MSE")
        .number(context.score_name())
        .hint("Mean validation score over the runs")
        .group("on validation")
        .number(
            if context.analysis.focus.is_some_and(|focus| focus.chosen) {
                "less the chosen's"
            } else {
                "less that in detail"
            },
        )
        .hint(format!(
            "MSE less that of {}, image by image; negative: better",
            match context.analysis.focus.and_then(|focus| focus.finalist) {
                Some(_) => "the finalist whose refit this report shows in detail",
                None => "the model which this report shows in detail",
            }
        ))
        .group("difference of the MSE");
    for member in &comparison.members {
        let seeds = &member.mse_by_run;
        let validation = match context.validation(member.candidate) {
            None => Cell::none(),
            Some(score) => Cell::number(score, context.score(score)),
        };
        let difference = member.mse_to_focus.map_or_else(Cell::none, |difference| {
            Cell::number(difference.value, signed(&error(difference.value)))
                .interval(difference.interval, |end| signed(&error(end)))
        });
        let mut cells = vec![
            context.heading(member.candidate),
            Cell::number(member.mse.value, error(member.mse.value))
                .interval(member.mse.interval, error),
            member.r2.map_or_else(Cell::none, |r2| {
                Cell::number(r2.value, ratio(r2.value)).interval(r2.interval, ratio)
            }),
        ];
        if is_repeated {
            cells.push(spread(seeds, context));
        }
        cells.extend([
            Cell::of(seeds.sampling_error, error),
            validation,
            difference,
        ]);
        let mark = if context.is_chosen(member.candidate) {
            Mark::Chosen
        } else {
            Mark::None
        };
        table.marked(mark, cells);
    }
    table
}

/// Whether any model was trained more than once.
fn is_repeated(comparison: &Comparison) -> bool {
    let mut members = comparison.members.iter();
    members.any(|member| member.mse_by_run.values.len() > 1)
}

fn spread(seeds: &SeedSummary, context: &Context) -> Cell {
    match seeds.std {
        Some(std) => {
            Cell::number(std, context.error(std)).detail(format!("{} runs", seeds.values.len()))
        }
        None => Cell::text("one run"),
    }
}

fn left_out(context: &Context, comparison: &Comparison, section: &mut Section) {
    let items = comparison.left_out.iter().map(|left_out| {
        let name = context.name(left_out.candidate);
        Text::from(format!("{name} has no part in it: {}.", left_out.reason))
    });
    section.list(items.collect());
}

fn verdicts(context: &Context, comparison: &Comparison) -> String {
    let shown = comparison.pairs.iter().filter(|pair| pair.differs).count();
    let which = if comparison.best_of_each_backbone {
        let names = compared(context, comparison);
        format!(
            "There are {} models; compared pair by pair are only {} (the model in detail, \
                 then by validation the best of each backbone, then the next best), as each \
                 further pair makes the test stricter. ",
            comparison.members.len(),
            listed(&names)
        )
    } else {
        String::new()
    };
    let (found, corrected) = match (comparison.pairs.len(), shown) {
        (1, 0) => ("No difference is shown.".to_owned(), String::new()),
        (1, _) => ("A difference is shown.".to_owned(), String::new()),
        (pairs, shown) => {
            let shown = match shown {
                0 => "none".to_owned(),
                shown => count(shown as u64),
            };
            let pairs = counted(pairs, "pair", "pairs");
            (
                format!("Of {pairs}, a difference is shown in {shown}."),
                format!(
                    ", corrected for {pairs} by Holm's method; the intervals are not corrected"
                ),
            )
        }
    };
    let level = whole_percent(context.analysis.settings.level);
    let beyond = if is_repeated(comparison) {
        let repeats = context.repeats().name();
        format!(
            "The column \"beyond the {repeats}\" asks whether the difference is also larger than \
             the spread between {repeats} explains (Welch's t-test at {level})."
        )
    } else {
        "Each model was trained once: whether other trainings would differ in the same way is \
         not known."
            .to_owned()
    };
    format!(
        "{which}{found} Differences are the first model's MSE less the second's, image by image: \
         negative speaks for the first. p is of the permutation test{corrected}. {beyond}"
    )
}

fn compared<'a>(context: &Context<'a>, comparison: &Comparison) -> Vec<&'a str> {
    let in_pair = |member: &&Member| {
        let mut pairs = comparison.pairs.iter();
        pairs.any(|pair| pair.first == member.candidate || pair.second == member.candidate)
    };
    let members = comparison.members.iter().filter(in_pair);
    members
        .map(|member| context.name(member.candidate))
        .collect()
}

fn pairs(context: &Context, comparison: &Comparison) -> Table {
    let caption = format!(
        "Pairs of models over the same {} test images; the runs are those of the table above.",
        sample_size(comparison.images)
    );
    let error = |value: f64| signed(&context.error(value));
    let difference = |value: f64| signed(&ratio(value));
    let repeats = context.repeats().name();
    let mut table = Table::new("pairs", caption)
        .text("first")
        .text("second")
        .names()
        .text("on these images")
        .names()
        .number("p")
        .hint("Of the permutation test, after Holm's correction");
    let is_repeated = is_repeated(comparison);
    if is_repeated {
        table = table.text(format!("beyond the {repeats}")).hint(format!(
            "Whether the difference is more than the spread between {repeats} explains; no: \
             training again might turn it round"
        ));
    }
    table = table
        .number("MSE")
        .hint("The first's less the second's; negative speaks for the first")
        .number("R²")
        .hint("The first's less the second's; positive speaks for the first");
    let targets = context.targets;
    let by_target = targets.len() > 1 && targets.len() <= 4;
    table.wide = by_target;
    if by_target {
        for target in targets {
            table = table.number(format!("MSE, {target}"));
        }
    }
    for pair in &comparison.pairs {
        let mut cells = vec![
            linked(context, pair.first),
            linked(context, pair.second),
            Cell::text(verdict(context, pair)),
            Cell::number(pair.adjusted_p_value, p_value(pair.adjusted_p_value))
                .detail(format!("uncorrected {}", p_value(pair.p_value))),
        ];
        if is_repeated {
            cells.push(Cell::text(match (pair.differs, pair.beyond_seeds) {
                (false, _) => "–",
                (true, None) => "one run only",
                (true, Some(true)) => "yes",
                (true, Some(false)) => "no",
            }));
        }
        cells.extend([
            Cell::number(pair.mse.value, error(pair.mse.value)).interval(pair.mse.interval, error),
            pair.r2.map_or_else(Cell::none, |r2| {
                Cell::number(r2.value, difference(r2.value)).interval(r2.interval, difference)
            }),
        ]);
        if by_target {
            cells.extend(pair.target_mse.iter().map(|mse| {
                Cell::number(mse.value, error(mse.value)).interval(mse.interval, error)
            }));
        }
        let mark = if pair.differs {
            Mark::None
        } else {
            Mark::Quiet
        };
        table.marked(mark, cells);
    }
    table
}

fn linked(context: &Context, candidate: usize) -> Cell {
    let runs = &context.input.candidates[candidate].runs;
    let name = context.name(candidate);
    Cell::text(match runs.first() {
        Some(run) => Text::new().path(name, &run.folder),
        None => Text::from(name),
    })
}

fn verdict(context: &Context, pair: &Pair) -> Text {
    if !pair.differs {
        return Text::from("no difference shown");
    }
    let better = if pair.mse.value < 0.0 {
        pair.first
    } else {
        pair.second
    };
    Text::new().strong(format!("{} is better", context.name(better)))
}

fn p_value(p: f64) -> String {
    match p {
        p if p < 0.0001 => "< 0.0001".to_owned(),
        p if p < 0.1 => fixed(p, 4),
        _ => fixed(p, 2),
    }
}
