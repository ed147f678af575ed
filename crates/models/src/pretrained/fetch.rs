//! Fetching: streamed, continued where it broke off, verified, and in place only
//! when it is whole.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use sha2::{Digest, Sha256};

use super::Pretrained;
use super::error::FetchError;
use psp_schema::{Access, FileError, create_folder, hash_into, hash_of, sync_dir};

/// Times that a broken connection is taken up again.
const ATTEMPTS: u32 = 5;

/// Where a file is taken from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// The registry's own address.
    Official,
    /// A web folder that holds the same files.
    Mirror(String),
    /// A local folder that holds the same files.
    Folder(PathBuf),
}

impl Source {
    /// A mirror's address (`http://…`, `https://…`) or a local folder.
    pub fn parse(place: &str) -> Self {
        if place.starts_with("http://") || place.starts_with("https://") {
            return Self::Mirror(place.trim_end_matches('/').to_owned());
        }
        Self::Folder(place.into())
    }
}

/// A file that is in place, and whether it was before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fetched {
    /// The file.
    pub path: PathBuf,
    /// Whether it was there already, with the right hash.
    pub was_there: bool,
}

/// How one connection ended without the whole file.
enum Broken {
    /// It may work on another try.
    Again(String),
    /// It won't.
    ForGood(FetchError),
}

/// Puts the file of `entry` into `dir`, from `source`. What an interrupted call
/// left is continued; a file that is there already is only verified.
///
/// `progress` hears `(bytes done, bytes in all)`, the latter once it is known;
/// `cancelled` is looked at between blocks.
///
/// # Errors
/// [`FetchError`]; only a file with the official hash ever gets its name.
pub fn fetch(
    entry: &Pretrained,
    dir: &Path,
    source: &Source,
    progress: &mut dyn FnMut(u64, Option<u64>),
    cancelled: &AtomicBool,
) -> Result<Fetched, FetchError> {
    let path = dir.join(entry.file);
    if path.exists() {
        verify(entry, &path, "; remove it to fetch it again")?;
        return Ok(Fetched {
            path,
            was_there: true,
        });
    }
    // A folder without the file is found out before anything is created, and
    // before an unfinished download is given up for it.
    let origin = match source {
        Source::Folder(folder) => open_local(entry, folder, dir)?,
        Source::Official => Origin::Web(entry.url()),
        Source::Mirror(base) => Origin::Web(format!("{base}/{}", entry.file)),
    };
    create_folder(dir)?;
    let partial = dir.join(format!(".{}.part", entry.file));
    let mut download = Download::open(entry, dir, partial, cancelled)?;
    match origin {
        Origin::Local(from, file) => {
            download.copy(&from, file, progress)?;
            download.finish(&path, &from)?;
        }
        Origin::Web(url) => {
            download.get(&url, progress)?;
            download.finish(&path, &path)?;
        }
    }
    Ok(Fetched {
        path,
        was_there: false,
    })
}

/// What a file's content is read from.
enum Origin {
    Local(PathBuf, File),
    Web(String),
}

fn open_local(entry: &Pretrained, folder: &Path, dir: &Path) -> Result<Origin, FetchError> {
    let path = folder.join(entry.file);
    match File::open(&path) {
        Ok(file) => Ok(Origin::Local(path, file)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(FetchError::Missing {
            path,
            url: entry.url(),
            dir: dir.to_owned(),
        }),
        Err(error) => Err(FileError::read(&path)(error).into()),
    }
}

fn verify(entry: &Pretrained, path: &Path, hint: &'static str) -> Result<(), FetchError> {
    check(entry, path, hash_of(path)?, hint)
}

fn check(
    entry: &Pretrained,
    path: &Path,
    got: String,
    hint: &'static str,
) -> Result<(), FetchError> {
    if got == entry.sha256 {
        return Ok(());
    }
    Err(FetchError::Hash {
        path: path.to_owned(),
        file: entry.file,
        got,
        want: entry.sha256,
        hint,
    })
}

/// The unfinished file, locked, with the hash of what it holds.
struct Download<'a> {
    entry: &'a Pretrained,
    dir: &'a Path,
    partial: PathBuf,
    file: File,
    hash: Sha256,
    done: u64,
    cancelled: &'a AtomicBool,
}

