//! Names that are markup stay names.

use crate::common::page::Report;
use crate::common::{self, Shape, study};
use psp_report::input::Domain;

/// Markup, quotes of both kinds, an entity, a line break, and Markdown.
const NASTY: &str = "<script>alert('x')</script><img src=x onerror=\"alert(1)\"> & &amp; \"q\" `c` |p| *e* [l](javascript:alert(1))\n# h";

fn report() -> Report {
    let mut input = study(Shape::default());
    let nasty = || NASTY.to_owned();
    input.title = nasty();
    input.data.folder = nasty();
    input.data.fingerprint = nasty();
    input.data.notes.push(nasty());
    input.data.targets[0] = nasty();
    input.environment.commands.push(nasty());
    input.environment.hardware = nasty();
    if let Some(selection) = &mut input.selection {
        selection.reason = nasty();
    }
    let Some(study) = &mut input.study else {
        unreachable!("a study has a study");
    };
    study.folder = format!("javascript:{NASTY}");
    study.config = format!("```\n{NASTY}");
    study.note = nasty();
    study.dimensions[1].domain = Domain::Values(vec![toml::Value::String(nasty())]);
    for trial in &mut study.trials {
        trial.folder = nasty();
        trial.backbone += NASTY;
        trial.reason = Some(nasty());
        trial.values.insert("model.unfreeze".to_owned(), nasty());
    }
    for candidate in &mut input.candidates {
        candidate.name += NASTY;
        candidate.backbone += NASTY;
        candidate.values = nasty();
        candidate.weights = nasty();
        for run in &mut candidate.runs {
            run.folder = format!("//example.org/{NASTY}");
            run.device = nasty();
            run.seen = Some(nasty());
        }
    }
    for predictions in common::predictions(&mut input) {
        common::change(predictions, |place, row| {
            row.filename = format!("{place}{NASTY}");
        });
    }
    for explanation in &mut input.explanations {
        explanation.row.filename = nasty();
    }
    let photos = |name: &str| Err(psp_report::PhotoError::from(format!("no {name}")));
    Report::with(&input, &photos, &common::quick())
}

#[test]
fn markup_in_names_labels_and_reasons_shows_as_text() {
    let report = report();
    assert_eq!(report.all("script").len(), 1, "the report's own");
    assert!(report.all("[onerror], img[src=x], svg script").is_empty());
    let words: Vec<&str> = NASTY.split_whitespace().collect();
    let shown = words.join(" ");
    assert_eq!(report.text("h1"), shown);
    for id in [
        "#search",
        "#selection",
        "#data",
        "#reproduction",
        "#qualitative",
        "#verdict",
    ] {
        assert!(
            report.text(id).contains("<script>alert('x')</script>"),
            "{id}"
        );
    }
    let missing = report.all(".missing");
    assert!(common::page::text(&missing[0]).contains("<img src=x"));
}

#[test]
fn links_never_name_a_script_or_a_host() {
    let report = report();
    for element in report.all("a[href]") {
        let href = element.value().attr("href").unwrap();
        let plain = !href.starts_with("javascript:") && !href.starts_with("//");
        assert!(plain && !href.contains(['<', '"', ' ', '\n']), "{href}");
    }
}

/// A line of Markdown without its code spans: what stands between two runs of as
/// many backticks.
fn without_code(line: &str) -> String {
    let mut left = String::new();
    let mut rest = line;
    while let Some(place) = rest.find('`') {
        let escaped = rest[..place].ends_with('\\');
        let ticks: String = rest[place..].chars().take_while(|c| *c == '`').collect();
        let after = &rest[place + ticks.len()..];
        left.push_str(&rest[..place]);
        let ends = |(at, _): &(usize, &str)| {
            let before = after[..*at].ends_with('`');
            !before && !after[at + ticks.len()..].starts_with('`')
        };
        match after.match_indices(&ticks).find(ends).filter(|_| !escaped) {
            Some((end, _)) => rest = &after[end + ticks.len()..],
            None => rest = after,
        }
    }
    left + rest
}

#[test]
fn markup_in_names_means_nothing_to_markdown() {
    let report = report();
    let mut fence: Option<String> = None;
    for line in report.markdown.lines() {
        let ticks: String = line.chars().take_while(|c| *c == '`').collect();
        match &fence {
            Some(open) if line == open => fence = None,
            Some(_) => {}
            None if ticks.len() >= 3 => fence = Some(ticks),
            None => {
                assert!(!without_code(line).contains("<script>"), "{line}");
                let heading = line.starts_with("# h");
                assert!(!heading, "{line}");
            }
        }
    }
    assert_eq!(fence, None, "every fence is closed");
}

#[test]
fn pictures_with_such_names_are_well_formed() {
    let report = report();
    for (path, bytes) in common::page::files(&report.folder.path().join("plots")) {
        if path.extension().is_some_and(|kind| kind == "svg") {
            let text = String::from_utf8(bytes).unwrap();
            roxmltree::Document::parse(&text).unwrap();
        }
    }
}
