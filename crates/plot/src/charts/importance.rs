//! Which dimensions matter.

use crate::{
    Figure, PlotError,
    draw::{
        Align, Canvas, Rect,
        colour::{BLUE, INK},
    },
    layout::{Axes, Axis, Heading, Span, drawable, rows, style::NOTE},
    number::compact,
};

/// The most bars.
const MOST_BARS: usize = 40;

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
}

/// A bar for each of the 40 most important dimensions with its value, the most
/// important first.
///
/// # Errors
/// [`PlotError::Draw`].
pub fn importance(input: &Importance) -> Result<Figure, PlotError> {
    let heading = Heading::new("Importance of the searched dimensions");
    let mut bars: Vec<&ImportanceBar> = input.bars.iter().collect();
    let rank = |bar: &ImportanceBar| drawable(bar.value).unwrap_or(f64::NEG_INFINITY);
    bars.sort_by(|a, b| rank(b).total_cmp(&rank(a)));
    bars.truncate(MOST_BARS);
    let values: Vec<f64> = bars.iter().filter_map(|bar| drawable(bar.value)).collect();
    if values.is_empty() {
        return heading.nothing("no dimension has an importance");
    }
    let span = Span::of(values.into_iter().chain([0.0])).unwrap_or(Span::UNIT);
    // Bars begin at 0, which is an end of the axis unless some are negative.
    let room = 0.1 * span.length();
    let low = if span.low < 0.0 { span.low - room } else { 0.0 };
    let span = Span::new(low, span.high + room);
    let names = bars.iter().map(|bar| bar.name.as_str());
    let panel = rows::panel(names, Axis::linear(span, &input.unit));
    heading
        .facts(input.notes.clone())
        .first_of(MOST_BARS, input.bars.len(), "dimensions")
        .panel(rows::height(bars.len()), panel, |canvas, axes| {
            for (index, bar) in bars.iter().enumerate() {
                bar.draw(canvas, axes, axes.y(rows::value(index)));
            }
            if span.low < 0.0 {
                let (x, area) = (axes.x(0.0), axes.area);
                canvas.line((x, area.y), (x, area.bottom()), 2.0, INK);
            }
        })
}

impl ImportanceBar {
    /// Draws the bar around the pixel row `y`, and its value.
    fn draw(&self, canvas: &mut Canvas, axes: &Axes, y: f64) {
        let (zero, baseline) = (axes.x(0.0), y + NOTE.drop());
        let Some(value) = drawable(self.value) else {
            canvas.text("undefined", (zero + 10.0, baseline), Align::Left, NOTE);
            return;
        };
        let x = axes.x(value);
        let (left, right) = (zero.min(x), zero.max(x));
        canvas.fill(Rect::new(left, y - 13.0, right - left, 26.0), BLUE);
        let text = compact(value);
        let room = axes.area.right() - right - 14.0;
        let (x, align) = if canvas.text_width(&text, NOTE) < room {
            (right + 10.0, Align::Left)
        } else {
            (axes.area.right() - 6.0, Align::Right)
        };
        canvas.text_on_paper(&text, (x, baseline), align, NOTE);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::*;

    fn input(values: &[f64]) -> Importance {
        let bar = |(index, value): (usize, &f64)| ImportanceBar {
            name: format!("model.dimension_{index}"),
            value: *value,
        };
        Importance {
            notes: vec!["fANOVA".to_owned(), "200 trials".to_owned()],
            unit: "share of the variance".to_owned(),
            bars: values.iter().enumerate().map(bar).collect(),
        }
    }

    #[test]
    fn the_most_important_comes_first_and_every_bar_has_its_value() {
        let figure = assert_legible(importance(&input(&[0.12, 0.5, 0.03, f64::NAN])));
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
        assert_legible(importance(&input(&[0.0])));
        assert_legible(importance(&input(&[-0.2, 0.3, -0.1])));
        assert_legible(importance(&input(&NASTY)));
        assert_legible(importance(&input(&[0.01; 60])));
        let mut long = input(&[0.1, 0.2, 0.3]);
        for bar in &mut long.bars {
            bar.name = format!("<b>&\"{LONG}");
        }
        assert_legible(importance(&long));
    }

    #[test]
    fn without_a_value_there_is_nothing_to_show() {
        assert_nothing_to_show(importance(&Importance::default()));
        assert_nothing_to_show(importance(&input(&[f64::NAN])));
    }
}
