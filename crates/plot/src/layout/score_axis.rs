//! An axis of scores that one bad trial cannot spoil.
//!
//! A diverged training has an MSE of thousands. If it stretched the axis, the
//! differences between all other trials would vanish; so the axis ends where it
//! gets lonely on the worse side, and what lies beyond is drawn at its end and
//! counted. The better side is never cut.

use super::{
    scale::Scale,
    span::{Span, drawable},
};
use crate::{Better, Objective, number::compact};

/// The axis of some scores.
#[derive(Debug)]
pub(crate) struct ScoreAxis {
    pub(crate) scale: Scale,
    better: Better,
    /// How many scores lie beyond the worse end.
    beyond: usize,
}

impl ScoreAxis {
    /// None if no score is drawable.
    pub(crate) fn of(objective: &Objective, scores: impl Iterator<Item = f64>) -> Option<Self> {
        let scores: Vec<f64> = scores.filter_map(drawable).collect();
        let log = objective.log && scores.iter().all(|score| *score > 0.0);
        // The lower the better, in the unit of the axis's length.
        let cost = |score: f64| {
            let length = if log { score.ln() } else { score };
            match objective.better {
                Better::Lower => length,
                Better::Higher => -length,
            }
        };
        let mut costs: Vec<f64> = scores.iter().copied().map(cost).collect();
        costs.sort_by(f64::total_cmp);
        let end = end(&costs)?;
        let shown = scores.iter().copied().filter(|score| cost(*score) <= end);
        let span = Span::of(shown)?;
        Some(Self {
            scale: Scale::over(span, log).widen(0.04),
            better: objective.better,
            beyond: costs.iter().filter(|cost| **cost > end).count(),
        })
    }

    /// From 0 for the worst to 1 for the best.
    pub(crate) fn quality(&self, score: f64) -> f64 {
        let place = self.scale.clamped(score);
        match self.better {
            Better::Lower => 1.0 - place,
            Better::Higher => place,
        }
    }

    /// How many scores are drawn at the axis's end; an empty fact for none.
    pub(crate) fn note(&self, what: &str) -> String {
        let span = self.scale.span();
        let (end, place) = match self.better {
            Better::Lower => (span.high, "above"),
            Better::Higher => (span.low, "below"),
        };
        match self.beyond {
            0 => String::new(),
            1 => format!("1 {what} {place} {} drawn at the edge", compact(end)),
            many => format!("{many} {what}s {place} {} drawn at the edge", compact(end)),
        }
    }
}

/// Where an axis of sorted `costs` ends: with the worst, unless that is far from
/// most.
fn end(costs: &[f64]) -> Option<f64> {
    let (&best, &worst) = (costs.first()?, costs.last()?);
    let most = costs[(costs.len() - 1) * 8 / 10];
    let fence = most + 2.0 * (most - best);
    if most == best || worst - best <= 2.0 * (fence - best) {
        return Some(worst);
    }
    costs.iter().rev().find(|cost| **cost <= fence).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn axis(better: Better, log: bool, scores: &[f64]) -> ScoreAxis {
        let objective = Objective {
            name: "valid MSE".to_owned(),
            better,
            log,
        };
        ScoreAxis::of(&objective, scores.iter().copied()).unwrap()
    }

    #[test]
    fn one_diverged_trial_does_not_stretch_the_axis() {
        let scores = [0.01, 0.012, 0.02, 0.03, 0.05, f64::NAN, 4000.0];
        let axis = axis(Better::Lower, false, &scores);
        assert!(axis.scale.span().high < 0.06);
        assert_eq!(axis.quality(4000.0), 0.0);
        assert!(axis.quality(0.01) > 0.95);
        let note = axis.note("trial");
        assert!(note.starts_with("1 trial above 0.05"), "{note}");
    }

    #[test]
    fn a_negative_r2_is_cut_below_and_never_above() {
        let scores = [0.9, 0.8, 0.85, 0.7, 0.88, -1e9];
        let axis = axis(Better::Higher, false, &scores);
        assert!(axis.scale.span().low > 0.5);
        assert!(axis.note("trial").contains("below"));
    }

    #[test]
    fn what_is_only_somewhat_worse_is_shown_in_its_place() {
        let axis = axis(Better::Lower, false, &[0.01, 0.02, 0.03, 0.1]);
        assert!(axis.scale.span().high > 0.1);
        assert_eq!(axis.note("trial"), "");
    }

    #[test]
    fn a_logarithmic_axis_is_cut_by_ratios_and_needs_positive_scores() {
        let scores = [0.01, 0.02, 0.03, 0.04, 0.2, 1e12];
        let axis_of_ratios = axis(Better::Lower, true, &scores);
        assert!(axis_of_ratios.scale.is_log());
        let high = axis_of_ratios.scale.span().high;
        assert!(high > 0.2 && high < 0.5, "{high}");
        assert!(!axis(Better::Lower, true, &[0.0, 0.02]).scale.is_log());
        assert!(!axis(Better::Higher, true, &[-3.0, 0.9]).scale.is_log());
    }
}
