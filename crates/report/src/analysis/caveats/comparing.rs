//! Whether one model is better than another.

use std::collections::BTreeSet;

use super::{Case, Caveat, CaveatKind, caveat};
use crate::analysis::Repeats;
use crate::analysis::comparison::Pair;
use crate::format::{count, counted, listed, whole_percent};
use crate::input::Candidate;

pub(super) fn caveats(case: &Case, caveats: &mut Vec<Caveat>) {
    pairs(case, caveats);
    caveats.extend(different_training(case));
    caveats.extend(unequal_search(case));
    caveats.extend(only_finalists(case));
    caveats.extend(folds(case));
}

fn pairs(case: &Case, caveats: &mut Vec<Caveat>) {
    let Some(comparison) = &case.analysis.comparison else {
        return;
    };
    let images = count(comparison.images as u64);
    let focus = case.analysis.focus.map(|focus| focus.compared());
    let others = |wanted: &dyn Fn(&Pair) -> bool| {
        let pairs = comparison.pairs.iter().filter(|pair| wanted(pair));
        let others = pairs.filter_map(|pair| match focus {
            Some(focus) if pair.first == focus => Some(pair.second),
            Some(focus) if pair.second == focus => Some(pair.first),
            _ => None,
        });
        let names: Vec<&str> = others.map(|other| case.name(other)).collect();
        names
    };
    let alike = others(&|pair| !pair.differs);
    let level = case.prepared.settings.level;
    if let (Some(focus), false) = (focus, alike.is_empty()) {
        let (name, list) = (case.name(focus), listed(&alike));
        caveats.push(caveat(
            CaveatKind::NoDifference,
            format!("that {name} is better or worse than {list}"),
            format!(
                "On these {images} test images no difference is shown (Holm-corrected p above \
                 {level}). Nor does that show that they are equal."
            ),
        ));
    }
    let elsewhere = comparison.pairs.iter();
    let elsewhere = elsewhere
        .filter(|pair| !pair.differs)
        .filter(|pair| focus.is_none_or(|f| pair.first != f && pair.second != f));
    let elsewhere: Vec<String> = elsewhere
        .map(|pair| format!("{} and {}", case.name(pair.first), case.name(pair.second)))
        .collect();
    if !elsewhere.is_empty() {
        caveats.push(caveat(
            CaveatKind::NoDifference,
            match elsewhere.len() {
                1 => format!("that {} differ", elsewhere[0]),
                pairs => format!("that {pairs} further pairs of models differ"),
            },
            format!(
                "No difference is shown on these {images} test images. {}",
                match elsewhere.len() {
                    1 => String::new(),
                    _ => format!("The pairs: {}.", elsewhere.join("; ")),
                }
            )
            .trim_end()
            .to_owned(),
        ));
    }
    let lucky = others(&|pair| pair.differs && pair.beyond_seeds == Some(false));
    if let (Some(focus), false) = (focus, lucky.is_empty()) {
        caveats.push(caveat(
            CaveatKind::SeedsExplain,
            format!(
                "that {}, trained again, would differ from {} in the same way",
                case.name(focus),
                listed(&lucky)
            ),
            format!(
                "These trained models do differ on these {images} test images, but not by more \
                 than the spread between {} explains (Welch's t-test at {}).",
                Repeats::of(&case.analysis.candidates).name(),
                whole_percent(level)
            ),
        ));
    }
}

