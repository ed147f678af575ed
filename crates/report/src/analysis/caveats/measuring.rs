//! What the side measurements do not bear.

use super::{Case, Caveat, CaveatKind, caveat};
use crate::format::{counted, percent, sample_size, whole_percent};

pub(super) fn caveats(case: &Case, caveats: &mut Vec<Caveat>) {
    caveats.extend(intervals(case));
    caveats.extend(pruned(case));
    caveats.extend(importance(case));
    caveats.extend(speed(case));
    caveats.extend(heat_maps(case));
}

fn intervals(case: &Case) -> Option<Caveat> {
    let calibration = case.analysis.calibration.as_ref()?;
    let wanted = case.prepared.settings.coverage;
    let mut because = "A prediction interval is as wide for every image of a target, and holds \
                       what it promises on average over images only. It was fitted to the \
                       validation images by which the best epoch was picked, which makes it \
                       somewhat too narrow."
        .to_owned();
    let names = case.prepared.input.data.targets.iter();
    for (name, target) in names.zip(&calibration.targets) {
        let level = target.levels.iter().find(|level| level.nominal == wanted);
        let Some((level, nonzero)) = level.and_then(|level| Some((level, level.nonzero?))) else {
            continue;
        };
        // Only where even the upper end stays below what was promised.
        if nonzero.interval.is_some_and(|[_, high]| high < wanted) {
            let (share, labels) = (
                percent(nonzero.coverage),
                sample_size(nonzero.count as usize),
            );
            because += &match level.zero {
                Some(zero) => format!(
                    " Of the labels of {name} that are not 0 only {share} are in their intervals \
                     ({labels}), of those that are 0 {}.",
                    percent(zero.coverage)
                ),
                None => format!(
                    " Of the labels of {name} only {share} are in their intervals ({labels})."
                ),
            };
        }
    }
    let percent = whole_percent(wanted);
    Some(caveat(
        CaveatKind::IntervalsOnAverage,
        format!(
            "that the interval of any one image holds its label with a probability of {percent}"
        ),
        because,
    ))
}

fn pruned(case: &Case) -> Option<Caveat> {
    let pruned = case.analysis.search.as_ref()?.states.pruned;
    (pruned > 0).then(|| {
        caveat(
            CaveatKind::Pruned,
            "that a pruned trial would have ended badly",
            format!(
                "{} stopped early, since others were better at that time; their scores are of \
                 fewer epochs and stand beside those of finished trials only to show why.",
                match pruned {
                    1 => "1 trial was".to_owned(),
                    _ => format!("{} were", counted(pruned, "trial", "trials")),
                }
            ),
        )
    })
}

fn importance(case: &Case) -> Option<Caveat> {
    let study = case.prepared.input.study.as_ref()?;
    study.importance.as_ref()?;
    Some(caveat(
        CaveatKind::Importance,
        "that an unimportant setting does not matter, or an important one is a cause",
        "Importance says how well scores could be told from a setting within the trials and the \
         space of this search; a setting that was searched over a narrow range looks unimportant.",
    ))
}

fn speed(case: &Case) -> Option<Caveat> {
    let devices = case.prepared.input.measured_on();
    let claim = "that another machine is as fast, or as much faster for one model as for another";
    match devices[..] {
        [] => None,
        [device] => Some(caveat(
            CaveatKind::Speed,
            claim,
            format!("Speed and memory of each model were measured once, on {device}."),
        )),
        [..] => Some(caveat(
            CaveatKind::Speed,
            format!("{claim}, or that models measured on different devices can be compared"),
            format!(
                "Speed and memory of each model were measured once, of some on {}: only those \
                 of the same device say which model is faster.",
                devices.join(", of others on ")
            ),
        )),
    }
}

fn heat_maps(case: &Case) -> Option<Caveat> {
    let shown = case.prepared.input.explanations.len();
    (shown > 0).then(|| {
        caveat(
            CaveatKind::HeatMaps,
            "that the heat maps say why the model decides as it does",
            format!(
                "They say where its output is sensitive, in {}: another method, or another \
                 image, may show something else.",
                counted(shown, "image", "images")
            ),
        )
    })
}
