//! Scatter plots of many points, coloured by how crowded each place is.

use std::collections::BTreeSet;

use super::{Axes, Grid, Heading, Key, Panel};
use crate::{
    Figure, PlotError,
    draw::{Canvas, Point, ramp::density},
};

/// A dot, and how many there are around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Dot {
    /// First, so that sorted dots go from lonely to crowded.
    neighbours: u32,
    x: i32,
    y: i32,
}

const RADIUS: f64 = 5.0;
/// Pixels in each direction that count as around.
const REACH: usize = 5;
/// With more dots than this they are moved to a coarser grid, so that an SVG
/// stays small.
const MANY: [(usize, f64); 2] = [(10_000, 4.0), (2_000, 2.0)];

impl Heading {
    /// A figure of panels with a dot for each of their points, in values, and
    /// above the dots what `over` draws. A dot is the darker the more dots are
    /// near.
    pub(crate) fn scatter(
        self,
        grid: Grid,
        panels: Vec<(Panel, Vec<Point>)>,
        over: impl Fn(&mut Canvas, &Axes, &[Point]),
    ) -> Result<Figure, PlotError> {
        let text = "few to many images nearby (log scale)";
        let mut sheet = self.key(Key::Ramp(density), text).sheet()?;
        let cells = sheet.cells(grid, panels.len());
        let canvas = &mut sheet.canvas;
        let panels = panels.into_iter().zip(&cells);
        let panels: Vec<(Axes, Vec<Point>)> = panels
            .map(|((panel, points), cell)| (panel.draw(canvas, *cell), points))
            .collect();
        scatter(canvas, &panels);
        for (axes, points) in &panels {
            over(canvas, axes, points);
        }
        Ok(sheet.end_below(&cells))
    }
}

/// Draws the points, in values, of some panels, each in the colour of the
/// logarithm of the number of dots nearby, so that a pile-up shows. One scale of
/// colours holds for all panels, so that they can be compared.
fn scatter(canvas: &mut Canvas, panels: &[(Axes, Vec<Point>)]) {
    let dots: Vec<Vec<Dot>> = panels
        .iter()
        .map(|(axes, points)| {
            let area = axes.area;
            let pixel = |&(x, y): &Point| (axes.x(x) - area.x, axes.y(y) - area.y);
            let pixels: Vec<Point> = points.iter().map(pixel).collect();
            dots(&pixels, (area.width, area.height))
        })
        .collect();
    let crowds = dots.iter().filter_map(|dots| dots.last());
    let most = crowds.map(|dot| dot.neighbours).max().unwrap_or(1).max(2);
    for ((axes, _), dots) in panels.iter().zip(dots) {
        for dot in dots {
            let share = f64::from(dot.neighbours).ln() / f64::from(most).ln();
            let at = (
                axes.area.x + f64::from(dot.x),
                axes.area.y + f64::from(dot.y),
            );
            canvas.disc(at, RADIUS, density(share).fade(0.85));
        }
    }
}

/// The distinct dots of `pixels`, which lie within `(width, height)`, in the
/// order to draw them: the most crowded last, on top.
fn dots(pixels: &[(f64, f64)], (width, height): (f64, f64)) -> Vec<Dot> {
    let coarser = MANY.iter().find(|(most, _)| pixels.len() > *most);
    let grid = coarser.map_or(1.0, |(_, grid)| *grid);
    let (width, height) = (width.max(0.0) as usize + 4, height.max(0.0) as usize + 4);
    let places: Vec<(usize, usize)> = pixels
        .iter()
        .map(|&(x, y)| {
            let snap =
                |v: f64, most: usize| (((v / grid).round() * grid).max(0.0) as usize).min(most);
            (snap(x, width - 1), snap(y, height - 1))
        })
        .collect();
    let mut counts = vec![0_u32; width * height];
    for &(x, y) in &places {
        counts[y * width + x] += 1;
    }
    let within = |x: usize, y: usize| {
        let columns = x.saturating_sub(REACH)..(x + REACH + 1).min(width);
        let rows = y.saturating_sub(REACH)..(y + REACH + 1).min(height);
        let row = |y: usize| &counts[y * width..][columns.clone()];
        rows.flat_map(row).sum()
    };
    let distinct: BTreeSet<_> = places.into_iter().collect();
    let mut dots: Vec<Dot> = distinct
        .into_iter()
        .map(|(x, y)| Dot {
            neighbours: within(x, y),
            x: x as i32,
            y: y as i32,
        })
        .collect();
    dots.sort_unstable();
    dots
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dots_in_one_place_are_drawn_once_and_counted_all() {
        let mut pixels = vec![(5.0, 5.0); 40];
        pixels.push((90.0, 90.0));
        pixels.push((9.0, 5.0));
        let dots = dots(&pixels, (100.0, 100.0));
        let counts: Vec<_> = dots.iter().map(|dot| (dot.x, dot.neighbours)).collect();
        assert_eq!(counts, [(90, 1), (5, 41), (9, 41)]);
    }

    #[test]
    fn a_hundred_thousand_dots_stay_few_enough_for_an_svg() {
        let pixels: Vec<_> = (0..100_000)
            .map(|i| (f64::from(i % 600), f64::from(i * 7 % 599)))
            .collect();
        assert!(dots(&pixels, (600.0, 600.0)).len() <= 23_000);
    }
}
