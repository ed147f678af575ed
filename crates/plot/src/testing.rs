//! Made-up data, and what tests ask of every figure.

use roxmltree::Document;

use crate::{
    Dimension, Figure, Interval, Metrics, Objective, Pairs, PlotError, Predicted, Trials, Values,
    draw::{Rect, png},
    layout::{Tick, style::WIDTH},
};

/// Scores that no axis is made for.
pub(crate) const NASTY: [f64; 12] = [
    0.5,
    f64::NAN,
    -3.0,
    f64::INFINITY,
    1e12,
    f64::MAX,
    -1e30,
    0.0,
    1e-320,
    0.5,
    1e90,
    f64::NEG_INFINITY,
];

/// One of [`NASTY`].
pub(crate) fn nasty(index: usize) -> f64 {
    NASTY[index % NASTY.len()]
}

/// A score that is to be low.
pub(crate) fn objective(name: &str) -> Objective {
    Objective {
        name: name.to_owned(),
        ..Objective::default()
    }
}

pub(crate) fn interval(low: f64, high: f64) -> Option<Interval> {
    Some(Interval { low, high })
}

/// A name without end.
pub(crate) const LONG: &str = "perspective_score_headlight_right_including_the_glass_and_its_frame_\
                               as_seen_from_the_left_of_a_car_that_is_parked_in_front_of_a_house";

/// Labels as `label(row, target)` says, predictions up to 0.1 off.
pub(crate) fn pairs(
    names: &[impl AsRef<str>],
    rows: usize,
    label: impl Fn(usize, usize) -> f64,
) -> Vec<Pairs> {
    let target = |(target, name): (usize, &_)| {
        let labels: Vec<f64> = (0..rows).map(|row| label(row, target)).collect();
        let off = |row: usize| 0.1 * ((row * 7 + target * 3) as f64).sin();
        Pairs {
            target: AsRef::<str>::as_ref(name).to_owned(),
            predictions: (0..rows).map(|row| labels[row] + off(row)).collect(),
            labels,
            metrics: Some(Metrics {
                mse: 0.0123,
                r2: Some(0.9),
            }),
        }
    };
    names.iter().enumerate().map(target).collect()
}

/// [`pairs`] of targets with [`names`] of all sorts.
pub(crate) fn predicted(
    targets: usize,
    rows: usize,
    label: impl Fn(usize, usize) -> f64,
) -> Predicted {
    Predicted {
        split: "test".to_owned(),
        targets: pairs(&names(targets), rows, label),
    }
}

/// Half zeros, the rest between 0 and 0.93.
pub(crate) fn score(row: usize, target: usize) -> f64 {
    if (row + target).is_multiple_of(2) {
        0.0
    } else {
        0.93 * ((row * 13 + target * 5) % 100) as f64 / 100.0
    }
}

/// Target names of all sorts and lengths.
pub(crate) fn names(count: usize) -> Vec<String> {
    let name = |index: usize| match index % 3 {
        0 => format!("hood {index}"),
        1 => format!("{LONG}_{index}"),
        _ => format!("<b>&\"x' {index}"),
    };
    (0..count).map(name).collect()
}

pub(crate) fn owned(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|&text| text.to_owned()).collect()
}

/// Five backbones.
pub(crate) fn backbones() -> Vec<String> {
    let names = "resnet18 inception_v3 googlenet efficientnet_b0 vit_b_16";
    names.split(' ').map(str::to_owned).collect()
}

pub(crate) fn labels(ticks: Vec<Tick>) -> Vec<String> {
    ticks.into_iter().map(|tick| tick.label).collect()
}

/// A study, some of whose scores are missing, with [`dimensions`] of all sorts.
pub(crate) fn trials(trials: usize, dimension_count: usize) -> Trials {
    let score = |trial: usize| (trial % 11 != 3).then(|| 0.01 * (1 + trial * 7 % 30) as f64);
    Trials {
        objective: objective("valid MSE"),
        dimensions: dimensions(dimension_count, trials),
        scores: (0..trials).map(score).collect(),
    }
}

