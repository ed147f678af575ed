//! Pictures that are made of photos.

use psp_eval::plot::sample;
use psp_plot::{Explained, Explanations, Gallery, Photo, explanations, gallery, label_range};

use super::{Plan, Source};
use crate::analysis::Shown;
use crate::input::{Explanation, HeatMap, Method, PredictionRow};

pub(super) fn plans(source: Source<'_>) -> Vec<Plan<'_>> {
    let mut plans = Vec::new();
    plans.extend(galleries(source).into_iter().flatten());
    plans.extend(explained(source));
    plans
}

/// The range of each target's labels, by which errors are judged.
fn ranges(source: Source) -> Vec<f64> {
    source
        .input
        .data
        .targets
        .iter()
        .map(|_| label_range(&source.input.data.span()))
        .collect()
}

fn galleries(source: Source<'_>) -> Option<Vec<Plan<'_>>> {
    let images = source.analysis.images.as_ref()?;
    let (predictions, _) = super::predictions::shown(source)?;
    let part = source.analysis.focus?.part.name();
    let shot = |shown: &Shown| {
        let row = &predictions.rows()[shown.row];
        sample(row, photo(source, row))
    };
    let plan = |name: &'static str, title: &str, shown: &[Shown]| {
        let input = Gallery {
            title: format!("{title}, {part} images"),
            notes: Vec::new(),
            targets: source.targets.to_vec(),
            label_ranges: ranges(source),
            samples: shown.iter().map(shot).collect(),
        };
        Plan::new(name, gallery, input).of_photos(false)
    };
    Some(vec![
        plan("gallery_random", "Random", &images.random),
        plan("gallery_best", "Smallest errors", &images.best),
        plan("gallery_worst", "Largest errors", &images.worst),
    ])
}

fn photo(source: Source, row: &PredictionRow) -> Option<Photo> {
    let picture = source.pictures.get(&row.filename).ok()?;
    Some(picture.photo.clone())
}

fn explained(source: Source<'_>) -> Option<Plan<'_>> {
    let explained = &source.input.explanations;
    let targets = source.targets;
    // A column per method and target, in the order in which they come.
    let mut columns: Vec<(Method, Option<usize>)> = Vec::new();
    for map in explained.iter().flat_map(|explanation| &explanation.maps) {
        if !columns.contains(&(map.method, map.target)) {
            columns.push((map.method, map.target));
        }
    }
    if columns.is_empty() {
        return None;
    }
    let name = |(method, target): &(Method, Option<usize>)| match target {
        Some(target) if targets.len() > 1 => format!("{}, {}", method.title(), targets[*target]),
        _ => method.title().to_owned(),
    };
    let highest = |method: Method| {
        let maps = explained.iter().flat_map(|explanation| &explanation.maps);
        let maps = maps.filter(|map| map.method == method);
        maps.map(|map| map.range[1]).fold(0.0, f32::max)
    };
    let row = |explanation: &Explanation| Explained {
        sample: sample(
            &explanation.row,
            photo(source, &explanation.row).map(|photo| photo.part(explanation.region)),
        ),
        maps: columns
            .iter()
            .map(|(method, target)| {
                let mut maps = explanation.maps.iter();
                let map = maps.find(|map| map.method == *method && map.target == *target)?;
                Some(shared(map, highest(*method)))
            })
            .collect(),
    };
    let mut notes = vec!["maps of one method share a scale".to_owned()];
    if explained
        .iter()
        .any(|one| one.region != [0.0, 0.0, 1.0, 1.0])
    {
        notes.push("photos are cut to what the model sees of them".to_owned());
    }
    let input = Explanations {
        title: "What the model looks at".to_owned(),
        notes,
        targets: targets.to_vec(),
        label_ranges: ranges(source),
        methods: columns.iter().map(name).collect(),
        photos: explained.iter().map(row).collect(),
    };
    Some(Plan::new("explanations", explanations, input).of_photos(true))
}

/// A map on a scale that all maps of its method share, up to the `highest` value of any: a
/// score that an image says nothing of stays dark. Of occlusion only what lowers the score
/// when it is covered is shown, as Grad-CAM shows only what raises it.
fn shared(map: &HeatMap, highest: f32) -> psp_plot::HeatMap {
    psp_plot::HeatMap {
        width: map.width,
        highest: Some(highest),
        values: map.raw.iter().map(|value| value.max(0.0)).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn maps_of_a_method_share_a_scale_on_which_what_lowers_the_score_is_dark() {
        let map = HeatMap::new(Method::Occlusion, Some(0), [1, 3], vec![-4.0, 0.0, 1.0]).unwrap();
        let shared = shared(&map, 2.0);
        assert_eq!(shared.values, [0.0, 0.0, 1.0]);
        assert_eq!(shared.highest, Some(2.0));
    }
}
