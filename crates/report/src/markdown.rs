//! The report as Markdown (GitHub's, for its tables).

use std::collections::BTreeMap;

use crate::document::{Block, Column, Document, Gallery, Link, Mark, Section, Span, Table, Text};
use crate::figures::Drawn;

/// The report as Markdown.
pub(crate) fn markdown(document: &Document) -> String {
    let sections = document.sections.iter().enumerate();
    let anchors = sections.map(|(index, section)| (section.id, anchor(index + 1, section.title)));
    let anchors: Anchors = anchors.collect();
    let text = |of: &Text| text(of, &anchors);
    let mut out = format!("# {}\n\n{}\n", plain(&document.title), text(&document.lead));
    let verdict = &document.verdict;
    paragraph(&mut out, &format!("**{}**", text(&verdict.headline)));
    out.push('\n');
    for number in &verdict.numbers {
        let (label, value) = (plain(&number.label), text(&number.value));
        let details = plain(&number.details.join("; "));
        out += &format!("- {label}: **{value}** ({details})\n");
    }
    for line in &verdict.lines {
        paragraph(&mut out, &text(line));
    }
    if let Some(caveat) = &verdict.caveat {
        paragraph(&mut out, &format!("> {}", text(caveat)));
    }
    for (index, section) in document.sections.iter().enumerate() {
        out += &format!("\n## {}. {}\n", index + 1, plain(section.title));
        blocks(&mut out, section, &anchors);
    }
    paragraph(&mut out, &text(&document.foot));
    out
}

fn paragraph(out: &mut String, text: &str) {
    out.push('\n');
    out.push_str(text);
    out.push('\n');
}

/// Nothing where there are no items.
fn list(out: &mut String, items: impl Iterator<Item = String>) {
    let items: String = items.map(|item| format!("- {item}\n")).collect();
    if !items.is_empty() {
        paragraph(out, items.trim_end_matches('\n'));
    }
}

fn blocks(out: &mut String, section: &Section, anchors: &Anchors) {
    let text = |of: &Text| text(of, anchors);
    for block in &section.blocks {
        match block {
            Block::Heading(title) => paragraph(out, &format!("### {}", plain(title))),
            Block::Paragraph(of) => paragraph(out, &text(of)),
            Block::List(items) => list(out, items.iter().map(text)),
            Block::Facts(facts) => {
                let facts = facts.iter();
                list(
                    out,
                    facts.map(|(name, of)| format!("{}: {}", plain(name), text(of))),
                );
            }
            Block::Code(code) => paragraph(out, &fenced(code)),
            Block::Folded { summary, code } => {
                paragraph(out, &format!("{}:", plain(summary)));
                paragraph(out, &fenced(code));
            }
            Block::Table(of) => table(out, of, anchors),
            Block::Figure { figure, caption } => {
                paragraph(out, &image(figure));
                paragraph(out, &text(caption));
            }
            Block::Gallery(of) => gallery(out, of, anchors),
        }
    }
}

fn image(figure: &Drawn) -> String {
    let kind = if figure.svg.is_some() { "svg" } else { "png" };
    let (title, name) = (plain(&figure.title), figure.name);
    format!("![{title}](plots/{name}.{kind})")
}

fn gallery(out: &mut String, gallery: &Gallery, anchors: &Anchors) {
    paragraph(out, &format!("### {}", plain(gallery.title)));
    paragraph(out, &text(&gallery.note, anchors));
    if let Some(figure) = gallery.figure {
        paragraph(out, &image(figure));
    }
    let missing = gallery.shots.iter().filter_map(|shot| {
        let (name, problem) = (plain(shot.filename), plain(shot.photo.as_ref().err()?));
        Some(format!("No photo of {name}: {problem}"))
    });
    list(out, missing);
}

