//! What is printed of a study.

use anyhow::Result;
use psp_schema::TrialState;
use psp_search::{Overview, SamplerName, SearchConfig, Selection, Study, TrialRow};

use crate::text::{self, counted};

/// So many trials, and of how many points of a grid they are, whose decimal digits these
/// are, where they are drawn from one.
pub(crate) fn trials_of(trials: usize, config: &SearchConfig, digits: &str) -> String {
    let trials = counted(trials, "trial");
    match config.study.sampler {
        SamplerName::Random | SamplerName::Tpe => trials,
        SamplerName::RandomGrid | SamplerName::Grid => {
            let noun = if digits == "1" { "point" } else { "points" };
            format!("{trials} of {digits} grid {noun}")
        }
    }
}

/// How far a study has come, in a line.
pub(crate) fn so_far(overview: &Overview) -> String {
    let ended = |row: &TrialRow| matches!(row.state, TrialState::Finished | TrialState::Failed);
    let trials = overview.count(TrialState::Finished)
        + overview.count(TrialState::Failed)
        + overview.count(TrialState::Pruned);
    let verb = if trials == 1 { "has" } else { "have" };
    let wanted = counted(overview.wanted(), "trial");
    let mut text = format!("{trials} of {wanted} {verb} ended");
    if !overview.finals.is_empty() {
        let finals = overview.finals.iter().filter(|row| ended(row)).count();
        let all = counted(overview.finals.len(), "training");
        text += &format!(", {finals} of {all} of finalists");
    }
    if let Some(refit) = &overview.refit {
        let state = match refit.state {
            TrialState::Waiting => "has not begun",
            TrialState::Finished | TrialState::Failed => "has ended",
            _ => "has begun",
        };
        text += &format!(", the refit {state}");
    }
    text
}

/// Best first; what has no score yet comes in the order of the draw.
pub(super) fn print_rows(rows: &[TrialRow]) {
    let mut rows: Vec<&TrialRow> = rows.iter().collect();
    let score = |row: &TrialRow| row.score.unwrap_or(f64::NEG_INFINITY);
    rows.sort_by(|a, b| score(b).total_cmp(&score(a)));
    println!(
        "{:<22} {:<9} {:>8} {:>9} {:>6} {:>8} {:>5}  values",
        "folder", "state", "score", "MSE", "epochs", "seconds", "tries"
    );
    for row in rows {
        println!(
            "{:<22} {:<9} {:>8} {:>9} {:>6} {:>8} {:>5}  {}",
            row.name,
            row.state,
            number(row.score),
            row.mse.map_or_else(|| "-".to_owned(), text::squared),
            row.epochs
                .map_or_else(|| "-".to_owned(), |epochs| epochs.to_string()),
            row.seconds
                .map_or_else(|| "-".to_owned(), |seconds| format!("{seconds:.1}")),
            row.attempts
                .map_or_else(|| "-".to_owned(), |attempts| attempts.to_string()),
            row.values
        );
        if let Some(reason) = &row.reason {
            println!(
                "{:<22} {}",
                "",
                reason.replace('\n', "\n                       ")
            );
        }
    }
}

/// The finalists' comparison and the choice.
pub(crate) fn print_selection(study: &Study, selection: &Selection) -> Result<()> {
    let finalists = &selection.finalists;
    let is_measured = finalists.iter().any(|one| one.deviation.is_some());
    let rank = if is_measured {
        "the lower confidence bound of their mean validation score"
    } else {
        "the validation score of a single training each"
    };
    let earlier = match study.earlier_tests()? {
        0 => String::new(),
        count => format!(
            " (it was also read for {} of an earlier choice)",
            counted(count, "training")
        ),
    };
    println!(
        "Finalists, by {rank} (R², or the negative MSE where that is undefined). The test split \
         had no say{earlier}:"
    );
    // The first is within its own noise; alone it ties with nobody.
    let has_tie = finalists.iter().filter(|one| one.ties).count() > 1;
    let noise = |[deviation, bound, tie]: [&str; 3]| {
        if is_measured {
            format!(" {deviation:>8} {bound:>8} {tie:>4}")
        } else {
            String::new()
        }
    };
    println!(
        "{:<16} {:>5} {:>8}{} {:>9}  {:>8}  values",
        "backbone",
        "trial",
        if is_measured { "mean" } else { "valid" },
        noise(["sd", "bound", "tie"]),
        "mult-adds",
        "test"
    );
    for finalist in finalists {
        let tests: Vec<f64> = finalist.runs.iter().filter_map(|run| run.test).collect();
        let test = (!tests.is_empty()).then(|| tests.iter().sum::<f64>() / tests.len() as f64);
        let bound = format!("{:.4}", finalist.lower_bound);
        let tie = if finalist.ties && has_tie { "yes" } else { "" };
        println!(
            "{:<16} {:>5} {:>8.4}{} {:>7.3} G  {:>8}  {}",
            finalist.backbone.name(),
            finalist.trial,
            finalist.mean,
            noise([&number(finalist.deviation), &bound, tie]),
            finalist.multiply_adds as f64 / 1e9,
            number(test),
            finalist.values
        );
    }
    let note = &study.config.study.note;
    if !note.is_empty() {
        println!("\n{note}");
    }
    println!("\nchosen: {}\n  {}", selection.folder, selection.reason);
    if let Some(test) = selection.refit.as_ref().and_then(|refit| refit.test) {
        println!(
            "  the refit's score on the test split: {}",
            text::number(test)
        );
    }
    Ok(())
}

/// A score, or a dash.
pub(super) fn number(value: Option<f64>) -> String {
    value.map_or_else(|| "-".to_owned(), text::number)
}
