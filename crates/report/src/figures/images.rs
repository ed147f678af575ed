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
    let columns = columns(explained);
    if columns.is_empty() {
        return None;
    }
    let name = |column: &Column| match column.target {
        Some(target) if targets.len() > 1 => {
            format!("{}, {}", column.method.title(), targets[target])
        }
        _ => column.method.title().to_owned(),
    };
    let row = |explanation: &Explanation| Explained {
        sample: sample(
            &explanation.row,
            photo(source, &explanation.row).map(|photo| photo.part(explanation.region)),
        ),
        maps: columns
            .iter()
            .map(|column| column.of(explanation))
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

/// A column of heat maps.
struct Column {
    method: Method,
    target: Option<usize>,
    /// The highest value of any map of the method: one scale for all of them.
    highest: f32,
}

/// A column per method and target, in the order in which they come.
fn columns(explained: &[Explanation]) -> Vec<Column> {
    let maps = || explained.iter().flat_map(|explanation| &explanation.maps);
    let mut columns: Vec<Column> = Vec::new();
    for &HeatMap { method, target, .. } in maps() {
        let is_same = |column: &Column| (column.method, column.target) == (method, target);
        if !columns.iter().any(is_same) {
            let of_method = maps().filter(|map| map.method == method);
            let values = of_method.flat_map(|map| &map.values);
            let highest = values.copied().fold(0.0, f32::max);
            columns.push(Column {
                method,
                target,
                highest,
            });
        }
    }
    columns
}

impl Column {
    /// The map of `explanation`: a score that an image says nothing of stays dark. Of occlusion
    /// only what lowers the score when it is covered is shown, as Grad-CAM shows only what
    /// raises it.
    fn of(&self, explanation: &Explanation) -> Option<psp_plot::HeatMap> {
        let mut maps = explanation.maps.iter();
        let map = maps.find(|map| map.method == self.method && map.target == self.target)?;
        Some(psp_plot::HeatMap {
            width: map.width,
            highest: Some(self.highest),
            values: map.values.iter().map(|value| value.max(0.0)).collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn maps_of_a_method_share_a_scale_on_which_what_lowers_the_score_is_dark() {
        let occlusion = |target, values: [f32; 3]| {
            HeatMap::new(Method::Occlusion, Some(target), [1, 3], values.to_vec()).unwrap()
        };
        let explanation = Explanation {
            row: PredictionRow {
                filename: "a.jpg".to_owned(),
                labels: vec![0.0; 2],
                predictions: vec![0.0; 2],
            },
            region: [0.0, 0.0, 1.0, 1.0],
            maps: vec![
                occlusion(0, [-4.0, 0.0, 1.0]),
                occlusion(1, [0.5, 2.0, 0.0]),
            ],
        };
        let columns = columns(std::slice::from_ref(&explanation));
        let maps: Vec<_> = columns
            .iter()
            .map(|column| column.of(&explanation).unwrap())
            .collect();
        assert_eq!(maps[0].values, [0.0, 0.0, 1.0]);
        assert_eq!(maps[1].values, [0.5, 2.0, 0.0]);
        assert_eq!([maps[0].highest, maps[1].highest], [Some(2.0); 2]);
    }
}
