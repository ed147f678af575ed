//! What stands above the panels.

use super::{
    key::Key,
    sheet::MARGIN,
    style::{FACTS, LEGEND, TITLE},
};
use crate::draw::{canvas::Canvas, text::Align};

const KEY_GAP: f64 = 14.0;
const ITEM_GAP: f64 = 44.0;

/// Title, facts and legend of a figure.
#[derive(Debug, Default)]
pub(crate) struct Heading {
    pub(crate) title: String,
    /// Short statements, set one after the other.
    pub(crate) facts: Vec<String>,
    pub(crate) legend: Vec<(Key, String)>,
}

impl Heading {
    /// Draws the heading across the canvas; returns the row where it ends.
    pub(crate) fn draw(&self, canvas: &mut Canvas) -> f64 {
        let room = f64::from(canvas.width) - 2.0 * MARGIN;
        let mut y = MARGIN + TITLE.size * 0.8;
        let title = canvas.shorten(&self.title, room, TITLE);
        canvas.text(&title, (MARGIN, y), Align::Left, TITLE);
        y += 6.0;
        for line in self.wrapped_facts(canvas, room) {
            y += FACTS.size * 1.45;
            let line = canvas.shorten(&line, room, FACTS);
            canvas.text(&line, (MARGIN, y), Align::Left, FACTS);
        }
        y += 8.0;
        let mut x = MARGIN + room;
        for (index, (key, label)) in self.legend.iter().enumerate() {
            let sign = key.width() + KEY_GAP;
            let width = sign + canvas.text_width(label, LEGEND);
            if index == 0 || x + width > MARGIN + room {
                x = MARGIN;
                y += LEGEND.size * 1.6;
            }
            key.draw(canvas, x, y - LEGEND.drop());
            let label = canvas.shorten(label, room - sign, LEGEND);
            canvas.text(&label, (x + sign, y), Align::Left, LEGEND);
            x += width + ITEM_GAP;
        }
        y + 20.0
    }

    /// The facts as one line.
    pub(crate) fn description(&self) -> String {
        let facts = self.facts.iter().filter(|fact| !fact.is_empty());
        facts.map(String::as_str).collect::<Vec<_>>().join("; ")
    }

    fn wrapped_facts(&self, canvas: &Canvas, room: f64) -> Vec<String> {
        let mut lines: Vec<String> = Vec::new();
        for fact in self.facts.iter().filter(|fact| !fact.is_empty()) {
            match lines.last_mut() {
                Some(line) if canvas.text_width(&format!("{line}  ·  {fact}"), FACTS) <= room => {
                    line.push_str("  ·  ");
                    line.push_str(fact);
                }
                _ => lines.push(fact.clone()),
            }
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_share_a_line_as_long_as_there_is_room() {
        let canvas = Canvas::new(400.0, 100.0).unwrap();
        let heading = Heading {
            facts: ["one", "", "two", "a longer statement of facts", "end"]
                .map(str::to_owned)
                .into(),
            ..Heading::default()
        };
        let all = "one; two; a longer statement of facts; end";
        assert_eq!(heading.description(), all);
        let lines = heading.wrapped_facts(&canvas, 340.0);
        assert_eq!(lines, ["one  ·  two", "a longer statement of facts", "end"]);
    }
}
