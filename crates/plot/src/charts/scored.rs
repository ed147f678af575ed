//! A photo with its scores as bars, alone or beside maps of what the model looked at.

use image::RgbImage;

use super::{card::picture, heat::HeatMap};
use crate::{
    PlotError,
    draw::{
        Align, Canvas, Point, Rect, Style,
        colour::{BLUE, FRAME, GRID, INK, MUTED, WHITE},
        photo::shrunk,
        png::raster,
    },
    layout::{drawable, names::short_names},
    number::on_scale,
};

/// The most pixels on a side of these pictures.
pub const LONGEST_SIDE: u32 = 1600;
/// The least width, for the texts.
const NARROWEST: f64 = 480.0;
/// The most maps beside each other.
const COLUMNS: usize = 3;

/// A model's scores of one image.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ImageScores {
    /// The targets' names.
    pub targets: Vec<String>,
    /// One per target.
    pub scores: Vec<f64>,
    /// Lower and upper bound of each, where they are known.
    pub bounds: Option<Vec<[f64; 2]>>,
    /// From where to where bars reach; without it there are none.
    pub range: Option<[f64; 2]>,
}

/// What the model looked at in an image.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct LookedAt {
    /// How the maps were made.
    pub method: String,
    /// Each with the place of its target among the scores, if it is one target's.
    pub maps: Vec<(Option<usize>, HeatMap)>,
}

/// `photo`, at most [`LONGEST_SIDE`] pixels wide and high with its scores, a line with a bar
/// for each below it. It is not enlarged.
///
/// # Errors
/// [`PlotError::EmptyPhoto`] or [`PlotError::Draw`].
pub fn scored_photo(photo: &RgbImage, scores: &ImageScores) -> Result<RgbImage, PlotError> {
    let longest = f64::from(LONGEST_SIDE);
    let lines = Lines::new(scores, longest);
    let photo = shrunk(
        photo,
        LONGEST_SIDE,
        (longest - lines.height()).max(1.0) as u32,
    )?;
    let width = f64::from(photo.width()).max(NARROWEST);
    let lines = Lines::new(scores, width);
    let top = f64::from(photo.height());
    let mut canvas = Canvas::new(width, top + lines.height())?;
    let left = ((width - f64::from(photo.width())) / 2.0).round();
    canvas.photo((left, 0.0), photo);
    lines.draw_all(&mut canvas, (0.0, top), width);
    raster(&canvas)
}

/// `photo` beside each of the maps drawn over it, with the score below that it is about, as
/// wide as [`LONGEST_SIDE`] at most.
///
/// # Errors
/// [`PlotError::EmptyPhoto`] or [`PlotError::Draw`].
pub fn looked_at(
    photo: &RgbImage,
    scores: &ImageScores,
    looked_at: &LookedAt,
) -> Result<RgbImage, PlotError> {
    let pictures = looked_at.maps.len() + 1;
    let columns = pictures.min(COLUMNS);
    let gap = 16.0;
    let room = (f64::from(LONGEST_SIDE) - gap) / columns as f64 - gap;
    let photo = shrunk(photo, room as u32, room as u32)?;
    let width = f64::from(photo.width()).max(NARROWEST.min(room));
    let lines = Lines::new(scores, width);
    let is_of_one = looked_at.maps.iter().all(|(target, _)| target.is_some());
    let below = if is_of_one {
        lines.pitch + lines.pad()
    } else {
        lines.height()
    };
    let head = lines.pitch * 1.2;
    let height = f64::from(photo.height());
    let row = head + height + below;
    let mut canvas = Canvas::new(
        gap + columns as f64 * (width + gap),
        pictures.div_ceil(columns) as f64 * row + lines.pitch + lines.pad(),
    )?;
    let bold = Style::bold(lines.size, INK);
    for place in 0..pictures {
        let (column, top) = (place % columns, (place / columns) as f64 * row);
        let left = gap + column as f64 * (width + gap);
        let of_map = place.checked_sub(1).map(|map| &looked_at.maps[map]);
        let (title, image) = match of_map {
            None => ("photo", Some(photo.clone())),
            Some((Some(target), map)) => (lines.name(*target), map.over(&photo)),
            Some((None, map)) => (looked_at.method.as_str(), map.over(&photo)),
        };
        canvas.text_within(title, width, (left, top + lines.pitch), Align::Left, bold);
        let frame = Rect::new(left, top + head, width, height);
        picture(&mut canvas, frame, image, "no map");
        let foot = (left, top + head + height);
        match of_map {
            Some((Some(target), _)) => lines.draw(&mut canvas, foot, width, *target, false),
            None if !is_of_one => lines.draw_all(&mut canvas, foot, width),
            _ => {}
        }
    }
    let scale = if looked_at.maps.len() > 1 {
        ", on one scale for all maps"
    } else {
        ""
    };
    let note = format!(
        "{}: places without colour matter little, yellow ones most{scale}",
        looked_at.method
    );
    let at = (gap, f64::from(canvas.height) - lines.pad());
    let room = f64::from(canvas.width) - 2.0 * gap;
    canvas.text_within(
        &note,
        room,
        at,
        Align::Left,
        Style::regular(lines.size * 0.85, MUTED),
    );
    raster(&canvas)
}

