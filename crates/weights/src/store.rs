//! Where fetched files are kept.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::registry::Pretrained;

/// `PSP_WEIGHTS_DIR`, or `psp/weights` in the user's cache folder; `None` where
/// there is neither.
pub fn default_dir() -> Option<PathBuf> {
    match std::env::var_os("PSP_WEIGHTS_DIR") {
        Some(dir) if !dir.is_empty() => Some(dir.into()),
        _ => Some(dirs::cache_dir()?.join("psp").join("weights")),
    }
}

/// The file of `entry` in `dir`, if it is there; its content is not looked at.
pub fn find(entry: &Pretrained, dir: &Path) -> Option<PathBuf> {
    Some(dir.join(entry.file)).filter(|path| path.is_file())
}

/// SHA-256 of a file, lower-case hexadecimal.
///
/// # Errors
/// When the file can't be read.
pub fn hash_of(path: &Path) -> io::Result<String> {
    let mut hash = Sha256::new();
    update_from(&mut hash, &mut File::open(path)?)?;
    Ok(hex::encode(hash.finalize()))
}

pub(crate) fn update_from(hash: &mut Sha256, file: &mut File) -> io::Result<u64> {
    let mut buffer = vec![0; 1 << 16];
    let mut length = 0;
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(length),
            count => {
                hash.update(&buffer[..count]);
                length += count as u64;
            }
        }
    }
}
