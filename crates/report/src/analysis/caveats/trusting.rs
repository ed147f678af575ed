//! Whether the chosen model's numbers can be relied on.

use psp_metrics::Metric;

use super::{Case, Caveat, CaveatKind, caveat};
use crate::analysis::{FocusPart, Trained};
use crate::format::{count, counted, fixed, ratio};

/// Test sets below this are called small.
const FEW: usize = 200;

pub(super) fn caveats(case: &Case, caveats: &mut Vec<Caveat>) {
    caveats.extend(no_model(case));
    caveats.extend(not_tested(case));
    caveats.extend(unfinished(case));
    caveats.extend(not_better(case));
    caveats.extend(few_images(case));
    caveats.extend(few_seeds(case));
    caveats.extend(optimism(case));
    caveats.extend(test_is_used(case));
}

fn no_model(case: &Case) -> Option<Caveat> {
    if case.analysis.focus.is_some() {
        return None;
    }
    let because = match &case.analysis.search {
        Some(search) if search.states.failed > 0 && search.states.finished == 0 => format!(
            "{} of {} failed and none was trained to its end: what is wrong may be the set-up \
             rather than the task.",
            count(search.states.failed as u64),
            counted(search.wanted, "trial", "trials"),
        ),
        _ => "There are no predictions of any model yet.".to_owned(),
    };
    let claim = "that the scores can, or cannot, be predicted from these images";
    Some(caveat(CaveatKind::NoModel, claim, because))
}

fn not_tested(case: &Case) -> Option<Caveat> {
    let focus = case.analysis.focus?;
    (focus.part == FocusPart::Valid).then(|| {
        caveat(
            CaveatKind::NotTested,
            "that the model is as good on new images as the numbers here",
            "There are no test predictions. All numbers are over validation images, by which \
             the best epoch (and, in a study, the model) was picked; they are too good.",
        )
    })
}

fn unfinished(case: &Case) -> Option<Caveat> {
    let states = &case.analysis.search.as_ref()?.states;
    let drawn_or_not = states.open();
    (drawn_or_not > 0).then(|| {
        let text = format!(
            "The study is still running: {} have not come to an end.",
            counted(drawn_or_not, "trial", "trials")
        );
        let text = text.replace("1 trial have", "1 trial has");
        caveat(CaveatKind::Unfinished, "that this is the result", text)
    })
}

fn not_better(case: &Case) -> Option<Caveat> {
    let focus = case.analysis.focus?;
    let evaluated = focus.evaluated(&case.analysis.candidates)?;
    let part = focus.part.name();
    let images = counted(evaluated.images, "image", "images");
    let skill = evaluated.overall(Metric::Skill)?;
    if let (Some(low), Some(high)) = (skill.low, skill.high)
        && low <= 0.0
    {
        return Some(caveat(
            CaveatKind::NotBetterThanMean,
            "that the model has learnt to judge images",
            format!(
                "Its skill beside \"predict the training mean\" (1 − MSE / that MSE) lies \
                 between {} and {} over {images} of the {part} part: being no better than the \
                 mean remains plausible.",
                ratio(low),
                ratio(high)
            ),
        ));
    }
    let names = case.prepared.input.data.targets.iter().enumerate();
    let weak = names.filter(|(target, _)| {
        let skill = evaluated.target(*target, Metric::Skill);
        skill
            .and_then(|skill| skill.low)
            .is_some_and(|low| low <= 0.0)
    });
    let weak: Vec<&str> = weak.map(|(_, name)| name.as_str()).collect();
    (!weak.is_empty()).then(|| {
        caveat(
            CaveatKind::NotBetterThanMean,
            format!("that the model can judge {}", crate::format::listed(&weak)),
            format!(
                "The interval of its skill beside \"predict the training mean\" includes 0 \
                 there ({images} of the {part} part), whatever the average over targets says."
            ),
        )
    })
}

fn few_images(case: &Case) -> Option<Caveat> {
    let focus = case.analysis.focus?;
    let evaluated = focus.evaluated(&case.analysis.candidates)?;
    let images = evaluated.images;
    if images >= FEW {
        return None;
    }
    let part = focus.part.name();
    let r2 = case.focus(Metric::R2);
    let because = match r2.and_then(|r2| Some((r2.estimate?, r2.low?, r2.high?))) {
        Some((value, low, high)) => format!(
            "There are only {images} {part} images. The R² of {} is known only to lie between \
             {} and {}, and from so few images even this interval is too narrow.",
            ratio(value),
            ratio(low),
            ratio(high)
        ),
        None => format!("There are only {images} {part} images."),
    };
    let claim = format!("that the {part} numbers are exact");
    Some(caveat(CaveatKind::FewImages, claim, because))
}

fn few_seeds(case: &Case) -> Option<Caveat> {
    let focus = case.analysis.focus?;
    let Trained { runs, folds, seeds } = Trained::of(&case.analysis.candidates[focus.candidate]);
    if seeds >= 3 {
        return None;
    }
    let name = case.name(focus.candidate);
    let unknown = "how much is luck of the seed is unknown";
    Some(caveat(
        CaveatKind::FewSeeds,
        "that training it again would give the same scores",
        match (seeds, runs, folds) {
            (_, ..=1, _) => format!("{name} was trained once: {unknown}."),
            (..=1, _, 0) => {
                format!("{name} was trained {runs} times with the same seed: {unknown}.")
            }
            (..=1, _, _) => format!(
                "{name} was trained on {} with one seed each: {unknown}.",
                counted(folds, "fold", "folds")
            ),
            _ => format!(
                "{name} was trained with {seeds} seeds{}; from so few, the spread between seeds \
                 can only be guessed.",
                if folds > 0 { " per fold" } else { "" }
            ),
        },
    ))
}

fn optimism(case: &Case) -> Option<Caveat> {
    let search = case.analysis.search.as_ref()?;
    let best = search.best?;
    let finished = search.states.finished;
    if finished < 2 {
        return None;
    }
    let score = case.analysis.score.name();
    let mut because = format!(
        "The best of {finished} finished trials has a validation {score} of {}; being the best \
         of many is partly luck, and the search looked at these images all along.",
        fixed(best.score, 4)
    );
    let focus = case.analysis.focus.filter(|focus| focus.chosen);
    let study = case.prepared.input.study.as_ref();
    if study.is_some_and(|study| !study.trains_finalists()) {
        because += " The finalists are these trials themselves, not trained again with other \
                    seeds: the scores that they are ranked by are too good in the same way.";
    } else if let Some(validation) = focus.and_then(|focus| {
        case.analysis.candidates[focus.compared()]
            .validation
            .as_ref()
    }) {
        because += &format!(
            " Trained again with other seeds, the chosen configuration has {} on average.",
            fixed(validation.mean, 4)
        );
    }
    let claim = "that the best validation score of the search is to be expected of new images";
    Some(caveat(CaveatKind::ValidationOptimism, claim, because))
}

fn test_is_used(case: &Case) -> Option<Caveat> {
    let comparison = case.analysis.comparison.as_ref()?;
    (comparison.members.len() > 1).then(|| {
        caveat(
            CaveatKind::TestIsUsed,
            "that another model should be taken because of the test columns",
            format!(
                "The choice was made on validation images. Whoever chooses by these {} test \
                 images turns them into validation images, and has no test any more.",
                count(comparison.images as u64)
            ),
        )
    })
}
