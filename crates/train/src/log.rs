//! `metrics.jsonl`, one line per epoch, and its TensorBoard mirror.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use psp_schema::{EpochRecord, FileError, read_metrics};

use crate::checkpoint::Progress;
use crate::error::TrainError;
use crate::tensorboard::{EventFiles, EventWriter};

/// Appends epochs to `metrics.jsonl` and to a TensorBoard event file.
#[derive(Debug)]
pub(crate) struct MetricsLog {
    path: PathBuf,
    file: File,
    bytes: u64,
    targets: Vec<String>,
    events: EventWriter,
}

impl MetricsLog {
    /// Whether all that the checkpoint vouches for is there, a line for each epoch: without it
    /// the run can't be continued.
    ///
    /// # Errors
    /// [`TrainError::Damaged`] for a file that is shorter, of another run or missing.
    pub(crate) fn check(path: &Path, progress: &Progress) -> Result<(), TrainError> {
        let (bytes, epochs) = (progress.metrics_bytes, progress.epoch);
        let mut known = Vec::new();
        match File::open(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            file => {
                let file = file.map_err(FileError::read(path))?;
                let read = file.take(bytes).read_to_end(&mut known);
                read.map_err(FileError::read(path))?;
            }
        }
        let lines = known.iter().filter(|byte| **byte == b'\n').count() as u64;
        let is_whole = known.last().is_none_or(|byte| *byte == b'\n');
        let wrong = if (known.len() as u64) < bytes {
            let found = known.len();
            format!("missing or shorter than the checkpoint says ({found} of {bytes} bytes)")
        } else if lines == epochs && is_whole {
            return Ok(());
        } else {
            format!("not the log of the {epochs} epochs that the checkpoint is of")
        };
        Err(TrainError::Damaged {
            path: path.to_owned(),
            reason: format!(
                "{wrong}; restore it, or begin a new run with this one's weights (model.weights)"
            ),
        })
    }

    /// Opens the log, cut to the `bytes` that the checkpoint vouches for, which it
    /// [has](Self::check); what is beyond will be done again. TensorBoard gets a
    /// further file, with the epochs that its files lack.
    pub(crate) fn open(
        path: &Path,
        tensorboard: &Path,
        bytes: u64,
        targets: &[String],
    ) -> Result<Self, TrainError> {
        let io = FileError::write(path, "open it to append to it");
        let file = OpenOptions::new()
            .create(true)
            .append(true)
            .read(true)
            .open(path)
            .map_err(&io)?;
        file.set_len(bytes).map_err(&io)?;
        let records = read_metrics(path)?;
        let files = EventFiles::find(tensorboard)?;
        let shown = files.steps()?;
        let is_shown = |record: &&EpochRecord| shown.contains(&record.epoch);
        let whole = records.iter().take_while(is_shown).count();
        let mut log = Self {
            path: path.to_owned(),
            file,
            bytes,
            targets: targets.to_vec(),
            events: files.append(whole as u64 + 1)?,
        };
        for record in &records[whole..] {
            log.mirror(record)?;
        }
        Ok(log)
    }

    /// Appends a line; returns the log's length in bytes.
    pub(crate) fn append(&mut self, record: &EpochRecord) -> Result<u64, TrainError> {
        let io = FileError::write(&self.path, "append to it");
        let mut line = serde_json::to_vec(record).map_err(|error| io(error.into()))?;
        line.push(b'\n');
        self.file.write_all(&line).map_err(&io)?;
        self.bytes += line.len() as u64;
        self.mirror(record)?;
        Ok(self.bytes)
    }

    /// Brings what was appended to disk, before a checkpoint vouches for it.
    pub(crate) fn sync(&self) -> Result<(), TrainError> {
        let synced = self.file.sync_data();
        Ok(synced.map_err(FileError::write(&self.path, "sync it to disk"))?)
    }

    fn mirror(&mut self, record: &EpochRecord) -> Result<(), TrainError> {
        let mut scalars: Vec<(String, f64)> = vec![
            ("learning_rate".to_owned(), record.learning_rate),
            ("images_per_second".to_owned(), record.images_per_second),
        ];
        let valid = record.valid.as_ref().map(|valid| ("valid", valid));
        for (part, metrics) in [("train", &record.train)].into_iter().chain(valid) {
            let overall = &metrics.overall;
            scalars.push((format!("mse/{part}"), overall.mse));
            scalars.push((format!("mae/{part}"), overall.mae));
            scalars.push((format!("rmse/{part}"), overall.rmse));
            scalars.extend(overall.r2.map(|r2| (format!("r2/{part}"), r2)));
            for (name, target) in self.targets.iter().zip(&metrics.targets) {
                scalars.push((format!("mse_{name}/{part}"), target.mse));
                scalars.extend(target.r2.map(|r2| (format!("r2_{name}/{part}"), r2)));
            }
        }
        self.events.write(record.epoch, &scalars)
    }
}
