//! Backbones, or finalists, beside each other.

use super::compared::{Compared, VALUE_ROOM, draw_row, values};
use crate::{
    Figure, Objective, PlotError,
    draw::colour::{BLUE, INK, SHADE, VERMILION},
    layout::{
        heading::Heading,
        key::Key,
        mark::Mark,
        nothing::nothing,
        panel::{Axis, Panel},
        rows::{self, row_axis},
        scale::Scale,
        sheet::{Sheet, first_of},
        span::{Span, drawable},
    },
    number::printed,
};

/// The most rows that [`comparison`] draws.
pub const MOST_ROWS: usize = 40;
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

/// A row per backbone, the best first: its mean with the interval, the scores
/// of its seeds, and the numbers. Rows that are tied with the best are shaded.
/// The score of "predict the mean" is a dashed line where it is near enough,
/// otherwise a fact.
///
/// # Errors
/// [`PlotError::Draw`].
pub fn comparison(input: &Comparison) -> Result<Figure, PlotError> {
    let mut rows: Vec<&Compared> = input.rows.iter().collect();
    let mean = |row: &Compared| row.mean.and_then(drawable).unwrap_or(f64::NAN);
    rows.sort_by(|a, b| input.objective.order(mean(a), mean(b)));
    rows.truncate(MOST_ROWS);
    let Some(span) = Span::of(rows.iter().flat_map(|row| values(row))) else {
        return nothing(input.title.as_str(), "nothing has a score");
    };
    // What is 0 at this scale is called so: an R² of -0.00007 only distracts.
    let at_scale = |value: f64| {
        if value.abs() < 1e-3 * span.length() {
            0.0
        } else {
            value
        }
    };
    let reference = input.predict_the_mean.and_then(drawable).map(at_scale);
    // A far reference would press all rows into one corner.
    let near = reference.filter(|value| span.with(*value).length() <= 3.0 * span.length());
    let span = near.map_or(span, |value| span.with(value)).widen(0.04);
    let mut sheet = Sheet::bare(&heading(input, &rows, reference, near.is_some()))?;
    let canvas = &mut sheet.canvas;
    let names: Vec<&str> = rows.iter().map(|row| row.name.as_str()).collect();
    let cell = rows::cell(f64::from(canvas.height), rows.len());
    let tied = rows.iter().enumerate().filter(|(_, row)| row.tied);
    let axes = Panel {
        right: VALUE_ROOM,
        shaded_rows: tied.map(|(index, _)| rows::value(index)).collect(),
        ..Panel::new(
            cell,
            Axis::new(
                Scale::over(span, input.objective.log),
                &input.objective.name,
            ),
            row_axis(canvas, &names),
        )
    }
    .draw(canvas);
    if let Some(value) = near {
        let (x, area) = (axes.x(value), axes.area);
        canvas.dashes((x, area.y), (x, area.bottom() - 4.0), 3.0, VERMILION);
    }
    for (index, row) in rows.iter().enumerate() {
        draw_row(canvas, &axes, index, row);
    }
    sheet.end_at(cell.bottom());
    Ok(sheet.finish())
}

fn heading(input: &Comparison, rows: &[&Compared], reference: Option<f64>, near: bool) -> Heading {
    let mut facts = input.notes.clone();
    facts.push(input.objective.direction());
    let mut legend = vec![(
        Key::MarkedLine(Mark::Disc, BLUE),
        "mean and interval".to_owned(),
    )];
    if rows.iter().any(|row| !row.seeds.is_empty()) {
        legend.push((Key::Mark(Mark::Disc, INK.fade(0.45)), "one run".to_owned()));
    }
    if rows.iter().any(|row| row.tied) {
        legend.push((Key::Filled(SHADE), "tied with the best".to_owned()));
    }
    match reference.map(printed) {
        Some(value) if near => {
            legend.push((Key::Dashes(VERMILION), format!("predict the mean: {value}")));
        }
        Some(value) => facts.push(format!("predict the mean: {value}, beyond the axis")),
        None => {}
    }
    facts.push(first_of(MOST_ROWS, input.rows.len(), "rows"));
    Heading {
        title: input.title.clone(),
        facts,
        legend,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Interval,
        draw::colour::{FRAME, GRID},
        testing::{
            LONG, NASTY, assert_legible, assert_nothing_to_show, backbones, pixels_of, texts,
        },
    };

    fn input(scores: &[f64]) -> Comparison {
        let row = |(index, score): (usize, &f64)| Compared {
            name: backbones()[index % 5].clone(),
            mean: Some(*score),
            interval: Some(Interval {
                low: score * 0.9,
                high: score * 1.15,
            }),
            seeds: [0.92, 1.0, 1.1].map(|factor| score * factor).to_vec(),
            tied: index < 2,
        };
        Comparison {
            title: "Finalists".to_owned(),
            notes: vec!["95 % intervals over seeds".to_owned()],
            objective: Objective {
                name: "test MSE".to_owned(),
                ..Objective::default()
            },
            rows: scores.iter().enumerate().map(row).collect(),
            predict_the_mean: None,
        }
    }

    #[test]
    fn the_best_row_comes_first_with_its_numbers() {
        let figure = comparison(&input(&[0.03, 0.012, 0.02])).unwrap();
        assert_legible(&figure);
        let texts = texts(&figure);
        let place = |name: &str| texts.iter().position(|text| *text == name).unwrap();
        assert!(place(&backbones()[1]) < place(&backbones()[0]));
        place("0.0120 [0.0108, 0.0138]");
    }

    #[test]
    fn a_far_reference_is_a_fact_and_a_near_one_a_line() {
        let mut input = input(&[0.03, 0.012, 0.02]);
        input.predict_the_mean = Some(0.05);
        let near = comparison(&input).unwrap();
        assert!(pixels_of(&near, VERMILION.rgb) > 200);
        input.predict_the_mean = Some(0.1463);
        let far = comparison(&input).unwrap();
        assert_eq!(pixels_of(&far, VERMILION.rgb), 0);
        assert!(
            far.description()
                .contains("predict the mean: 0.1463, beyond the axis")
        );
        assert_legible(&near);
        assert_legible(&far);
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
        assert_legible(&comparison(&input(&[0.5])).unwrap());
        assert_legible(&comparison(&input(&[0.5; 60])).unwrap());
        let mut nasty = input(&NASTY);
        nasty.title = LONG.repeat(3);
        nasty.rows[0].name = format!("<b>&\"{LONG}");
        nasty.rows[1].seeds = NASTY.to_vec();
        nasty.rows[2].mean = None;
        nasty.objective.log = true;
        nasty.predict_the_mean = Some(f64::NAN);
        assert_legible(&comparison(&nasty).unwrap());
    }

    #[test]
    fn without_a_score_there_is_nothing_to_show() {
        assert_nothing_to_show(comparison(&Comparison::default()));
        assert_nothing_to_show(comparison(&input(&[f64::NAN])));
    }
}
