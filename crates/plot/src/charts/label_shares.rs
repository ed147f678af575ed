//! The labels of one target, or of all together, in the parts of a split.

use crate::{
    LabelRange,
    draw::{canvas::Canvas, colour::Colour, geometry::Rect},
    layout::{
        axes::Axes,
        label_bins::{bin_of, label_bins},
        panel::{Axis, Panel, Ticks},
        scale::Scale,
        sheet::counted,
        span::{Span, drawable},
        tick::Tick,
        zero_apart::ZeroApart,
    },
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
    bins: Bins,
    /// For each part, the share of its images in each bin, in percent.
    pub(super) shares: Vec<Vec<f64>>,
    pub(super) images: usize,
    pub(super) left_out: usize,
}

enum Bins {
    Labels(Vec<LabelRange>),
    /// 0, 1, … targets are exactly 0.
    Zeros(usize),
}

impl Shares {
    pub(super) fn of_target(parts: &[PartLabels], target: usize, name: &str) -> Self {
        let labels = |part: &PartLabels| -> Vec<f64> {
            let labels = part.labels.iter().filter_map(|row| row.get(target));
            labels.copied().filter_map(drawable).collect()
        };
        let labels: Vec<Vec<f64>> = parts.iter().map(labels).collect();
        let bins = label_bins(labels.iter().flatten().copied());
        let zeros = labels
            .iter()
            .flatten()
            .filter(|label| **label == 0.0)
            .count();
        let images = labels.iter().map(Vec::len).sum();
        let all: usize = parts.iter().map(|part| part.labels.len()).sum();
        let place = |label: &f64| bin_of(&bins, *label);
        Self {
            title: name.to_owned(),
            subtitle: match zeros {
                0 => "no exact zeros".to_owned(),
                zeros => {
                    let share = 100.0 * zeros as f64 / images as f64;
                    format!("{share:.1} % of all are exactly 0")
                }
            },
            shares: labels
                .iter()
                .map(|labels| shares(labels.iter().filter_map(place), bins.len()))
                .collect(),
            bins: Bins::Labels(bins),
            images,
            left_out: all - images,
        }
    }

    pub(super) fn of_zeros(parts: &[PartLabels], targets: usize) -> Self {
        let zeros = |row: &Vec<f64>| row.iter().take(targets).filter(|l| **l == 0.0).count();
        let images = parts.iter().map(|part| part.labels.len()).sum();
        Self {
            title: "Targets together".to_owned(),
            subtitle: counted(images, "image"),
            bins: Bins::Zeros(targets),
            shares: parts
                .iter()
                .map(|part| shares(part.labels.iter().map(zeros), targets + 1))
                .collect(),
            images,
            left_out: 0,
        }
    }

    pub(super) fn draw(&self, canvas: &mut Canvas, cell: Rect, colours: &[Colour], highest: f64) {
        let y = Axis::new(Scale::Linear(Span::new(0.0, highest * 1.06)), "images (%)");
        let (x, apart) = match &self.bins {
            Bins::Labels(bins) => match ZeroApart::of(bins) {
                Some(apart) => (apart.axis("label"), Some(apart)),
                None => (Axis::new(Scale::Linear(Span::UNIT), "label"), None),
            },
            Bins::Zeros(targets) => (zeros_axis(*targets), None),
        };
        let axes = Panel {
            title: &self.title,
            subtitle: &self.subtitle,
            ..Panel::new(cell, x, y)
        }
        .draw(canvas);
        if let Some(apart) = apart {
            apart.draw(canvas, &axes);
        }
        match &self.bins {
            Bins::Labels(bins) => {
                let ends = |bin| apart.and_then(|apart: ZeroApart| apart.ends(bin));
                for (index, ends) in bins.iter().map(ends).enumerate() {
                    self.bars(canvas, &axes, ends, index, colours);
                }
            }
            Bins::Zeros(targets) => {
                for index in 0..=*targets {
                    let at = index as f64;
                    self.bars(canvas, &axes, Some((at - 0.4, at + 0.4)), index, colours);
                }
            }
        }
    }

    /// The bars of all parts in one bin.
    fn bars(
        &self,
        canvas: &mut Canvas,
        axes: &Axes,
        ends: Option<(f64, f64)>,
        bin: usize,
        colours: &[Colour],
    ) {
        let Some((low, high)) = ends else {
            return;
        };
        let gap = ((axes.x(high) - axes.x(low)) * 0.06).max(1.0);
        let (left, right) = (axes.x(low) + gap, axes.x(high) - gap);
        let width = (right - left) / self.shares.len() as f64;
        for (part, (shares, colour)) in self.shares.iter().zip(colours).enumerate() {
            let share = shares.get(bin).copied().unwrap_or(0.0);
            if share > 0.0 {
                let (x, y) = (left + part as f64 * width, axes.y(share));
                canvas.fill(Rect::new(x, y, width, axes.y(0.0) - y), *colour);
            }
        }
    }
}

/// The share of each bin, in percent.
fn shares(places: impl Iterator<Item = usize>, bins: usize) -> Vec<f64> {
    let mut shares = vec![0.0; bins];
    let mut all = 0.0;
    for place in places {
        shares[place] += 1.0;
        all += 1.0;
    }
    shares
        .iter()
        .map(|count| 100.0 * count / f64::max(all, 1.0))
        .collect()
}

fn zeros_axis(targets: usize) -> Axis<'static> {
    let name = |zeros: usize| match (zeros, targets) {
        (0, 2) => "none".to_owned(),
        (1, 2) => "one".to_owned(),
        (2, 2) => "both".to_owned(),
        _ => zeros.to_string(),
    };
    let span = Span::new(-0.6, targets as f64 + 0.6);
    Axis {
        ticks: Ticks::Names(
            (0..=targets)
                .map(|n| Tick::new(n as f64, name(n)))
                .collect(),
        ),
        ..Axis::new(Scale::Linear(span), "targets that are exactly 0")
    }
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
