//! Whether the chosen model's numbers can be relied on.

use psp_metrics::Metric;

use super::{Case, Caveat, CaveatKind};
use crate::analysis::{FocusPart, Trained};
use crate::format::{count, counted, fixed, listed, ratio};

/// Test sets below this are called small.
const FEW: usize = 200;

pub(super) fn no_model(case: &Case) -> Option<Caveat> {
    if case.analysis.focus.is_some() {
        return None;
    }
    let because = match &case.analysis.search {
        Some(search) if search.states.failed > 0 && search.states.finished == 0 => format!(
            "{} of {} failed and none was trained to its end: what is wrong may be the set-up \
             rather than the task.",
            count(search.states.failed),
            counted(search.wanted, "trial", "trials"),
        ),
        _ if !has(case, "valid") && !has(case, "test") => {
            "The split has neither validation nor test images, by which a model is measured."
                .to_owned()
        }
        _ => "There are no predictions of any model yet.".to_owned(),
    };
    let claim = "that the scores can, or cannot, be predicted from these images";
    Some(Caveat::new(CaveatKind::NoModel, claim, because))
}

pub(super) fn not_tested(case: &Case) -> Option<Caveat> {
    let focus = case.analysis.focus?;
    (focus.part == FocusPart::Valid).then(|| {
        Caveat::new(
            CaveatKind::NotTested,
            "that the model is as good on new images as the numbers here",
            format!(
                "There are no test {}. All numbers are over validation images, by which the best \
                 epoch (and, in a study, the model) was picked; they are too good.",
                if has(case, "test") {
                    "predictions"
                } else {
                    "images in the split"
                }
            ),
        )
    })
}

/// Whether the split has images in a part.
fn has(case: &Case, part: &str) -> bool {
    let mut parts = case.input.data.parts.iter();
    parts.any(|one| one.name == part && !one.labels.is_empty())
}

pub(super) fn unfinished(case: &Case) -> Option<Caveat> {
    let trials = case.analysis.search.as_ref()?.states.open();
    let finals = case.input.study.as_ref()?.open_finals;
    let open = [
        (trials, counted(trials, "trial", "trials")),
        (
            finals,
            counted(finals, "training of finalists", "trainings of finalists"),
        ),
    ];
    let open = open.into_iter().filter(|(count, _)| *count > 0);
    let open: Vec<String> = open.map(|(_, text)| text).collect();
    let because = format!(
        "The study is still running: {} {} not come to an end.",
        listed(&open),
        if trials + finals == 1 { "has" } else { "have" }
    );
    let claim = "that this is the result";
    (!open.is_empty()).then(|| Caveat::new(CaveatKind::Unfinished, claim, because))
}

pub(super) fn seen(case: &Case) -> Option<Caveat> {
    let mut told: Vec<(&str, Vec<&str>)> = Vec::new();
    for candidate in &case.input.candidates {
        for seen in candidate.runs.iter().filter_map(|run| run.seen.as_deref()) {
            let name = candidate.name.as_str();
            match told.iter_mut().find(|(earlier, _)| *earlier == seen) {
                Some((_, names)) if names.contains(&name) => {}
                Some((_, names)) => names.push(name),
                None => told.push((seen, vec![name])),
            }
        }
    }
    let told: Vec<String> = told
        .iter()
        .map(|(seen, names)| format!("{}: {seen}.", listed(names)))
        .collect();
    let claim = "that the scores on validation and test images hold for new ones";
    (!told.is_empty()).then(|| Caveat::new(CaveatKind::Seen, claim, told.join(" ")))
}

pub(super) fn not_better(case: &Case) -> Option<Caveat> {
    let (focus, evaluated) = case.analysis.evaluated()?;
    let part = focus.part.name();
    let images = counted(evaluated.images, "image", "images");
    let skill = |target| evaluated.interval(target, Metric::Skill);
    if let Some(ends @ [low, _]) = skill(None)
        && low <= 0.0
    {
        let [low, high] = ends.map(ratio);
        return Some(Caveat::new(
            CaveatKind::NotBetterThanMean,
            "that the model has learnt to judge images",
            format!(
                "Its skill beside \"predict the training mean\" (1 − MSE / that MSE) lies \
                 between {low} and {high} over {images} of the {part} part: being no better than \
                 the mean remains plausible."
            ),
        ));
    }
    let weak = case.input.data.targets.iter().enumerate();
    let weak = weak.filter(|(target, _)| skill(Some(*target)).is_some_and(|[low, _]| low <= 0.0));
    let weak: Vec<&String> = weak.map(|(_, name)| name).collect();
    (!weak.is_empty()).then(|| {
        Caveat::new(
            CaveatKind::NotBetterThanMean,
            format!("that the model can judge {}", listed(&weak)),
            format!(
                "The interval of its skill beside \"predict the training mean\" includes 0 \
                 there ({images} of the {part} part), whatever the average over targets says."
            ),
        )
    })
}

