//! The candidates against each other.

use super::Context;
use super::context::score;
use crate::analysis::{Comparison, Member, Pair, Repeats};
use crate::document::{Cell, Columns, Mark, Section, Table, Text};
use crate::format::{count, counted, fixed, listed, ratio, sample_size, signed, whole_percent};

pub(super) fn write<'a>(context: &Context<'a>, section: &mut Section<'a>) {
    section.heading("Models against each other");
    let Some(comparison) = &context.analysis.comparison else {
        section.say("There are no test predictions: nothing can be compared on the same images.");
        return;
    };
    let images = counted(comparison.images, "test image", "test images");
    section.say(introduction(context, comparison, &images));
    section.table(members(context, comparison));
    section.list(comparison.left_out.iter().map(|left_out| {
        let name = context.name(left_out.candidate);
        format!("{name} has no part in it: {}.", left_out.reason)
    }));
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

/// What a model's numbers stand for, and where their noise comes from.
fn introduction(context: &Context, comparison: &Comparison, images: &str) -> String {
    let from_images = "\"from images\" is the bootstrap's standard error of one run's MSE: how \
                       much another draw of test images would move it";
    let repeats = context.repeats();
    let differ = match repeats {
        Repeats::Seeds | Repeats::Runs => "",
        Repeats::Folds => ", which were trained on different folds with one seed",
        Repeats::SeedsAndFolds => {
            ", which were trained on different folds and with different seeds"
        }
    };
    if is_repeated(comparison) {
        format!(
            "Each model stands for the mean over its runs: its squared error of an image is the \
             mean of its runs' squared errors there. All are over the same {images}. \"Between \
             {}\" is the standard deviation between the runs of a model{differ}, {from_images}.",
            repeats.name(),
        )
    } else {
        format!(
            "Each model was trained once, and all are over the same {images}: {from_images}. \
             How much another training would move it was not measured."
        )
    }
}

fn members<'a>(context: &Context, comparison: &'a Comparison) -> Columns<&'a Member> {
    let caption = format!(
        "Test errors, in brackets {} intervals over {} images. The numbers of a row come from \
         the runs that it links to.",
        context.confidence(),
        sample_size(comparison.images)
    );
    let error = |value: f64| context.error(value);
    let spread = |member: &Member| {
        let runs = member.mse_by_run.values.len();
        let spread = member.mse_by_run.std.map(|std| Cell::of(std, error));
        spread.map_or("one run".into(), |cell| cell.detail(format!("{runs} runs")))
    };
    let focus = context.analysis.focus;
    let less = match focus {
        Some(focus) if focus.chosen => "less the chosen's",
        _ => "less that in detail",
    };
    let other = match focus.and_then(|focus| focus.finalist) {
        Some(_) => "the finalist whose refit this report shows in detail",
        None => "the model which this report shows in detail",
    };
    Table::of("models", caption, &comparison.members)
        .marked(|member| context.mark(member.candidate))
        .text("model and runs", |member| context.heading(member.candidate))
        .group("")
        .number("MSE", |member| Cell::estimate(member.mse, error))
        .number("R²", |member| Cell::estimate(member.r2, ratio))
        .group("on the test images")
        .when(is_repeated(comparison), |table| {
            table
                .number(format!("between {}", context.repeats().name()), |member| {
                    spread(member)
                })
                .hint("Standard deviation of the MSE between runs")
        })
        .number("from images", |member| {
            Cell::of(member.mse_by_run.sampling_error, error)
        })
        .hint("Bootstrap standard error of one run's MSE")
        .group("noise of the MSE")
        .number(context.score_name(), |member| {
            Cell::of(context.validation(member.candidate), score)
        })
        .hint("Mean validation score over the runs")
        .group("on validation")
        .number(less, |member| {
            Cell::estimate(member.mse_to_focus, |value| signed(&error(value)))
        })
        .hint(format!(
            "MSE less that of {other}, image by image; negative: better"
        ))
        .group("difference of the MSE")
}

/// Whether any model was trained more than once.
fn is_repeated(comparison: &Comparison) -> bool {
    let mut members = comparison.members.iter();
    members.any(|member| member.mse_by_run.values.len() > 1)
}

