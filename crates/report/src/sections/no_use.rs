//! Whether the model that is shown is of any use.

use psp_metrics::Metric;

use super::Context;
use crate::analysis::Score;
use crate::format::{counted, listed, ratio};

/// Predictions that differ by no more than this share of the labels' span are the same.
const SAME: f64 = 1e-4;

/// That it is of none, in whole sentences which stand first; `None` of a model that is
/// shown to be better than an answer that never changes.
pub(super) fn no_use(context: &Context) -> Option<String> {
    let said = constant(context).into_iter().chain(not_better(context));
    let said: Vec<String> = said.collect();
    (!said.is_empty()).then(|| said.join(" "))
}

/// The targets whose predictions are the same for every image.
fn constant(context: &Context) -> Option<String> {
    let rows = &context.analysis.focus?.predictions(context.input)?.rows;
    let is_same = |target: usize| {
        let predicted = rows.iter().map(|row| row.predictions[target]);
        let [low, high] = predicted.fold([f64::INFINITY, f64::NEG_INFINITY], |[low, high], one| {
            [low.min(one), high.max(one)]
        });
        high - low <= SAME * context.span()
    };
    let names = context.targets.iter().enumerate();
    let same: Vec<&str> = names
        .filter(|(target, _)| is_same(*target))
        .map(|(_, name)| name.as_str())
        .collect();
    if rows.len() < 2 || same.is_empty() {
        return None;
    }
    Some(if same.len() == context.targets.len() {
        "Its predictions are the same for every image, whatever it shows.".to_owned()
    } else {
        format!(
            "Its predictions of {} are the same for every image.",
            listed(&same)
        )
    })
}

/// That it is not better than "predict the mean", or not shown to be.
fn not_better(context: &Context) -> Option<String> {
    let analysis = context.analysis;
    let Some(focus) = analysis.focus else {
        return by_validation(context);
    };
    let evaluated = focus.evaluated(&analysis.candidates)?;
    // R² is beside the mean of these very labels, and far below 0 where they hardly differ.
    let skill = evaluated.overall(Metric::Skill);
    if skill
        .and_then(|skill| skill.low)
        .is_some_and(|low| low > 0.0)
    {
        return None;
    }
    // R² is undefined where no target's labels differ.
    let metrics = [Metric::R2, Metric::Skill].into_iter();
    let interval = metrics
        .filter_map(|metric| evaluated.overall(metric))
        .find(|interval| interval.estimate.is_some())?;
    let value = interval.estimate?;
    let no_better = if value <= 0.0 {
        "no better"
    } else if interval.low.is_some_and(|low| low <= 0.0) {
        "not shown to be better"
    } else {
        return None;
    };
    let ends = interval.low.zip(interval.high);
    let ends = ends.map_or_else(String::new, |(low, high)| {
        let (confidence, low, high) = (context.confidence(), ratio(low), ratio(high));
        format!(" ({confidence} interval {low} to {high})")
    });
    let part = focus.part.name();
    let images = counted(
        evaluated.images,
        &format!("{part} image"),
        &format!("{part} images"),
    );
    Some(format!(
        "On the {images} it is {no_better} than predicting the mean: its {} is {}{ends}.",
        interval.metric,
        ratio(value)
    ))
}

/// The same of a chosen model without predictions.
fn by_validation(context: &Context) -> Option<String> {
    let selection = context.input.selection.as_ref()?;
    let score = context.validation(selection.candidate)?;
    (context.analysis.score == Score::R2 && score <= 0.0).then(|| {
        format!(
            "By validation it is no better than predicting the mean: its R² is {}.",
            context.score(score)
        )
    })
}
