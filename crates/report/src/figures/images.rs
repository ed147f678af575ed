//! Pictures that are made of photos.

use psp_plot::{
    Explained, Explanations, Gallery, HeatMap, Sample, explanations, gallery, label_range,
};

use super::{Plan, Source};
use crate::analysis::Shown;
use crate::input::Explanation;

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
    let sample = |shown: &Shown| {
        let row = &predictions.rows[shown.row];
        Sample {
            name: row.filename.clone(),
            photo: photo(source, &row.filename),
            labels: row.labels.clone(),
            predictions: row.predictions.clone(),
        }
    };
    let plan = |name: &'static str, title: &str, shown: &[Shown]| {
        let input = Gallery {
            title: format!("{title}, {part} images"),
            notes: Vec::new(),
            targets: source.targets.to_vec(),
            label_ranges: ranges(source),
            samples: shown.iter().map(sample).collect(),
        };
        Plan::new(name, gallery, input).of_photos(false)
    };
    Some(vec![
        plan("gallery_random", "Random", &images.random),
        plan("gallery_best", "Smallest errors", &images.best),
        plan("gallery_worst", "Largest errors", &images.worst),
    ])
}

fn photo(source: Source, filename: &str) -> Option<psp_plot::Photo> {
    let picture = source.pictures.get(filename).ok()?;
    Some(picture.photo.clone())
}

fn explained(source: Source<'_>) -> Option<Plan<'_>> {
    let explained = &source.input.explanations;
    let targets = source.targets;
    // A column per method and target, in the order in which they come.
    let mut columns: Vec<(&str, Option<usize>)> = Vec::new();
    for map in explained.iter().flat_map(|explanation| &explanation.maps) {
        if !columns.contains(&(&map.method, map.target)) {
            columns.push((&map.method, map.target));
        }
    }
    if columns.is_empty() {
        return None;
    }
    let name = |(method, target): &(&str, Option<usize>)| match target {
        Some(target) if targets.len() > 1 => format!("{method}, {}", targets[*target]),
        _ => (*method).to_owned(),
    };
    let row = |explanation: &Explanation| Explained {
        sample: Sample {
            name: explanation.filename.clone(),
            photo: photo(source, &explanation.filename).map(|photo| photo.part(explanation.region)),
            labels: explanation.labels.clone(),
            predictions: explanation.predictions.clone(),
        },
        maps: columns
            .iter()
            .map(|(method, target)| {
                let mut maps = explanation.maps.iter();
                let map = maps.find(|map| map.method == *method && map.target == *target)?;
                Some(HeatMap {
                    width: map.width,
                    highest: Some(1.0),
                    values: map.values.clone(),
                })
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