/// Dimensions of all sorts: linear, logarithmic and conditional numbers, few
/// and many categories, long names, nothing at all.
fn dimensions(count: usize, trials: usize) -> Vec<Dimension> {
    let numbers = |log: bool, value: &dyn Fn(usize) -> Option<f64>| Values::Numbers {
        log,
        values: (0..trials).map(value).collect(),
    };
    let categories = |value: &dyn Fn(usize) -> Option<String>| Values::Categories {
        order: Vec::new(),
        values: (0..trials).map(value).collect(),
    };
    let dimension = |index: usize| Dimension {
        name: names(index + 1).swap_remove(index),
        values: match index % 7 {
            0 => categories(&|trial| Some(backbones()[trial % 5].clone())),
            1 => numbers(true, &|trial| Some(1e-5 * 1.06_f64.powi(trial as i32))),
            2 => numbers(false, &|trial| {
                (trial % 3 > 0).then_some(trial as f64 / 7.0)
            }),
            3 => categories(&|trial| (trial % 4 > 0).then(|| format!("<b>&{LONG}{}", trial % 3))),
            4 => numbers(false, &|_| Some(256.0)),
            5 => categories(&|trial| Some(format!("choice {}", trial % 40))),
            _ => numbers(true, &|_| None),
        },
    };
    (0..count).map(dimension).collect()
}

/// Asserts that all texts lie on the canvas, are large enough and do not cover
/// each other; that the picture is as wide as all others and as large as it
/// says; and that both formats are well-formed and the same every time.
pub(crate) fn assert_legible(figure: Result<Figure, PlotError>) -> Figure {
    let figure = figure.unwrap();
    let canvas = &figure.canvas;
    assert_eq!(f64::from(canvas.width), WIDTH);
    let page = Rect::new(0.0, 0.0, canvas.width.into(), canvas.height.into());
    let bounds: Vec<Rect> = canvas
        .texts
        .iter()
        .map(|text| text.bounds(canvas.fonts))
        .collect();
    for (index, (text, rect)) in canvas.texts.iter().zip(&bounds).enumerate() {
        let content = &text.content;
        assert!(text.style.size >= 20.0, "{content:?} is too small");
        assert!(
            page.contains(rect),
            "{content:?} is cut off: {rect:?} on {page:?}"
        );
        for (other, covered) in canvas.texts.iter().zip(&bounds).skip(index + 1) {
            let apart = !rect.grow(2.0).covers(covered);
            assert!(apart, "{content:?} covers {:?}", other.content);
        }
    }
    let svg = figure.to_svg().unwrap();
    assert_eq!(svg, figure.to_svg().unwrap());
    assert!(!svg.contains("NaN") && !svg.contains("inf\""));
    let document = Document::parse(&svg).unwrap();
    let title = document.root_element().first_element_child().unwrap();
    assert!(title.has_tag_name("title") && !title.text().unwrap_or_default().is_empty());
    let png = figure.to_png().unwrap();
    let pixels = image::load_from_memory(&png).unwrap();
    assert_eq!((pixels.width(), pixels.height()), figure.size());
    figure
}

/// Asserts that a figure says that there is nothing to show.
pub(crate) fn assert_nothing_to_show(figure: Result<Figure, PlotError>) {
    let mut figure = figure.unwrap();
    assert!(figure.description().starts_with("Nothing to show: "));
    let says = |text: &&str| text.starts_with("Nothing to show: ");
    assert!(texts(&figure).iter().any(says));
    // A default input has no title.
    if figure.title.is_empty() {
        figure.title = "untitled".to_owned();
    }
    assert_legible(Ok(figure));
}

/// Asserts that a statement stands below the title.
pub(crate) fn assert_says(figure: &Figure, statement: &str) {
    let said = figure.description();
    assert!(said.contains(statement), "{said}");
}

/// How many pixels of the figure have exactly this colour.
pub(crate) fn pixels_of(figure: &Figure, wanted: [u8; 3]) -> usize {
    let raster = png::raster(&figure.canvas).unwrap();
    raster.pixels().filter(|pixel| pixel.0 == wanted).count()
}

/// An attribute of all shapes with this tag in the order in which they were
/// drawn.
pub(crate) fn attributes(figure: &Figure, tag: &str, attribute: &str) -> Vec<String> {
    attributes_of(&figure.to_svg().unwrap(), tag, attribute)
}

/// As [`attributes`], of the elements of an SVG; without those that lack it.
pub(crate) fn attributes_of(svg: &str, tag: &str, attribute: &str) -> Vec<String> {
    let document = Document::parse(svg).unwrap();
    let elements = document.descendants().filter(|node| node.has_tag_name(tag));
    let values = elements.filter_map(|element| element.attribute(attribute));
    values.map(str::to_owned).collect()
}

/// The texts of the figure in the order in which they were set.
pub(crate) fn texts(figure: &Figure) -> Vec<&str> {
    let texts = figure.canvas.texts.iter();
    texts.map(|text| text.content.as_str()).collect()
}