/// Lines of scores, as wide as a photo.
struct Lines<'a> {
    scores: &'a ImageScores,
    names: Vec<String>,
    /// Of the letters.
    size: f64,
    /// From a line to the next.
    pitch: f64,
}

impl<'a> Lines<'a> {
    fn new(scores: &'a ImageScores, width: f64) -> Self {
        let size = (width / 44.0).clamp(17.0, 34.0).round();
        Self {
            scores,
            names: short_names(&scores.targets),
            size,
            pitch: (size * 1.55).round(),
        }
    }

    fn pad(&self) -> f64 {
        (self.size * 0.6).round()
    }

    fn height(&self) -> f64 {
        self.names.len() as f64 * self.pitch + 2.0 * self.pad()
    }

    fn name(&self, target: usize) -> &str {
        self.names.get(target).map_or("", String::as_str)
    }

    /// Draws all of them below this point.
    fn draw_all(&self, canvas: &mut Canvas, (left, top): Point, width: f64) {
        for target in 0..self.names.len() {
            let top = top + self.pad() / 2.0 + target as f64 * self.pitch;
            self.draw(
                canvas,
                (left + self.pad(), top),
                width - 2.0 * self.pad(),
                target,
                true,
            );
        }
    }

    /// Draws one of them below this point: its name, if it is wanted, its bar and its numbers.
    fn draw(
        &self,
        canvas: &mut Canvas,
        (left, top): Point,
        width: f64,
        target: usize,
        with_name: bool,
    ) {
        let style = Style::regular(self.size, INK);
        let baseline = top + self.pitch * 0.86;
        let numbers = self.numbers(target);
        let right = left + width;
        canvas.text(&numbers, (right, baseline), Align::Right, style);
        let mut bar_left = left;
        if with_name {
            let widths = self.names.iter().map(|name| canvas.text_width(name, style));
            let room = widths.fold(0.0, f64::max).min(width * 0.4);
            let name = self.name(target);
            canvas.text_within(name, room, (left, baseline), Align::Left, style);
            bar_left += room + self.size;
        }
        // Bars of all lines are equally long.
        let all = (0..self.names.len()).map(|target| self.numbers(target));
        let taken = all.map(|numbers| canvas.text_width(&numbers, style));
        let taken = taken.fold(0.0, f64::max) + self.size;
        let bar = Rect::new(
            bar_left,
            baseline - self.size * 0.76,
            right - taken - bar_left,
            self.size * 0.8,
        );
        if bar.width > 2.0 * self.size {
            self.draw_bar(canvas, bar, target);
        }
    }

    fn draw_bar(&self, canvas: &mut Canvas, bar: Rect, target: usize) {
        let Some([low, high]) = self.scores.range.filter(|[low, high]| low < high) else {
            return;
        };
        let at = |value: f64| {
            let share = ((value - low) / (high - low)).clamp(0.0, 1.0);
            bar.x + share * bar.width
        };
        canvas.fill(bar, GRID);
        if let Some(score) = self
            .scores
            .scores
            .get(target)
            .and_then(|one| drawable(*one))
        {
            canvas.fill(Rect::new(bar.x, bar.y, at(score) - bar.x, bar.height), BLUE);
        }
        canvas.frame(bar, 1.0, FRAME);
        if let Some([from, to]) = self.bounds(target) {
            let (from, to, middle) = (at(from), at(to), bar.y + bar.height / 2.0);
            let (thick, half) = ((self.size / 9.0).round().max(2.0), bar.height * 0.32);
            // Seen on the bar as on what is beside it.
            for (colour, width) in [(WHITE, thick + 2.0), (INK, thick)] {
                canvas.line((from, middle), (to, middle), width, colour);
                for end in [from, to] {
                    canvas.line((end, middle - half), (end, middle + half), width, colour);
                }
            }
        }
    }

