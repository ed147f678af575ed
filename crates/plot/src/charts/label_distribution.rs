//! How labels are spread, and over the parts of a split.

use super::label_shares::{PartLabels, Shares};
use crate::{
    Figure, MOST_TARGETS, PlotError,
    draw::Colour,
    layout::{Grid, Heading, Key, Palette, ZERO_NOTE, first, panel_names},
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
    let heading = Heading::new("Label distribution");
    let targets = first(MOST_TARGETS, &input.targets);
    let together = input.targets.len() > 1;
    let grid = match targets.len() + usize::from(together) {
        3 => Grid::new(3, 480.0),
        panels => Grid::wide(panels),
    };
    let names = panel_names(targets, grid.columns).into_iter().enumerate();
    let mut panels: Vec<Shares> = names
        .map(|(target, name)| Shares::of_target(&input.parts, target, name))
        .collect();
    if together {
        panels.push(Shares::of_zeros(&input.parts, input.targets.len()));
    }
    if panels.iter().all(|panel| panel.images == 0) {
        return heading.nothing("there are no labels");
    }
    let parts = input.parts.iter();
    let palette = Palette::new(&[], parts.clone().map(|part| part.name.as_str()));
    let colours: Vec<Colour> = parts
        .clone()
        .map(|part| palette.colour(&part.name))
        .collect();
    let size = |part: &PartLabels| format!("{} {}", part.name, count(part.labels.len() as u64));
    let sizes: Vec<String> = parts.map(size).collect();
    let left_out = panels.iter().map(|panel| panel.left_out).max().unwrap_or(0);
    // One scale for all panels, so that they can be compared.
    let shares = panels
        .iter()
        .flat_map(|panel| panel.shares.iter().flatten());
    let highest = shares.fold(1.0, |a: f64, b| a.max(*b));
    let panels = panels.into_iter();
    let panels = panels.map(|shares| (shares.panel(highest), shares));
    heading
        .fact(format!("images: {}", sizes.join(", ")))
        .fact(ZERO_NOTE)
        .counted(left_out, "label", "without a number left out")
        .first_of(MOST_TARGETS, input.targets.len(), "targets")
        .keys(palette.legend(Key::Filled))
        .facets(grid, panels.collect(), |canvas, axes, shares| {
            shares.draw(canvas, axes, &colours);
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        draw::colour::{BLUE, GREEN, ORANGE},
        testing::*,
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
            let figure = assert_legible(label_distribution(&input(targets, 400, score)));
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
            assert_legible(label_distribution(&input(2, 50, label)));
        }
        assert_legible(label_distribution(&input(2, 1, |_, _| 0.0)));
        let mut input = input(2, 50, |row, _| if row == 3 { f64::NAN } else { 0.5 });
        input.parts[1].labels.clear();
        input.parts[2].labels[0].pop();
        let figure = assert_legible(label_distribution(&input));
        assert_says(&figure, "2 labels without a number left out");
    }

    #[test]
    fn without_labels_there_is_nothing_to_show() {
        assert_nothing_to_show(label_distribution(&LabelDistribution::default()));
        assert_nothing_to_show(label_distribution(&input(2, 0, score)));
        assert_nothing_to_show(label_distribution(&input(1, 9, |_, _| f64::NAN)));
    }
}
