//! How labels are spread, and over the parts of a split.

use super::label_shares::{PartLabels, Shares};
use crate::{
    Figure, MOST_TARGETS, PlotError,
    draw::colour::Colour,
    layout::{
        heading::Heading,
        key::Key,
        names::panel_names,
        nothing::nothing,
        palette::Palette,
        sheet::{Grid, Sheet, counted_if_any, first_of},
        zero_apart::ZERO_NOTE,
    },
    number::count,
};

/// What [`label_distribution`] draws.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct LabelDistribution {
    /// The targets' names.
    pub targets: Vec<String>,
    /// In the order to show; at most seven can be told apart.
    pub parts: Vec<PartLabels>,
}

/// A panel per target with the share of each part's images in each bin of
/// labels, the parts side by side and the exact zeros apart; and, for two
/// targets or more, one with how many targets of an image are exactly 0.
///
/// # Errors
/// [`PlotError::Draw`].
pub fn label_distribution(input: &LabelDistribution) -> Result<Figure, PlotError> {
    let title = "Label distribution";
    let targets = &input.targets[..input.targets.len().min(MOST_TARGETS)];
    let together = input.targets.len() > 1;
    let grid = match targets.len() + usize::from(together) {
        3 => Grid::new(3, 480.0),
        panels => Grid::wide(panels),
    };
    let panels: Vec<Shares> = panel_names(targets, grid.columns)
        .iter()
        .enumerate()
        .map(|(target, name)| Shares::of_target(&input.parts, target, name))
        .chain(together.then(|| Shares::of_zeros(&input.parts, input.targets.len())))
        .collect();
    if panels.iter().all(|panel| panel.images == 0) {
        return nothing(title, "there are no labels");
    }
    let names = input.parts.iter().map(|part| part.name.as_str());
    let palette = Palette::new(&[], names);
    let sizes = input
        .parts
        .iter()
        .map(|part| format!("{} {}", part.name, count(part.labels.len() as u64)));
    let left_out = panels.iter().map(|panel| panel.left_out).max().unwrap_or(0);
    let heading = Heading {
        title: title.to_owned(),
        facts: vec![
            format!("images: {}", sizes.collect::<Vec<_>>().join(", ")),
            ZERO_NOTE.to_owned(),
            counted_if_any(left_out, "label", "without a number left out"),
            first_of(MOST_TARGETS, input.targets.len(), "targets"),
        ],
        legend: palette.legend(Key::Filled),
    };
    let colours: Vec<Colour> = input
        .parts
        .iter()
        .map(|part| palette.colour(&part.name))
        .collect();
    let mut sheet = Sheet::new(panels.len(), grid, &heading)?;
    // One scale for all panels, so that they can be compared.
    let shares = panels
        .iter()
        .flat_map(|panel| panel.shares.iter().flatten());
    let highest = shares.fold(1.0, |a: f64, b| a.max(*b));
    for (panel, cell) in panels.iter().zip(&sheet.cells) {
        panel.draw(&mut sheet.canvas, *cell, &colours, highest);
    }
    Ok(sheet.finish())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        draw::colour::{BLUE, GREEN, ORANGE},
        testing::{assert_legible, assert_nothing_to_show, names, pixels_of, score, texts},
    };

    fn input(
        targets: usize,
        rows: usize,
        label: impl Fn(usize, usize) -> f64,
    ) -> LabelDistribution {
        let part = |name: &str, from: usize, to: usize| PartLabels {
            name: name.to_owned(),
            labels: (from..to)
                .map(|row| (0..targets).map(|target| label(row, target)).collect())
                .collect(),
        };
        let (valid, test) = (rows * 7 / 10, rows * 85 / 100);
        LabelDistribution {
            targets: names(targets),
            parts: vec![
                part("train", 0, valid),
                part("valid", valid, test),
                part("test", test, rows),
            ],
        }
    }

    #[test]
    fn every_number_of_targets_is_legible_and_shows_every_part() {
        for targets in [1, 2, 3, 10, 30] {
            let figure = label_distribution(&input(targets, 400, score)).unwrap();
            assert_legible(&figure);
            for colour in [BLUE, ORANGE, GREEN] {
                assert!(pixels_of(&figure, colour.rgb) > 2_000 * targets.min(24));
            }
        }
    }

    #[test]
    fn two_targets_are_none_one_or_both_zero() {
        let figure = label_distribution(&input(2, 40, |row, target| {
            if row % 4 == 0 || target == 0 {
                0.0
            } else {
                0.5
            }
        }));
        let figure = figure.unwrap();
        for text in ["none", "one", "both", "100.0 % of all are exactly 0"] {
            assert!(texts(&figure).contains(&text), "{text}");
        }
    }

    #[test]
    fn labels_of_any_kind_are_legible() {
        for scale in [1e-12, 360.0, 1e90] {
            let label = |row: usize, _| scale * (row as f64 - 20.0);
            assert_legible(&label_distribution(&input(2, 50, label)).unwrap());
        }
        assert_legible(&label_distribution(&input(2, 1, |_, _| 0.0)).unwrap());
        let mut input = input(2, 50, |row, _| if row == 3 { f64::NAN } else { 0.5 });
        input.parts[1].labels.clear();
        input.parts[2].labels[0].pop();
        let figure = label_distribution(&input).unwrap();
        assert_legible(&figure);
        assert!(
            figure
                .description()
                .contains("2 labels without a number left out")
        );
    }

    #[test]
    fn without_labels_there_is_nothing_to_show() {
        assert_nothing_to_show(label_distribution(&LabelDistribution::default()));
        assert_nothing_to_show(label_distribution(&input(2, 0, score)));
        assert_nothing_to_show(label_distribution(&input(1, 9, |_, _| f64::NAN)));
    }
}
