//! Conclusions that intervals, importances, speeds and heat maps don't support.

use super::{Case, Caveat, CaveatKind};
use crate::format::{counted, percent, sample_size, whole_percent};

pub(super) fn intervals(case: &Case) -> Option<Caveat> {
    let calibration = case.analysis.calibration.as_ref()?;
    let wanted = case.analysis.settings.coverage;
    let mut because = "A prediction interval is as wide for every image of a target, and holds \
                       what it promises on average over images only. It was fitted to the \
                       validation images by which the best epoch was picked, which makes it \
                       somewhat too narrow."
        .to_owned();
    let targets = case.input.data.targets.iter().zip(&calibration.targets);
    let levels = targets.filter_map(|(name, target)| {
        let level = target.level(wanted)?;
        Some((name, level.zero, level.nonzero?))
    });
    for (name, zero, nonzero) in levels {
        // Only where even the upper end stays below what was promised.
        if nonzero.interval.is_none_or(|[_, high]| high >= wanted) {
            continue;
        }
        let inside = percent(nonzero.coverage);
        let labels = sample_size(nonzero.count as usize);
        because += &match zero {
            Some(zero) => format!(
                " Of the labels of {name} that are not 0 only {inside} are in their intervals \
                 ({labels}), of those that are 0 {}.",
                percent(zero.coverage)
            ),
            None => {
                format!(" Of the labels of {name} only {inside} are in their intervals ({labels}).")
            }
        };
    }
    let wanted = whole_percent(wanted);
    let claim = format!(
        "that the interval of any one image holds its label with a probability of {wanted}"
    );
    Some(Caveat::new(CaveatKind::IntervalsOnAverage, claim, because))
}

pub(super) fn pruned(case: &Case) -> Option<Caveat> {
    let pruned = case.analysis.search.as_ref()?.states.pruned;
    let because = format!(
        "{} stopped early, since others were better at that time; their scores are of fewer \
         epochs and stand beside those of finished trials only to show why.",
        counted(pruned, "trial was", "trials were")
    );
    let claim = "that a pruned trial would have ended badly";
    (pruned > 0).then(|| Caveat::new(CaveatKind::Pruned, claim, because))
}

pub(super) fn importance(case: &Case) -> Option<Caveat> {
    case.input.study.as_ref()?.importance.as_ref()?;
    Some(Caveat::new(
        CaveatKind::Importance,
        "that an unimportant setting does not matter, or an important one is a cause",
        "Importance says how well a setting predicts scores within the trials and the space of \
         this search; a setting that was searched over a narrow range looks unimportant.",
    ))
}

pub(super) fn speed(case: &Case) -> Option<Caveat> {
    let mut claim =
        "that another machine is as fast, or as much faster for one model as for another"
            .to_owned();
    let once = "Speed and memory of each model were measured once,";
    let because = match &case.input.measured_on()[..] {
        [] => return None,
        [device] => format!("{once} on {device}."),
        devices => {
            claim += ", or that models measured on different devices can be compared";
            format!(
                "{once} of some on {}: only those of the same device say which model is faster.",
                devices.join(", of others on ")
            )
        }
    };
    Some(Caveat::new(CaveatKind::Speed, claim, because))
}

pub(super) fn heat_maps(case: &Case) -> Option<Caveat> {
    let shown = case.input.explanations.len();
    let because = format!(
        "They say where its output is sensitive, in {}: another method, or another image, may \
         show something else.",
        counted(shown, "image", "images")
    );
    let claim = "that the heat maps say why the model decides as it does";
    (shown > 0).then(|| Caveat::new(CaveatKind::HeatMaps, claim, because))
}
