//! Models and dimensions that no figure is made for.

use psp_plot::{
    AccuracyAndCost, Calibration, Compared, Comparison, CostedModel, CoveragePoint, Importance,
    ImportanceBar, TargetCoverage, accuracy_and_cost, calibration, comparison, importance,
};

use crate::nasty::{Drawn, SCORES, TARGETS, name, objective, score};

pub(crate) fn figures() -> Vec<Drawn> {
    let rows = (0..9).map(|index| Compared {
        name: name(index),
        mean: Some(score(index)),
        interval: None,
        seeds: SCORES.to_vec(),
        tied: index < 2,
    });
    let models = (0..40).map(|index| CostedModel {
        name: name(index),
        cost: 10.0 + (index * index) as f64 % 7.0,
        score: 0.9 + (index % 11) as f64 / 100.0,
        interval: None,
    });
    let bars = SCORES[..7]
        .iter()
        .enumerate()
        .map(|(index, value)| ImportanceBar {
            name: name(index),
            value: if value.abs() < 10.0 { *value } else { f64::NAN },
        });
    let coverage = (0..TARGETS).map(|target| TargetCoverage {
        target: name(target),
        points: SCORES
            .iter()
            .take(target)
            .map(|value| coverage(*value))
            .collect(),
    });
    let compared = Comparison {
        title: name(1).repeat(3),
        objective: objective(),
        rows: rows.collect(),
        predict_the_mean: Some(0.0),
        ..Comparison::default()
    };
    let costs = AccuracyAndCost {
        objective: objective(),
        cost: "ms/image".to_owned(),
        models: models.collect(),
    };
    let importances = Importance {
        bars: bars.collect(),
        ..Importance::default()
    };
    let coverages = Calibration {
        split: name(0),
        notes: Vec::new(),
        targets: coverage.collect(),
    };
    vec![
        ("comparison", comparison(&compared)),
        ("accuracy_and_cost", accuracy_and_cost(&costs)),
        ("importance", importance(&importances)),
        ("calibration", calibration(&coverages)),
    ]
}

fn coverage(value: f64) -> CoveragePoint {
    CoveragePoint {
        nominal: value.abs().fract(),
        measured: value,
        interval: None,
    }
}
