//! The finalists of the study.

use psp_plot::{
    AccuracyAndCost, Calibration, Compared, Comparison, CostedModel, CoveragePoint, Interval,
    TargetCoverage, accuracy_and_cost, calibration, comparison,
};

use crate::{
    study::{Drawing, drawing},
    trials::{BACKBONES, objective},
};

pub(crate) fn drawings() -> Vec<Drawing> {
    let scores = [0.0142, 0.0193, 0.0118, 0.0127, 0.0106];
    let rows = BACKBONES.iter().zip(scores).map(|(name, mean)| Compared {
        name: (*name).to_owned(),
        mean: Some(mean),
        interval: Some(Interval {
            low: mean - 0.0009,
            high: mean + 0.0011,
        }),
        seeds: [-0.0006, -0.0001, 0.0002, 0.0007]
            .map(|off| mean + off)
            .to_vec(),
        tied: mean < 0.0125,
    });
    // Each backbone at three image sizes: the larger, the dearer and the better.
    let costs = [1819.0, 1504.0, 2865.0, 401.0, 17_564.0];
    let sizes = [(160, 0.51, 1.35), (224, 1.0, 1.0), (256, 1.31, 0.95)];
    let models = BACKBONES
        .iter()
        .zip(costs)
        .zip(scores)
        .flat_map(|((name, cost), score)| {
            sizes.map(|(size, dearer, worse)| {
                let score = score * worse;
                CostedModel {
                    name: format!("{name}, {size} px"),
                    cost: cost * dearer,
                    score,
                    interval: Some(Interval {
                        low: score - 0.0009,
                        high: score + 0.0011,
                    }),
                }
            })
        });
    let coverage = |target: &str, off: f64| TargetCoverage {
        target: target.to_owned(),
        points: [0.5, 0.6, 0.7, 0.8, 0.9, 0.95]
            .map(|nominal| CoveragePoint {
                nominal,
                measured: nominal + off * (1.0 - nominal),
                interval: Some(Interval {
                    low: nominal + off * (1.0 - nominal) - 0.03,
                    high: nominal + off * (1.0 - nominal) + 0.03,
                }),
            })
            .into(),
    };
    let compared = Comparison {
        title: "Backbones, test split".to_owned(),
        notes: vec!["95 % intervals over 4 seeds".to_owned()],
        objective: objective("test MSE", false),
        rows: rows.collect(),
        predict_the_mean: Some(0.1425),
    };
    let costs = AccuracyAndCost {
        objective: objective("test MSE", false),
        cost: "multiply-adds (millions)".to_owned(),
        models: models.collect(),
    };
    let coverages = Calibration {
        split: "test".to_owned(),
        notes: vec!["split conformal, fitted to the valid split".to_owned()],
        targets: vec![
            coverage("perspective_score_hood", 0.06),
            coverage("perspective_score_backdoor_left", -0.12),
        ],
    };
    vec![
        drawing("comparison", comparison, compared),
        drawing("accuracy_and_cost", accuracy_and_cost, costs),
        drawing("calibration", calibration, coverages),
    ]
}
