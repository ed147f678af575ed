//! The metrics as plain text.

use std::fmt::Write;

use psp_metrics::{OverallMetrics, TargetMetrics};
use psp_plot::number::{count, r2, short};

use crate::{Evaluation, TargetEvaluation};

const COLUMNS: [&str; 4] = ["MSE", "MAE", "RMSE", "R²"];

impl Evaluation {
    /// The metrics as an aligned table for a terminal: one block for the model
    /// and one for "predict the training mean", each with a row per target and
    /// one for all of them. Ends with a newline.
    #[must_use]
    pub fn table(&self) -> String {
        let block = |of: fn(&TargetEvaluation) -> &TargetMetrics, overall: &OverallMetrics| {
            let row = |target: &TargetEvaluation| {
                let metrics = of(target);
                let errors = [metrics.mse, metrics.mae, metrics.rmse];
                Row::new(&target.name, errors, metrics.r2)
            };
            let mut rows: Vec<Row> = self.targets.iter().map(row).collect();
            let errors = [overall.mse, overall.mae, overall.rmse];
            rows.push(Row::new("overall", errors, overall.r2));
            rows
        };
        let overall = &self.overall;
        let blocks = [
            ("model", block(|target| &target.model, &overall.model)),
            (
                "predict the training mean",
                block(|target| &target.baseline, &overall.baseline),
            ),
        ];
        let images = if self.count == 1 { "image" } else { "images" };
        let mut text = format!("{}, {} {images}\n", self.split, count(self.count));
        text += &render(&blocks);
        text += &self.dominant().map_or_else(String::new, |name| {
            format!(
                "\nThe targets differ in scale: overall errors are mostly those of {name}, while \
                 R² weighs all alike.\n"
            )
        });
        let left_out = &self.overall.model.r2_left_out;
        if !left_out.is_empty() {
            let names: Vec<_> = left_out
                .iter()
                .filter_map(|&index| self.targets.get(index))
                .map(|target| target.name.as_str())
                .collect();
            text += "\nR² is undefined where the label is constant, and left out overall: ";
            text += &names.join(", ");
            text += "\n";
        }
        text
    }
}

/// How many times larger the variance of one target's labels must be than another's
/// for the two to count as differing in scale.
const SCALES_DIFFER: f64 = 100.0;

impl Evaluation {
    /// The target that overall errors are mostly of, where targets differ in scale.
    fn dominant(&self) -> Option<&str> {
        let varied = self
            .targets
            .iter()
            .filter(|target| target.baseline.mse > 0.0);
        let by_variance = |a: &&TargetEvaluation, b: &&TargetEvaluation| {
            a.baseline.mse.total_cmp(&b.baseline.mse)
        };
        let lowest = varied.clone().min_by(by_variance)?;
        let highest = varied.max_by(by_variance)?;
        let differ = highest.baseline.mse > SCALES_DIFFER * lowest.baseline.mse;
        differ.then_some(highest.name.as_str())
    }
}

struct Row {
    name: String,
    cells: [String; 4],
}

impl Row {
    fn new(name: &str, errors: [f64; 3], coefficient: Option<f64>) -> Self {
        let [mse, mae, rmse] = errors.map(short);
        Self {
            name: name.to_owned(),
            cells: [mse, mae, rmse, r2(coefficient)],
        }
    }
}

/// Blocks below each other with the same column widths.
fn render(blocks: &[(&str, Vec<Row>)]) -> String {
    let width = |text: &str| text.chars().count();
    let rows = || blocks.iter().flat_map(|(_, rows)| rows);
    let names = blocks
        .iter()
        .map(|(title, _)| width(title))
        .chain(rows().map(|row| width(&row.name)))
        .max()
        .unwrap_or(0);
    let columns: [usize; 4] = std::array::from_fn(|column| {
        rows()
            .map(|row| width(&row.cells[column]))
            .max()
            .unwrap_or(0)
            .max(width(COLUMNS[column]))
    });
    let mut text = String::new();
    let mut line = |name: &str, cells: [&str; 4]| {
        let _ = write!(text, "{name:<names$}");
        for (cell, width) in cells.iter().zip(columns) {
            let _ = write!(text, "  {cell:>width$}");
        }
        text.push('\n');
    };
    for (title, rows) in blocks {
        line("", [""; 4]);
        line(title, COLUMNS);
        for row in rows {
            line(&row.name, row.cells.each_ref().map(String::as_str));
        }
    }
    // An empty line is empty.
    text.lines()
        .map(|line| line.trim_end().to_owned() + "\n")
        .collect()
}
