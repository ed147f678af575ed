//! Heat maps over photos.

use image::{Rgb, RgbImage};

use crate::draw::{
    Colour,
    colour::{WHITE, opaque},
    ramp::viridis,
};

/// How much each place of an image matters, from its upper left corner row by
/// row.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct HeatMap {
    /// Cells per row.
    pub width: usize,
    /// `width` times the number of rows; what is NaN is left clear.
    pub values: Vec<f32>,
    /// The value at the top of the colours, which several maps then share; `None`: the
    /// map's own highest.
    pub highest: Option<f32>,
}

/// How opaque the highest value is; the lowest is clear.
const OPACITY: f64 = 0.8;
/// What is left of a photo's colours: those of the map are to be told apart from
/// them.
const COLOUR: f64 = 0.35;

/// The colours of a map over a white photo, from lowest (0) to highest (1).
pub(super) fn on_white(share: f64) -> Colour {
    WHITE.mix(viridis(share), OPACITY * share)
}

impl HeatMap {
    /// `photo` below the map, in greys but for a hint of its colours; none if
    /// the map has no cell with a number. The map's range is spread over the colours,
    /// from 0 if no value is negative, up to [`HeatMap::highest`].
    pub(super) fn over(&self, photo: &RgbImage) -> Option<RgbImage> {
        let height = self.values.len().checked_div(self.width)?;
        let finite = self
            .values
            .iter()
            .copied()
            .filter(|value| value.is_finite());
        let own = finite.clone().reduce(f32::max)?;
        let high = self.highest.filter(|high| high.is_finite()).unwrap_or(own);
        let low = finite.reduce(f32::min)?.min(0.0);
        if height == 0 {
            return None;
        }
        let range = f64::from(high) - f64::from(low);
        let (wide, tall) = photo.dimensions();
        let mut image = photo.clone();
        for (x, y, pixel) in image.enumerate_pixels_mut() {
            let below = greyed(*pixel);
            let at = (
                (f64::from(x) + 0.5) / f64::from(wide) * self.width as f64 - 0.5,
                (f64::from(y) + 0.5) / f64::from(tall) * height as f64 - 0.5,
            );
            let value = (self.between(at, height) - f64::from(low)) / range.max(1e-30);
            let value = if value.is_finite() {
                value.clamp(0.0, 1.0)
            } else {
                0.0
            };
            *pixel = Rgb(below.mix(viridis(value), OPACITY * value).rgb);
        }
        Some(image)
    }

    /// The value at a place between cells, by the nearest four.
    fn between(&self, (x, y): (f64, f64), height: usize) -> f64 {
        let split = |place: f64, cells: usize| {
            let place = place.clamp(0.0, cells as f64 - 1.0);
            let first = place as usize;
            (first, (first + 1).min(cells - 1), place.fract())
        };
        let (left, right, across) = split(x, self.width);
        let (top, bottom, down) = split(y, height);
        let value = |column: usize, row: usize| f64::from(self.values[row * self.width + column]);
        // A cell without weight counts for nothing, even if it is NaN.
        let mix = |a: f64, b: f64, share: f64| match share {
            0.0 => a,
            share => a * (1.0 - share) + b * share,
        };
        mix(
            mix(value(left, top), value(right, top), across),
            mix(value(left, bottom), value(right, bottom), across),
            down,
        )
    }
}

fn greyed(Rgb([red, green, blue]): Rgb<u8>) -> Colour {
    let [r, g, b] = [red, green, blue].map(f64::from);
    let grey = (0.299 * r + 0.587 * g + 0.114 * b).round() as u8;
    opaque(grey, grey, grey).mix(opaque(red, green, blue), COLOUR)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(width: usize, values: &[f32]) -> HeatMap {
        HeatMap {
            width,
            values: values.to_vec(),
            highest: None,
        }
    }

    #[test]
    fn a_map_on_a_shared_scale_is_as_faint_as_it_is_weak() {
        let photo = RgbImage::from_pixel(2, 1, Rgb([120, 120, 120]));
        let alone = map(2, &[0.0, 0.2]);
        let shared = HeatMap {
            highest: Some(1.0),
            ..alone.clone()
        };
        let change = |map: &HeatMap| -> i32 {
            let pixel = map.over(&photo).unwrap().get_pixel(1, 0).0;
            pixel.iter().map(|ink| (i32::from(*ink) - 120).abs()).sum()
        };
        let faint = change(&shared);
        assert!(faint > 0 && 2 * faint < change(&alone), "{faint}");
    }

    #[test]
    fn values_are_spread_evenly_between_the_middles_of_cells() {
        let map = map(2, &[0.0, 1.0, 2.0, 3.0]);
        assert_eq!(map.between((0.0, 0.0), 2), 0.0);
        assert_eq!(map.between((0.5, 0.5), 2), 1.5);
        assert_eq!(map.between((-9.0, 0.25), 2), 0.5);
        assert_eq!(map.between((9.0, 9.0), 2), 3.0);
    }

    #[test]
    fn the_highest_place_is_yellow_and_the_lowest_clear() {
        let grey = RgbImage::from_pixel(80, 60, Rgb([128; 3]));
        let image = map(2, &[0.0, 0.0, 0.0, 5.0]).over(&grey).unwrap();
        let [red, green, blue] = image.get_pixel(79, 59).0;
        assert!(red > 200 && green > 190 && blue < 80);
        assert_eq!(image.get_pixel(0, 0).0, [128; 3]);
    }

    #[test]
    fn what_is_nan_is_clear_and_a_map_without_numbers_is_none() {
        let grey = RgbImage::from_pixel(40, 20, Rgb([128; 3]));
        let image = map(2, &[f32::NAN, 1.0]).over(&grey).unwrap();
        assert_eq!(image.get_pixel(0, 0).0, [128; 3]);
        assert_ne!(image.get_pixel(39, 0).0, [128; 3]);
        for empty in [map(0, &[]), map(3, &[1.0]), map(1, &[f32::NAN])] {
            assert_eq!(empty.over(&grey), None);
        }
        assert!(map(1, &[0.0]).over(&grey).is_some());
    }
}
