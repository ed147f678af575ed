//! Pictures of the candidates beside each other, and of calibration.

use psp_plot::{
    AccuracyAndCost, Better, Calibration, Compared, Comparison, CostedModel, CoveragePoint,
    Interval, Objective, TargetCoverage, accuracy_and_cost, calibration, comparison,
};

use super::{Plan, Source};
use crate::analysis::{self, Estimate, Member};
use crate::format::whole_percent;

pub(super) fn plans(source: Source<'_>) -> Vec<Plan<'_>> {
    let mut plans = Vec::new();
    plans.extend(compared(source));
    plans.extend(costed(source));
    plans.extend(calibrated(source));
    plans
}

pub(super) fn interval(ends: Option<[f64; 2]>) -> Option<Interval> {
    ends.map(|[low, high]| Interval { low, high })
}

/// What models are compared by, and how to read it off.
struct Measure {
    objective: Objective,
    of: fn(&Member) -> Option<Estimate>,
    by_run: fn(&Member) -> Vec<f64>,
}

/// R², or the MSE where it is undefined.
fn measure(members: &[Member]) -> Measure {
    let objective = |name: &str, better: Better| Objective {
        name: name.to_owned(),
        better,
        log: false,
    };
    if members.iter().all(|member| member.r2.is_some()) {
        Measure {
            objective: objective("test R²", Better::Higher),
            of: |member| member.r2,
            by_run: |member| {
                let runs = member.r2_by_run.as_ref();
                runs.map_or_else(Vec::new, |runs| runs.values.clone())
            },
        }
    } else {
        Measure {
            objective: objective("test MSE", Better::Lower),
            of: |member| Some(member.mse),
            by_run: |member| member.mse_by_run.values.clone(),
        }
    }
}

fn compared(source: Source<'_>) -> Option<Plan<'_>> {
    let compared = source.analysis.comparison.as_ref()?;
    let measure = measure(&compared.members);
    let value = |member: &Member| (measure.of)(member).map(|estimate| estimate.value);
    let best = compared.members.iter().reduce(|best, next| {
        let better = match measure.objective.better {
            Better::Higher => value(next) > value(best),
            Better::Lower => value(next) < value(best),
        };
        if better { next } else { best }
    })?;
    let tied = tied(compared, best);
    let rows = compared.members.iter().map(|member| {
        let estimate = (measure.of)(member);
        Compared {
            name: source.analysis.candidates[member.candidate].name.clone(),
            mean: estimate.map(|estimate| estimate.value),
            interval: interval(estimate.and_then(|estimate| estimate.interval)),
            seeds: (measure.by_run)(member),
            tied: tied
                .as_ref()
                .is_some_and(|tied| tied.contains(&member.candidate)),
        }
    });
    let first = source.analysis.candidates[best.candidate].runs.iter();
    let baseline = first.filter_map(|run| run.test.as_ref()).map(|test| {
        let baseline = &test.metrics.overall.baseline;
        match measure.objective.better {
            Better::Higher => baseline.r2,
            Better::Lower => Some(baseline.mse),
        }
    });
    let confidence = whole_percent(source.analysis.settings.confidence);
    let mut notes = vec![format!(
        "{confidence} intervals over {} images",
        compared.images
    )];
    if tied.is_some() {
        notes.push("tied: no difference in MSE shown from the best".to_owned());
    }
    let comparison_input = Comparison {
        title: "Models on the same test images".to_owned(),
        notes,
        rows: rows.collect(),
        predict_the_mean: baseline.flatten().next(),
        objective: measure.objective,
    };
    Some(Plan::new("comparison", comparison, comparison_input))
}

/// The candidates that no difference is shown of from `best`, itself among them.
/// `None` where that is not known of all: not each was compared with it, or another
/// has a lower MSE, which is what is tested.
fn tied(comparison: &analysis::Comparison, best: &Member) -> Option<Vec<usize>> {
    let mut tied = vec![best.candidate];
    let others = comparison.members.iter();
    for other in others.filter(|other| other.candidate != best.candidate) {
        let (pair, _) = comparison.pair(best.candidate, other.candidate)?;
        if other.mse.value < best.mse.value {
            return None;
        }
        if !pair.differs {
            tied.push(other.candidate);
        }
    }
    (comparison.members.len() > 1).then_some(tied)
}

fn costed(source: Source<'_>) -> Option<Plan<'_>> {
    let compared = source.analysis.comparison.as_ref()?;
    let measure = measure(&compared.members);
    let models = compared.members.iter().map(|member| {
        let estimate = (measure.of)(member);
        let candidate = &source.input.candidates[member.candidate];
        CostedModel {
            name: candidate.name.clone(),
            cost: candidate.cost.multiply_adds as f64 / 1e9,
            score: estimate.map_or(f64::NAN, |estimate| estimate.value),
            interval: interval(estimate.and_then(|estimate| estimate.interval)),
        }
    });
    let input = AccuracyAndCost {
        cost: "multiply-adds of one prediction (billions)".to_owned(),
        models: models.collect(),
        objective: measure.objective,
    };
    Some(Plan::new("accuracy_and_cost", accuracy_and_cost, input))
}

fn calibrated(source: Source<'_>) -> Option<Plan<'_>> {
    let measured = source.analysis.calibration.as_ref()?;
    let images = measured.measured_on?;
    let names = source.targets.iter();
    let targets = names.zip(&measured.targets).map(|(name, target)| {
        let points = target.levels.iter().filter_map(|level| {
            let all = level.all.filter(|_| level.radius.is_some())?;
            Some(CoveragePoint {
                nominal: level.nominal,
                measured: all.coverage,
                interval: interval(all.interval),
            })
        });
        TargetCoverage {
            target: name.clone(),
            points: points.collect(),
        }
    });
    let input = Calibration {
        split: "test".to_owned(),
        notes: vec![format!(
            "fitted to {} validation images, measured on {images}",
            measured.fitted_to
        )],
        targets: targets.collect(),
    };
    Some(Plan::new("calibration", calibration, input))
}
