//! What a study makes as good as it can.

/// Which of two scores is the better one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Better {
    /// The lower, as of an MSE.
    #[default]
    Lower,
    /// The higher, as of R².
    Higher,
}

/// The score that trials are compared by.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Objective {
    /// Its name on axes, such as "valid MSE".
    pub name: String,
    /// Which scores are good.
    pub better: Better,
    /// Whether to draw it on a logarithmic scale, where all scores are above 0.
    pub log: bool,
}

impl Better {
    /// A number that is the lower, the better the score is.
    pub(crate) fn cost(self, score: f64) -> f64 {
        match self {
            Self::Lower => score,
            Self::Higher => -score,
        }
    }
}

impl Objective {
    /// The better of two scores.
    pub(crate) fn best(&self, a: f64, b: f64) -> f64 {
        match self.better {
            Better::Lower => a.min(b),
            Better::Higher => a.max(b),
        }
    }

    /// Compares so that what is better is less; what is not a number comes last.
    pub(crate) fn order(&self, a: f64, b: f64) -> std::cmp::Ordering {
        let rank = |score: f64| match self.better.cost(score) {
            cost if cost.is_nan() => f64::INFINITY,
            cost => cost,
        };
        rank(a).total_cmp(&rank(b))
    }

    /// "lower is better".
    pub(crate) fn direction(&self) -> String {
        let which = match self.better {
            Better::Lower => "lower",
            Better::Higher => "higher",
        };
        format!("{which} is better")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_are_ordered_from_good_to_bad_with_nan_last() {
        let mut objective = Objective::default();
        let mut scores = [0.3, f64::NAN, 0.1];
        scores.sort_by(|a, b| objective.order(*a, *b));
        assert_eq!(scores[..2], [0.1, 0.3]);
        objective.better = Better::Higher;
        scores.sort_by(|a, b| objective.order(*a, *b));
        assert_eq!(scores[..2], [0.3, 0.1]);
        assert_eq!(objective.best(0.1, 0.3), 0.3);
    }
}
