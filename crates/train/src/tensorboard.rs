//! TensorBoard event files.
//!
//! An event file is a sequence of TFRecords (length, masked CRC-32C, data,
//! masked CRC-32C) whose data are `Event` protocol buffers
//! (`tensorflow/core/util/event.proto`). Only scalars are written, so the few
//! fields are encoded here rather than through a generated schema.
//!
//! A run that is continued gets a further file, as TensorBoard expects of a
//! restarted job: it begins with a session's start at the first step that may be
//! written again, which makes TensorBoard drop what earlier files hold from that
//! step on. Earlier files, and whatever else the folder holds, stay as they are.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use psp_schema::FileError;

use crate::error::TrainError;

/// What TensorBoard knows an event file by, before the second of its creation.
const PREFIX: &str = "events.out.tfevents.";
/// What this program's are known by.
const SUFFIX: &str = ".psp";
/// Field numbers of `Event`.
const WALL_TIME: u64 = 1;
const STEP: u64 = 2;
const FILE_VERSION: u64 = 3;
const SUMMARY: u64 = 5;
const SESSION_LOG: u64 = 7;
/// `SessionLog.status` and its value `START`.
const STATUS: u64 = 1;
const START: u64 = 1;

/// The event files that a run has written so far.
#[derive(Debug)]
pub(crate) struct EventFiles {
    dir: PathBuf,
    /// With the seconds in their names, in order.
    files: Vec<(u64, PathBuf)>,
}

impl EventFiles {
    /// Finds them in `dir`, which is created.
    pub(crate) fn find(dir: &Path) -> Result<Self, TrainError> {
        psp_schema::create_folder(dir)?;
        let mut files = Vec::new();
        for entry in std::fs::read_dir(dir).map_err(FileError::list(dir))? {
            let entry = entry.map_err(FileError::list(dir))?;
            let name = entry.file_name();
            let seconds = name.to_str().and_then(|name| {
                let seconds = name.strip_prefix(PREFIX)?.strip_suffix(SUFFIX)?;
                seconds.parse().ok()
            });
            if let Some(seconds) = seconds
                && entry.path().is_file()
            {
                files.push((seconds, entry.path()));
            }
        }
        files.sort();
        Ok(Self {
            dir: dir.to_owned(),
            files,
        })
    }

    /// The steps that TensorBoard shows of them.
    pub(crate) fn steps(&self) -> Result<BTreeSet<u64>, TrainError> {
        let mut steps = BTreeSet::new();
        for (_, path) in &self.files {
            let bytes = std::fs::read(path).map_err(FileError::read(path))?;
            for record in records(&bytes) {
                let event = Fields::of(record);
                if event.has_session_start {
                    steps.split_off(&event.step);
                } else if event.has_summary {
                    steps.insert(event.step);
                }
            }
        }
        Ok(steps)
    }

    /// A further file, for steps from `first` on.
    pub(crate) fn append(&self, first: u64) -> Result<EventWriter, TrainError> {
        let last = self.files.last().map(|(seconds, _)| *seconds);
        // TensorBoard reads them in the order of their names.
        let seconds = last.map_or(0, |last| last + 1).max(now() as u64);
        let path = self.dir.join(format!("{PREFIX}{seconds}{SUFFIX}"));
        let file = File::create_new(&path).map_err(FileError::write(&path, "create it"))?;
        let mut writer = EventWriter { path, file };
        let mut event = Vec::new();
        put_f64(&mut event, WALL_TIME, now());
        put_bytes(&mut event, FILE_VERSION, b"brain.Event:2");
        writer.record(&event)?;
        if last.is_some() {
            let mut session = Vec::new();
            put_varint_field(&mut session, STATUS, START);
            let mut event = Vec::new();
            put_f64(&mut event, WALL_TIME, now());
            put_varint_field(&mut event, STEP, first);
            put_bytes(&mut event, SESSION_LOG, &session);
            writer.record(&event)?;
        }
        Ok(writer)
    }
}

/// Writes one event file.
#[derive(Debug)]
pub(crate) struct EventWriter {
    path: PathBuf,
    file: File,
}

impl EventWriter {
    pub(crate) fn write(&mut self, step: u64, scalars: &[(String, f64)]) -> Result<(), TrainError> {
        let mut summary = Vec::new();
        for (tag, value) in scalars {
            let mut entry = Vec::new();
            put_bytes(&mut entry, 1, tag.as_bytes());
            put_f32(&mut entry, 2, *value as f32);
            put_bytes(&mut summary, 1, &entry);
        }
        let mut event = Vec::new();
        put_f64(&mut event, WALL_TIME, now());
        put_varint_field(&mut event, STEP, step);
        put_bytes(&mut event, SUMMARY, &summary);
        self.record(&event)
    }

    fn record(&mut self, data: &[u8]) -> Result<(), TrainError> {
        let length = (data.len() as u64).to_le_bytes();
        let mut record = length.to_vec();
        record.extend(masked_crc(&length).to_le_bytes());
        record.extend(data);
        record.extend(masked_crc(data).to_le_bytes());
        let written = self.file.write_all(&record);
        Ok(written.map_err(FileError::write(&self.path, "append to it"))?)
    }
}

fn now() -> f64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0.0, |since| since.as_secs_f64())
}

