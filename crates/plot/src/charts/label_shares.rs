//! The labels of one target, or of all together, in the parts of a split.

use crate::{
    draw::{Canvas, Colour, Rect},
    layout::{
        Axes, Axis, Panel, Span, Tick, Ticks, ZeroApart, drawable,
        label_bins::{bin_of, label_bins},
    },
    number::counted,
};

/// The labels of one part of a split.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PartLabels {
    /// Its name, such as "train".
    pub name: String,
    /// One row per image, with one label per target.
    pub labels: Vec<Vec<f64>>,
}

/// The numbers of one panel.
pub(super) struct Shares {
    title: String,
    subtitle: String,
    x: Axis,
    /// The line between the exact zeros and the rest.
    apart: Option<ZeroApart>,
    /// The left and right end of each bin; none for one without a place.
    bins: Vec<Option<(f64, f64)>>,
    /// For each part, the share of its images in each bin, in percent.
    pub(super) shares: Vec<Vec<f64>>,
    pub(super) images: usize,
    pub(super) left_out: usize,
}

impl Shares {
    pub(super) fn of_target(parts: &[PartLabels], target: usize, name: String) -> Self {
        let labels = |part: &PartLabels| -> Vec<f64> {
            let labels = part.labels.iter().filter_map(|row| row.get(target));
            labels.copied().filter_map(drawable).collect()
        };
        let parts_labels: Vec<Vec<f64>> = parts.iter().map(labels).collect();
        let labels = || parts_labels.iter().flatten().copied();
        let bins = label_bins(labels());
        let apart = ZeroApart::of(&bins);
        let images = labels().count();
        let place = |label: &f64| bin_of(&bins, *label);
        let of_part = |part: &Vec<f64>| shares(part.iter().filter_map(place), bins.len());
        Self {
            title: name,
            subtitle: match labels().filter(|label| *label == 0.0).count() {
                0 => "no exact zeros".to_owned(),
                zeros => {
                    let share = 100.0 * zeros as f64 / images as f64;
                    format!("{share:.1} % of all are exactly 0")
                }
            },
            x: apart.axis("label"),
            apart: Some(apart),
            shares: parts_labels.iter().map(of_part).collect(),
            bins: bins.iter().map(|bin| apart.ends(bin)).collect(),
            images,
            left_out: count_images(parts) - images,
        }
    }

    /// How many of an image's targets are exactly 0.
    pub(super) fn of_zeros(parts: &[PartLabels], targets: usize) -> Self {
        let zeros = |row: &Vec<f64>| row.iter().take(targets).filter(|l| **l == 0.0).count();
        let of_part = |part: &PartLabels| shares(part.labels.iter().map(zeros), targets + 1);
        let counts = || (0..=targets).map(|zeros| zeros as f64);
        let name = |zeros: f64| match (zeros as usize, targets) {
            (0, 2) => "none".to_owned(),
            (1, 2) => "one".to_owned(),
            (2, 2) => "both".to_owned(),
            _ => zeros.to_string(),
        };
        let ticks = counts().map(|zeros| Tick::new(zeros, name(zeros)));
        let span = Span::new(-0.6, targets as f64 + 0.6);
        let images = count_images(parts);
        Self {
            title: "Targets together".to_owned(),
            subtitle: counted(images, "image"),
            x: Axis::linear(span, "targets that are exactly 0").with(Ticks::Names(ticks.collect())),
            apart: None,
            bins: counts()
                .map(|zeros| Some((zeros - 0.4, zeros + 0.4)))
                .collect(),
            shares: parts.iter().map(of_part).collect(),
            images,
            left_out: 0,
        }
    }

    pub(super) fn panel(&self, highest: f64) -> Panel {
        let y = Axis::linear(Span::new(0.0, highest * 1.06), "images (%)");
        Panel::new(self.x.clone(), y).titled(&self.title, &self.subtitle)
    }

    /// Draws a bar for each bin and part, the parts side by side.
    pub(super) fn draw(&self, canvas: &mut Canvas, axes: &Axes, colours: &[Colour]) {
        if let Some(apart) = self.apart {
            apart.draw(canvas, axes);
        }
        for (bin, ends) in self.bins.iter().enumerate() {
            let Some((low, high)) = ends else {
                continue;
            };
            let gap = ((axes.x(*high) - axes.x(*low)) * 0.06).max(1.0);
            let (left, right) = (axes.x(*low) + gap, axes.x(*high) - gap);
            let width = (right - left) / self.shares.len() as f64;
            for (part, (shares, colour)) in self.shares.iter().zip(colours).enumerate() {
                if shares[bin] > 0.0 {
                    let (x, y) = (left + part as f64 * width, axes.y(shares[bin]));
                    canvas.fill(Rect::new(x, y, width, axes.y(0.0) - y), *colour);
                }
            }
        }
    }
}

fn count_images(parts: &[PartLabels]) -> usize {
    parts.iter().map(|part| part.labels.len()).sum()
}

/// The share of each bin, in percent.
fn shares(places: impl Iterator<Item = usize>, bins: usize) -> Vec<f64> {
    let mut counts = vec![0; bins];
    places.for_each(|place| counts[place] += 1);
    let all = counts.iter().sum::<usize>().max(1) as f64;
    counts
        .iter()
        .map(|count| 100.0 * *count as f64 / all)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_percentages_of_what_has_a_place() {
        assert_eq!(shares([1, 2, 1, 1].into_iter(), 3), [0.0, 75.0, 25.0]);
        assert_eq!(shares(std::iter::empty(), 2), [0.0, 0.0]);
    }

    #[test]
    fn images_are_counted_by_how_many_targets_are_zero() {
        let part = PartLabels {
            name: "train".to_owned(),
            labels: vec![
                vec![0.0, 0.0],
                vec![0.0, 0.5],
                vec![0.2, 0.5],
                vec![0.9, 0.0],
            ],
        };
        let zeros = Shares::of_zeros(&[part], 2);
        assert_eq!(zeros.shares, [[25.0, 50.0, 25.0]]);
    }
}
