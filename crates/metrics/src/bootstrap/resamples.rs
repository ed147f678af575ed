//! Drawing the resamples.

use rayon::prelude::*;

use super::interval::MetricInterval;
use super::settings::BootstrapSettings;
use crate::metric::Metric;
use crate::random::{below, generator};
use crate::rows::{Needs, PairedRows, Scratch};
use crate::totals::Totals;

const DOMAIN: &[u8; 16] = b"psp bootstrap v1";

/// The rows that resample number `resample` of a bootstrap with `seed` draws out
/// of `count`, for whoever wants to check an interval.
#[must_use]
pub fn resample_rows(seed: u64, resample: u32, count: u32) -> Vec<u32> {
    let mut rows = Vec::with_capacity(count as usize);
    draw(seed, resample, count, |row| rows.push(row));
    rows
}

fn draw(seed: u64, resample: u32, count: u32, mut take: impl FnMut(u32)) {
    let mut rng = generator(DOMAIN, seed, u64::from(resample));
    (0..count).for_each(|_| take(below(&mut rng, count)));
}

/// The values of some metrics over the rows as they are and over each resample:
/// first those of target 0, then of the other targets, then overall.
pub(crate) struct Resamples {
    estimates: Vec<Option<f64>>,
    /// As many values per resample; NaN where undefined, which takes half the
    /// memory of an `Option`.
    drawn: Vec<f64>,
}

impl Resamples {
    /// `metrics` and `settings` must have been checked.
    pub(crate) fn draw(
        rows: &PairedRows,
        metrics: &[Metric],
        settings: &BootstrapSettings,
    ) -> Self {
        let needs = Needs::of(metrics);
        // `PairedRows` has refused more rows than 32 bits can number.
        let count = rows.count() as u32;
        let once = vec![1; rows.count()];
        let totals = rows.totals(&once, needs, &mut Scratch::default());
        let estimates: Vec<_> = values(rows, metrics, &totals).collect();
        let mut drawn = vec![f64::NAN; estimates.len() * settings.resamples as usize];
        if !metrics.is_empty() {
            drawn
                .par_chunks_mut(estimates.len())
                .enumerate()
                .for_each_init(
                    || (vec![0; rows.count()], Scratch::default()),
                    |(counts, scratch), (resample, drawn)| {
                        counts.fill(0);
                        draw(settings.seed, resample as u32, count, |row| {
                            counts[row as usize] += 1;
                        });
                        let totals = rows.totals(counts, needs, scratch);
                        for (drawn, value) in drawn.iter_mut().zip(values(rows, metrics, &totals)) {
                            *drawn = value.unwrap_or(f64::NAN);
                        }
                    },
                );
        }
        Self { estimates, drawn }
    }

    /// Of the metrics of each target, and of all together.
    pub(crate) fn intervals(
        &self,
        metrics: &[Metric],
        confidence: f64,
    ) -> (Vec<Vec<MetricInterval>>, Vec<MetricInterval>) {
        intervals(metrics, confidence, &self.estimates, |column| {
            self.column(column)
        })
    }

    fn column(&self, column: usize) -> impl ExactSizeIterator<Item = f64> {
        let width = self.estimates.len();
        self.drawn
            .chunks_exact(width)
            .map(move |values| values[column])
    }
}

/// The metrics of each target, then of all together.
fn values(
    rows: &PairedRows,
    metrics: &[Metric],
    totals: &[Totals],
) -> impl Iterator<Item = Option<f64>> {
    let targets = totals
        .iter()
        .flat_map(move |totals| metrics.iter().map(|&metric| totals.value(metric)));
    targets.chain(metrics.iter().map(|&metric| rows.overall(metric, totals)))
}

fn intervals<I: ExactSizeIterator<Item = f64>>(
    metrics: &[Metric],
    confidence: f64,
    estimates: &[Option<f64>],
    drawn: impl Fn(usize) -> I + Sync,
) -> (Vec<Vec<MetricInterval>>, Vec<MetricInterval>) {
    if metrics.is_empty() {
        return (Vec::new(), Vec::new());
    }
    let all: Vec<_> = (0..estimates.len())
        .into_par_iter()
        .map(|column| {
            let metric = metrics[column % metrics.len()];
            MetricInterval::new(metric, estimates[column], drawn(column), confidence)
        })
        .collect();
    let mut scopes: Vec<_> = all.chunks(metrics.len()).map(<[_]>::to_vec).collect();
    let overall = scopes.pop().unwrap_or_default();
    (scopes, overall)
}
