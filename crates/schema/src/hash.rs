//! What a file's content is known by.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use sha2::{Digest, Sha256};

use crate::FileError;

/// SHA-256 of a file, lower-case hexadecimal.
///
/// # Errors
/// When the file can't be read.
pub fn hash_of(path: &Path) -> Result<String, FileError> {
    let mut hash = Sha256::new();
    let hashed = File::open(path).and_then(|mut file| hash_into(&mut hash, &mut file));
    hashed.map_err(FileError::read(path))?;
    Ok(hex::encode(hash.finalize()))
}

/// Adds the rest of a file to `hash`; returns its length in bytes.
///
/// # Errors
/// When the file can't be read.
pub fn hash_into(hash: &mut Sha256, file: &mut File) -> io::Result<u64> {
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
