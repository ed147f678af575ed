//! Which dimensions matter.

use crate::{
    Figure, Interval, PlotError,
    draw::{
        canvas::Canvas,
        colour::{BLUE, INK},
        geometry::Rect,
        text::Align,
    },
    layout::{
        axes::Axes,
        heading::Heading,
        nothing::nothing,
        panel::{Axis, Panel},
        rows::{self, row_axis},
        scale::Scale,
        sheet::{Sheet, first_of},
        span::{Span, drawable},
        style::NOTE,
    },
    number::compact,
};

/// The most bars that [`importance`] draws.
pub const MOST_BARS: usize = 40;

/// What [`importance`] draws.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Importance {
    /// Short statements below the title, such as the method and the number of
    /// trials.
    pub notes: Vec<String>,
    /// What the values are, for the axis, such as "share of the variance".
    pub unit: String,
    /// In any order.
    pub bars: Vec<ImportanceBar>,
}

/// The importance of one dimension.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ImportanceBar {
    /// The dimension's name.
    pub name: String,
    /// NaN where it could not be computed.
    pub value: f64,
    /// Its confidence interval.
    pub interval: Option<Interval>,
}

/// A bar per dimension with its value, the most important first.
///
/// # Errors
/// [`PlotError::Draw`].
pub fn importance(input: &Importance) -> Result<Figure, PlotError> {
    let title = "Importance of the searched dimensions";
    let mut bars: Vec<&ImportanceBar> = input.bars.iter().collect();
    bars.sort_by(|a, b| {
        let rank = |bar: &ImportanceBar| drawable(bar.value).unwrap_or(f64::NEG_INFINITY);
        rank(b).total_cmp(&rank(a))
    });
    bars.truncate(MOST_BARS);
    let intervals = bars.iter().filter_map(|bar| bar.interval?.drawable());
    let values = bars.iter().filter_map(|bar| drawable(bar.value));
    let ends = values.chain(intervals.flat_map(|(low, high)| [low, high]));
    let ends: Vec<f64> = ends.collect();
    if ends.is_empty() {
        return nothing(title, "no dimension has an importance");
    }
    let mut facts = input.notes.clone();
    facts.push(first_of(MOST_BARS, input.bars.len(), "dimensions"));
    let heading = Heading {
        title: title.to_owned(),
        facts,
        legend: Vec::new(),
    };
    let mut sheet = Sheet::bare(&heading)?;
    let canvas = &mut sheet.canvas;
    let names: Vec<&str> = bars.iter().map(|bar| bar.name.as_str()).collect();
    let span = Span::of(ends.into_iter().chain([0.0])).unwrap_or(Span::UNIT);
    // Bars begin at 0, which is an end of the axis unless some are negative.
    let room = 0.1 * span.length();
    let low = if span.low < 0.0 { span.low - room } else { 0.0 };
    let span = Span::new(low, span.high + room);
    let cell = rows::cell(f64::from(canvas.height), bars.len());
    let axes = Panel::new(
        cell,
        Axis::new(Scale::Linear(span), &input.unit),
        row_axis(canvas, &names),
    )
    .draw(canvas);
    for (index, bar) in bars.iter().enumerate() {
        draw_bar(canvas, &axes, index, bar);
    }
    if span.low < 0.0 {
        let (x, area) = (axes.x(0.0), axes.area);
        canvas.line((x, area.y), (x, area.bottom()), 2.0, INK);
    }
    sheet.end_at(cell.bottom());
    Ok(sheet.finish())
}

fn draw_bar(canvas: &mut Canvas, axes: &Axes, row: usize, bar: &ImportanceBar) {
    let (y, zero) = (rows::y(axes, row), axes.x(0.0));
    let Some(value) = drawable(bar.value) else {
        let at = (zero + 10.0, y + NOTE.drop());
        canvas.text("undefined", at, Align::Left, NOTE);
        return;
    };
    let x = axes.x(value);
    let rect = Rect::new(zero.min(x), y - 13.0, (x - zero).abs(), 26.0);
    canvas.fill(rect, BLUE);
    let mut end = zero.max(x);
    if let Some((low, high)) = bar.interval.and_then(Interval::drawable) {
        rows::interval(canvas, (axes.x(low), axes.x(high)), y, INK);
        end = end.max(axes.x(high));
    }
    let text = compact(value);
    let room = axes.area.right() - end - 14.0;
    let at = if canvas.text_width(&text, NOTE) < room {
        (end + 10.0, Align::Left)
    } else {
        (axes.area.right() - 6.0, Align::Right)
    };
    canvas.text_on_paper(&text, (at.0, y + NOTE.drop()), at.1, NOTE);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{LONG, NASTY, assert_legible, assert_nothing_to_show, texts};

    fn input(values: &[f64]) -> Importance {
        let bar = |(index, value): (usize, &f64)| ImportanceBar {
            name: format!("model.dimension_{index}"),
            value: *value,
            interval: None,
        };
        Importance {
            notes: vec!["fANOVA".to_owned(), "200 trials".to_owned()],
            unit: "share of the variance".to_owned(),
            bars: values.iter().enumerate().map(bar).collect(),
        }
    }

    #[test]
    fn the_most_important_comes_first_and_every_bar_has_its_value() {
        let figure = importance(&input(&[0.12, 0.5, 0.03, f64::NAN])).unwrap();
        assert_legible(&figure);
        let texts = texts(&figure);
        let place = |text: &str| texts.iter().position(|other| *other == text).unwrap();
        assert!(place("model.dimension_1") < place("model.dimension_0"));
        assert!(place("model.dimension_2") < place("model.dimension_3"));
        for value in ["0.5", "0.12", "0.03", "undefined"] {
            place(value);
        }
    }

    #[test]
    fn values_of_any_kind_and_number_are_legible() {
        assert_legible(&importance(&input(&[0.0])).unwrap());
        assert_legible(&importance(&input(&[-0.2, 0.3, -0.1])).unwrap());
        assert_legible(&importance(&input(&NASTY)).unwrap());
        assert_legible(&importance(&input(&[0.01; 60])).unwrap());
        let mut long = input(&[0.1, 0.2, 0.3]);
        for bar in &mut long.bars {
            bar.name = format!("<b>&\"{LONG}");
            let (low, high) = (bar.value * 0.5, bar.value * 1.4);
            bar.interval = Some(Interval { low, high });
        }
        assert_legible(&importance(&long).unwrap());
    }

    #[test]
    fn without_a_value_there_is_nothing_to_show() {
        assert_nothing_to_show(importance(&Importance::default()));
        assert_nothing_to_show(importance(&input(&[f64::NAN])));
    }
}