/// TFRecord's rotated and offset CRC-32C.
fn masked_crc(data: &[u8]) -> u32 {
    crc32c::crc32c(data)
        .rotate_right(15)
        .wrapping_add(0xA282_EAD8)
}

/// The data of a file's records, up to the first that is not whole.
fn records(mut bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let length = u64::from_le_bytes(*checked(&mut bytes, 8)?.first_chunk()?);
        checked(&mut bytes, usize::try_from(length).ok()?)
    })
}

/// Takes `length` bytes and their checksum.
fn checked<'a>(bytes: &mut &'a [u8], length: usize) -> Option<&'a [u8]> {
    let (data, rest) = bytes.split_at_checked(length)?;
    let (crc, rest) = rest.split_first_chunk()?;
    *bytes = rest;
    (u32::from_le_bytes(*crc) == masked_crc(data)).then_some(data)
}

/// What is read back of an event.
#[derive(Default)]
struct Fields {
    step: u64,
    has_summary: bool,
    has_session_start: bool,
}

impl Fields {
    fn of(mut data: &[u8]) -> Self {
        let mut fields = Self::default();
        // An event of another form ends it: then there is nothing more to learn.
        while fields.take(&mut data).is_some() {}
        fields
    }

    fn take(&mut self, data: &mut &[u8]) -> Option<()> {
        let key = take_varint(data)?;
        match (key >> 3, key & 7) {
            (STEP, 0) => self.step = take_varint(data)?,
            (_, 0) => {
                take_varint(data)?;
            }
            (_, 1) => *data = data.get(8..)?,
            (field, 2) => {
                let length = usize::try_from(take_varint(data)?).ok()?;
                let (content, rest) = data.split_at_checked(length)?;
                *data = rest;
                let start = [(STATUS << 3) as u8, START as u8];
                self.has_summary |= field == SUMMARY;
                self.has_session_start |= field == SESSION_LOG && content.starts_with(&start);
            }
            (_, 5) => *data = data.get(4..)?,
            _ => return None,
        }
        Some(())
    }
}

fn take_varint(data: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for place in 0..10 {
        let (&byte, rest) = data.split_first()?;
        *data = rest;
        value |= u64::from(byte & 0x7F) << (7 * place);
        if byte < 0x80 {
            return Some(value);
        }
    }
    None
}

fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn put_varint_field(out: &mut Vec<u8>, field: u64, value: u64) {
    put_varint(out, field << 3);
    put_varint(out, value);
}

fn put_f64(out: &mut Vec<u8>, field: u64, value: f64) {
    put_varint(out, field << 3 | 1);
    out.extend(value.to_le_bytes());
}

fn put_f32(out: &mut Vec<u8>, field: u64, value: f32) {
    put_varint(out, field << 3 | 5);
    out.extend(value.to_le_bytes());
}

fn put_bytes(out: &mut Vec<u8>, field: u64, value: &[u8]) {
    put_varint(out, field << 3 | 2);
    put_varint(out, value.len() as u64);
    out.extend(value);
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn append(dir: &Path, first: u64, steps: &[u64]) {
        let mut writer = EventFiles::find(dir).unwrap().append(first).unwrap();
        for &step in steps {
            writer.write(step, &[("mse".to_owned(), 0.5)]).unwrap();
        }
    }

    fn steps(dir: &Path) -> Vec<u64> {
        let files = EventFiles::find(dir).unwrap();
        files.steps().unwrap().into_iter().collect()
    }

    #[test]
    fn a_further_file_takes_the_place_of_the_steps_from_its_first_on() {
        let dir = tempfile::tempdir().unwrap();
        append(dir.path(), 1, &[1, 2, 3]);
        assert_eq!(steps(dir.path()), [1, 2, 3]);
        append(dir.path(), 3, &[]);
        assert_eq!(steps(dir.path()), [1, 2]);
        append(dir.path(), 3, &[3, 4]);
        assert_eq!(steps(dir.path()), [1, 2, 3, 4]);
        assert_eq!(EventFiles::find(dir.path()).unwrap().files.len(), 3);
    }

    #[test]
    fn a_file_that_was_cut_off_counts_up_to_its_last_whole_event() {
        let dir = tempfile::tempdir().unwrap();
        append(dir.path(), 1, &[1, 2, 3]);
        let (_, path) = EventFiles::find(dir.path()).unwrap().files[0].clone();
        let bytes = std::fs::read(&path).unwrap();
        std::fs::write(&path, &bytes[..bytes.len() - 1]).unwrap();
        assert_eq!(steps(dir.path()), [1, 2]);
    }

    #[test]
    fn what_others_put_into_the_folder_stays_and_is_not_read() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join(".ipynb_checkpoints")).unwrap();
        std::fs::create_dir(dir.path().join("events.out.tfevents.7.psp")).unwrap();
        for name in ["notes.txt", "events.out.tfevents.1.host"] {
            std::fs::write(dir.path().join(name), "mine").unwrap();
        }
        append(dir.path(), 1, &[1]);
        append(dir.path(), 2, &[2]);
        assert_eq!(steps(dir.path()), [1, 2]);
        let entries = std::fs::read_dir(dir.path()).unwrap();
        assert_eq!(entries.count(), 6);
    }
}