fn verdicts(context: &Context, comparison: &Comparison) -> String {
    let which = if comparison.best_of_each_backbone {
        format!(
            "There are {} models; compared pair by pair are only {} (the model in detail, then \
             by validation the best of each backbone, then the next best), as each further pair \
             makes the test stricter. ",
            comparison.members.len(),
            listed(&compared(context, comparison))
        )
    } else {
        String::new()
    };
    let shown = comparison.pairs.iter().filter(|pair| pair.differs).count();
    let (found, corrected) = match (comparison.pairs.len(), shown) {
        (1, 0) => ("No difference is shown.".to_owned(), String::new()),
        (1, _) => ("A difference is shown.".to_owned(), String::new()),
        (pairs, shown) => {
            let shown = match shown {
                0 => "none".to_owned(),
                shown => count(shown),
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
    let beyond = if is_repeated(comparison) {
        let (repeats, level) = (context.repeats().name(), context.analysis.settings.level);
        format!(
            "The column \"beyond the {repeats}\" asks whether the difference is also larger than \
             the spread between {repeats} explains (Welch's t-test at {}).",
            whole_percent(level)
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
    let members = comparison.members.iter().map(|member| member.candidate);
    let in_pair = |one: &usize| {
        let mut pairs = comparison.pairs.iter();
        pairs.any(|pair| pair.other(*one).is_some())
    };
    members
        .filter(in_pair)
        .map(|one| context.name(one))
        .collect()
}

fn pairs<'a>(context: &Context, comparison: &'a Comparison) -> Columns<&'a Pair> {
    let caption = format!(
        "Pairs of models over the same {} test images; the runs are those of the table above.",
        sample_size(comparison.images)
    );
    let error = |value: f64| signed(&context.error(value));
    let repeats = context.repeats().name();
    let targets = context.targets;
    let by_target = targets.len() > 1 && targets.len() <= 4;
    let table = Table::of("pairs", caption, &comparison.pairs)
        .wide(by_target)
        .marked(|pair| Mark::quiet(!pair.differs))
        .text("first", |pair| linked(context, pair.first))
        .text("second", |pair| linked(context, pair.second))
        .names()
        .text("on these images", |pair| verdict(context, pair))
        .names()
        .number("p", |pair| {
            Cell::of(pair.adjusted_p_value, p_value)
                .detail(format!("uncorrected {}", p_value(pair.p_value)))
        })
        .hint("Of the permutation test, after Holm's correction")
        .when(is_repeated(comparison), |table| {
            table
                .text(format!("beyond the {repeats}"), |pair| beyond(pair))
                .hint(format!(
                    "Whether the difference is more than the spread between {repeats} explains; \
                     no: training again might turn it round"
                ))
        })
        .number("MSE", |pair| Cell::estimate(pair.mse, error))
        .hint("The first's less the second's; negative speaks for the first")
        .number("R²", |pair| {
            Cell::estimate(pair.r2, |value| signed(&ratio(value)))
        })
        .hint("The first's less the second's; positive speaks for the first");
    let targets = targets.iter().enumerate().filter(|_| by_target);
    targets.fold(table, |table, (target, name)| {
        table.number(format!("MSE, {name}"), |pair| {
            Cell::estimate(pair.target_mse[target], error)
        })
    })
}

fn linked(context: &Context, candidate: usize) -> Text {
    let name = context.name(candidate);
    match context.input.candidates[candidate].runs.first() {
        Some(run) => Text::new().path(name, &run.folder),
        None => Text::from(name),
    }
}

fn verdict(context: &Context, pair: &Pair) -> Text {
    if !pair.differs {
        return Text::from("no difference shown");
    }
    let better = match pair.mse.value {
        ..0.0 => pair.first,
        _ => pair.second,
    };
    Text::new().strong(format!("{} is better", context.name(better)))
}

fn beyond(pair: &Pair) -> &'static str {
    match (pair.differs, pair.beyond_seeds) {
        (false, _) => "–",
        (true, None) => "one run only",
        (true, Some(true)) => "yes",
        (true, Some(false)) => "no",
    }
}

fn p_value(p: f64) -> String {
    match p {
        ..0.0001 => "< 0.0001".to_owned(),
        ..0.1 => fixed(p, 4),
        _ => fixed(p, 2),
    }
}