/// In which ways the candidates differ besides their backbones.
fn different_training(case: &Case) -> Option<Caveat> {
    let input = case.prepared.input;
    let distinct = |of: &dyn Fn(&Candidate) -> String| {
        input.compared().map(of).collect::<BTreeSet<_>>().len() > 1
    };
    if !distinct(&|c| c.backbone.clone()) {
        return None;
    }
    let mut ways = Vec::new();
    if distinct(&|c| c.weights.clone()) {
        ways.push("in where their initial weights come from");
    }
    if distinct(&|c| c.trained.clone()) {
        ways.push("in which stages were trained");
    }
    if distinct(&|c| c.cost.input_size.to_string()) {
        ways.push("in the size of the input");
    }
    if distinct(&|c| c.values.clone()) {
        ways.push("in the searched settings");
    }
    (!ways.is_empty()).then(|| {
        caveat(
            CaveatKind::DifferentTraining,
            "that one architecture is better than another as such",
            format!(
                "What is compared are configurations: besides their backbones they differ {}.",
                listed(&ways)
            ),
        )
    })
}

fn unequal_search(case: &Case) -> Option<Caveat> {
    let backbones = &case.analysis.search.as_ref()?.backbones;
    let finished = |index: usize| backbones[index].states.finished;
    let most = (0..backbones.len()).max_by_key(|index| finished(*index))?;
    let least = (0..backbones.len()).min_by_key(|index| finished(*index))?;
    let failed: Vec<String> = backbones
        .iter()
        .filter(|backbone| backbone.states.failed > 0)
        .map(|backbone| {
            let failed = backbone.states.failed;
            let drawn = backbone.states.drawn();
            format!("{failed} of {drawn} of {}", backbone.backbone)
        })
        .collect();
    if finished(most) < 2 * finished(least).max(1) && failed.is_empty() {
        return None;
    }
    let mut because = format!(
        "{} had {}, {} had {}; the best of more is better by chance alone.",
        backbones[most].backbone,
        counted(finished(most), "finished trial", "finished trials"),
        backbones[least].backbone,
        finished(least),
    );
    if most == least || finished(most) == finished(least) {
        because.clear();
    }
    if !failed.is_empty() {
        because += &format!(
            " Trials failed: {}. What they would have scored is unknown.",
            listed(&failed)
        );
    }
    Some(caveat(
        CaveatKind::UnequalSearch,
        "that all backbones had the same chance in the search",
        because.trim(),
    ))
}

fn only_finalists(case: &Case) -> Option<Caveat> {
    let study = case.prepared.input.study.as_ref()?;
    let comparison = case.analysis.comparison.as_ref()?;
    let trials = study.trials.len();
    let tested = comparison.members.len();
    if trials <= tested {
        return None;
    }
    let tried = study.trials.iter().map(|trial| trial.backbone.as_str());
    let tried: BTreeSet<&str> = tried.collect();
    let members = comparison.members.iter();
    let seen: BTreeSet<&str> = members
        .map(|m| {
            case.prepared.input.candidates[m.candidate]
                .backbone
                .as_str()
        })
        .collect();
    let missing: Vec<&str> = tried.difference(&seen).copied().collect();
    let mut because = format!(
        "Only the {} that validation picked out of {} were {}tested.",
        counted(tested, "configuration", "configurations"),
        counted(trials, "trial", "trials"),
        if study.trains_finalists() {
            "trained again and "
        } else {
            ""
        },
    );
    if !missing.is_empty() {
        because += &format!(" No model of {} was tested.", listed(&missing));
    }
    let claim = "that a configuration without a test score is worse on new images";
    Some(caveat(CaveatKind::OnlyFinalists, claim, because))
}

fn folds(case: &Case) -> Option<Caveat> {
    let candidates = &case.prepared.input.candidates;
    let runs = candidates.iter().flat_map(|candidate| &candidate.runs);
    let folds: BTreeSet<usize> = runs.filter_map(|run| run.fold).collect();
    (folds.len() > 1).then(|| {
        caveat(
            CaveatKind::Folds,
            "that the lower bounds of the folds' mean are exact",
            format!(
                "The {} folds share most of their training images, so that their scores are \
                 not independent, the bounds somewhat too narrow and Welch's t-test too ready \
                 to see a difference; and as folds are not equally hard, single runs of \
                 different folds cannot be compared by their validation scores.",
                folds.len()
            ),
        )
    })
}
