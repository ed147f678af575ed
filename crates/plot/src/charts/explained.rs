//! One photo beside its maps.

use super::heat::HeatMap;
use crate::{
    Sample,
    draw::{
        canvas::Canvas,
        colour::{FRAME, SHADE},
        geometry::Rect,
        text::Align,
    },
    layout::{
        card::{Scores, draw_photo},
        sheet::{INSIDE, MARGIN},
        style::{NOTE, QUIET_NOTE},
    },
};

/// Between pictures.
pub(super) const GAP: f64 = 20.0;
/// From a line of text to the next.
pub(super) const LINE: f64 = 30.0;

/// One photo with its maps.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Explained {
    /// The photo and its scores.
    pub sample: Sample,
    /// One per method; none where there is none.
    pub maps: Vec<Option<HeatMap>>,
}

/// Places for pictures side by side.
pub(super) struct Columns {
    pub(super) width: f64,
    pub(super) height: f64,
}

impl Columns {
    pub(super) fn new(count: usize) -> Self {
        // One or two pictures do not fill the page.
        let count = count.max(3) as f64;
        let width = ((INSIDE - (count - 1.0) * GAP) / count).floor();
        Self {
            width,
            height: (width * 0.75).round(),
        }
    }

    pub(super) fn x(&self, index: usize) -> f64 {
        MARGIN + index as f64 * (self.width + GAP)
    }
}

/// Draws the photo, and a map in each of the columns to its right.
pub(super) fn draw_row(
    canvas: &mut Canvas,
    columns: &Columns,
    y: f64,
    photo: &Explained,
    methods: usize,
) {
    let place = |index: usize| Rect::new(columns.x(index), y, columns.width, columns.height);
    draw_photo(canvas, place(0), &photo.sample);
    for method in 0..methods {
        let frame = place(method + 1);
        let map = photo.maps.get(method).and_then(Option::as_ref);
        let small = photo.sample.photo.as_ref();
        let small = small.map(|small| small.fit(frame.width, frame.height));
        canvas.fill(frame, SHADE);
        canvas.frame(frame, 1.0, FRAME);
        let middle = (frame.x + frame.width / 2.0, y + frame.height / 2.0);
        match small.and_then(|small| map?.over(&small)) {
            Some(image) => {
                let at = (
                    middle.0 - f64::from(image.width() / 2),
                    middle.1 - f64::from(image.height() / 2),
                );
                canvas.photo(at, image);
            }
            None => canvas.text("no map", middle, Align::Middle, QUIET_NOTE),
        }
    }
}

/// Draws the scores of each target one after the other; returns the row where
/// they end.
pub(super) fn draw_scores(
    canvas: &mut Canvas,
    top: f64,
    sample: &Sample,
    names: &[String],
    ranges: &[f64],
) -> f64 {
    let (mut x, mut y) = (MARGIN, top + LINE - 4.0);
    for (target, name) in names.iter().enumerate() {
        let scores = Scores::of(sample, ranges, target);
        let [label, predicted, error] = scores.texts(canvas);
        let name = canvas.shorten(name, 420.0, NOTE);
        let text = format!("{name}: label {label}, predicted {predicted}, error {error}");
        let width = 26.0 + canvas.text_width(&text, NOTE);
        if x > MARGIN && x + width > MARGIN + INSIDE {
            x = MARGIN;
            y += LINE;
        }
        if let Some(size) = scores.size() {
            let (mark, colour) = size.sign();
            mark.draw(canvas, (x + 9.0, y - NOTE.drop()), 8.0, colour);
        }
        canvas.text(&text, (x + 26.0, y), Align::Left, NOTE);
        x += width + 36.0;
    }
    y + 12.0
}
