//! Trials that are drawn from the results of others.

use psp_schema::write_json_new;
use psp_space::{Point, Seen, tpe};

use crate::error::SearchError;
use crate::snapshot::{Entry, Snapshot};
use crate::study::Study;

impl Study {
    /// Draws the trial after those of `snapshot`, if the study is to have one and the
    /// results that it depends on are known; says whether there is one more trial
    /// now. Of all who draw it one succeeds, and from the same results all draw the
    /// same, and none that was drawn before.
    ///
    /// # Errors
    /// A space without a point left, or a file that can't be written.
    pub(crate) fn draw_next(&self, snapshot: &Snapshot) -> Result<bool, SearchError> {
        let number = snapshot.entries().len();
        if number >= self.wanted() {
            return Ok(false);
        }
        let lag = usize::try_from(self.config.study.lag).unwrap_or(usize::MAX);
        let observed = (number + 1).saturating_sub(lag);
        let observed = &snapshot.entries()[..observed.min(number)];
        if !observed.iter().all(Entry::is_known) {
            return Ok(false);
        }
        let before = snapshot.entries().iter();
        let seen: Seen = before.map(|entry| &entry.trial.point).collect();
        let point = tpe::suggest_new(
            &self.config.space,
            self.config.study.seed,
            number as u64,
            &observations(observed),
            &tpe::Settings::default(),
            &seen,
        )?;
        let Some(point) = point else {
            return Ok(false);
        };
        let trial = self.plan.trial(&self.config, number, point)?;
        self.config.refit(&trial.point)?;
        let path = self.dir.drawn(number);
        if let Some(parent) = path.parent() {
            psp_schema::create_folder(parent)?;
        }
        write_json_new(&path, &trial)?;
        Ok(true)
    }
}

/// Points with what they are ordered by, smaller is better: their places, the best
/// first. Trials that came further are better than those that were pruned before,
/// whatever their scores; those that failed are the worst.
fn observations(entries: &[Entry]) -> Vec<(Point, f64)> {
    let mut ranked: Vec<&Entry> = entries.iter().collect();
    let merit = |entry: &Entry| entry.merit().unwrap_or((0, f64::NEG_INFINITY));
    ranked.sort_by(|a, b| {
        let (a, b) = (merit(a), merit(b));
        b.0.cmp(&a.0).then(b.1.total_cmp(&a.1))
    });
    let place = |(place, entry): (usize, &Entry)| (entry.trial.point.clone(), place as f64);
    ranked.into_iter().enumerate().map(place).collect()
}
