//! Choosing one of the finalists, by validation alone.
//!
//! Each finalist is a configuration that was trained with several seeds. They
//! are ranked by the lower confidence bound of their mean score (Student's t),
//! so that one lucky seed does not win; one that has a single score takes the others'
//! spread for its own. The bound's distance from the mean is
//! the leader's noise; a finalist whose mean and bound are both within it of the
//! leader's ties with it, and of those that tie the cheapest model wins. (The
//! one-standard-error rule of Breiman et al., "Classification and Regression
//! Trees", 1984, with a confidence margin in place of the standard error. A test
//! of the difference would let a finalist tie by being noisy itself.)

use psp_metrics::{RegressionMetrics, t_quantile};
use psp_schema::Ranked;
use serde::{Deserialize, Serialize};

/// What finalists are compared by, higher is better: R² over all targets, or
/// the negative MSE where R² is undefined.
pub fn score(metrics: &RegressionMetrics) -> f64 {
    metrics.overall.r2.unwrap_or(-metrics.overall.mse)
}

/// A configuration's scores with several seeds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Candidate {
    /// Name for people: the backbone and the trial's number.
    pub name: String,
    /// One score per seed that was trained to its end.
    pub scores: Vec<f64>,
    /// Multiply-adds of one prediction.
    pub multiply_adds: u64,
}

/// Which candidate was chosen, and why.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Choice {
    /// The candidate.
    pub candidate: usize,
    /// The reason in words.
    pub reason: String,
    /// All candidates with a score, by their lower bounds, highest first.
    pub ranking: Vec<Ranked>,
}

/// Chooses one of the candidates; `None` when no seed of any was trained to its
/// end. `confidence` is that of the one-sided bound and test.
pub fn choose(candidates: &[Candidate], confidence: f64) -> Option<Choice> {
    let single = margin_of_one(candidates, confidence);
    let mut ranking: Vec<Ranked> = candidates
        .iter()
        .enumerate()
        .filter_map(|(index, candidate)| rank(index, &candidate.scores, confidence, single))
        .collect();
    // Equal bounds keep the order of the candidates.
    ranking.sort_by(|a, b| b.lower_bound.total_cmp(&a.lower_bound));
    let leader = ranking.first()?.clone();
    let noise = leader.mean - leader.lower_bound;
    for ranked in &mut ranking {
        ranked.ties =
            leader.mean - ranked.mean <= noise && leader.lower_bound - ranked.lower_bound <= noise;
    }
    let cost = |ranked: &&Ranked| candidates[ranked.candidate].multiply_adds;
    let tied: Vec<&Ranked> = ranking.iter().filter(|ranked| ranked.ties).collect();
    let chosen = (*tied.iter().min_by_key(|ranked| cost(ranked))?).clone();
    let compared = Compared {
        candidates,
        ranking: &ranking,
        tied: tied.len(),
        confidence,
    };
    let reason = compared.reason(&leader, &chosen);
    Some(Choice {
        candidate: chosen.candidate,
        reason,
        ranking,
    })
}

/// `single` is the margin of one score.
fn rank(candidate: usize, scores: &[f64], confidence: f64, single: f64) -> Option<Ranked> {
    let count = scores.len() as f64;
    let (mean, variance) = moments(scores)?;
    let margin =
        variance.map(|variance| quantile(confidence, count - 1.0) * (variance / count).sqrt());
    Some(Ranked {
        candidate,
        mean,
        deviation: variance.map(f64::sqrt),
        lower_bound: mean - margin.unwrap_or(single),
        ties: false,
    })
}

/// The margin of a candidate with one score, which has no spread of its own: by the
/// pooled variance of the candidates that have; 0 where none has.
fn margin_of_one(candidates: &[Candidate], confidence: f64) -> f64 {
    let (mut squares, mut freedom) = (0.0, 0.0);
    for candidate in candidates {
        if let Some((_, Some(variance))) = moments(&candidate.scores) {
            let own = candidate.scores.len() as f64 - 1.0;
            squares += own * variance;
            freedom += own;
        }
    }
    if freedom > 0.0 {
        quantile(confidence, freedom) * (squares / freedom).sqrt()
    } else {
        0.0
    }
}

/// Mean and unbiased variance; no variance of one value, nothing of none.
fn moments(values: &[f64]) -> Option<(f64, Option<f64>)> {
    let count = values.len() as f64;
    if values.is_empty() {
        return None;
    }
    let mean = values.iter().sum::<f64>() / count;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    Some((mean, (values.len() > 1).then(|| squares / (count - 1.0))))
}

/// The quantile of Student's t distribution.
fn quantile(confidence: f64, freedom: f64) -> f64 {
    // There is at least one degree of freedom.
    t_quantile(confidence, freedom).unwrap_or(f64::INFINITY)
}

