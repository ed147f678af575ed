//! What is known about a job's claims.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::time::SystemTime;

use psp_schema::Access;
use serde::{Deserialize, Serialize};

use crate::error::LeaseError;
use crate::folder::{Listing, claim_path};
use crate::process::Process;

/// The content of a claim's file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// The worker's name, from [`Settings`](crate::Settings).
    pub worker: String,
    /// What the worker wrote beside it.
    pub note: String,
    /// The worker's process.
    #[serde(flatten)]
    pub process: Process,
}

/// One claim on a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimRecord {
    /// Its number, counted from 1.
    pub token: u64,
    /// Who made it; `None` if the file was not written, or not yet.
    pub holder: Option<Holder>,
    /// Whether the holder gave it back. A claim that was not released and has
    /// a successor was taken over.
    pub released: bool,
}

/// All claims that a job ever had, by rising token; none if it has no folder.
///
/// The last one holds the job unless it was released or its holder is dead.
///
/// # Errors
/// When the folder or a claim can't be read.
pub fn history(job: &Path) -> Result<Vec<ClaimRecord>, LeaseError> {
    let listing = Listing::read_if_there(job).map_err(LeaseError::io(
        job,
        Access::Read("read the folder of claims"),
    ))?;
    let record = |&token: &u64| {
        let (holder, _) = look(job, token)?;
        Ok(ClaimRecord {
            token,
            holder,
            released: listing.is_released(token),
        })
    };
    listing.claims.iter().map(record).collect()
}

/// Who made a claim, if that can be read, and the file's modification time.
pub(crate) fn look(job: &Path, token: u64) -> Result<(Option<Holder>, SystemTime), LeaseError> {
    let path = claim_path(job, token);
    let read = || -> io::Result<_> {
        // To open the file makes an NFS client ask the server for its times;
        // without, it may answer from its cache for a minute.
        let mut file = File::open(&path)?;
        let modified = file.metadata()?.modified()?;
        let mut content = Vec::new();
        file.read_to_end(&mut content)?;
        Ok((serde_json::from_slice(&content).ok(), modified))
    };
    read().map_err(LeaseError::io(&path, Access::Read("read the claim")))
}
