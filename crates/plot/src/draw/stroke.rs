//! Lines as pixels.
//!
//! plotters rounds the corners of a slanted line to whole pixels, which makes
//! thin lines of uneven width, and draws the lines of a path one over another,
//! which makes knots of translucent ones. Here a pixel of a path is covered
//! once, by as much as the nearest of its lines covers it.

use image::RgbImage;

use super::{colour::Colour, geometry::Point, png::blend};

/// How much of each pixel a path covers; kept from path to path.
#[derive(Debug)]
pub(super) struct Coverage {
    width: usize,
    height: usize,
    /// From 0 to 255.
    pixels: Vec<u8>,
    touched: Vec<usize>,
}

impl Coverage {
    pub(super) fn new(width: u32, height: u32) -> Self {
        let (width, height) = (width as usize, height as usize);
        Self {
            width,
            height,
            pixels: vec![0; width * height],
            touched: Vec::new(),
        }
    }

    /// Draws lines of `width` from point to point.
    pub(super) fn stroke(
        &mut self,
        image: &mut RgbImage,
        points: &[Point],
        width: f64,
        colour: Colour,
    ) {
        for pair in points.windows(2) {
            self.segment(pair[0], pair[1], width / 2.0);
        }
        for index in self.touched.drain(..) {
            let share = f64::from(std::mem::take(&mut self.pixels[index])) / 255.0;
            let at = ((index % self.width) as i32, (index / self.width) as i32);
            blend(image, at, colour, share);
        }
    }

    fn segment(&mut self, from: Point, to: Point, half: f64) {
        let along = (to.0 - from.0, to.1 - from.1);
        let length = along.0.hypot(along.1);
        if !length.is_finite() {
            return;
        }
        let steep = along.1.abs() > along.0.abs();
        // A column (or row, of a steep line) is met within this reach of the
        // line's middle; the line's ends are round.
        let turn = |point: Point| if steep { (point.1, point.0) } else { point };
        let (start, end) = (turn(from), turn(to));
        let (low, high) = if start.0 <= end.0 {
            (start, end)
        } else {
            (end, start)
        };
        let slope = (high.1 - low.1) / (high.0 - low.0).max(1e-9);
        let slope = slope.clamp(-1.0, 1.0);
        let reach = (half + 1.0) * slope.hypot(1.0);
        let (columns, rows) = turn((self.width as f64, self.height as f64));
        let first = (low.0 - half - 1.0).floor().max(0.0);
        let last = (high.0 + half + 1.0).ceil().min(columns - 1.0);
        if last < first {
            return;
        }
        for column in first as usize..=last as usize {
            let place = (column as f64).clamp(low.0, high.0);
            let middle = low.1 + (place - low.0) * slope;
            let top = (middle - reach).floor().max(0.0);
            let bottom = (middle + reach).ceil().min(rows - 1.0);
            let mut row = top;
            while row <= bottom {
                let (x, y) = turn((column as f64, row));
                let covered = half + 0.5 - distance((x, y), from, along, length);
                self.cover(x as usize, y as usize, covered);
                row += 1.0;
            }
        }
    }

    fn cover(&mut self, x: usize, y: usize, share: f64) {
        let share = (share.clamp(0.0, 1.0) * 255.0).round() as u8;
        let index = y * self.width + x;
        let Some(pixel) = self.pixels.get_mut(index).filter(|_| share > 0) else {
            return;
        };
        if *pixel == 0 {
            self.touched.push(index);
        }
        *pixel = share.max(*pixel);
    }
}

/// From `point` to the nearest point of the line.
fn distance(point: Point, from: Point, along: Point, length: f64) -> f64 {
    let off = (point.0 - from.0, point.1 - from.1);
    let way = (off.0 * along.0 + off.1 * along.1) / (length * length).max(1e-9);
    let way = way.clamp(0.0, 1.0);
    (off.0 - way * along.0).hypot(off.1 - way * along.1)
}

#[cfg(test)]
mod tests {
    use image::Rgb;

    use super::*;
    use crate::draw::colour::INK;

    fn drawn(points: &[Point], width: f64, colour: Colour) -> RgbImage {
        let mut image = RgbImage::from_pixel(60, 40, Rgb([255; 3]));
        Coverage::new(60, 40).stroke(&mut image, points, width, colour);
        image
    }

    /// The sum of ink, in whole pixels.
    fn ink(image: &RgbImage) -> f64 {
        let grey = |pixel: &Rgb<u8>| f64::from(255 - pixel.0[0]) / f64::from(255 - INK.rgb.0);
        image.pixels().map(grey).sum()
    }

    #[test]
    fn a_line_is_as_wide_in_every_direction() {
        for to in [(50.0, 20.0), (50.0, 35.0), (10.0, 35.0), (25.0, 38.0)] {
            let length = f64::hypot(to.0 - 10.0, to.1 - 5.0);
            let image = drawn(&[(10.0, 5.0), to], 3.0, INK);
            // The round ends add a disc.
            let expected = 3.0 * length + std::f64::consts::PI * 2.25;
            assert!((ink(&image) / expected - 1.0).abs() < 0.05, "{to:?}");
        }
    }

    #[test]
    fn a_translucent_path_that_returns_is_no_darker_there() {
        let there = drawn(&[(10.0, 10.0), (50.0, 30.0)], 4.0, INK.fade(0.5));
        let back = [(10.0, 10.0), (50.0, 30.0), (10.0, 10.0)];
        assert_eq!(there, drawn(&back, 4.0, INK.fade(0.5)));
    }

    #[test]
    fn what_lies_outside_is_cut_off() {
        let image = drawn(&[(-500.0, -20.0), (700.0, 90.0)], 3.0, INK);
        assert!(ink(&image) > 30.0);
        for far in [
            (-50.0, -90.0),
            (900.0, 20.0),
            (30.0, 400.0),
            (f64::NAN, 0.0),
        ] {
            assert_eq!(ink(&drawn(&[far, far], 3.0, INK)), 0.0, "{far:?}");
        }
    }
}