fn table(out: &mut String, table: &Table, anchors: &Anchors) {
    let text = |of: &Text| text(of, anchors);
    paragraph(out, &text(&table.caption));
    let mut groups = table
        .groups
        .iter()
        .flat_map(|(title, columns)| std::iter::repeat_n(title.as_str(), *columns));
    let title = |column: &Column| {
        let group = groups.next().unwrap_or_default();
        match group {
            "" => plain(&column.title),
            group => format!("{}: {}", plain(group), plain(&column.title)),
        }
    };
    let titles: Vec<String> = table.columns.iter().map(title).collect();
    *out += &format!("\n| {} |\n|", titles.join(" | "));
    for column in &table.columns {
        out.push_str(if column.numeric { " ---: |" } else { " --- |" });
    }
    out.push('\n');
    for row in &table.rows {
        let cells = row.cells.iter().enumerate().map(|(index, cell)| {
            let mut shown = text(&cell.text);
            if row.mark == Mark::Chosen && index == 0 {
                shown = format!("**{shown}**");
            }
            if let Some(detail) = &cell.detail {
                shown += &format!(" {}", text(detail));
            }
            shown
        });
        let cells: Vec<String> = cells.collect();
        *out += &format!("| {} |\n", cells.join(" | "));
    }
    let hints = table.columns.iter().filter_map(|column| {
        let hint = column.hint.as_ref()?;
        Some(format!("{}: {}", plain(&column.title), plain(hint)))
    });
    let hints: Vec<String> = hints.collect();
    if !hints.is_empty() {
        paragraph(out, &format!("Columns: {}.", hints.join("; ")));
    }
}

/// The headings that sections are known by.
type Anchors = BTreeMap<&'static str, String>;

/// What GitHub calls the heading of a section.
fn anchor(number: usize, title: &str) -> String {
    let title = title.to_lowercase().replace(' ', "-");
    let kept = |c: &char| c.is_alphanumeric() || matches!(c, '-' | '_');
    let title: String = title.chars().filter(kept).collect();
    format!("{number}-{title}")
}

/// Text as Markdown, in one line.
fn text(text: &Text, anchors: &Anchors) -> String {
    let span = |span: &Span| match span {
        Span::Plain(text) => plain(text),
        Span::Strong(text) => format!("**{}**", plain(text)),
        Span::Code(text) => code(text),
        Span::Link(text, Link::Section(id)) => match anchors.get(id) {
            Some(anchor) => format!("[{}](#{anchor})", plain(text)),
            None => plain(text),
        },
        Span::Link(text, link) => format!("[{}](<{}>)", plain(text), link.url()),
    };
    text.spans.iter().map(span).collect()
}

/// Text that means nothing to Markdown, in one line.
fn plain(text: &str) -> String {
    let mut escaped = String::new();
    for character in text.chars() {
        match character {
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '#' | '&' | '~' | '$' | '!' => {
                escaped.push('\\');
                escaped.push(character);
            }
            character if character.is_control() => escaped.push(' '),
            character => escaped.push(character),
        }
    }
    escaped
}

/// The longest run of backticks in `text`.
fn backticks(text: &str) -> usize {
    let runs = text.split(|character| character != '`');
    runs.map(str::len).max().unwrap_or_default()
}

fn code(text: &str) -> String {
    let fence = "`".repeat(backticks(text) + 1);
    // A table ends its cells at pipes even within code.
    let body = text.replace(char::is_control, " ").replace('|', "\\|");
    if body.starts_with('`') || body.ends_with('`') || body.is_empty() {
        format!("{fence} {body} {fence}")
    } else {
        format!("{fence}{body}{fence}")
    }
}

fn fenced(code: &str) -> String {
    let fence = "`".repeat((backticks(code) + 1).max(3));
    format!("{fence}text\n{}\n{fence}", code.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_means_something_to_markdown_is_escaped() {
        assert_eq!(plain("a|b_c<i>\n#1"), "a\\|b\\_c\\<i\\> \\#1");
        assert_eq!(code("a`b|c"), "``a`b\\|c``");
        assert_eq!(code("`"), "`` ` ``");
        assert_eq!(fenced("```\nx"), "````text\n```\nx\n````");
    }

    #[test]
    fn a_link_keeps_its_parentheses_to_itself() {
        let of = Text::new().path("seed 1", "../a (b)/c");
        assert_eq!(text(&of, &Anchors::new()), "[seed 1](<../a%20(b)/c>)");
    }

    #[test]
    fn a_section_is_linked_to_by_its_heading() {
        let anchors = Anchors::from([("x", anchor(8, "The project's suggestions"))]);
        let of = Text::new().section("there", "x");
        assert_eq!(text(&of, &anchors), "[there](#8-the-projects-suggestions)");
    }
}