impl<'a> Download<'a> {
    fn open(
        entry: &'a Pretrained,
        dir: &'a Path,
        partial: PathBuf,
        cancelled: &'a AtomicBool,
    ) -> Result<Self, FetchError> {
        let open = FileError::write(&partial, "open it");
        let mut file = OpenOptions::new()
            .create(true)
            .read(true)
            .append(true)
            .open(&partial)
            .map_err(open)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(FetchError::Busy { path: partial }),
            Err(TryLockError::Error(error)) => {
                return Err(FileError::at(&partial, Access::Read("lock it"))(error).into());
            }
        }
        let mut hash = Sha256::new();
        let done = hash_into(&mut hash, &mut file).map_err(FileError::read(&partial))?;
        Ok(Self {
            entry,
            dir,
            partial,
            file,
            hash,
            done,
            cancelled,
        })
    }

    fn restart(&mut self) -> Result<(), FetchError> {
        self.file
            .set_len(0)
            .map_err(FileError::write(&self.partial, "write its content"))?;
        self.hash = Sha256::new();
        self.done = 0;
        Ok(())
    }

    fn append(&mut self, block: &[u8]) -> Result<(), FetchError> {
        self.file
            .write_all(block)
            .map_err(FileError::write(&self.partial, "write its content"))?;
        self.hash.update(block);
        self.done += block.len() as u64;
        Ok(())
    }

    fn check_cancelled(&self) -> Result<(), FetchError> {
        if self.cancelled.load(Ordering::Relaxed) {
            Err(FetchError::Cancelled)
        } else {
            Ok(())
        }
    }

    /// Copies from a local file.
    fn copy(
        &mut self,
        from: &Path,
        mut source: File,
        progress: &mut dyn FnMut(u64, Option<u64>),
    ) -> Result<(), FetchError> {
        self.restart()?;
        let total = source.metadata().map_err(FileError::read(from))?.len();
        let mut buffer = vec![0; 1 << 16];
        loop {
            self.check_cancelled()?;
            match source.read(&mut buffer).map_err(FileError::read(from))? {
                0 => return Ok(()),
                count => self.append(&buffer[..count])?,
            }
            progress(self.done, Some(total));
        }
    }

    /// Downloads, taking a broken connection up again.
    fn get(
        &mut self,
        url: &str,
        progress: &mut dyn FnMut(u64, Option<u64>),
    ) -> Result<(), FetchError> {
        let agent: ureq::Agent = ureq::Agent::config_builder()
            .timeout_connect(Some(Duration::from_secs(20)))
            .timeout_recv_response(Some(Duration::from_secs(60)))
            .http_status_as_error(false)
            .user_agent(concat!("psp/", env!("CARGO_PKG_VERSION")))
            .build()
            .into();
        let mut attempt = 1;
        // All of it may be here, and only its name missing.
        while hex::encode(self.hash.clone().finalize()) != self.entry.sha256 {
            let before = self.done;
            let reason = match self.get_once(&agent, url, progress) {
                Ok(()) => return Ok(()),
                Err(Broken::ForGood(error)) => return Err(error),
                Err(Broken::Again(reason)) => reason,
            };
            // Only tries in a row that brought nothing count.
            attempt = if self.done > before { 1 } else { attempt + 1 };
            if attempt > ATTEMPTS {
                return Err(self.network(url, reason));
            }
            std::thread::sleep(Duration::from_millis(100 << attempt));
            self.check_cancelled()?;
        }
        Ok(())
    }

    fn network(&self, url: &str, reason: String) -> FetchError {
        FetchError::Network {
            url: url.to_owned(),
            reason,
            dir: self.dir.to_owned(),
        }
    }

    fn get_once(
        &mut self,
        agent: &ureq::Agent,
        url: &str,
        progress: &mut dyn FnMut(u64, Option<u64>),
    ) -> Result<(), Broken> {
        let mut request = agent.get(url);
        if self.done > 0 {
            request = request.header("Range", format!("bytes={}-", self.done));
        }
        let mut response = request.call().map_err(|error| match error {
            ureq::Error::Io(error) => Broken::Again(error.to_string()),
            ureq::Error::Timeout(_) => Broken::Again("no answer in time".to_owned()),
            error => Broken::ForGood(self.network(url, error.to_string())),
        })?;
        let header = |name: &str| {
            let value = response.headers().get(name)?;
            value.to_str().ok().map(str::to_owned)
        };
        let length = header("content-length").and_then(|value| value.parse::<u64>().ok());
        let range = header("content-range").unwrap_or_default();
        let continues = range.starts_with(&format!("bytes {}-", self.done));
        match response.status().as_u16() {
            206 if continues => {}
            // Another part than asked for, none, or everything from the start.
            200 | 206 | 416 => {
                let whole = response.status() == 200;
                self.restart().map_err(Broken::ForGood)?;
                if !whole {
                    return Err(Broken::Again(format!("the server answered {range:?}")));
                }
            }
            status @ (429 | 500..=599) => {
                return Err(Broken::Again(format!("the server answered {status}")));
            }
            status => {
                let reason = format!("the server answered {status}");
                return Err(Broken::ForGood(self.network(url, reason)));
            }
        }
        let total = length.map(|length| self.done + length);
        let mut body = response.body_mut().as_reader();
        let mut buffer = vec![0; 1 << 16];
        loop {
            self.check_cancelled().map_err(Broken::ForGood)?;
            match body.read(&mut buffer) {
                Ok(0) => break,
                Ok(count) => self.append(&buffer[..count]).map_err(Broken::ForGood)?,
                Err(error) => return Err(Broken::Again(error.to_string())),
            }
            progress(self.done, total);
        }
        match total {
            Some(total) if self.done < total => {
                Err(Broken::Again("the connection broke off".to_owned()))
            }
            _ => Ok(()),
        }
    }

    /// Gives the verified file its name; an error speaks of the file `named`.
    fn finish(self, path: &Path, named: &Path) -> Result<(), FetchError> {
        if let Err(error) = check(
            self.entry,
            named,
            hex::encode(self.hash.finalize()),
            ": not stored",
        ) {
            // Nothing of it is worth continuing.
            psp_schema::remove(&self.partial)?;
            return Err(error);
        }
        let synced = self.file.sync_all();
        synced.map_err(FileError::write(&self.partial, "sync its content to disk"))?;
        let moved = fs::rename(&self.partial, path);
        moved.map_err(FileError::write(path, "move the finished file into place"))?;
        sync_dir(self.dir)?;
        Ok(())
    }
}
