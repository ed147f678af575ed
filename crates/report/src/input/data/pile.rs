//! Labels that many images share.

use super::Data;
use crate::format::{percent, tidy};
use crate::numbers::ends;

/// From this share on, labels of one value are called many.
const MANY: f64 = 0.3;

impl Data {
    /// Where many labels are exactly 0, or exactly at an end of their range:
    /// `hood: 52.6 % are exactly 0; wear: 31.0 % are exactly 5`. `names` are those of the
    /// targets. `None` where no target has so many.
    pub(crate) fn piles(&self, names: &[String]) -> Option<String> {
        let piles = names.iter().enumerate().filter_map(|(target, name)| {
            let (value, share) = self.pile(target)?;
            let (value, share) = (tidy(value), percent(share));
            Some(format!("{name}: {share} are exactly {value}"))
        });
        let piles: Vec<String> = piles.collect();
        (!piles.is_empty()).then(|| piles.join("; "))
    }

    /// Of 0 and the ends of the range, what most labels of a target are, and their share.
    fn pile(&self, target: usize) -> Option<(f64, f64)> {
        let rows = self.parts.iter().flat_map(|part| &part.labels);
        let labels: Vec<f64> = rows.map(|row| row[target]).collect();
        let [low, high] = self
            .label_range
            .unwrap_or_else(|| ends(labels.iter().copied()));
        let piles = [0.0, low, high].map(|value| {
            let alike = labels.iter().filter(|label| **label == value).count();
            (value, alike as f64 / labels.len() as f64)
        });
        // Of equal shares the first: 0 may be an end as well.
        let largest = piles
            .into_iter()
            .reduce(|most, next| if next.1 > most.1 { next } else { most })?;
        (largest.1 >= MANY).then_some(largest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::PartLabels;

    fn piles(label_range: Option<[f64; 2]>, labels: &[f64]) -> Option<String> {
        let data = Data {
            targets: vec!["wear".to_owned()],
            label_range,
            parts: vec![PartLabels {
                name: "train".to_owned(),
                labels: labels.iter().map(|label| vec![*label]).collect(),
            }],
            ..Data::default()
        };
        data.piles(&data.targets)
    }

    #[test]
    fn many_labels_at_0_or_at_an_end_of_the_range_are_told_of() {
        let told = piles(Some([0.0, 1.0]), &[0.0, 0.0, 0.4, 1.0]);
        assert_eq!(told.unwrap(), "wear: 50.0\u{a0}% are exactly 0");
        // Without a range the ends are the lowest and the highest label.
        let told = piles(None, &[1.0, 2.0, 5.0, 5.0]);
        assert_eq!(told.unwrap(), "wear: 50.0\u{a0}% are exactly 5");
        let told = piles(None, &[-4.0, 0.0, 0.0, 7.0]);
        assert_eq!(told.unwrap(), "wear: 50.0\u{a0}% are exactly 0");
    }

    #[test]
    fn of_labels_that_spread_nothing_is_told() {
        assert_eq!(piles(None, &[1.0, 2.0, 3.0, 4.0, 5.0]), None);
        assert_eq!(piles(Some([0.0, 6.0]), &[3.0, 3.0, 3.0]), None);
        assert_eq!(piles(None, &[]), None);
    }
}