    fn bounds(&self, target: usize) -> Option<[f64; 2]> {
        let bounds = self.scores.bounds.as_ref()?.get(target)?;
        bounds
            .iter()
            .all(|end| drawable(*end).is_some())
            .then_some(*bounds)
    }

    /// A score and its bounds.
    fn numbers(&self, target: usize) -> String {
        let range = self.scores.range.map_or(1.0, |[low, high]| high - low);
        let text = |value: f64| {
            let text = on_scale(value, range).into_iter().next();
            text.unwrap_or_default().replace('-', "−")
        };
        let score = self
            .scores
            .scores
            .get(target)
            .and_then(|one| drawable(*one));
        let score = score.map_or_else(|| "–".to_owned(), text);
        match self.bounds(target) {
            Some([low, high]) => format!("{score} [{}, {}]", text(low), text(high)),
            None => score,
        }
    }
}

#[cfg(test)]
mod tests {
    use image::Rgb;

    use super::*;
    use crate::testing::{NASTY, names};

    const PURPLE: Rgb<u8> = Rgb([120, 20, 160]);

    fn scores(targets: usize) -> ImageScores {
        ImageScores {
            targets: names(targets),
            scores: (0..targets)
                .map(|target| 0.25 * (target % 5) as f64)
                .collect(),
            bounds: None,
            range: Some([0.0, 1.0]),
        }
    }

    fn count(image: &RgbImage, colour: Rgb<u8>) -> usize {
        image.pixels().filter(|pixel| **pixel == colour).count()
    }

    #[test]
    fn a_photo_keeps_its_pixels_above_its_scores_and_is_small_enough() {
        for (width, height) in [(600, 400), (64, 48), (5000, 100), (100, 5000), (4000, 3000)] {
            let photo = RgbImage::from_pixel(width, height, PURPLE);
            let drawn = scored_photo(&photo, &scores(2)).unwrap();
            assert!(drawn.width().max(drawn.height()) <= LONGEST_SIDE, "{width}");
            let seen = count(&drawn, PURPLE);
            let ratio = seen as f64 / f64::from(width * height);
            assert!(ratio <= 1.0 && (width > 1000 || height > 1000 || ratio == 1.0));
        }
        let empty = scored_photo(&RgbImage::new(0, 3), &scores(1)).unwrap_err();
        assert_eq!(empty.to_string(), "the photo is 0×3 pixels large");
    }

    #[test]
    fn a_bar_is_as_long_as_its_score_and_its_bounds_are_seen_on_it() {
        let photo = RgbImage::from_pixel(1000, 400, PURPLE);
        let bars = |score: f64| {
            let drawn = scored_photo(
                &photo,
                &ImageScores {
                    scores: vec![score],
                    ..scores(1)
                },
            );
            count(&drawn.unwrap(), Rgb(BLUE.rgb))
        };
        let (half, whole) = (bars(0.5), bars(1.0));
        assert_eq!(bars(0.0), 0);
        assert!(
            (half as f64 / whole as f64 - 0.5).abs() < 0.03,
            "{half} of {whole}"
        );
        let with_bounds = ImageScores {
            scores: vec![0.5],
            bounds: Some(vec![[0.25, 0.75]]),
            ..scores(1)
        };
        let ink =
            |scores: &ImageScores| count(&scored_photo(&photo, scores).unwrap(), Rgb(INK.rgb));
        let without = ImageScores {
            bounds: None,
            ..with_bounds.clone()
        };
        assert!(ink(&with_bounds) > ink(&without) + 500);
    }

    #[test]
    fn any_scores_and_maps_are_drawn() {
        let photo = RgbImage::from_pixel(300, 200, PURPLE);
        for targets in 1..=9 {
            let nasty = ImageScores {
                scores: NASTY[..targets].to_vec(),
                bounds: Some(NASTY[..targets].iter().map(|end| [-end, *end]).collect()),
                ..scores(targets)
            };
            let map = |target| {
                (
                    target,
                    HeatMap {
                        width: 2,
                        values: vec![0.0, 1.0],
                        highest: None,
                    },
                )
            };
            for maps in [
                vec![map(None)],
                (0..targets).map(|one| map(Some(one))).collect(),
            ] {
                let maps = LookedAt {
                    method: "Grad-CAM".to_owned(),
                    maps,
                };
                let drawn = looked_at(&photo, &nasty, &maps).unwrap();
                assert!(drawn.width() <= LONGEST_SIDE && drawn.height() > 200);
            }
            scored_photo(&photo, &nasty).unwrap();
            scored_photo(
                &photo,
                &ImageScores {
                    range: None,
                    ..nasty
                },
            )
            .unwrap();
        }
    }
}
