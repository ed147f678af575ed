//! A colour for each backbone.

use super::{Key, Mark};
use crate::draw::{
    Colour,
    colour::{BLUE, FRAME, GREEN, INK, ORANGE, PURPLE, SKY, VERMILION},
};

/// Neighbours differ in lightness as well as in hue.
const COLOURS: [Colour; 7] = [BLUE, ORANGE, GREEN, VERMILION, SKY, PURPLE, INK];
/// Of those for which no colour is left.
const OTHERS: Colour = FRAME;

/// The colours of some names, the same in all figures with the same order.
#[derive(Debug)]
pub(crate) struct Palette<'a> {
    names: Vec<&'a str>,
    used: Vec<&'a str>,
}

impl<'a> Palette<'a> {
    /// Colours for the names `used`: those of `order` come first.
    pub(crate) fn new(order: &'a [String], used: impl Iterator<Item = &'a str>) -> Self {
        let mut palette = Self {
            names: order.iter().map(String::as_str).collect(),
            used: Vec::new(),
        };
        for name in used {
            for names in [&mut palette.names, &mut palette.used] {
                if !names.contains(&name) {
                    names.push(name);
                }
            }
        }
        palette
    }

    pub(crate) fn colour(&self, name: &str) -> Colour {
        let index = self.names.iter().position(|known| *known == name);
        let colour = index.and_then(|index| COLOURS.get(index));
        colour.copied().unwrap_or(OTHERS)
    }

    /// The names that are used, each with its sign; nothing for a single
    /// nameless one.
    pub(crate) fn legend(&self, key: impl Fn(Colour) -> Key) -> Vec<(Key, String)> {
        if self.used.iter().all(|name| name.is_empty()) {
            return Vec::new();
        }
        let coloured = self.names.iter().zip(COLOURS);
        let coloured = coloured.filter(|(name, _)| self.used.contains(name));
        let entry = |(name, colour): (&&str, Colour)| {
            let name = if name.is_empty() { "unnamed" } else { name };
            (key(colour), name.to_owned())
        };
        let mut legend: Vec<_> = coloured.map(entry).collect();
        let others = self.used.len() - legend.len();
        if others > 0 {
            legend.push((key(OTHERS), format!("{others} others")));
        }
        legend
    }

    /// [`Palette::legend`] with discs.
    pub(crate) fn discs(&self) -> Vec<(Key, String)> {
        self.legend(|colour| Key::Mark(Mark::Disc, colour))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::owned;

    fn labels(palette: &Palette) -> Vec<String> {
        palette.discs().into_iter().map(|(_, name)| name).collect()
    }

    #[test]
    fn a_name_keeps_its_colour_where_others_are_missing() {
        let order = owned(&["resnet18", "vit_b_16"]);
        let all = Palette::new(&order, ["vit_b_16", "resnet18", "new"].into_iter());
        let one = Palette::new(&order, ["vit_b_16"].into_iter());
        assert_eq!(all.colour("vit_b_16"), one.colour("vit_b_16"));
        assert_eq!(labels(&all), ["resnet18", "vit_b_16", "new"]);
        assert_eq!(labels(&one), ["vit_b_16"]);
    }

    #[test]
    fn names_beyond_the_last_colour_are_grey_together() {
        let many: Vec<String> = (0..10).map(|index| format!("backbone {index}")).collect();
        let palette = Palette::new(&[], many.iter().map(String::as_str));
        assert_eq!(palette.colour("backbone 9"), OTHERS);
        assert_eq!(labels(&palette).last().unwrap(), "3 others");
    }

    #[test]
    fn a_single_nameless_backbone_needs_no_legend() {
        assert!(labels(&Palette::new(&[], ["", ""].into_iter())).is_empty());
        let two = Palette::new(&[], ["", "a"].into_iter());
        assert_eq!(labels(&two), ["unnamed", "a"]);
    }
}