/// What is to be said of a model by its mean R² and the lower bound of that, where these
/// do not show that it is better than predicting the mean label for every image, whose
/// R² is 0. A verb phrase.
pub(crate) fn doubt(mean: f64, lower_bound: f64) -> Option<&'static str> {
    if mean <= 0.0 {
        Some("shows no skill beyond predicting the mean label: its R² is not above 0")
    } else if lower_bound <= 0.0 {
        Some(
            "shows no certain skill beyond predicting the mean label: the lower bound of its R² \
             is not above 0",
        )
    } else {
        None
    }
}

/// What a choice was made of.
struct Compared<'a> {
    candidates: &'a [Candidate],
    /// Those with a score.
    ranking: &'a [Ranked],
    /// Of these, such as tie with the leader, itself included.
    tied: usize,
    confidence: f64,
}

impl Compared<'_> {
    fn name(&self, ranked: &Ranked) -> &str {
        &self.candidates[ranked.candidate].name
    }

    /// Multiply-adds in millions.
    fn cost(&self, ranked: &Ranked) -> String {
        let count = self.candidates[ranked.candidate].multiply_adds;
        format!("{:.3}", count as f64 / 1e6)
    }

    /// Whether any candidate has two scores, without which nothing is known of noise.
    fn is_noise_known(&self) -> bool {
        let mut candidates = self.candidates.iter();
        candidates.any(|candidate| candidate.scores.len() > 1)
    }

    fn reason(&self, leader: &Ranked, chosen: &Ranked) -> String {
        let leads = format!(
            "{} leads with {}{:.4} ({}){}",
            self.name(leader),
            if self.candidates[leader.candidate].scores.len() > 1 {
                "a mean of "
            } else {
                ""
            },
            leader.mean,
            self.bound(leader),
            self.higher_mean(leader)
        );
        if self.tied == 1 {
            return format!("{leads}; {}", self.no_tie());
        }
        let tie = self.tie();
        if chosen.candidate == leader.candidate {
            format!("{leads}; {tie}, in which it is also the cheapest")
        } else {
            format!(
                "{leads}; {tie}, in which {} is the cheapest ({} instead of {} million \
                 multiply-adds; mean {:.4})",
                self.name(chosen),
                self.cost(chosen),
                self.cost(leader),
                chosen.mean
            )
        }
    }

    /// Which candidate has the highest mean, where that is not the leader.
    fn higher_mean(&self, leader: &Ranked) -> String {
        let means = self.ranking.iter();
        let highest = means.max_by(|a, b| a.mean.total_cmp(&b.mean));
        match highest.filter(|highest| highest.mean > leader.mean) {
            Some(highest) => format!(
                ", since the bound decides: {} has a mean of {:.4} and a bound of {:.4}",
                self.name(highest),
                highest.mean,
                highest.lower_bound
            ),
            None => String::new(),
        }
    }

    fn bound(&self, leader: &Ranked) -> String {
        let percent = self.confidence * 100.0;
        let bound = format!(
            "lower {percent:.0} % confidence bound {:.4}",
            leader.lower_bound
        );
        match leader.deviation {
            Some(_) => bound,
            None if self.is_noise_known() => {
                format!("one seed only; {bound} by the others' spread")
            }
            None => "one seed only, so without a bound".to_owned(),
        }
    }

    fn no_tie(&self) -> &'static str {
        if self.candidates.len() == 1 {
            "there is no other candidate"
        } else if self.ranking.len() == 1 {
            "no other candidate was trained to its end"
        } else if self.is_noise_known() {
            "no other candidate ties with it"
        } else {
            "one seed of each does not tell whether another ties with it"
        }
    }

    fn tie(&self) -> String {
        let others = match self.tied - 1 {
            1 => "1 other".to_owned(),
            others => format!("{others} others"),
        };
        let verb = match (self.is_noise_known(), self.tied) {
            (true, 2) => "is within its noise",
            (true, _) => "are within its noise",
            (false, 2) => "has the same score",
            (false, _) => "have the same score",
        };
        format!("{others} {verb}: a tie")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidate(name: &str, scores: &[f64], multiply_adds: u64) -> Candidate {
        Candidate {
            name: name.to_owned(),
            scores: scores.to_vec(),
            multiply_adds,
        }
    }

    #[test]
    fn the_bound_is_the_mean_less_students_quantile_times_the_standard_error() {
        let ranked = rank(0, &[0.7, 0.8, 0.9], 0.95, 0.0).unwrap();
        assert!((ranked.mean - 0.8).abs() < 1e-12);
        assert!((ranked.deviation.unwrap() - 0.1).abs() < 1e-12);
        // t(0.95, 2) = 2.919986 (any table of the distribution).
        assert!((ranked.lower_bound - (0.8 - 2.919986 * 0.1 / 3f64.sqrt())).abs() < 1e-6);
    }

    #[test]
    fn one_lucky_seed_does_not_beat_three_steady_ones() {
        let candidates = [
            candidate("lucky", &[0.95, 0.60, 0.61], 1),
            candidate("steady", &[0.71, 0.70, 0.72], 2),
        ];
        let choice = choose(&candidates, 0.95).unwrap();
        assert_eq!(choice.ranking[0].candidate, 1);
        // Its mean is not the highest, which is said.
        let why = "since the bound decides: lucky has a mean of 0.7200 and a bound of ";
        assert!(choice.reason.contains(why), "{}", choice.reason);
    }

    #[test]
    fn a_tie_goes_to_the_cheaper_model_and_says_so() {
        let candidates = [
            candidate("large", &[0.80, 0.82, 0.81], 10_000_000_000),
            candidate("small", &[0.795, 0.815, 0.805], 1_000_000_000),
            candidate("poor", &[0.50, 0.51, 0.52], 1_000_000),
        ];
        let choice = choose(&candidates, 0.95).unwrap();
        assert_eq!(choice.candidate, 1);
        let ties: Vec<bool> = choice.ranking.iter().map(|ranked| ranked.ties).collect();
        assert_eq!(ties, [true, true, false]);
        assert!(
            choice
                .reason
                .contains("a tie, in which small is the cheapest")
        );
    }

    #[test]
    fn a_clear_lead_wins_whatever_it_costs() {
        let candidates = [
            candidate("small", &[0.60, 0.61, 0.59], 1),
            candidate("large", &[0.80, 0.82, 0.81], 100),
        ];
        let choice = choose(&candidates, 0.95).unwrap();
        assert_eq!(choice.candidate, 1);
        assert!(choice.reason.contains("no other candidate ties"));
    }

    /// Scores of a study on rendered cars.
    #[test]
    fn a_noisy_finalist_does_not_tie_with_a_better_one_by_its_noise() {
        let candidates = [
            candidate("steady", &[0.2691, 0.2877], 98),
            candidate("noisy and cheap", &[0.0504, -0.4557], 23),
            candidate("noisy, of the same mean", &[0.4784, 0.0784], 23),
        ];
        let choice = choose(&candidates, 0.95).unwrap();
        assert_eq!(choice.candidate, 0);
        let ties: Vec<bool> = choice.ranking.iter().map(|ranked| ranked.ties).collect();
        assert_eq!(ties, [true, false, false]);
    }

    #[test]
    fn a_single_score_is_as_uncertain_as_the_others() {
        let candidates = [
            candidate("one run", &[0.82], 1),
            candidate("two runs, both better", &[0.85, 0.83], 2),
        ];
        let choice = choose(&candidates, 0.95).unwrap();
        assert_eq!(choice.ranking[0].candidate, 1);
        // t(0.95, 1) = 6.313752; the pooled variance is that of the two: 0.0002.
        let expected = 0.82 - 6.313752 * 0.0002f64.sqrt();
        assert!((choice.ranking[1].lower_bound - expected).abs() < 1e-6);
        assert_eq!(choice.ranking[1].deviation, None);
        // A single score that leads says where its bound comes from.
        let candidates = [
            candidate("one run", &[0.95], 1),
            candidate("two runs", &[0.85, 0.83], 2),
        ];
        let choice = choose(&candidates, 0.95).unwrap();
        assert_eq!(choice.candidate, 0);
        assert!(
            choice.reason.contains("by the others' spread"),
            "{}",
            choice.reason
        );
    }

    #[test]
    fn single_seeds_tie_only_when_equal() {
        let candidates = [candidate("a", &[0.8], 5), candidate("b", &[0.79], 1)];
        let choice = choose(&candidates, 0.95).unwrap();
        assert_eq!(choice.candidate, 0);
        let unknown = "without a bound); one seed of each does not tell whether another ties";
        assert!(choice.reason.contains(unknown), "{}", choice.reason);
        let candidates = [candidate("a", &[0.8], 5), candidate("b", &[0.8], 1)];
        let choice = choose(&candidates, 0.95).unwrap();
        assert_eq!(choice.candidate, 1);
        let tie = "1 other has the same score: a tie";
        assert!(choice.reason.contains(tie), "{}", choice.reason);
    }

    #[test]
    fn a_model_is_doubted_unless_its_bound_is_above_that_of_the_mean_label() {
        assert!(doubt(-0.1, -0.2).unwrap().contains("no skill"));
        assert!(doubt(0.0, 0.0).unwrap().contains("no skill"));
        assert!(doubt(0.08, -0.15).unwrap().contains("no certain skill"));
        assert_eq!(doubt(0.08, 0.01), None);
    }

    #[test]
    fn candidates_without_a_trained_seed_are_left_out() {
        let candidates = [candidate("failed", &[], 1), candidate("b", &[0.5, 0.6], 1)];
        let choice = choose(&candidates, 0.95).unwrap();
        assert_eq!(choice.candidate, 1);
        assert_eq!(choice.ranking.len(), 1);
        let alone = "no other candidate was trained to its end";
        assert!(choice.reason.contains(alone), "{}", choice.reason);
        assert_eq!(choose(&candidates[..1], 0.95), None);
    }
}
