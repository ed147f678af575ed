//! What stands above the panels.

use super::{
    Key,
    style::{FACTS, LEGEND, MARGIN, TITLE},
};
use crate::{
    draw::{Align, Canvas},
    number::counted,
};

const KEY_GAP: f64 = 14.0;
const ITEM_GAP: f64 = 44.0;

/// Title, facts and legend of a figure.
#[derive(Debug, Default)]
pub(crate) struct Heading {
    pub(super) title: String,
    /// Short statements, set one after the other.
    facts: Vec<String>,
    legend: Vec<(Key, String)>,
}

impl Heading {
    pub(crate) fn new(title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            ..Self::default()
        }
    }

    /// Adds a short statement; an empty one is left out.
    pub(crate) fn fact(self, fact: impl Into<String>) -> Self {
        self.facts([fact.into()])
    }

    /// Adds short statements without the empty ones.
    pub(crate) fn facts(mut self, facts: impl IntoIterator<Item = String>) -> Self {
        let facts = facts.into_iter();
        self.facts.extend(facts.filter(|fact| !fact.is_empty()));
        self
    }

    /// Adds "3 images without numbers left out"; nothing for 0.
    pub(crate) fn counted(self, amount: usize, what: &str, rest: &str) -> Self {
        self.facts((amount > 0).then(|| format!("{} {rest}", counted(amount, what))))
    }

    /// Adds "first 24 of 30 targets", where a figure cannot show them all.
    pub(crate) fn first_of(self, most: usize, all: usize, what: &str) -> Self {
        self.facts((all > most).then(|| format!("first {most} of {all} {what}")))
    }

    /// Adds an entry to the legend.
    pub(crate) fn key(self, key: Key, text: impl Into<String>) -> Self {
        self.keys([(key, text.into())])
    }

    /// Adds an entry to the legend of what only some figures have.
    pub(crate) fn key_if(self, shown: bool, key: Key, text: impl Into<String>) -> Self {
        self.keys(shown.then(|| (key, text.into())))
    }

    /// Adds entries to the legend.
    pub(crate) fn keys(mut self, keys: impl IntoIterator<Item = (Key, String)>) -> Self {
        self.legend.extend(keys);
        self
    }

    /// Draws the heading across the canvas; returns the row where it ends.
    pub(super) fn draw(&self, canvas: &mut Canvas) -> f64 {
        let room = f64::from(canvas.width) - 2.0 * MARGIN;
        let mut y = MARGIN + TITLE.size * 0.8;
        canvas.text_within(&self.title, room, (MARGIN, y), Align::Left, TITLE);
        y += 6.0;
        for line in self.wrapped_facts(canvas, room) {
            y += FACTS.size * 1.45;
            canvas.text_within(&line, room, (MARGIN, y), Align::Left, FACTS);
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
            canvas.text_within(label, room - sign, (x + sign, y), Align::Left, LEGEND);
            x += width + ITEM_GAP;
        }
        y + 20.0
    }

    /// The facts as one line.
    pub(super) fn description(&self) -> String {
        self.facts.join("; ")
    }

    fn wrapped_facts(&self, canvas: &Canvas, room: f64) -> Vec<String> {
        let mut lines: Vec<String> = Vec::new();
        for fact in &self.facts {
            match lines.last_mut() {
                Some(line) if canvas.text_width(&format!("{line}  ·  {fact}"), FACTS) <= room => {
                    *line += &format!("  ·  {fact}");
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
        let facts = ["one", "", "two", "a longer statement of facts", "end"];
        let heading = Heading::new("").facts(facts.map(str::to_owned));
        let all = "one; two; a longer statement of facts; end";
        assert_eq!(heading.description(), all);
        let lines = heading.wrapped_facts(&canvas, 340.0);
        assert_eq!(lines, ["one  ·  two", "a longer statement of facts", "end"]);
    }
}
