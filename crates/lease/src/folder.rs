//! The files `claim.<n>` and `release.<n>` in a job's folder.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

/// The file of a claim.
pub(crate) fn claim_path(job: &Path, token: u64) -> PathBuf {
    job.join(format!("claim.{token}"))
}

/// The file that says that a claim was released.
pub(crate) fn release_path(job: &Path, token: u64) -> PathBuf {
    job.join(format!("release.{token}"))
}

/// Creates the file; `None` if it exists. Of all who try, on any machine, one
/// succeeds.
pub(crate) fn create_new(path: &Path) -> io::Result<Option<File>> {
    match OpenOptions::new().write(true).create_new(true).open(path) {
        Ok(file) => Ok(Some(file)),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(None),
        Err(error) => Err(error),
    }
}

/// Whether the error says that a file or its folder no longer exists.
pub(crate) fn is_gone(error: &io::Error) -> bool {
    use ErrorKind::{NotADirectory, NotFound, StaleNetworkFileHandle};
    matches!(
        error.kind(),
        NotFound | NotADirectory | StaleNetworkFileHandle
    )
}

/// The claims and releases in a job's folder.
#[derive(Debug, Default)]
pub(crate) struct Listing {
    /// Tokens of the claims.
    pub(crate) claims: BTreeSet<u64>,
    releases: BTreeSet<u64>,
}

impl Listing {
    /// Reads the folder. To open it makes an NFS client ask the server whether
    /// it changed, so no cached listing is seen.
    pub(crate) fn read(job: &Path) -> io::Result<Self> {
        let mut listing = Self::default();
        for entry in fs::read_dir(job)? {
            let name = entry?.file_name();
            let Some((kind, token)) = name.to_str().and_then(parse) else {
                continue;
            };
            match kind {
                "claim" => listing.claims.insert(token),
                _ => listing.releases.insert(token),
            };
        }
        Ok(listing)
    }

    /// The same, and empty if there is no such folder yet.
    pub(crate) fn read_if_there(job: &Path) -> io::Result<Self> {
        match Self::read(job) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Self::default()),
            other => other,
        }
    }

    /// The token of the claim that holds the job.
    pub(crate) fn highest(&self) -> Option<u64> {
        self.claims.last().copied()
    }

    /// Whether the claim was released.
    pub(crate) fn is_released(&self, token: u64) -> bool {
        self.releases.contains(&token)
    }
}

/// Kind and token of a file name such as `claim.12`. A token is written without
/// leading zeros and has a successor.
fn parse(name: &str) -> Option<(&str, u64)> {
    let (kind, digits) = name.split_once('.')?;
    if !matches!(kind, "claim" | "release") {
        return None;
    }
    let token: u64 = digits.parse().ok()?;
    let regular = digits == token.to_string() && (1..u64::MAX).contains(&token);
    regular.then_some((kind, token))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_with_a_regular_token_count() {
        assert_eq!(parse("claim.1"), Some(("claim", 1)));
        assert_eq!(parse("release.120"), Some(("release", 120)));
        let last = format!("claim.{}", u64::MAX);
        for name in ["claim", "claim.", "claim.0", "claim.01", "claim.+1"] {
            assert_eq!(parse(name), None, "{name}");
        }
        for name in ["claim.1.tmp", "claim.x", "other.1", ".claim.1", &last] {
            assert_eq!(parse(name), None, "{name}");
        }
    }

    #[test]
    fn the_highest_token_is_the_largest_number_not_the_last_name() {
        let job = tempfile::tempdir().unwrap();
        for token in [9, 10, 2] {
            assert!(
                create_new(&claim_path(job.path(), token))
                    .unwrap()
                    .is_some()
            );
        }
        create_new(&release_path(job.path(), 11)).unwrap();
        let listing = Listing::read(job.path()).unwrap();
        assert_eq!(listing.highest(), Some(10));
        assert!(listing.is_released(11) && !listing.is_released(10));
    }
}
