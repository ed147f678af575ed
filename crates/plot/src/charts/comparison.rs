//! Backbones, or finalists, beside each other.

use crate::{
    Figure, Interval, Objective, PlotError,
    draw::{
        Align, Canvas,
        colour::{BLUE, INK, SHADE, VERMILION},
    },
    layout::{
        Axes, Axis, Heading, Key, Mark, Panel, Scale, Span, drawable, rows, style::NOTE, whisker,
    },
    number::{printed, with_interval},
};

/// The most rows.
const MOST_ROWS: usize = 40;
/// To the right of the panel.
const VALUE_ROOM: f64 = 320.0;

/// What [`comparison`] draws.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Comparison {
    /// Such as "Finalists, test split".
    pub title: String,
    /// Short statements below the title, such as what the intervals are.
    pub notes: Vec<String>,
    /// What the rows are compared by.
    pub objective: Objective,
    /// In any order.
    pub rows: Vec<Compared>,
    /// The score of always predicting the training mean.
    pub predict_the_mean: Option<f64>,
}

/// One backbone or finalist.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Compared {
    /// Its name, set before the row.
    pub name: String,
    /// Over the seeds; none if all trainings failed.
    pub mean: Option<f64>,
    /// The mean's confidence interval.
    pub interval: Option<Interval>,
    /// The score of each seed.
    pub seeds: Vec<f64>,
    /// Whether it cannot be told from the best.
    pub tied: bool,
}

/// A row for each of the best 40 backbones, the best first: its mean with the
/// interval, the scores of its seeds, and the numbers. Rows that are tied with
/// the best are shaded. The score of "predict the mean" is a dashed line where
/// it is near enough, otherwise a fact.
///
/// # Errors
/// [`PlotError::Draw`].
pub fn comparison(input: &Comparison) -> Result<Figure, PlotError> {
    let heading = Heading::new(input.title.as_str());
    let mut rows: Vec<&Compared> = input.rows.iter().collect();
    let mean = |row: &Compared| row.mean.and_then(drawable).unwrap_or(f64::NAN);
    rows.sort_by(|a, b| input.objective.order(mean(a), mean(b)));
    rows.truncate(MOST_ROWS);
    let Some(span) = Span::of(rows.iter().flat_map(|row| row.values())) else {
        return heading.nothing("nothing has a score");
    };
    // What is 0 at this scale is called so: an R² of -0.00007 only distracts.
    let is_zero = |value: f64| value.abs() < 1e-3 * span.length();
    let at_scale = |value: f64| if is_zero(value) { 0.0 } else { value };
    let reference = input.predict_the_mean.and_then(drawable).map(at_scale);
    // A far reference would press all rows into one corner.
    let near = reference.filter(|value| span.with(*value).length() <= 3.0 * span.length());
    let far = reference.filter(|_| near.is_none());
    let span = near.map_or(span, |value| span.with(value)).widen(0.04);
    let tied = rows.iter().enumerate().filter(|(_, row)| row.tied);
    let tied: Vec<f64> = tied.map(|(index, _)| rows::value(index)).collect();
    let predict = |value: f64| format!("predict the mean: {}", printed(value));
    let one_run = Key::Mark(Mark::Disc, INK.fade(0.45));
    let seeds = rows.iter().any(|row| !row.seeds.is_empty());
    let ties = !tied.is_empty();
    let x = Scale::over(span, input.objective.log);
    let x = Axis::new(x, &input.objective.name);
    let panel = Panel {
        shaded_rows: tied,
        right: VALUE_ROOM,
        ..rows::panel(rows.iter().map(|row| row.name.as_str()), x)
    };
    heading
        .facts(input.notes.clone())
        .fact(input.objective.direction())
        .facts(far.map(|value| predict(value) + ", beyond the axis"))
        .first_of(MOST_ROWS, input.rows.len(), "rows")
        .key(Key::MarkedLine(Mark::Disc, BLUE), "mean and interval")
        .key_if(seeds, one_run, "one run")
        .key_if(ties, Key::Filled(SHADE), "tied with the best")
        .keys(near.map(|value| (Key::Dashes(VERMILION), predict(value))))
        .panel(rows::height(rows.len()), panel, |canvas, axes| {
            if let Some(value) = near {
                axes.draw_dashes(canvas, value, 3.0, VERMILION);
            }
            for (index, row) in rows.iter().enumerate() {
                row.draw(canvas, axes, axes.y(rows::value(index)));
            }
        })
}

