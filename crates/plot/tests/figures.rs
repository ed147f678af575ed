//! What a caller may rely on.

#![allow(clippy::unwrap_used)] // Helpers of tests may fail as tests do.

use psp_plot::{
    Dimension, Figure, Gallery, Objective, Photo, PlotError, Sample, Slices, Trials, Values,
    gallery, parallel_coordinates, slices,
};

fn dimensions() -> Vec<Dimension> {
    let names = ["adamw", "sgd"].map(|name| Some(name.to_owned()));
    vec![
        Dimension {
            name: "optimizer".to_owned(),
            values: Values::Categories {
                order: Vec::new(),
                values: names.iter().cycle().take(50).cloned().collect(),
            },
        },
        Dimension {
            name: "rate".to_owned(),
            values: Values::Numbers {
                log: true,
                values: (1..=50)
                    .map(|trial| Some(1e-5 * f64::from(trial)))
                    .collect(),
            },
        },
    ]
}

fn trials() -> Trials {
    let scores = (0..50).map(|trial| Some(0.01 * f64::from(1 + trial % 7)));
    Trials {
        objective: Objective {
            name: "valid MSE".to_owned(),
            ..Objective::default()
        },
        dimensions: dimensions(),
        scores: scores.collect(),
    }
}

fn photos() -> Result<Figure, PlotError> {
    gallery(&Gallery {
        title: "Samples & <more>".to_owned(),
        notes: vec!["1 of 1 images".to_owned()],
        targets: vec!["hood".to_owned()],
        samples: vec![Sample {
            name: "a.jpg".to_owned(),
            photo: Some(Photo::new(&image::RgbImage::new(60, 40))?),
            labels: vec![0.5],
            predictions: vec![0.25],
        }],
        ..Gallery::default()
    })
}

#[test]
fn the_same_input_gives_the_same_bytes_even_where_points_are_spread_at_random() {
    let drawn: [fn() -> Result<Figure, PlotError>; 3] = [
        || {
            slices(&Slices {
                trials: trials(),
                ..Slices::default()
            })
        },
        || parallel_coordinates(&trials()),
        photos,
    ];
    for draw in drawn {
        let (first, second) = (draw().unwrap(), draw().unwrap());
        assert!(first.to_png().unwrap() == second.to_png().unwrap());
        assert!(first.to_svg().unwrap() == second.to_svg().unwrap());
    }
}

#[test]
fn a_figure_tells_its_title_and_what_stands_below_it() {
    let figure = photos().unwrap();
    assert_eq!(figure.title(), "Samples & <more>");
    assert_eq!(
        figure.description(),
        "1 of 1 images; error = prediction − label"
    );
    assert_eq!(figure.size().0, 1520);
}

#[test]
fn an_svg_can_stand_in_a_page_with_other_figures() {
    let svg = photos().unwrap().to_svg().unwrap();
    assert!(svg.starts_with("<svg "));
    // An identifier, a style sheet or a script would reach beyond the figure.
    for unwanted in [" id=", "<style", "<script", "class="] {
        assert!(!svg.contains(unwanted), "{unwanted}");
    }
    let document = roxmltree::Document::parse(&svg).unwrap();
    let title = document.root_element().first_element_child().unwrap();
    assert_eq!(title.text(), Some("Samples & <more>"));
}
