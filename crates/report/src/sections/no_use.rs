//! Whether the model that is shown is of any use.

use psp_metrics::Metric;

use super::Context;
use super::context::score;
use crate::analysis::Score;
use crate::format::{counted, listed, ratio};

/// Sentences on why it is of no use; `None` for a model that is shown to beat a constant
/// answer.
pub(super) fn no_use(context: &Context) -> Option<String> {
    let not_better = match context.focus() {
        Some(_) => not_better(context),
        None => by_validation(context),
    };
    let said: Vec<String> = constant(context).into_iter().chain(not_better).collect();
    (!said.is_empty()).then(|| said.join(" "))
}

/// The targets whose predictions are the same for every image.
fn constant(context: &Context) -> Option<String> {
    let predictions = context.analysis.focus?.predictions(context.input)?;
    let same = predictions.constant_targets(context.input.data.label_range);
    if same.is_empty() {
        return None;
    }
    Some(if same.len() == context.targets.len() {
        "Its predictions are the same for every image, whatever it shows.".to_owned()
    } else {
        let names = same.into_iter().map(|target| &context.targets[target]);
        let same = listed(&names.collect::<Vec<_>>());
        format!("Its predictions of {same} are the same for every image.")
    })
}

/// Says that it is not better than "predict the mean", or not shown to be.
fn not_better(context: &Context) -> Option<String> {
    let (focus, evaluated) = context.focus()?;
    // R² is beside the mean of these very labels, and far below 0 where they hardly differ.
    let skill = evaluated.interval(None, Metric::Skill);
    if skill.is_some_and(|[low, _]| low > 0.0) {
        return None;
    }
    // R² is undefined where no target's labels differ.
    let metrics = [Metric::R2, Metric::Skill].into_iter();
    let (metric, value) = metrics
        .filter_map(|metric| Some((metric, evaluated.overall(metric)?.estimate?)))
        .next()?;
    let ends = evaluated.interval(None, metric);
    let no_better = match ends {
        _ if value <= 0.0 => "no better",
        Some([low, _]) if low <= 0.0 => "not shown to be better",
        _ => return None,
    };
    let ends = ends.map_or_else(String::new, |ends| {
        format!(" ({})", context.interval(ends, ratio))
    });
    let part = focus.part.name();
    let [one, many] = ["image", "images"].map(|images| format!("{part} {images}"));
    let images = counted(evaluated.images, &one, &many);
    Some(format!(
        "On the {images} it is {no_better} than predicting the mean: its {metric} is {}{ends}.",
        ratio(value)
    ))
}

/// The same of a chosen model without predictions.
fn by_validation(context: &Context) -> Option<String> {
    let selection = context.input.selection.as_ref()?;
    let value = context.validation(selection.candidate)?;
    (context.analysis.score == Score::R2 && value <= 0.0).then(|| {
        let value = score(value);
        format!("By validation it is no better than predicting the mean: its R² is {value}.")
    })
}