impl Compared {
    /// All that is to have a place on the axis.
    fn values(&self) -> impl Iterator<Item = f64> {
        let interval = self.interval.and_then(Interval::drawable);
        let ends = interval.into_iter().flat_map(|(low, high)| [low, high]);
        ends.chain(self.mean).chain(self.seeds.iter().copied())
    }

    /// Draws what the pixel row `y` shows within the frame and beside it.
    fn draw(&self, canvas: &mut Canvas, axes: &Axes, y: f64) {
        for seed in self.seeds.iter().filter_map(|seed| drawable(*seed)) {
            canvas.disc((axes.x(seed), y), 6.0, INK.fade(0.35));
        }
        let interval = self.interval.and_then(Interval::drawable);
        if let Some((low, high)) = interval {
            whisker(canvas, (axes.x(low), y), (axes.x(high), y), BLUE);
        }
        let mean = self.mean.and_then(drawable);
        if let Some(mean) = mean {
            Mark::Disc.draw_rimmed(canvas, (axes.x(mean), y), 9.0, BLUE);
        }
        let text = match (mean, interval) {
            (None, _) => "no score".to_owned(),
            (Some(mean), None) => printed(mean),
            (Some(mean), Some(interval)) => with_interval(mean, interval),
        };
        let at = (axes.area.right() + 14.0, y + NOTE.drop());
        canvas.text_within(&text, VALUE_ROOM - 16.0, at, Align::Left, NOTE);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        draw::colour::{FRAME, GRID},
        testing::*,
    };

    fn input(scores: &[f64]) -> Comparison {
        let row = |(index, score): (usize, &f64)| Compared {
            name: backbones()[index % 5].clone(),
            mean: Some(*score),
            interval: interval(score * 0.9, score * 1.15),
            seeds: [0.92, 1.0, 1.1].map(|factor| score * factor).to_vec(),
            tied: index < 2,
        };
        Comparison {
            title: "Finalists".to_owned(),
            notes: vec!["95 % intervals over seeds".to_owned()],
            objective: objective("test MSE"),
            rows: scores.iter().enumerate().map(row).collect(),
            predict_the_mean: None,
        }
    }

    #[test]
    fn the_best_row_comes_first_with_its_numbers() {
        let figure = assert_legible(comparison(&input(&[0.03, 0.012, 0.02])));
        let texts = texts(&figure);
        let place = |name: &str| texts.iter().position(|text| *text == name).unwrap();
        assert!(place(&backbones()[1]) < place(&backbones()[0]));
        place("0.0120 [0.0108, 0.0138]");
    }

    #[test]
    fn a_far_reference_is_a_fact_and_a_near_one_a_line() {
        let mut input = input(&[0.03, 0.012, 0.02]);
        input.predict_the_mean = Some(0.05);
        let near = assert_legible(comparison(&input));
        assert!(pixels_of(&near, VERMILION.rgb) > 200);
        input.predict_the_mean = Some(0.1463);
        let far = assert_legible(comparison(&input));
        assert_eq!(pixels_of(&far, VERMILION.rgb), 0);
        assert_says(&far, "predict the mean: 0.1463, beyond the axis");
    }

    #[test]
    fn the_reference_and_the_grid_lie_above_the_shade_of_tied_rows() {
        let mut input = input(&[0.03, 0.012, 0.02]);
        input.predict_the_mean = Some(0.05);
        let mut drawn = |tied: bool| {
            input.rows.iter_mut().for_each(|row| row.tied = tied);
            let figure = comparison(&input).unwrap();
            [SHADE, VERMILION, GRID, FRAME].map(|colour| pixels_of(&figure, colour.rgb))
        };
        let (without, with) = (drawn(false), drawn(true));
        assert!(with[0] > without[0] + 50_000, "{with:?}");
        for (with, without) in with[1..].iter().zip(&without[1..]) {
            assert!(with >= without, "{with} of {without}");
        }
    }

    #[test]
    fn rows_of_any_kind_and_number_are_legible() {
        assert_legible(comparison(&input(&[0.5])));
        assert_legible(comparison(&input(&[0.5; 60])));
        let mut nasty = input(&NASTY);
        nasty.title = LONG.repeat(3);
        nasty.rows[0].name = format!("<b>&\"{LONG}");
        nasty.rows[1].seeds = NASTY.to_vec();
        nasty.rows[2].mean = None;
        nasty.objective.log = true;
        nasty.predict_the_mean = Some(f64::NAN);
        assert_legible(comparison(&nasty));
    }

    #[test]
    fn without_a_score_there_is_nothing_to_show() {
        assert_nothing_to_show(comparison(&Comparison::default()));
        assert_nothing_to_show(comparison(&input(&[f64::NAN])));
    }
}
