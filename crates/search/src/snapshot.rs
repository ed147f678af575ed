//! The status of every trial, and which of them go on.

use std::collections::BTreeSet;

use crate::choose::score;
use crate::error::SearchError;
use crate::folder::TrialDir;
use crate::plan::PlannedTrial;
use crate::pruner::Pruner;
use crate::records::{Record, RungRecord, TrialOutcome, read_json};
use crate::study::Study;

/// What is known of a study's trials. What was read once is not read again: files
/// that say what a trial came to never change.
#[derive(Clone, Debug, Default)]
pub(crate) struct Snapshot {
    entries: Vec<Entry>,
}

/// One trial.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) trial: PlannedTrial,
    pub(crate) dir: TrialDir,
    /// Epochs after which it is compared with others, rising.
    rungs: Vec<u64>,
    /// Its results at the first of them.
    reached: Vec<RungRecord>,
    /// How it ended.
    pub(crate) record: Option<Record>,
}

/// The status of a trial among the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    /// It has ended.
    Ended,
    /// At no rung yet, or beyond one that it was promoted from.
    Active,
    /// At a rung, and not among those that go on.
    Pruned,
}

impl Entry {
    fn of(study: &Study, trial: PlannedTrial) -> Result<Self, SearchError> {
        let rungs = match study.pruner() {
            // Trials are many and their configurations are not needed.
            Pruner::None => Vec::new(),
            pruner => pruner.rungs(study.config.trial(&trial.point)?.train.epochs),
        };
        Ok(Self {
            dir: study.folder(&trial),
            rungs,
            reached: Vec::new(),
            record: None,
            trial,
        })
    }

    /// Reads what is new in its folder.
    fn refresh(&mut self) -> Result<(), SearchError> {
        if self.record.is_some() {
            return Ok(());
        }
        while let Some(rung) = self.rungs.get(self.reached.len()) {
            match read_json(&self.dir.rung(*rung))? {
                Some(record) => self.reached.push(record),
                None => break,
            }
        }
        self.record = self.dir.read_outcome()?;
        Ok(())
    }

    fn has_failed(&self) -> bool {
        let outcome = self.record.as_ref().map(|record| &record.outcome);
        matches!(outcome, Some(TrialOutcome::Failed { .. }))
    }

    /// Its result at the last rung that it came to.
    pub(crate) fn interim(&self) -> Option<&RungRecord> {
        self.reached.last()
    }

    /// Epochs done at the last rung that it came to.
    fn epochs(&self) -> u64 {
        self.interim().map_or(0, |record| record.interim.epochs)
    }

    /// The rung that it comes to next; `None`: its end.
    pub(crate) fn next_rung(&self) -> Option<u64> {
        self.rungs.get(self.reached.len()).copied()
    }

    /// Its score so far: of a whole training, or at the last rung that it came to.
    pub(crate) fn score(&self) -> Option<f64> {
        let of_end = match self.record.as_ref().map(|record| &record.outcome) {
            Some(TrialOutcome::Finished { result }) => result.best.as_ref().map(score),
            Some(TrialOutcome::Failed { .. }) => return None,
            None => None,
        };
        of_end.or_else(|| self.interim()?.interim.best.as_ref().map(score))
    }

    /// What trials are ranked by: those that came further are better, then the
    /// score.
    pub(crate) fn merit(&self) -> Option<(u64, f64)> {
        let epochs = match &self.record {
            Some(_) => u64::MAX,
            None => self.epochs(),
        };
        self.score().map(|score| (epochs, score))
    }

    /// Whether it has a result, if only that of a rung, or failed.
    pub(crate) fn is_known(&self) -> bool {
        self.record.is_some() || !self.reached.is_empty()
    }
}

impl Snapshot {
    /// What is known now.
    ///
    /// # Errors
    /// A file that can't be read.
    pub(crate) fn of(study: &Study) -> Result<Self, SearchError> {
        let mut snapshot = Self::default();
        snapshot.refresh(study)?;
        Ok(snapshot)
    }

    /// Adds what has become known since.
    ///
    /// # Errors
    /// A file that can't be read.
    pub(crate) fn refresh(&mut self, study: &Study) -> Result<(), SearchError> {
        while let Some(trial) = study.trial(self.entries.len())? {
            self.entries.push(Entry::of(study, trial)?);
        }
        self.entries.iter_mut().try_for_each(Entry::refresh)
    }

    /// The trials, in the order of the draw.
    pub(crate) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The status of each trial, in the order of the draw.
    pub(crate) fn statuses(&self, study: &Study) -> Vec<Status> {
        let going_on = self.going_on(&study.pruner(), study.wanted() > self.entries.len());
        let status = |(number, entry): (usize, &Entry)| match &entry.record {
            Some(_) => Status::Ended,
            None if entry.reached.is_empty() || going_on.contains(&number) => Status::Active,
            None => Status::Pruned,
        };
        self.entries.iter().enumerate().map(status).collect()
    }

    /// The trials that may go on beyond the last rung that they came to. `more`:
    /// whether further trials are to come.
    fn going_on(&self, pruner: &Pruner, more: bool) -> BTreeSet<usize> {
        let rungs: BTreeSet<u64> = self
            .entries
            .iter()
            .flat_map(|entry| entry.rungs.iter().copied())
            .collect();
        let mut found = BTreeSet::new();
        // Those that may yet come to the rung at hand.
        let mut coming: BTreeSet<usize> = (0..self.entries.len()).collect();
        for rung in rungs {
            let mut here = Vec::new();
            let mut awaited = more;
            for (number, entry) in self.entries.iter().enumerate() {
                let Some(place) = entry.rungs.iter().position(|own| *own == rung) else {
                    continue;
                };
                match entry.reached.get(place) {
                    // It can't go on; another goes on in its place.
                    Some(_) if entry.has_failed() => {}
                    Some(record) => {
                        let score = record.interim.best.as_ref().map(score);
                        here.push((number, score.unwrap_or(f64::NEG_INFINITY)));
                    }
                    None => awaited |= entry.record.is_none() && coming.contains(&number),
                }
            }
            let promoted = pruner.promoted(&here, !awaited);
            for (number, _) in here {
                let is_last = self.entries[number].epochs() == rung;
                match promoted.contains(&number) {
                    true if is_last => {
                        found.insert(number);
                    }
                    false if is_last => {
                        coming.remove(&number);
                    }
                    // It was promoted from here before others came.
                    _ => {}
                }
            }
        }
        found
    }
}

#[cfg(test)]
mod tests;
