//! What images and labels do not bear.

use super::{Case, Caveat, CaveatKind, caveat};
use crate::format::{counted, fixed, listed, percent};

/// From this share on, zeros are called many.
const MANY: f64 = 0.3;

pub(super) fn caveats(case: &Case, caveats: &mut Vec<Caveat>) {
    for note in &case.prepared.input.data.notes {
        caveats.push(caveat(
            CaveatKind::Origin,
            "that the numbers hold for images or labels of another origin",
            note.clone(),
        ));
    }
    caveats.extend(zeros(case));
    caveats.extend(parts_differ(case));
    caveats.extend(one_source(case));
}

fn zeros(case: &Case) -> Option<Caveat> {
    let labels = &case.analysis.labels;
    let targets = case.prepared.input.data.targets.iter().enumerate();
    let many = targets.filter_map(|(target, name)| {
        let share = labels.zero_share(target).filter(|share| *share >= MANY)?;
        Some(format!("{name}: {}", percent(share)))
    });
    let many: Vec<String> = many.collect();
    (!many.is_empty()).then(|| {
        caveat(
            CaveatKind::ManyZeros,
            "that a small error over all images means small errors where there is something to see",
            format!(
                "Many labels are exactly 0 ({}). A model that says 0 there is right without \
                 judging anything; the errors of the other labels, and the balanced MSE, tell \
                 more.",
                many.join("; ")
            ),
        )
    })
}

/// Where the mean label of a part is far from that of the training part: more than
/// four standard errors, which chance brings about once in 16 000 targets.
fn parts_differ(case: &Case) -> Option<Caveat> {
    let labels = &case.analysis.labels;
    let (train, train_labels) = labels.part("train")?;
    let names = &case.prepared.input.data.targets;
    let mut differences = Vec::new();
    for part in labels.parts.iter().filter(|part| part.name != "train") {
        let Some(statistics) = &part.statistics else {
            continue;
        };
        for (target, name) in names.iter().enumerate() {
            let (a, b) = (&train_labels.targets[target], &statistics.targets[target]);
            let variance = a.std.powi(2) / train.images as f64 + b.std.powi(2) / part.images as f64;
            if (a.mean - b.mean).abs() > 4.0 * variance.sqrt() {
                let (here, there) = (fixed(b.mean, 3), fixed(a.mean, 3));
                differences.push(format!("{name}, {}: {here} instead of {there}", part.name));
            }
        }
    }
    (!differences.is_empty()).then(|| {
        caveat(
            CaveatKind::PartsDiffer,
            "that the parts of the split are alike",
            format!(
                "Mean labels differ by more than chance from those of the training part ({}): \
                 the file was perhaps split in its order.",
                listed(&differences)
            ),
        )
    })
}

fn one_source(case: &Case) -> Option<Caveat> {
    let focus = case.analysis.focus?;
    let evaluated = focus.evaluated(&case.analysis.candidates)?;
    Some(caveat(
        CaveatKind::OneSource,
        "that the numbers hold for photos of other cameras, places or cars",
        format!(
            "All {} come from the same data set as the training images. Intervals say what \
             another draw from it might have given, and nothing of other sources.",
            counted(evaluated.images, "image", "images")
        ),
    ))
}
