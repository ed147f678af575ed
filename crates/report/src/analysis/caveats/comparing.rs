//! Whether one model is better than another.

use std::collections::BTreeSet;

use super::{Case, Caveat, CaveatKind};
use crate::analysis::{Pair, Repeats};
use crate::format::{count, counted, listed, whole_percent};
use crate::input::Candidate;

/// The model in focus, and the others that it makes such a pair with; `None` of none.
fn others<'a>(case: &Case<'a>, wanted: impl Fn(&Pair) -> bool) -> Option<(&'a str, String)> {
    let focus = case.analysis.focus?.compared();
    let pairs = case.analysis.comparison.as_ref()?.pairs.iter();
    let others = pairs
        .filter(|pair| wanted(pair))
        .filter_map(|pair| pair.other(focus));
    let others: Vec<&str> = others.map(|other| case.name(other)).collect();
    (!others.is_empty()).then(|| (case.name(focus), listed(&others)))
}

/// `400 test images`.
fn images(case: &Case) -> Option<String> {
    let images = case.analysis.comparison.as_ref()?.images;
    Some(format!("{} test images", count(images)))
}

pub(super) fn no_difference(case: &Case) -> Option<Caveat> {
    let (name, others) = others(case, |pair| !pair.differs)?;
    Some(Caveat::new(
        CaveatKind::NoDifference,
        format!("that {name} is better or worse than {others}"),
        format!(
            "On these {} no difference is shown (Holm-corrected p above {}). Nor does that show \
             that they are equal.",
            images(case)?,
            case.analysis.settings.level
        ),
    ))
}

/// The same of pairs that the model in focus is not in.
pub(super) fn none_elsewhere(case: &Case) -> Option<Caveat> {
    let focus = case.analysis.focus.map(|focus| focus.compared());
    let pairs = case.analysis.comparison.as_ref()?.pairs.iter();
    let is_elsewhere = |pair: &Pair| focus.and_then(|focus| pair.other(focus)).is_none();
    let pairs = pairs.filter(|pair| !pair.differs && is_elsewhere(pair));
    let pairs: Vec<String> = pairs
        .map(|pair| format!("{} and {}", case.name(pair.first), case.name(pair.second)))
        .collect();
    let because = format!("No difference is shown on these {}.", images(case)?);
    let (claim, because) = match &pairs[..] {
        [] => return None,
        [pair] => (format!("that {pair} differ"), because),
        pairs => (
            format!("that {} further pairs of models differ", pairs.len()),
            format!("{because} The pairs: {}.", pairs.join("; ")),
        ),
    };
    Some(Caveat::new(CaveatKind::NoDifference, claim, because))
}

pub(super) fn seeds_explain(case: &Case) -> Option<Caveat> {
    let (name, others) = others(case, |pair| {
        pair.differs && pair.beyond_seeds == Some(false)
    })?;
    Some(Caveat::new(
        CaveatKind::SeedsExplain,
        format!("that {name}, trained again, would differ from {others} in the same way"),
        format!(
            "These trained models do differ on these {}, but not by more than the spread between \
             {} explains (Welch's t-test at {}).",
            images(case)?,
            Repeats::of(&case.analysis.candidates).name(),
            whole_percent(case.analysis.settings.level)
        ),
    ))
}

/// In which ways the candidates differ besides their backbones.
pub(super) fn different_training(case: &Case) -> Option<Caveat> {
    let differ = |of: fn(&Candidate) -> String| {
        let compared = case.input.compared().map(of);
        compared.collect::<BTreeSet<String>>().len() > 1
    };
    let ways = [
        (
            differ(|one| one.weights.clone()),
            "in where their initial weights come from",
        ),
        (
            differ(|one| one.trained.clone()),
            "in which stages were trained",
        ),
        (
            differ(|one| one.cost.input_size.to_string()),
            "in the size of the input",
        ),
        (differ(|one| one.values.clone()), "in the searched settings"),
    ];
    let ways = ways.into_iter().filter(|(differ, _)| *differ);
    let ways: Vec<&str> = ways.map(|(_, way)| way).collect();
    if ways.is_empty() || !differ(|one| one.backbone.clone()) {
        return None;
    }
    Some(Caveat::new(
        CaveatKind::DifferentTraining,
        "that one architecture is better than another as such",
        format!(
            "What is compared are configurations: besides their backbones they differ {}.",
            listed(&ways)
        ),
    ))
}

pub(super) fn unequal_search(case: &Case) -> Option<Caveat> {
    let backbones = &case.analysis.search.as_ref()?.backbones;
    // Of equals, the last has most and the first has least.
    let most = backbones.iter().max_by_key(|one| one.states.finished)?;
    let least = backbones.iter().min_by_key(|one| one.states.finished)?;
    let failed = backbones.iter().filter(|one| one.states.failed > 0);
    let failed: Vec<String> = failed
        .map(|one| {
            let (failed, drawn) = (one.states.failed, one.states.drawn());
            format!("{failed} of {drawn} of {}", one.backbone)
        })
        .collect();
    let (more, fewer) = (most.states.finished, least.states.finished);
    if more < 2 * fewer.max(1) && failed.is_empty() {
        return None;
    }
    let mut because = Vec::new();
    if more != fewer {
        because.push(format!(
            "{} had {}, {} had {fewer}; the best of more is better by chance alone.",
            most.backbone,
            counted(more, "finished trial", "finished trials"),
            least.backbone,
        ));
    }
    if !failed.is_empty() {
        because.push(format!(
            "Trials failed: {}. What they would have scored is unknown.",
            listed(&failed)
        ));
    }
    Some(Caveat::new(
        CaveatKind::UnequalSearch,
        "that all backbones had the same chance in the search",
        because.join(" "),
    ))
}

pub(super) fn only_finalists(case: &Case) -> Option<Caveat> {
    let study = case.input.study.as_ref()?;
    let members = &case.analysis.comparison.as_ref()?.members;
    if study.trials.len() <= members.len() {
        return None;
    }
    let again = if study.trains_finalists() {
        "trained again and "
    } else {
        ""
    };
    let mut because = format!(
        "Only the {} that validation picked out of {} were {again}tested.",
        counted(members.len(), "configuration", "configurations"),
        counted(study.trials.len(), "trial", "trials"),
    );
    let tried = study.trials.iter().map(|trial| trial.backbone.as_str());
    let tried: BTreeSet<&str> = tried.collect();
    let candidates = &case.input.candidates;
    let tested = |name: &&str| {
        let mut members = members.iter();
        members.any(|member| candidates[member.candidate].backbone == *name)
    };
    let missing: Vec<&str> = tried.into_iter().filter(|name| !tested(name)).collect();
    if !missing.is_empty() {
        because += &format!(" No model of {} was tested.", listed(&missing));
    }
    let claim = "that a configuration without a test score is worse on new images";
    Some(Caveat::new(CaveatKind::OnlyFinalists, claim, because))
}

pub(super) fn folds(case: &Case) -> Option<Caveat> {
    let runs = case.input.candidates.iter().flat_map(|one| &one.runs);
    let folds: BTreeSet<usize> = runs.filter_map(|run| run.fold).collect();
    let because = format!(
        "The {} folds share most of their training images, so that their scores are not \
         independent, the bounds somewhat too narrow and Welch's t-test too ready to see a \
         difference; and as folds are not equally hard, single runs of different folds cannot be \
         compared by their validation scores.",
        folds.len()
    );
    let claim = "that the lower bounds of the folds' mean are exact";
    (folds.len() > 1).then(|| Caveat::new(CaveatKind::Folds, claim, because))
}