pub(super) fn few_images(case: &Case) -> Option<Caveat> {
    let (focus, evaluated) = case.analysis.evaluated()?;
    let (images, part) = (evaluated.images, focus.part.name());
    if images >= FEW {
        return None;
    }
    let mut because = format!("There are only {images} {part} images.");
    let r2 = evaluated.overall(Metric::R2).and_then(|r2| r2.estimate);
    if let (Some(r2), Some(ends)) = (r2, evaluated.interval(None, Metric::R2)) {
        let (r2, [low, high]) = (ratio(r2), ends.map(ratio));
        because += &format!(
            " The R² of {r2} is known only to lie between {low} and {high}, and from so few \
             images even this interval is too narrow."
        );
    }
    let claim = format!("that the {part} numbers are exact");
    Some(Caveat::new(CaveatKind::FewImages, claim, because))
}

pub(super) fn few_seeds(case: &Case) -> Option<Caveat> {
    let focus = case.analysis.focus?;
    let Trained { runs, folds, seeds } = Trained::of(&case.analysis.candidates[focus.candidate]);
    if seeds >= 3 {
        return None;
    }
    let unknown = ": how much is luck of the seed is unknown";
    let trained = match (seeds, runs, folds) {
        (_, ..=1, _) => format!("once{unknown}"),
        (..=1, _, 0) => format!("{runs} times with the same seed{unknown}"),
        (..=1, _, _) => {
            let folds = counted(folds, "fold", "folds");
            format!("on {folds} with one seed each{unknown}")
        }
        _ => format!(
            "with {seeds} seeds{}; from so few, the spread between seeds can only be guessed",
            if folds > 0 { " per fold" } else { "" }
        ),
    };
    Some(Caveat::new(
        CaveatKind::FewSeeds,
        "that training it again would give the same scores",
        format!("{} was trained {trained}.", case.name(focus.candidate)),
    ))
}

pub(super) fn optimism(case: &Case) -> Option<Caveat> {
    let search = case.analysis.search.as_ref()?;
    let (best, finished) = (search.best?, search.states.finished);
    if finished < 2 {
        return None;
    }
    let mut because = format!(
        "The best of {finished} finished trials has a validation {} of {}; being the best of many \
         is partly luck, and the search looked at these images all along.",
        case.analysis.score.name(),
        fixed(best.score, 4)
    );
    let chosen = case.analysis.focus.filter(|focus| focus.chosen);
    let chosen = chosen.and_then(|focus| {
        let compared = &case.analysis.candidates[focus.compared()];
        compared.validation.as_ref()
    });
    let study = case.input.study.as_ref();
    if study.is_some_and(|study| !study.trains_finalists()) {
        because += " The finalists are these trials themselves, not trained again with other \
                    seeds: the scores that they are ranked by are too good in the same way.";
    } else if let Some(validation) = chosen {
        because += &format!(
            " Trained again with other seeds, the chosen configuration has {} on average.",
            fixed(validation.mean, 4)
        );
    }
    let claim = "that the best validation score of the search is to be expected of new images";
    Some(Caveat::new(CaveatKind::ValidationOptimism, claim, because))
}

pub(super) fn test_is_used(case: &Case) -> Option<Caveat> {
    let comparison = case.analysis.comparison.as_ref()?;
    let because = format!(
        "The choice was made on validation images. Whoever chooses by these {} test images turns \
         them into validation images, and has no test any more.",
        count(comparison.images)
    );
    let claim = "that another model should be taken because of the test columns";
    (comparison.members.len() > 1).then(|| Caveat::new(CaveatKind::TestIsUsed, claim, because))
}
