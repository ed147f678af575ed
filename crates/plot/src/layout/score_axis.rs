//! An axis of scores that one bad trial cannot spoil.
//!
//! A diverged training has an MSE of thousands. If it stretched the axis, the
//! differences between all other trials would vanish; so the axis ends where it
//! gets lonely on the worse side, and what lies beyond is drawn at its end and
//! counted. The better side is never cut.

use super::{Scale, Span, drawable};
use crate::{
    Better, Objective,
    number::{compact, counted},
};

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
        let cost = |score: f64| objective.better.cost(if log { score.ln() } else { score });
        let mut costs: Vec<f64> = scores.iter().copied().map(cost).collect();
        costs.sort_by(f64::total_cmp);
        let best = scores.iter().copied().reduce(|a, b| objective.best(a, b))?;
        let end = end(&costs, if log { 1.0 } else { best.abs() })?;
        let shown = scores.iter().copied().filter(|score| cost(*score) <= end);
        let scale = Scale::over(Span::of(shown)?, log).widen(0.04);
        // The axis of scores that are the same goes on beyond them.
        let span = scale.span();
        Some(Self {
            scale,
            better: objective.better,
            beyond: scores
                .iter()
                .filter(|score| !span.contains(**score))
                .count(),
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
            beyond => {
                let beyond = counted(beyond, what);
                format!("{beyond} {place} {} drawn at the edge", compact(end))
            }
        }
    }
}

/// Where an axis of sorted `costs` ends: with the worst, unless that is far from
/// most. `size` is that of the best score.
fn end(costs: &[f64], size: f64) -> Option<f64> {
    let best = *costs.first()?;
    let off: Vec<f64> = costs.iter().map(|cost| cost - best).collect();
    let last = off.len() - 1;
    // Where many are the same, or there are just two, the next one tells what a
    // difference is, unless it is far off itself on the scale of an R².
    let next = off.iter().find(|off| **off > 0.0).unwrap_or(&0.0);
    let next = next.min(size.max(1.0));
    // Two that are almost the same do not make all others far.
    let spread = |off: f64, least: f64| {
        let off = if off > 0.0 { off } else { next };
        off.max(least * size)
    };
    // Up to half may have diverged: the better half tells which of most are fit
    // to measure the others by.
    let reach = 6.0 * spread(off[last / 2], 0.25);
    let mut most = off[..=last * 8 / 10].iter().rev();
    let most = *most.find(|off| **off <= reach)?;
    let fence = 3.0 * spread(most, 0.05);
    if off[last] <= 2.0 * fence {
        return costs.last().copied();
    }
    let shown = off.iter().rposition(|off| *off <= fence)?;
    costs.get(shown).copied()
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

    #[test]
    fn up_to_half_of_the_trials_may_diverge() {
        let good = [0.9, 0.6, 0.85, 0.8, 0.65, 0.75, 0.7];
        let bad = [-1e3, -5e3, -1e5];
        for (well, diverged) in [(7, 3), (3, 2), (1, 1), (2, 2), (7, 1)] {
            let scores = [&good[..well], &bad[..diverged]].concat();
            let axis = axis(Better::Higher, false, &scores);
            let low = axis.scale.span().low;
            assert!(low > 0.3, "{scores:?}: {low}");
            assert!(axis.note("trial").starts_with(&diverged.to_string()));
            assert_eq!(axis.quality(-1e3), 0.0);
        }
    }

    #[test]
    fn what_falls_steeply_or_lies_in_two_groups_is_shown_whole() {
        let curve = (0..30).map(|epoch| 0.01 + 0.14 * (-f64::from(epoch) / 3.0).exp());
        let curve: Vec<f64> = curve.collect();
        assert_eq!(axis(Better::Lower, true, &curve).note("value"), "");
        let errors = [0.01, 0.0105, 0.011, 0.012, 0.022, 0.025];
        assert_eq!(axis(Better::Lower, false, &errors).note("trial"), "");
    }

    #[test]
    fn a_quarter_of_trials_that_are_just_poor_is_cut_too() {
        let scores = [0.9, 0.6, 0.85, 0.8, 0.65, 0.75, 0.7, -1.0, -2.0, -3.0];
        let axis = axis(Better::Higher, false, &scores);
        assert!(axis.note("trial").starts_with("3 trials below 0.5"));
    }

    #[test]
    fn trials_that_are_the_same_do_not_cut_off_the_others() {
        let shown = |scores: &[f64]| {
            let axis = axis(Better::Higher, false, scores);
            assert_eq!(axis.note("trial"), "", "{scores:?}");
            axis.scale.span().low
        };
        assert!(shown(&[0.9, 0.3]) < 0.3);
        assert!(shown(&[0.0, 0.0, 0.0, -0.1, -0.2]) < -0.2);
        assert!(shown(&[1e-5, 1e-5, -0.3]) < -0.3);
        assert!(shown(&[0.9, 0.9 - 1e-12, 0.6, 0.5]) < 0.5);
        shown(&[0.0; 4]);
        let axis = axis(Better::Higher, false, &[0.5, 0.5, 0.5, 0.5, -1e5]);
        assert!(axis.scale.span().low > -1.0);
    }

    #[test]
    fn only_what_lies_beyond_the_edge_is_said_to_be_drawn_there() {
        // Errors that are the same have an axis from about -0.5 to 0.5.
        let same = [0.01, 0.01, 0.01 + 1e-12];
        let near = axis(Better::Lower, false, &[&same[..], &[0.2]].concat());
        assert!(near.quality(0.2) > 0.0);
        assert_eq!(near.note("trial"), "");
        let far = axis(Better::Lower, false, &[&same[..], &[0.2, 40.0]].concat());
        assert!(far.note("trial").starts_with("1 trial above 0.5"));
    }
}
